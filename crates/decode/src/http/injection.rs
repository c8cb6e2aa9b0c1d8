//! SQL and script injection as libinjection tells it (N. Galbreath, "libinjection", 2012): the value is
//! broken into tokens as a database or a browser would, and the pattern of tokens is looked up.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of a value that are looked at: an injection that begins later is not told.
const LOOKED_AT: usize = 2 << 10;

/// The fingerprint when this is SQL injection: one letter a token, such as `s&sos`.
pub(super) fn sql(value: &[u8]) -> Option<String> {
    let value = start(value);
    // One word or number is never more than one token.
    if value
        .iter()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
    {
        return None;
    }
    guarded(|| {
        let found = libinjectionrs::detect_sqli(value);
        if !found.is_injection() {
            return None;
        }
        Some(found.fingerprint?.as_str().to_owned())
    })
    .flatten()
}

/// Is this script injection?
pub(super) fn script(value: &[u8]) -> bool {
    let value = start(value);
    // A tag, an attribute or a scheme has one of these.
    if !value.iter().any(|b| matches!(b, b'<' | b'=' | b':')) {
        return false;
    }
    guarded(|| libinjectionrs::detect_xss(value).is_injection()).unwrap_or(false)
}

fn start(value: &[u8]) -> &[u8] {
    value.get(..LOOKED_AT).unwrap_or(value)
}

/// The library denies itself unsafe code and panics but for indexing; on hostile input that is too little
/// to rely on.
fn guarded<T>(told: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(told)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn injections_are_told_from_words() {
        assert_eq!(sql(b"' OR '1'='1' -- ").as_deref(), Some("s&sos"));
        assert!(sql(b"1 UNION ALL SELECT NULL,NULL,user FROM users").is_some());
        assert!(sql(b"1) AND 1234=1234").is_some());
        for word in ["", "1", "alice", "O'Brien", "user@mail.example", "a and b"] {
            assert_eq!(sql(word.as_bytes()), None, "{word}");
        }
        assert!(script(b"<script>alert(1)</script>"));
        assert!(script(b"\"><img src=x onerror=alert(1)>"));
        for text in ["", "a=b", "1 < 2", "http://mail.example/?a=b"] {
            assert!(!script(text.as_bytes()), "{text}");
        }
    }
}
