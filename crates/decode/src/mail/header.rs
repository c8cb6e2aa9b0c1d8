//! Header fields (RFC 5322, 2.2; RFC 2047): split leniently, decoded to text. No field is lost
//! because it is badly made.

use super::gaps::Gaps;
use super::{base64, encoding};

/// Bytes of one structured field that are parsed; the rest of a longer one is ignored.
pub const FIELD_BYTES: usize = 32 << 10;

/// One field, as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// What follows the colon, with folding, without the last line end.
    pub value: &'a [u8],
}

/// A header and what follows it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Head<'a> {
    /// The fields in order.
    pub fields: Vec<Field<'a>>,
    /// Everything after the empty line.
    pub body: &'a [u8],
    /// The gaps in it.
    pub gaps: Gaps<'a>,
    /// False when a line that is no field, or the end of the message, ended the header.
    pub is_terminated: bool,
    /// More fields came than are kept.
    pub is_cut: bool,
    /// Bytes of it are missing, and with them fields.
    pub is_holed: bool,
}

impl<'a> Head<'a> {
    /// Splits a message or a MIME part. A field with a gap in it is left out: it may be two.
    #[must_use]
    pub fn split(message: &'a [u8], max_fields: usize, gaps: Gaps<'a>) -> Self {
        let mut head = Self::fields(message, max_fields, gaps);
        head.gaps = gaps.within(message.len() - head.body.len(), message.len());
        head
    }

    fn fields(message: &'a [u8], max_fields: usize, gaps: Gaps<'a>) -> Self {
        let mut head = Self {
            body: message,
            ..Self::default()
        };
        let mut rest = message;
        let mut is_first = true;
        while !rest.is_empty() {
            let (line, after) = next_line(rest);
            if line.is_empty() {
                head.is_terminated = true;
                head.body = after;
                return head;
            }
            if is_first && line.starts_with(b"From ") {
                rest = after;
                is_first = false;
                continue;
            }
            is_first = false;
            let end = field_end(rest, rest.len() - after.len());
            let (field, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
            let start = message.len() - rest.len();
            let is_open = usize::from(!field.ends_with(b"\n"));
            if gaps.cut(start, start + end + is_open) {
                head.is_holed = true;
                rest = after;
                continue;
            }
            let Some(colon) = field_name(line) else { break };
            if head.fields.len() < max_fields {
                let name = field.get(..colon).unwrap_or(b"").trim_ascii_end();
                let value = trim_line_end(field.get(colon + 1..).unwrap_or(b""));
                head.fields.push(Field { name, value });
            } else {
                head.is_cut = true;
            }
            rest = after;
        }
        head.body = rest;
        head
    }

    /// The first field of this name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// All fields of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| field.value)
    }
}

/// Line without its end, and the rest.
pub fn next_line(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', text) {
        Some(at) => (
            trim_line_end(text.get(..at).unwrap_or(text)),
            text.get(at + 1..).unwrap_or(b""),
        ),
        None => (trim_line_end(text), b""),
    }
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// `field-name ":"`: where the colon is. Blanks before the colon are taken (RFC 5322, 4.5).
fn field_name(line: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', line)?;
    let name = line.get(..colon)?.trim_ascii_end();
    let fits = !name.is_empty() && name.iter().all(|b| b.is_ascii_graphic() || *b >= 0x80);
    fits.then_some(colon)
}

/// Where a field that starts here ends, whose second line would start at `at`: before the first line that does not begin
/// with a blank. A line of blanks alone continues it too.
fn field_end(rest: &[u8], mut at: usize) -> usize {
    while let Some(tail @ [b' ' | b'\t', ..]) = rest.get(at..) {
        let Some(end) = memchr::memchr(b'\n', tail) else {
            return rest.len();
        };
        at += end + 1;
    }
    at
}

/// A field's value as text: unfolded, encoded words decoded, 8-bit bytes by `charset` or by guess.
#[must_use]
pub fn text(value: &[u8], charset: Option<&str>) -> String {
    let value = value.get(..value.len().min(FIELD_BYTES)).unwrap_or(value);
    let unfolded = unfold(eight_bit(value, charset).trim());
    if !unfolded.contains("=?") {
        return unfolded;
    }
    let decoded = decode_words(&unfolded);
    if decoded.contains(['\r', '\n']) {
        unfold(&decoded).trim().to_owned()
    } else {
        decoded
    }
}

/// The value as UTF-8 before anything else is read from it. A message that declares one charset
/// for its body usually uses it in its header as well.
#[must_use]
pub fn eight_bit<'a>(value: &'a [u8], charset: Option<&str>) -> std::borrow::Cow<'a, str> {
    match std::str::from_utf8(value) {
        Ok(text) => std::borrow::Cow::Borrowed(text),
        Err(_) => encoding::text(
            value,
            charset.filter(|name| !name.to_ascii_lowercase().starts_with("utf")),
        ),
    }
}

/// Removes line ends (RFC 5322, 2.2.3).
fn unfold(text: &str) -> String {
    let mut unfolded = String::with_capacity(text.len());
    let mut from = 0;
    for at in memchr::memchr2_iter(b'\r', b'\n', text.as_bytes()) {
        unfolded.push_str(text.get(from..at).unwrap_or_default());
        from = at + 1;
    }
    unfolded.push_str(text.get(from..).unwrap_or_default());
    unfolded
}

/// Longest encoded word; RFC 2047 allows 75 characters, mailers write more.
const WORD_BYTES: usize = 2 << 10;

/// An encoded word's parts.
struct Word<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
}

/// Decodes `"=?" charset "?" encoding "?" encoded-text "?="` (RFC 2047) wherever it stands. Blanks
/// between encoded words vanish; neighbours of one charset are joined before they are decoded,
/// because senders cut characters in two.
#[must_use]
pub fn decode_words(text: &str) -> String {
    if !text.contains("=?") {
        return text.to_owned();
    }
    let mut decoded = String::with_capacity(text.len());
    let mut pending: Option<(String, Vec<u8>)> = None;
    let mut rest = text;
    while let Some(at) = rest.find("=?") {
        let (before, from_word) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let Some((word, after)) = encoded_word(from_word) else {
            flush(&mut pending, &mut decoded);
            decoded.push_str(before);
            decoded.push_str("=?");
            rest = from_word.get(2..).unwrap_or("");
            continue;
        };
        if !before.trim().is_empty() || pending.is_none() {
            flush(&mut pending, &mut decoded);
            decoded.push_str(before);
        }
        match &mut pending {
            Some((charset, bytes)) if charset.eq_ignore_ascii_case(word.charset) => {
                bytes.extend(word.bytes)
            }
            _ => {
                flush(&mut pending, &mut decoded);
                pending = Some((word.charset.to_owned(), word.bytes));
            }
        }
        rest = after;
    }
    flush(&mut pending, &mut decoded);
    decoded.push_str(rest);
    decoded
}

fn flush(pending: &mut Option<(String, Vec<u8>)>, decoded: &mut String) {
    if let Some((charset, bytes)) = pending.take() {
        decoded.push_str(&encoding::text(&bytes, Some(&charset)));
    }
}

/// Reads an encoded word at the start of `text`, which begins with `=?`. Blanks inside the text of
/// a Q word are tolerated.
fn encoded_word(text: &str) -> Option<(Word<'_>, &str)> {
    let window = super::words::up_to(text, WORD_BYTES);
    let inner = window.strip_prefix("=?")?;
    let (charset, rest) = inner.split_once('?')?;
    let fits =
        !charset.is_empty() && charset.len() <= 40 && charset.bytes().all(|b| b.is_ascii_graphic());
    let (scheme, rest) = rest.split_once('?').filter(|_| fits)?;
    let (body, in_window) = rest.split_once("?=")?;
    let after = text.get(window.len() - in_window.len()..)?;
    let bytes = match scheme {
        "B" | "b" => base64::decode(body.as_bytes()),
        "Q" | "q" => encoding::quoted_printable(body.replace('_', " ").as_bytes()),
        _ => return None,
    };
    // A language may follow the charset (RFC 2231, 5).
    let charset = charset.split('*').next().unwrap_or(charset);
    Some((Word { charset, bytes }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_with_folding_and_defects() {
        let head = Head::split(
            b"From x\r\nA: 1\r\n 2\r\nB : 3\nbroken line\r\n\r\nbody",
            10,
            Gaps::default(),
        );
        let fields: Vec<_> = head.fields.iter().map(|f| (f.name, f.value)).collect();
        assert_eq!(fields, [(&b"A"[..], &b" 1\r\n 2"[..]), (b"B", b" 3")]);
        assert_eq!(
            (head.body, head.is_terminated),
            (&b"broken line\r\n\r\nbody"[..], false)
        );
        assert_eq!(Head::split(b"\r\nbody", 10, Gaps::default()).body, b"body");
        assert_eq!(Head::split(b"A: 1", 10, Gaps::default()).fields.len(), 1);
    }

    #[test]
    fn encoded_words_are_decoded_even_when_broken() {
        for (raw, shown) in [
            ("=?utf-8?B?5L2g5aW9?=", "你好"),
            ("=?utf-8?Q?a_b=C3=A9?= tail", "a bé tail"),
            ("=?utf-8?B?5L2g?= =?utf-8?B?5aW9?=", "你好"),
            ("=?utf-8?B?5L0=?= =?utf-8?B?oOWlvQ==?=", "你好"),
            ("x=?utf-8?Q?y?=z", "xyz"),
            ("=?utf-8?Q?a b?=", "a b"),
            ("=?gb2312?B?xOO6ww==?=", "你好"),
            ("=?iso-8859-1*en?Q?caf=E9?=", "café"),
            ("=?broken", "=?broken"),
            ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
            ("a =?utf-8?Q?b?= c", "a b c"),
        ] {
            assert_eq!(decode_words(raw), shown, "{raw}");
        }
    }

    #[test]
    fn raw_eight_bit_headers_are_read_by_the_declared_charset_or_a_guess() {
        assert_eq!(text(b" \xC4\xE3\xBA\xC3", Some("gbk")), "你好");
        assert_eq!(text(b" \xC4\xE3\xBA\xC3\xCA\xC0", None), "你好世");
        assert_eq!(text("grün".as_bytes(), None), "grün");
    }
}
