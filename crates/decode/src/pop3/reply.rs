//! POP3 answers: `+OK`, `-ERR`, `+ challenge` (RFC 1939, 3; RFC 5034, 4).

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

/// Is this first line of a stream picked up in mid-session a greeting all the same? It names the
/// service, or gives APOP its time stamp.
#[must_use]
pub fn looks_like_greeting(line: &[u8]) -> bool {
    let lower = line
        .get(..line.len().min(256))
        .unwrap_or(line)
        .to_ascii_lowercase();
    let words = [&b"pop3"[..], b"ready", b"dovecot", b"<"];
    lower.starts_with(b"+ok")
        && words
            .iter()
            .any(|word| memchr::memmem::find(&lower, word).is_some())
}
