//! Content-Transfer-Encoding (RFC 2045, 6) and charsets, as forgiving as mail readers are: nothing
//! here fails, what cannot be decoded stays as it is.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes quoted-printable (RFC 2045, 6.7); an `=` that begins nothing is an `=`.
#[must_use]
pub fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, b""));
        decoded.extend_from_slice(before);
        rest = match after {
            [b'=', b'\r', b'\n', rest @ ..] | [b'=', b'\n', rest @ ..] => rest,
            [b'=', high, low, tail @ ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    tail
                }
                _ => {
                    decoded.push(b'=');
                    after.get(1..).unwrap_or(b"")
                }
            },
            _ => {
                decoded.extend_from_slice(after);
                return decoded;
            }
        };
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// Value of a hexadecimal digit.
#[must_use]
pub fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Text in a named charset. Without a name, or with an unknown one: UTF-8 when it is that, else
/// what the bytes look like.
#[must_use]
pub fn text<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    let named =
        charset.map(|name| name.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\''));
    let is_utf8 = named.is_none_or(|name| {
        ["utf-8", "utf8", "us-ascii", "ascii", ""]
            .iter()
            .any(|utf8| utf8.eq_ignore_ascii_case(name))
    });
    if bytes.is_ascii() && named.is_none_or(|name| !is_seven_bit_charset(name)) {
        return as_utf8(bytes);
    }
    match named
        .filter(|_| !is_utf8)
        .and_then(|name| charset_decoder(name.as_bytes()))
    {
        Some(decode) => Cow::Owned(decode(bytes)),
        None => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_)
                if is_utf8
                    && named.is_some_and(|name| name.to_ascii_lowercase().starts_with("utf")) =>
            {
                String::from_utf8_lossy(bytes)
            }
            Err(_) => Cow::Owned(undeclared(bytes)),
        },
    }
}

/// UTF-8, what is not it replaced; the usual case is told by a look at many bytes a step.
fn as_utf8(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// Charsets that write more than ASCII in seven bits.
fn is_seven_bit_charset(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "iso-2022",
        "hz",
        "utf-7",
        "utf7",
        "utf-16",
        "utf16",
        "csiso2022",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// 8-bit text without a declared charset that is not UTF-8: GBK when every byte pair is one and most
/// are of its common characters, else Big5 by the same test, else Latin.
fn undeclared(bytes: &[u8]) -> String {
    for (name, common_lead) in [("gb18030", 0xB0..=0xF7u8), ("big5", 0xA4..=0xC6u8)] {
        if let Some(decode) = charset_decoder(name.as_bytes())
            && has_lead_bytes(bytes, &common_lead)
        {
            let text = decode(bytes);
            if !text.contains('\u{FFFD}') {
                return text;
            }
        }
    }
    charset_decoder(b"windows-1252").map_or_else(
        || String::from_utf8_lossy(bytes).into_owned(),
        |decode| decode(bytes),
    )
}

/// Do the high bytes come in pairs whose first is mostly in this range?
fn has_lead_bytes(bytes: &[u8], range: &std::ops::RangeInclusive<u8>) -> bool {
    let (mut pairs, mut common) = (0usize, 0usize);
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte < 0x80 {
            continue;
        }
        let Some((_, after)) = rest.split_first() else {
            return false;
        };
        rest = after;
        pairs += 1;
        common += usize::from(range.contains(&byte));
    }
    pairs >= 2 && common * 10 >= pairs * 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_keeps_what_it_cannot_decode() {
        assert_eq!(
            quoted_printable(b"a=3Db=\r\nc=\nd=ZZ=e9="),
            b"a=bcd=ZZ\xE9="
        );
    }

    #[test]
    fn text_without_a_charset_is_guessed() {
        assert_eq!(text("grün".as_bytes(), None), "grün");
        assert_eq!(text(b"\xC4\xE3\xBA\xC3\xCA\xC0\xBD\xE7", None), "你好世界");
        assert_eq!(text(b"caf\xE9", None), "café");
        assert_eq!(text(b"\xC4\xE3\xBA\xC3", Some("gb2312")), "你好");
        assert_eq!(text(b"x\xFF", Some("no-such-charset")), "xÿ");
    }
}
