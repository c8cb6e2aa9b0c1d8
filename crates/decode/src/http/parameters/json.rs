//! Values of JSON (RFC 8259) with their paths: `a.b[0]`. Read in one pass without a tree; what is cut or
//! malformed gives what stood before.

use super::{Found, Parameters};
use crate::limits::Limits;

/// Nesting followed; deeper values are passed over.
const DEPTH: usize = 16;
/// Bytes of a path kept.
const PATH_BYTES: usize = 256;

struct Reader<'a, 'b> {
    rest: &'a [u8],
    path: Vec<u8>,
    limits: &'b Limits,
    out: &'b mut Parameters,
}

/// Notes every string, number and word.
pub(super) fn read(text: &[u8], limits: &Limits, out: &mut Parameters) {
    let mut reader = Reader {
        rest: text,
        path: Vec::new(),
        limits,
        out,
    };
    reader.value(b"", 0);
}

impl Reader<'_, '_> {
    fn skip(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    fn take(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or(b"");
    }

    /// `value`; `None` where the text ends or makes no sense.
    fn value(&mut self, key: &[u8], depth: usize) -> Option<()> {
        if self.out.limited || depth > DEPTH {
            return None;
        }
        match self.skip()? {
            b'{' => self.object(depth),
            b'[' => self.array(key, depth),
            b'"' => {
                let text = self.string()?;
                self.note(key, &text);
                Some(())
            }
            _ => {
                let end = self
                    .rest
                    .iter()
                    .position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\r' | b'\n' | b'\t'))
                    .unwrap_or(self.rest.len());
                let (word, rest) = self.rest.split_at_checked(end)?;
                self.rest = rest;
                if word.is_empty() {
                    return None;
                }
                self.note(key, word);
                Some(())
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.take();
        loop {
            match self.skip()? {
                b'}' => {
                    self.take();
                    return Some(());
                }
                b',' => self.take(),
                b'"' => {
                    let key = self.string()?;
                    if self.skip()? != b':' {
                        return None;
                    }
                    self.take();
                    let before = self.path.len();
                    if before > 0 {
                        self.path.push(b'.');
                    }
                    self.path.extend_from_slice(&key);
                    self.path.truncate(PATH_BYTES);
                    let read = self.value(&key, depth + 1);
                    self.path.truncate(before);
                    read?;
                }
                _ => return None,
            }
        }
    }

    fn array(&mut self, key: &[u8], depth: usize) -> Option<()> {
        self.take();
        for index in 0.. {
            match self.skip()? {
                b']' => break,
                b',' => self.take(),
                _ => {}
            }
            if self.skip()? == b']' {
                break;
            }
            let before = self.path.len();
            self.path.extend_from_slice(format!("[{index}]").as_bytes());
            self.path.truncate(PATH_BYTES);
            let read = self.value(key, depth + 1);
            self.path.truncate(before);
            read?;
        }
        self.take();
        Some(())
    }

    /// `string`, its escapes undone; at the end of the text what there is of it.
    fn string(&mut self) -> Option<Vec<u8>> {
        self.take();
        let mut text = Vec::new();
        loop {
            let Some((&byte, rest)) = self.rest.split_first() else {
                return Some(text);
            };
            self.rest = rest;
            match byte {
                b'"' => return Some(text),
                b'\\' => self.escape(&mut text)?,
                _ => text.push(byte),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Option<()> {
        let (&letter, rest) = self.rest.split_first()?;
        self.rest = rest;
        match letter {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'u' => {
                let mut unit = self.unit()?;
                if (0xd800..0xdc00).contains(&unit)
                    && let Some(rest) = self.rest.strip_prefix(b"\\u")
                {
                    self.rest = rest;
                    let low = self.unit()?;
                    unit = 0x10000 + ((unit & 0x3ff) << 10 | low & 0x3ff);
                }
                let letter = char::from_u32(unit).unwrap_or('\u{FFFD}');
                text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => text.push(other),
        }
        Some(())
    }

    fn unit(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    fn note(&mut self, key: &[u8], value: &[u8]) {
        let found = Found {
            place: "json",
            name: &self.path,
            key,
            value,
            decodings: 0,
        };
        self.out.add(&found, None, self.limits);
    }
}
