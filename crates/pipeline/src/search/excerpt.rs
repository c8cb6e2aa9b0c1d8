//! What stands around a match, as a person may see it: one line, printable, without secrets.

use std::fmt::Write as _;
use std::ops::Range;

/// Bytes on each side of a match that are looked at.
pub(super) const CONTEXT_BYTES: usize = 64;

/// Characters of an excerpt.
const EXCERPT_CHARS: usize = 80;

/// Characters of the matched bytes shown.
const MATCHED_CHARS: usize = 256;

/// A line with one of these words may hold a secret: of it, only the match is shown.
const SECRETIVE: [&str; 12] = [
    "auth",
    "cookie",
    "credential",
    "key",
    "login",
    "pass",
    "pwd",
    "secret",
    "session",
    "sid=",
    "token",
    "user:",
];

/// The bytes, `\xNN` where not printable ASCII.
pub(super) fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if text.len() >= MATCHED_CHARS {
            text.push_str("...");
            break;
        }
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text
}

/// The match with what is printable around it on its line, at most 80 characters. Where a password
/// could stand beside it, the match alone.
pub(super) fn excerpt(text: &[u8], place: &Range<usize>) -> String {
    let is_shown = |byte: &&u8| matches!(byte, b' '..=b'~');
    let before = text.get(..place.start).unwrap_or_default();
    let after = text.get(place.end..).unwrap_or_default();
    let left = before
        .iter()
        .rev()
        .take(CONTEXT_BYTES)
        .take_while(is_shown)
        .count();
    let right = after
        .iter()
        .take(CONTEXT_BYTES)
        .take_while(is_shown)
        .count();
    let matched = text.get(place.clone()).unwrap_or_default();
    let line = text
        .get(place.start - left..place.end + right)
        .unwrap_or_default();
    if is_secretive(line) {
        return shortened(printable(matched));
    }
    let side = EXCERPT_CHARS.saturating_sub(matched.len()) / 2;
    let (left, right) = (left.min(side), right.min(side));
    shortened(printable(
        text.get(place.start - left..place.end + right)
            .unwrap_or_default(),
    ))
}

fn is_secretive(line: &[u8]) -> bool {
    let line = line.to_ascii_lowercase();
    let line = String::from_utf8_lossy(&line);
    let has_user_info = line
        .split_once("://")
        .is_some_and(|(_, rest)| rest.contains('@'));
    has_user_info || SECRETIVE.iter().any(|word| line.contains(word))
}

fn shortened(text: String) -> String {
    if text.len() <= EXCERPT_CHARS {
        text
    } else {
        text.chars().take(EXCERPT_CHARS).collect()
    }
}
