//! Are these bytes SMTP? Cheap, for the first bytes of a stream and for mid-stream.

use super::{command, reply};
use crate::decoder::Likeness;

/// Judges bytes that may come from an SMTP client. Looks at the first line, or in mid-stream at
/// the first whole line.
#[must_use]
pub fn looks_like_client(data: &[u8]) -> Likeness {
    let (line, complete) = first_line(data);
    if line.iter().any(|&b| b < b' ' && b != b'\t') {
        return Likeness::Unlike;
    }
    let command = command::parse(line);
    match command.verb {
        Some("EHLO" | "LHLO") if line.len() > 4 => Likeness::Sure,
        Some("HELO") if complete || !command.argument.is_empty() => Likeness::Sure,
        Some("MAIL") if command::path(command.argument, "FROM").is_some() => Likeness::Sure,
        Some("RCPT") if command::path(command.argument, "TO").is_some() => Likeness::Sure,
        Some("STARTTLS" | "XCLIENT" | "XFORWARD" | "ETRN" | "BDAT" | "EHLO" | "LHLO")
            if complete =>
        {
            Likeness::Sure
        }
        // Shared with POP3, FTP, Redis and others.
        Some("QUIT" | "NOOP" | "HELP" | "AUTH" | "RSET" | "DATA" | "VRFY" | "EXPN") if complete => {
            Likeness::Possible
        }
        _ if !complete && is_start_of_verb(line) => Likeness::Short,
        _ => Likeness::Unlike,
    }
}

/// Judges bytes that may come from an SMTP server: a greeting or any reply line. `220` alone is
/// also FTP's; the word `SMTP` (or mail) in the greeting, or EHLO's answer, decides.
#[must_use]
pub fn looks_like_server(data: &[u8]) -> Likeness {
    let (line, complete) = first_line(data);
    let Some(first) = reply::parse(line) else {
        let digits = line.iter().take(3).all(u8::is_ascii_digit);
        return if !complete && line.len() < 4 && digits {
            Likeness::Short
        } else {
            Likeness::Unlike
        };
    };
    if names_ftp(data) {
        return Likeness::Unlike;
    }
    if names_smtp(data) || reply::enhanced_status(first.text).is_some() {
        return Likeness::Sure;
    }
    if !complete {
        return Likeness::Short;
    }
    match first.code {
        250 if data.split(|&b| b == b'\n').any(is_ehlo_keyword) => Likeness::Sure,
        334 | 354 => Likeness::Sure,
        220
        | 221
        | 235
        | 250
        | 251
        | 252
        | 421
        | 450..=452
        | 454
        | 500..=504
        | 521
        | 530
        | 535
        | 550..=555 => Likeness::Possible,
        _ => Likeness::Unlike,
    }
}

fn first_line(data: &[u8]) -> (&[u8], bool) {
    let head = data.get(..data.len().min(1024)).unwrap_or(data);
    match head.iter().position(|&b| b == b'\n') {
        Some(end) => {
            let line = head.get(..end).unwrap_or(head);
            (line.strip_suffix(b"\r").unwrap_or(line), true)
        }
        None => (head.strip_suffix(b"\r").unwrap_or(head), head.len() >= 1024),
    }
}

fn is_start_of_verb(line: &[u8]) -> bool {
    let word = line.split(|&b| b == b' ').next().unwrap_or(line);
    command::VERBS.iter().any(|verb| {
        let verb = verb.as_bytes();
        verb.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    })
}

fn names_smtp(data: &[u8]) -> bool {
    let head = data.get(..data.len().min(256)).unwrap_or(data);
    [
        &b"SMTP"[..],
        b"LMTP",
        b"Postfix",
        b"Sendmail",
        b"Exim",
        b"MailEnable",
    ]
    .iter()
    .any(|word| contains(head, word))
}

fn names_ftp(data: &[u8]) -> bool {
    let head = data.get(..data.len().min(256)).unwrap_or(data);
    contains(head, b"FTP") && !contains(head, b"SMTP")
}

fn contains(haystack: &[u8], word: &[u8]) -> bool {
    haystack
        .windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word))
}

/// `250-PIPELINING` and the like.
fn is_ehlo_keyword(line: &[u8]) -> bool {
    let Some(line) = reply::parse(line.strip_suffix(b"\r").unwrap_or(line)) else {
        return false;
    };
    let word = line
        .text
        .split(|&b| b == b' ' || b == b'=')
        .next()
        .unwrap_or(b"");
    [
        &b"PIPELINING"[..],
        b"8BITMIME",
        b"SIZE",
        b"STARTTLS",
        b"AUTH",
        b"ENHANCEDSTATUSCODES",
        b"CHUNKING",
        b"DSN",
    ]
    .iter()
    .any(|keyword| keyword.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_bytes_are_judged() {
        assert_eq!(looks_like_client(b"EHLO mx.example\r\n"), Likeness::Sure);
        assert_eq!(looks_like_client(b"mail from:<a@b>\r\n"), Likeness::Sure);
        assert_eq!(looks_like_client(b"EH"), Likeness::Short);
        assert_eq!(looks_like_client(b"QUIT\r\n"), Likeness::Possible);
        assert_eq!(looks_like_client(b"GET / HTTP/1.1\r\n"), Likeness::Unlike);
        assert_eq!(looks_like_client(b"\x16\x03\x01"), Likeness::Unlike);
    }

    #[test]
    fn server_bytes_are_judged() {
        assert_eq!(
            looks_like_server(b"220 mx.example ESMTP\r\n"),
            Likeness::Sure
        );
        assert_eq!(looks_like_server(b"220 ready\r\n"), Likeness::Possible);
        assert_eq!(looks_like_server(b"220 FTP server\r\n"), Likeness::Unlike);
        assert_eq!(
            looks_like_server(b"250-mx\r\n250-PIPELINING\r\n250 OK\r\n"),
            Likeness::Sure
        );
        assert_eq!(looks_like_server(b"22"), Likeness::Short);
        assert_eq!(looks_like_server(b"+OK ready\r\n"), Likeness::Unlike);
        assert_eq!(looks_like_server(b"HTTP/1.1 200 OK\r\n"), Likeness::Unlike);
    }
}
