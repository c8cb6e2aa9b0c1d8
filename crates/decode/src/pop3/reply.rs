//! POP3 answers: `+OK`, `-ERR`, `+ challenge` (RFC 1939, 3; RFC 5034, 4).

use crate::record::Known;

/// A status line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `+OK`.
    Ok,
    /// `-ERR`.
    Err,
    /// `+ `: the server asks for a SASL response.
    Challenge,
}

/// Reads a status line.
#[must_use]
pub fn parse(line: &[u8]) -> Option<Status> {
    let is = |word: &[u8]| {
        line.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
            && line.get(word.len()).is_none_or(u8::is_ascii_whitespace)
    };
    if is(b"+OK") {
        Some(Status::Ok)
    } else if is(b"-ERR") {
        Some(Status::Err)
    } else if line == b"+" || line.starts_with(b"+ ") {
        Some(Status::Challenge)
    } else {
        None
    }
}

/// A line that cannot be content: a status line with what servers put after it.
#[must_use]
pub fn is_unmistakable(line: &[u8]) -> bool {
    (line.starts_with(b"+OK") || line.starts_with(b"-ERR")) && parse(line).is_some()
}

/// Does the first line of a multi-line answer begin a message? Listings begin with a number,
/// capabilities with a word in upper case.
#[must_use]
pub fn begins_message(line: &[u8]) -> bool {
    let name = line.split(|&b| b == b':').next().unwrap_or(b"");
    name.len() >= 2
        && name.len() < line.len()
        && name.iter().all(u8::is_ascii_graphic)
        && name.iter().any(u8::is_ascii_lowercase)
}

/// Is this a line of a listing (`1 120`, `1 whqtswO00WBw418f9t5JxYwZ`)?
#[must_use]
pub fn is_listing(line: &[u8]) -> bool {
    let mut words = line.split(|&b| b == b' ');
    let is_number = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    words.next().is_some_and(is_number) && words.next().is_some() && words.next().is_none()
}

/// Is this a capability of RFC 2449?
#[must_use]
pub fn is_capability(line: &[u8]) -> bool {
    let word = line.split(|&b| b == b' ').next().unwrap_or(b"");
    [
        &b"TOP"[..],
        b"USER",
        b"SASL",
        b"RESP-CODES",
        b"PIPELINING",
        b"UIDL",
        b"STLS",
        b"EXPIRE",
        b"IMPLEMENTATION",
        b"CAPA",
        b"AUTH-RESP-CODE",
        b"UTF8",
        b"LOGIN-DELAY",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(word))
}

/// What an answer says of a login whose command was not seen: by response code (RFC 3206, 4), else by
/// the words of common servers. Anything else says nothing.
#[must_use]
pub fn login_result(line: &[u8]) -> Known {
    let lower = line
        .get(..line.len().min(256))
        .unwrap_or(line)
        .to_ascii_lowercase();
    let says = |words: &[&str]| {
        words
            .iter()
            .any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
    };
    match parse(line) {
        Some(Status::Ok) if says(LOGGED_IN) => Known::Yes,
        Some(Status::Err) if says(LOGIN_FAILED) => Known::No,
        _ => Known::Unknown,
    }
}

/// After `+OK`, lower case: Dovecot, UW, Cyrus, qpopper, Courier, Exchange and their like.
const LOGGED_IN: &[&str] = &[
    "logged in",
    "logged on",
    "login successful",
    "authentication successful",
    "authentication succeeded",
    "maildrop locked and ready",
    "maildrop has",
    "maildrop ready",
    "mailbox has",
    "mailbox locked and ready",
    "mailbox open",
];

/// After `-ERR`, lower case.
const LOGIN_FAILED: &[&str] = &[
    "[auth]",
    "authentication fail",
    "authentication error",
    "logon fail",
    "login fail",
    "login incorrect",
    "invalid login",
    "invalid password",
    "invalid user",
    "bad login",
    "bad password",
    "wrong password",
    "password incorrect",
    "incorrect password",
    "password supplied",
    "not authenticated: ",
];

/// `+OK 1234 octets`: the octets of the message that follows. A listing's `2 messages (320 octets)`
/// is none.
#[must_use]
pub fn announced_octets(line: &[u8]) -> Option<u64> {
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .map(|word| word.trim_ascii_start().strip_prefix(b"(").unwrap_or(word));
    let mut before = words.next()?;
    for word in words.take(8) {
        let unit = word.strip_suffix(b")").unwrap_or(word);
        if unit.to_ascii_lowercase().starts_with(b"message")
            && before.iter().all(u8::is_ascii_digit)
        {
            return None;
        }
        if [&b"octets"[..], b"bytes"]
            .iter()
            .any(|name| unit.eq_ignore_ascii_case(name))
        {
            return std::str::from_utf8(before).ok()?.parse().ok();
        }
        before = word;
    }
    None
}

/// Is this first line of a stream picked up in mid-session a greeting all the same? It names the
/// service, or gives APOP its time stamp.
#[must_use]
pub fn looks_like_greeting(line: &[u8]) -> bool {
    let lower = line
        .get(..line.len().min(256))
        .unwrap_or(line)
        .to_ascii_lowercase();
    let words = [&b"pop3"[..], b"ready", b"dovecot", b"<"];
    let answers_stls = memchr::memmem::find(&lower, b"tls").is_some();
    lower.starts_with(b"+ok")
        && !answers_stls
        && words
            .iter()
            .any(|word| memchr::memmem::find(&lower, word).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_of_a_login_only_where_it_says_so() {
        let told = [
            (&b"+OK Logged in."[..], Known::Yes),
            (
                b"+OK user's maildrop has 2 messages (320 octets)",
                Known::Yes,
            ),
            (b"-ERR [AUTH] Authentication failed.", Known::No),
            (b"-ERR Invalid password", Known::No),
            (b"-ERR no such message", Known::Unknown),
            (b"+OK Logging out.", Known::Unknown),
            (b"+OK", Known::Unknown),
            (b"Logged in.", Known::Unknown),
        ];
        for (line, success) in told {
            assert_eq!(login_result(line), success, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn announced_octets_are_read_in_their_common_forms() {
        assert_eq!(announced_octets(b"+OK 120 octets"), Some(120));
        assert_eq!(
            announced_octets(b"+OK message follows (120 bytes)"),
            Some(120)
        );
        assert_eq!(announced_octets(b"+OK 2 messages (320 octets)"), None);
        assert_eq!(announced_octets(b"+OK octets"), None);
    }
}
