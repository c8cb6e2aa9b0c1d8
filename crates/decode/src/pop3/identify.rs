//! Are these bytes POP3? Cheap, for the first bytes of a stream and for mid-stream.

use crate::decoder::Likeness;

/// Commands of RFC 1939, 2449, 2595, 5034 with whether POP3 alone has them.
const VERBS: &[(&[u8], bool)] = &[
    (b"USER", false),
    (b"PASS", false),
    (b"APOP", true),
    (b"CAPA", true),
    (b"AUTH", false),
    (b"STLS", true),
    (b"STAT", false),
    (b"LIST", false),
    (b"UIDL", true),
    (b"RETR", false),
    (b"TOP", true),
    (b"DELE", false),
    (b"NOOP", false),
    (b"RSET", false),
    (b"QUIT", false),
    (b"XTND", true),
    (b"UTF8", true),
    (b"LANG", true),
];

/// Judges bytes that may come from a POP3 client: its first line, and the lines after it where the
/// first could be of another protocol (`USER` is also of FTP).
#[must_use]
pub fn looks_like_client(data: &[u8]) -> Likeness {
    let first = line_likeness(data);
    if first != Likeness::Possible {
        return first;
    }
    let lines = data
        .split_inclusive(|&b| b == b'\n')
        .skip(1)
        .take(8)
        .filter(|line| line.ends_with(b"\n"));
    let mut words = Vec::new();
    for line in lines {
        match line_likeness(line) {
            Likeness::Sure => return Likeness::Sure,
            Likeness::Unlike => return Likeness::Possible,
            _ => words.push(line.get(..4).unwrap_or(line).to_ascii_uppercase()),
        }
    }
    // FTP has none of these after a login.
    let is_pop3 = words
        .iter()
        .any(|word| matches!(word.as_slice(), b"RETR" | b"DELE"))
        || words
            .windows(2)
            .any(|w| w == [b"STAT".to_vec(), b"LIST".to_vec()]);
    if is_pop3 {
        Likeness::Sure
    } else {
        Likeness::Possible
    }
}

fn line_likeness(data: &[u8]) -> Likeness {
    let Some(end) = data.iter().take(512).position(|&b| b == b'\n') else {
        let word = data.split(|&b| b == b' ').next().unwrap_or(data);
        let starts = VERBS.iter().any(|(verb, _)| {
            verb.get(..word.len())
                .is_some_and(|v| v.eq_ignore_ascii_case(word))
        });
        return if starts {
            Likeness::Short
        } else {
            Likeness::Unlike
        };
    };
    let line = data.get(..end).unwrap_or(data).trim_ascii_end();
    let (word, argument) = match line.iter().position(|&b| b == b' ') {
        Some(at) => line.split_at_checked(at).unwrap_or((line, b"")),
        None => (line, &b""[..]),
    };
    let argument = argument.trim_ascii();
    let Some((verb, own)) = VERBS
        .iter()
        .find(|(verb, _)| verb.eq_ignore_ascii_case(word))
    else {
        return Likeness::Unlike;
    };
    let numeric = !argument.is_empty() && argument.iter().all(|b| b.is_ascii_digit() || *b == b' ');
    let fits = match *verb {
        b"RETR" | b"DELE" | b"TOP" => numeric,
        b"LIST" | b"UIDL" => argument.is_empty() || numeric,
        b"CAPA" | b"STLS" | b"STAT" | b"RSET" | b"QUIT" => argument.is_empty(),
        b"USER" | b"PASS" | b"APOP" => !argument.is_empty(),
        _ => true,
    };
    // FTP retrieves files too, but hardly ones that are named by a number.
    let own = *own || (numeric && argument.len() <= 6 && matches!(*verb, b"RETR"));
    match (fits, own) {
        (false, _) => Likeness::Unlike,
        (true, true) => Likeness::Sure,
        (true, false) => Likeness::Possible,
    }
}

/// Judges bytes that may come from a POP3 server: `+OK` or `-ERR`.
#[must_use]
pub fn looks_like_server(data: &[u8]) -> Likeness {
    for status in [&b"+OK"[..], b"-ERR"] {
        let seen = data.get(..status.len().min(data.len())).unwrap_or(data);
        if !status.starts_with(seen) {
            continue;
        }
        return match data.get(status.len()) {
            None if seen.len() == status.len() || data.len() < status.len() => Likeness::Short,
            Some(b' ' | b'\r' | b'\n') => Likeness::Sure,
            // Redis and GDB also begin with a plus sign.
            _ => Likeness::Unlike,
        };
    }
    Likeness::Unlike
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_bytes_are_judged() {
        assert_eq!(looks_like_client(b"CAPA\r\n"), Likeness::Sure);
        assert_eq!(looks_like_client(b"USER a\r\n"), Likeness::Possible);
        assert_eq!(looks_like_client(b"RETR file.txt\r\n"), Likeness::Unlike);
        assert_eq!(looks_like_client(b"US"), Likeness::Short);
        assert_eq!(
            looks_like_client(b"USER a\r\nPASS b\r\n"),
            Likeness::Possible
        );
        assert_eq!(
            looks_like_client(b"USER a\r\nPASS b\r\nRETR 1\r\n"),
            Likeness::Sure
        );
        assert_eq!(
            looks_like_client(b"USER a\r\nPASS b\r\nUIDL\r\n"),
            Likeness::Sure
        );
    }

    #[test]
    fn server_bytes_are_judged() {
        assert_eq!(looks_like_server(b"+OK ready\r\n"), Likeness::Sure);
        assert_eq!(looks_like_server(b"-ERR\r\n"), Likeness::Sure);
        assert_eq!(looks_like_server(b"+"), Likeness::Short);
        assert_eq!(looks_like_server(b"+OKAY\r\n"), Likeness::Unlike);
        assert_eq!(looks_like_server(b"220 x\r\n"), Likeness::Unlike);
    }
}
