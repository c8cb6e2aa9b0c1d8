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
    let (mut at, mut next, mut pointers) = (start, None, 0);
    for _ in 0..LABELS + POINTERS {
        match *message.get(at)? {
            0 => return Some((name, next.unwrap_or(at + 1))),
            length @ 1..=63 => {
                let label = message.get(at + 1..at + 1 + usize::from(length))?;
                if !name.is_empty() {
                    name.push('.');
                }
                push_label(&mut name, label);
                if name.len() > NAME_BYTES {
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
