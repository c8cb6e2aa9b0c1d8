//! Domain names with compression (RFC 1035, 4.1.4), bounded against loops.

/// Room for most names in text, so that it grows once.
const USUAL_BYTES: usize = 64;
/// Longest name in text; the RFC allows 255 octets on the wire.
const NAME_BYTES: usize = 1024;
/// Pointers followed in one name.
const POINTERS: usize = 32;
/// Labels in one name.
const LABELS: usize = 128;

/// Reads the name at `start`: its text in lower case, and where the next field begins.
/// Bytes that a host name can't hold become `\DDD` (RFC 1035, 5.1).
pub(super) fn read(message: &[u8], start: usize) -> Option<(String, usize)> {
    let mut name = String::with_capacity(USUAL_BYTES);
    let next = labels(message, start, |label| {
        if !name.is_empty() {
            name.push('.');
        }
        push_label(&mut name, label);
        name.len()
    })?;
    Some((name, next))
}

/// Where the field behind the name at `start` begins, when that is a name that [`read`] reads.
pub(super) fn end(message: &[u8], start: usize) -> Option<usize> {
    let mut length = 0;
    labels(message, start, |label| {
        length += usize::from(length > 0) + label.iter().map(written_bytes).sum::<usize>();
        length
    })
}

/// Bytes that a byte of a label takes in text.
fn written_bytes(byte: &u8) -> usize {
    match byte {
        b'.' | b'\\' => 2,
        b'!'..=b'~' => 1,
        _ => 4,
    }
}

/// Gives each label of a name; `each` says how long the text has become. The place behind the name, if it is one.
#[inline]
fn labels(message: &[u8], start: usize, mut each: impl FnMut(&[u8]) -> usize) -> Option<usize> {
    let (mut at, mut next, mut pointers) = (start, None, 0);
    for _ in 0..LABELS + POINTERS {
        match *message.get(at)? {
            0 => return Some(next.unwrap_or(at + 1)),
            length @ 1..=63 => {
                let label = message.get(at + 1..at + 1 + usize::from(length))?;
                if each(label) > NAME_BYTES {
                    return None;
                }
                at += 1 + usize::from(length);
            }
            high @ 0xc0.. => {
                let low = *message.get(at + 1)?;
                next = next.or(Some(at + 2));
                pointers += 1;
                if pointers > POINTERS {
                    return None;
                }
                at = usize::from(u16::from_be_bytes([high & 0x3f, low]));
            }
            _ => return None,
        }
    }
    None
}

fn push_label(name: &mut String, label: &[u8]) {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'.' | b'\\');
    if label.iter().all(is_plain) {
        let start = name.len();
        name.push_str(std::str::from_utf8(label).unwrap_or_default());
        if let Some(label) = name.get_mut(start..) {
            label.make_ascii_lowercase();
        }
        return;
    }
    for &byte in label {
        match byte {
            b'.' | b'\\' => name.extend(['\\', char::from(byte)]),
            b'!'..=b'~' => name.push(char::from(byte.to_ascii_lowercase())),
            _ => {
                name.push('\\');
                name.push_str(&format!("{byte:03}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_it_is_read_to_its_end() {
        let long = [&[63; 64][..]; 40].concat();
        let odd = [&[63; 1][..], &[7; 63]].concat().repeat(5);
        for message in [
            &b"\x03www\x07example\x00rest"[..],
            b"\x03w.w\x02\\\xff\x00",
            b"\x01a\xc0\x00",
            b"\x01a\xc0\x05\x00\x02bc\x00",
            b"\x03ww",
            b"\x80",
            b"",
            &[&long[..], &[0]].concat(),
            &[&odd[..], &[0]].concat(),
        ] {
            assert_eq!(
                end(message, 0),
                read(message, 0).map(|(_, end)| end),
                "{message:?}"
            );
        }
    }
}
