//! Cookies: their names, and which of them is the session's, without its value.

use sha2::{Digest, Sha256};

use super::redact;
use crate::layer::{hex, text};

/// Cookies looked at in one head.
const COOKIES: usize = 50;
/// Bytes of a cookie's name kept.
const NAME_BYTES: usize = 128;
/// Bytes of SHA-256 kept of a session's value: enough to follow it, too few to mistake it for the value.
const TOKEN_BYTES: usize = 8;

/// Cookies of one request or answer, in order.
#[derive(Debug, Default)]
pub(super) struct Cookies {
    /// Distinct names.
    pub names: Vec<String>,
    /// The session's mark, and how sure its name makes it.
    token: Option<(u8, String)>,
}

impl Cookies {
    /// Notes a cookie; an empty or deleted one has a name and no session.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        let shown = text(name, NAME_BYTES);
        if self.names.len() < COOKIES && !self.names.contains(&shown) {
            self.names.push(shown);
        }
        let rank = rank(name);
        let is_better = self.token.as_ref().is_none_or(|(held, _)| *held < rank);
        if rank > 0 && is_better && !value.is_empty() && !value.eq_ignore_ascii_case(b"deleted") {
            self.token = Some((rank, token(name, value)));
        }
    }

    /// The session's mark.
    pub fn token(self) -> (Vec<String>, Option<String>) {
        (self.names, self.token.map(|(_, token)| token))
    }
}

/// Pairs of a `Cookie` field: `name=value; name=value` (RFC 6265, 4.2.1).
pub(super) fn pairs(field: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    field.split(|b| *b == b';').take(COOKIES).filter_map(pair)
}

/// The pair at the start of a `Set-Cookie` field (RFC 6265, 4.1.1).
pub(super) fn pair(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let pair = field.split(|b| *b == b';').next()?;
    let separator = memchr::memchr(b'=', pair)?;
    let (name, value) = pair.split_at_checked(separator)?;
    let value = value.get(1..)?.trim_ascii();
    let value = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""))
        .unwrap_or(value);
    Some((name.trim_ascii(), value)).filter(|(name, _)| !name.is_empty())
}

/// Is this cookie's value one that nobody else may know? Most are; one with letters that no server puts
/// into a token came from somebody who tries what they do.
pub(super) fn is_secret(name: &[u8], value: &[u8]) -> bool {
    let is_odd = value.iter().any(|b| b"'\"<>(){}\\ \0`$".contains(b))
        || memchr::memmem::find(value, b"..").is_some();
    !is_odd || rank(name) > 0 || redact::is_secret(name)
}

/// Long, and of the letters that tokens are made of.
pub(super) fn is_token(value: &[u8]) -> bool {
    value.len() >= 16
        && value
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"+/=_-.%:!*|".contains(b))
        && value.iter().filter(|b| b.is_ascii_digit()).count() >= 2
}

/// How likely a cookie's name is that of the session; 0: not at all.
fn rank(name: &[u8]) -> u8 {
    let name = name.to_ascii_lowercase();
    let has = |word: &[u8]| memchr::memmem::find(&name, word).is_some();
    if has(b"csrf") || has(b"xsrf") {
        0
    } else if has(b"sess") || name.ends_with(b"sid") {
        3
    } else if has(b"auth") || has(b"token") || has(b"jwt") {
        2
    } else {
        u8::from(has(b"login") || has(b"remember") || name == b"cfid" || name == b"sso")
    }
}

fn token(name: &[u8], value: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update(b"=");
    hash.update(value);
    hex(hash.finalize().get(..TOKEN_BYTES).unwrap_or(b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_followed_without_its_value() {
        let mark = |field: &[u8]| {
            let mut cookies = Cookies::default();
            pairs(field).for_each(|(name, value)| cookies.add(name, value));
            cookies.token()
        };
        let (names, token) = mark(b"lang=en; PHPSESSID=abc123; lang=de");
        assert_eq!(names, ["lang", "PHPSESSID"]);
        assert_eq!(token.as_ref().map(String::len), Some(16));
        assert_eq!(mark(b"PHPSESSID=abc123; csrftoken=zzz").1, token);
        assert_ne!(mark(b"PHPSESSID=abc124").1, token);
        assert_eq!(mark(b"PHPSESSID=deleted").1, None);
        assert_eq!(
            pair(b"a=\"b c\"; Path=/; HttpOnly"),
            Some((&b"a"[..], &b"b c"[..]))
        );
    }

    #[test]
    fn values_of_sessions_and_tokens_are_secret() {
        assert!(is_secret(b"connect.sid", b"x"));
        assert!(is_secret(b"u", b"9f86d081884c7d659a2f"));
        assert!(is_secret(b"id", b"hunter2") && !is_token(b"hunter2"));
        assert!(!is_secret(b"page", b"../../../../etc/passwd"));
    }
}
