//! Mailbox names: modified UTF-7 (RFC 3501, 5.1.3).

use mail_parser::decoders::base64::base64_decode;

/// `&` begins base64 of UTF-16, `-` ends it, `/` is written `,`; `&-` is `&`. What cannot be decoded
/// stays as it is.
#[must_use]
pub fn decode(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let Some((encoded, tail)) = after.split_once('-') else {
            decoded.push('&');
            rest = after;
            continue;
        };
        match characters(encoded) {
            Some(characters) => {
                decoded.push_str(&characters);
                rest = tail;
            }
            None => {
                decoded.push('&');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn characters(encoded: &str) -> Option<String> {
    if encoded.is_empty() {
        return Some("&".to_owned());
    }
    if !encoded
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b','))
    {
        return None;
    }
    let mut base64 = encoded.replace(',', "/");
    while !base64.len().is_multiple_of(4) {
        base64.push('=');
    }
    let bytes = base64_decode(base64.as_bytes())?;
    let (units, _) = bytes.as_chunks::<2>();
    char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)))
        .collect::<Result<String, _>>()
        .ok()
        .filter(|c| !c.is_empty())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn names_are_decoded() {
        assert_eq!(decode(b"INBOX"), "INBOX");
        assert_eq!(decode(b"&U,BTFw-"), "台北");
        assert_eq!(decode(b"Entw&APw-rfe/&ZeVnLIqe-"), "Entwürfe/日本語");
        assert_eq!(decode(b"a&-b"), "a&b");
        assert_eq!(decode(b"a & b"), "a & b");
    }
}
