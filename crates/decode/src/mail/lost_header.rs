//! What a body seems to be when the header field that said so was lost with other bytes.

use super::base64;

/// Lines in which a boundary is looked for.
const LINES: usize = 400;
/// Bytes that are looked at for the encoding.
const FRONT: usize = 64 << 10;
/// A soft line break stands where a line is nearly full (RFC 2045, 6.7: at most 76).
const FULL_LINE: std::ops::RangeInclusive<usize> = 70..=76;
/// Base64's lines are full, too; as many as this in a row are no chance.
const DIGIT_LINES: usize = 4;

/// The boundary of a multipart: a line of two hyphens and more, and behind it the header of a part.
#[must_use]
pub fn boundary(body: &[u8]) -> Option<String> {
    let mut lines = body
        .split(|&b| b == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .take(LINES)
        .peekable();
    while let Some(line) = lines.next() {
        let is_part = |next: &&[u8]| {
            let name = next.get(..8).unwrap_or_default();
            name.eq_ignore_ascii_case(b"content-")
        };
        match line.strip_prefix(b"--") {
            Some(name) if (1..=70).contains(&name.len()) && lines.peek().is_some_and(is_part) => {
                return String::from_utf8(name.to_vec()).ok();
            }
            _ => {}
        }
    }
    None
}

/// `quoted-printable` or `base64`, by what the lines look like.
#[must_use]
pub fn transfer(body: &[u8]) -> Option<&'static [u8]> {
    let front = body.get(..body.len().min(FRONT)).unwrap_or(body);
    let mut lines = front.split(|&b| b == b'\n').map(<[u8]>::trim_ascii_end);
    let is_digits = |line: &[u8]| line.len() >= 60 && line.iter().all(|&b| base64::is_digit(b));
    if lines
        .clone()
        .take(DIGIT_LINES)
        .filter(|line| is_digits(line))
        .count()
        == DIGIT_LINES
    {
        return Some(b"base64");
    }
    let is_soft = |line: &[u8]| line.ends_with(b"=") && FULL_LINE.contains(&line.len());
    lines.any(is_soft).then_some(b"quoted-printable")
}

/// `text/html` when an element ends in it, else `text/plain`; bytes that are no text are `application/octet-stream`.
#[must_use]
pub fn content_type(content: &[u8]) -> &'static str {
    let front = content.get(..content.len().min(FRONT)).unwrap_or(content);
    let ends_element = |at: usize| front.get(at + 2).is_some_and(u8::is_ascii_alphabetic);
    if memchr::memchr(0, front).is_some() {
        "application/octet-stream"
    } else if memchr::memmem::find_iter(front, b"</").any(ends_element) {
        "text/html"
    } else {
        "text/plain"
    }
}
