//! Are these bytes IMAP? Cheap, for the first bytes of a stream and for mid-stream.

use crate::decoder::Likeness;

/// Commands of RFC 3501, 9051 and extensions, as they follow a tag.
pub(super) const COMMANDS: &[&[u8]] = &[
    b"CAPABILITY",
    b"NOOP",
    b"LOGOUT",
    b"STARTTLS",
    b"AUTHENTICATE",
    b"LOGIN",
    b"SELECT",
    b"EXAMINE",
    b"CREATE",
    b"DELETE",
    b"RENAME",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"LIST",
    b"LSUB",
    b"STATUS",
    b"APPEND",
    b"CHECK",
    b"CLOSE",
    b"EXPUNGE",
    b"SEARCH",
    b"FETCH",
    b"STORE",
    b"COPY",
    b"MOVE",
    b"UID",
    b"IDLE",
    b"ENABLE",
    b"ID",
    b"NAMESPACE",
    b"COMPRESS",
    b"GETQUOTA",
    b"GETQUOTAROOT",
    b"GETACL",
    b"MYRIGHTS",
    b"UNSELECT",
    b"SORT",
    b"THREAD",
    b"XLIST",
    b"NOTIFY",
    b"GETMETADATA",
    b"SETMETADATA",
    b"LANGUAGE",
];

/// Judges bytes that may come from an IMAP client: a tag, a space, a command.
#[must_use]
pub fn looks_like_client(data: &[u8]) -> Likeness {
    let head = data.get(..data.len().min(128)).unwrap_or(data);
    let Some(space) = head.iter().position(|&b| b == b' ') else {
        let tag = head.iter().all(|&b| is_tag(b));
        return if tag && head.len() < 32 {
            Likeness::Short
        } else {
            Likeness::Unlike
        };
    };
    let (tag, rest) = head.split_at_checked(space).unwrap_or((head, b""));
    if tag.is_empty() || tag.len() > 64 || !tag.iter().all(|&b| is_tag(b)) {
        return Likeness::Unlike;
    }
    let rest = rest.get(1..).unwrap_or(b"");
    let end = rest
        .iter()
        .position(|&b| b == b' ' || b == b'\r' || b == b'\n');
    let word = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
    if end.is_some() {
        return match COMMANDS
            .iter()
            .find(|command| command.eq_ignore_ascii_case(word))
        {
            None => Likeness::Unlike,
            // A word and one of these could be prose or another line protocol.
            Some(_) if !tag.iter().any(u8::is_ascii_digit) => Likeness::Possible,
            Some(_) => Likeness::Sure,
        };
    }
    let starts = COMMANDS.iter().any(|c| {
        c.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    });
    if starts {
        Likeness::Short
    } else {
        Likeness::Unlike
    }
}

/// Judges bytes that may come from an IMAP server: `* OK`, untagged data, `+`, or a tagged result.
#[must_use]
pub fn looks_like_server(data: &[u8]) -> Likeness {
    let head = data.get(..data.len().min(128)).unwrap_or(data);
    let mut words = head.splitn(3, |&b| b == b' ');
    let (first, second) = (words.next().unwrap_or(b""), words.next());
    let whole = words.next().is_some() || head.contains(&b'\n');
    let Some(second) = second else {
        let plausible = first == b"*" || first.iter().all(|&b| is_tag(b));
        return if plausible && first.len() < 32 && !whole {
            Likeness::Short
        } else {
            Likeness::Unlike
        };
    };
    let second = second.trim_ascii_end();
    let word = second
        .split(|b| b.is_ascii_whitespace())
        .next()
        .unwrap_or(second);
    let is_status = [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"]
        .iter()
        .any(|s| s.eq_ignore_ascii_case(word));
    if first == b"*" {
        let is_data = word.iter().all(u8::is_ascii_digit)
            || [
                &b"CAPABILITY"[..],
                b"LIST",
                b"LSUB",
                b"FLAGS",
                b"SEARCH",
                b"STATUS",
                b"ID",
                b"NAMESPACE",
                b"ENABLED",
            ]
            .iter()
            .any(|s| s.eq_ignore_ascii_case(word));
        return match (whole, is_status || is_data) {
            (true, true) => Likeness::Sure,
            (false, _) => Likeness::Short,
            (true, false) => Likeness::Unlike,
        };
    }
    let tag = !first.is_empty() && first.len() <= 64 && first.iter().all(|&b| is_tag(b));
    match (
        tag && first.iter().any(u8::is_ascii_digit),
        is_status && whole,
    ) {
        (true, true) => Likeness::Possible,
        (true, false) if !whole && second.len() < 3 => Likeness::Short,
        _ => Likeness::Unlike,
    }
}

/// `tag = 1*<any ASTRING-CHAR except "+">` (RFC 9051, 9), narrowed to what clients use.
fn is_tag(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'$' | b'/' | b'#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_bytes_are_judged() {
        assert_eq!(looks_like_client(b"a1 LOGIN x y\r\n"), Likeness::Sure);
        assert_eq!(looks_like_client(b"A LIST \"\" *\r\n"), Likeness::Possible);
        assert_eq!(looks_like_client(b"a00"), Likeness::Short);
        assert_eq!(looks_like_client(b"GET / HTTP/1.1\r\n"), Likeness::Unlike);
        assert_eq!(looks_like_client(b"EHLO x\r\n"), Likeness::Unlike);
    }

    #[test]
    fn server_bytes_are_judged() {
        assert_eq!(looks_like_server(b"* OK ready\r\n"), Likeness::Sure);
        assert_eq!(looks_like_server(b"* 5 EXISTS\r\n"), Likeness::Sure);
        assert_eq!(looks_like_server(b"a1 OK done\r\n"), Likeness::Possible);
        assert_eq!(looks_like_server(b"* "), Likeness::Short);
        assert_eq!(looks_like_server(b"220 x ESMTP\r\n"), Likeness::Unlike);
    }
}
