//! IMAP server lines: greeting, untagged data, tagged results, continuations (RFC 9051, 7).

use crate::record::Known;

/// What a response line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response<'a> {
    /// `* n FETCH ...`.
    Fetch {
        /// The message's number; 0 for one that is none.
        number: u32,
        /// What follows `FETCH`.
        data: &'a [u8],
    },
    /// `* CAPABILITY ...`: the list.
    Capability(&'a [u8]),
    /// Other untagged data; with the text of a status line.
    Untagged(&'a [u8]),
    /// `tag OK|NO|BAD text`.
    Tagged {
        /// The command's tag.
        tag: &'a [u8],
        /// `OK`.
        is_ok: bool,
        /// What follows the status.
        text: &'a [u8],
    },
    /// `+ text`.
    Continuation(&'a [u8]),
}

/// Reads a line without its line end.
#[must_use]
pub fn parse(line: &[u8]) -> Option<Response<'_>> {
    let (first, rest) = word(line)?;
    if first == b"+" {
        return Some(Response::Continuation(rest));
    }
    let (second, after) = word(rest)?;
    let is = |known: &[u8]| second.eq_ignore_ascii_case(known);
    if first == b"*" {
        if is(b"CAPABILITY") {
            return Some(Response::Capability(after));
        }
        let is_fetch = second.iter().all(u8::is_ascii_digit)
            && word(after).is_some_and(|(w, _)| w.eq_ignore_ascii_case(b"FETCH"));
        if is_fetch {
            let number = std::str::from_utf8(second)
                .ok()
                .and_then(|digits| digits.parse().ok());
            return word(after).map(|(_, data)| Response::Fetch {
                number: number.unwrap_or(0),
                data,
            });
        }
        return Some(Response::Untagged(rest));
    }
    let is_tag = first.len() <= 64
        && first
            .iter()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'(' | b')' | b'{' | b'"'));
    let is_status = is(b"OK") || is(b"NO") || is(b"BAD");
    (is_tag && is_status).then(|| Response::Tagged {
        tag: first,
        is_ok: is(b"OK"),
        text: after,
    })
}

fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    (!word.is_empty()).then(|| (word, rest.trim_ascii_start()))
}

/// Is this first line of a stream picked up in mid-session a greeting all the same? An untagged
/// status that names the service, or its capabilities.
#[must_use]
pub fn looks_like_greeting(line: &[u8]) -> bool {
    let lower = line
        .get(..line.len().min(256))
        .unwrap_or(line)
        .to_ascii_lowercase();
    let is_status = lower.starts_with(b"* ok") || lower.starts_with(b"* preauth");
    is_status
        && [&b"[capability"[..], b"imap", b"ready"]
            .iter()
            .any(|word| memchr::memmem::find(&lower, word).is_some())
}

/// Do messages have other numbers after it: `n EXPUNGE`, `VANISHED`, or another mailbox's `n EXISTS`
/// after `[CLOSED]`?
#[must_use]
pub fn renumbers(text: &[u8]) -> bool {
    let upper = text
        .get(..text.len().min(32))
        .unwrap_or(text)
        .to_ascii_uppercase();
    upper.ends_with(b" EXPUNGE")
        || upper.starts_with(b"VANISHED")
        || upper.starts_with(b"OK [CLOSED]")
}

/// `[CAPABILITY ...]` in a status line.
#[must_use]
pub fn capability_code(text: &[u8]) -> Option<&[u8]> {
    let at = memchr::memmem::find(text, b"[CAPABILITY ")?;
    let list = text.get(at + b"[CAPABILITY ".len()..)?;
    list.get(..memchr::memchr(b']', list)?)
}

/// What a tagged result says of a login whose command was not seen: by response code (RFC 5530, 3),
/// else by the words of common servers.
#[must_use]
pub fn login_result(is_ok: bool, text: &[u8]) -> Known {
    let lower = text
        .get(..text.len().min(2048))
        .unwrap_or(text)
        .to_ascii_lowercase();
    let says = |words: &[&str]| {
        words
            .iter()
            .any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
    };
    match is_ok {
        true if says(LOGGED_IN) => Known::Yes,
        false if says(LOGIN_FAILED) => Known::No,
        _ => Known::Unknown,
    }
}

/// In an OK, lower case: Dovecot, Cyrus, Courier, UW, Exchange and their like.
const LOGGED_IN: &[&str] = &[
    "logged in",
    "login ok",
    "login complete",
    "login success",
    "authenticate complete",
    "authentication successful",
    "authentication succeeded",
    "user authenticated",
    "authenticated (success)",
];

/// In a NO or BAD, lower case.
const LOGIN_FAILED: &[&str] = &[
    "[authenticationfailed]",
    "[authorizationfailed]",
    "authentication fail",
    "authenticate fail",
    "login fail",
    "login incorrect",
    "invalid credentials",
    "invalid login",
    "invalid user",
    "invalid password",
    "bad username",
    "incorrect user",
];

/// What of a message a FETCH item holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The whole message, from its start unless a later origin is given.
    Whole {
        /// First byte, of a partial fetch.
        origin: Option<u64>,
    },
    /// Its header.
    Header {
        /// All of it, not some fields alone.
        is_whole: bool,
    },
    /// Its body, from its start unless a later origin is given.
    Text {
        /// First byte, of a partial fetch.
        origin: Option<u64>,
    },
    /// One part of it, or a part's header.
    Part,
    /// Something else.
    Other,
}

/// Which item a literal belongs to: the text before it ends with its name, as in
/// `(FLAGS () BODY[HEADER.FIELDS (SUBJECT)] `.
#[must_use]
pub fn section(before: &[u8]) -> Section {
    let before = before.trim_ascii_end();
    let upper = before
        .get(before.len().saturating_sub(512)..)
        .unwrap_or(before)
        .to_ascii_uppercase();
    let (named, origin) = match upper
        .strip_suffix(b">")
        .and_then(|inner| Some((inner, inner.iter().rposition(|&b| b == b'<')?)))
    {
        Some((inner, at)) => {
            let digits = inner
                .get(at + 1..)
                .and_then(|d| std::str::from_utf8(d).ok());
            (
                inner.get(..at).unwrap_or(b""),
                digits.and_then(|d| d.split('.').next()?.parse().ok()),
            )
        }
        None => (upper.as_slice(), None),
    };
    let open = memchr::memmem::rfind(named, b"BODY[")
        .map(|at| at + 5)
        .or_else(|| memchr::memmem::rfind(named, b"BINARY[").map(|at| at + 7));
    if let (Some(inner), Some(open)) = (named.strip_suffix(b"]"), open) {
        let inner = inner.get(open..).unwrap_or(b"");
        return match inner {
            b"" => Section::Whole { origin },
            b"TEXT" => Section::Text { origin },
            b"HEADER" => Section::Header {
                is_whole: origin.is_none(),
            },
            _ if inner.starts_with(b"HEADER.FIELDS") => Section::Header { is_whole: false },
            _ => Section::Part,
        };
    }
    let word = named
        .split(|b| matches!(b, b' ' | b'('))
        .next_back()
        .unwrap_or(b"");
    match word {
        b"RFC822" => Section::Whole { origin: None },
        b"RFC822.HEADER" => Section::Header { is_whole: true },
        b"RFC822.TEXT" => Section::Text { origin: None },
        _ => Section::Other,
    }
}

/// Longest name of a section that a quoted text is looked for behind.
const SECTION_BYTES: usize = 64;

/// Does a FETCH answer on one line hold text of a message, `BODY[TEXT] "Hello"`?
#[must_use]
pub fn quotes_part(data: &[u8]) -> bool {
    let upper = data.to_ascii_uppercase();
    let is_text = |open: usize| {
        let rest = upper.get(open..).unwrap_or(b"");
        let rest = rest.get(..SECTION_BYTES).unwrap_or(rest);
        let value = memchr::memchr(b' ', rest).and_then(|space| rest.get(space + 1..));
        value.is_some_and(|value| value.starts_with(b"\"") && !value.starts_with(b"\"\""))
    };
    memchr::memmem::find_iter(&upper, b"BODY[").any(is_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(
            parse(b"* 2 FETCH (FLAGS ())"),
            Some(Response::Fetch {
                number: 2,
                data: b"(FLAGS ())"
            })
        );
        assert_eq!(
            parse(b"* CAPABILITY IMAP4rev1 IDLE"),
            Some(Response::Capability(b"IMAP4rev1 IDLE"))
        );
        assert_eq!(
            parse(b"a1 NO failed"),
            Some(Response::Tagged {
                tag: b"a1",
                is_ok: false,
                text: b"failed"
            })
        );
        assert_eq!(parse(b"+ idling"), Some(Response::Continuation(b"idling")));
        assert_eq!(parse(b"+"), Some(Response::Continuation(b"")));
        assert_eq!(parse(b"some text OK"), None);
        assert_eq!(capability_code(b"OK [CAPABILITY A B] x"), Some(&b"A B"[..]));
    }

    #[test]
    fn a_result_tells_of_a_login_only_where_it_says_so() {
        let told = [
            (
                true,
                &b"[CAPABILITY IMAP4rev1 IDLE] Logged in"[..],
                Known::Yes,
            ),
            (true, b"LOGIN completed", Known::Yes),
            (true, b"Fetch completed.", Known::Unknown),
            (true, b"Logout completed.", Known::Unknown),
            (
                false,
                b"[AUTHENTICATIONFAILED] Authentication failed.",
                Known::No,
            ),
            (false, b"Mailbox doesn't exist", Known::Unknown),
        ];
        for (is_ok, text, success) in told {
            assert_eq!(
                login_result(is_ok, text),
                success,
                "{}",
                text.escape_ascii()
            );
        }
    }

    #[test]
    fn sections_are_named_before_their_literal() {
        assert_eq!(section(b"(UID 1 BODY[] "), Section::Whole { origin: None });
        assert_eq!(section(b"(BODY[]<0> "), Section::Whole { origin: Some(0) });
        assert_eq!(
            section(b"(body[header.fields (SUBJECT FROM)] "),
            Section::Header { is_whole: false }
        );
        assert_eq!(section(b"(BODY[1.MIME] "), Section::Part);
        assert_eq!(section(b"(BODYSTRUCTURE (\"TEXT\" "), Section::Other);
        assert_eq!(section(b"(RFC822 "), Section::Whole { origin: None });
        assert_eq!(section(b" BODY[TEXT] "), Section::Text { origin: None });
        assert_eq!(
            section(b"(RFC822.HEADER "),
            Section::Header { is_whole: true }
        );
    }
}
