//! LZO1X, as nfdump compresses its blocks: literals and matches in one stream of instructions.
//!
//! The format is described in the Linux kernel's Documentation/staging/lzo.rst (stream version 0).

use crate::cursor::Cursor;

/// The uncompressed bytes, at most `limit`; `None` for a stream that is damaged, cut or longer.
pub(super) fn uncompressed(stored: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut stream = Cursor(stored);
    let mut out = Out {
        bytes: Vec::with_capacity(stored.len().saturating_mul(4).min(limit)),
        limit,
    };
    // Literals that the instruction before has announced: 0 to 3, or 4 after a long run.
    let mut state = 0;
    if let Some(first) = stream.0.first().filter(|first| **first > 17) {
        let count = usize::from(*first) - 17;
        stream.skip(1)?;
        out.literals(&mut stream, count)?;
        state = count.min(4);
    }
    loop {
        let instruction = usize::from(stream.u8()?);
        let (distance, length, literals) = match instruction {
            0..16 if state == 0 => {
                let count = match instruction {
                    0 => extended(&mut stream, 15)? + 3,
                    short => short + 3,
                };
                out.literals(&mut stream, count)?;
                state = 4;
                continue;
            }
            0..16 => {
                let high = usize::from(stream.u8()?);
                let distance = (high << 2) + (instruction >> 2);
                match state {
                    4 => (distance + 2049, 3, instruction & 3),
                    _ => (distance + 1, 2, instruction & 3),
                }
            }
            16..32 => {
                let length = length(&mut stream, instruction & 7, 7)?;
                let tail = usize::from(u16::from_le_bytes(stream.array()?));
                let distance = ((instruction & 8) << 11) + (tail >> 2);
                if distance == 0 {
                    // The end marker: a match from 16384 bytes before, of length 3.
                    return (length == 3 && stream.len() == 0).then_some(out.bytes);
                }
                (distance + 16384, length, tail & 3)
            }
            32..64 => {
                let length = length(&mut stream, instruction & 31, 31)?;
                let tail = usize::from(u16::from_le_bytes(stream.array()?));
                ((tail >> 2) + 1, length, tail & 3)
            }
            _ => {
                let high = usize::from(stream.u8()?);
                let distance = (high << 3) + ((instruction >> 2) & 7) + 1;
                let length = match instruction {
                    64..128 => 3 + ((instruction >> 5) & 1),
                    _ => 5 + ((instruction >> 5) & 3),
                };
                (distance, length, instruction & 3)
            }
        };
        out.copy(distance, length)?;
        out.literals(&mut stream, literals)?;
        state = literals;
    }
}

/// A match's length: in the instruction, or when that is zero, behind it.
fn length(stream: &mut Cursor<'_>, short: usize, base: usize) -> Option<usize> {
    match short {
        0 => Some(extended(stream, base)? + 2),
        short => Some(short + 2),
    }
}

/// A number as 255s that are summed up, and a last byte.
fn extended(stream: &mut Cursor<'_>, base: usize) -> Option<usize> {
    let mut sum = base;
    loop {
        match stream.u8()? {
            0 => sum = sum.checked_add(255)?,
            last => return sum.checked_add(usize::from(last)),
        }
    }
}

struct Out {
    bytes: Vec<u8>,
    limit: usize,
}

impl Out {
    fn literals(&mut self, stream: &mut Cursor<'_>, count: usize) -> Option<()> {
        let literals = stream.take(count)?;
        self.has_room(count)?;
        self.bytes.extend_from_slice(literals);
        Some(())
    }

    /// Repeats bytes that came `distance` before; a match may overlap itself.
    fn copy(&mut self, distance: usize, length: usize) -> Option<()> {
        self.has_room(length)?;
        let from = self.bytes.len().checked_sub(distance)?;
        if distance >= length {
            self.bytes.extend_from_within(from..from + length);
        } else {
            for place in from..from + length {
                let byte = *self.bytes.get(place)?;
                self.bytes.push(byte);
            }
        }
        Some(())
    }

    fn has_room(&self, count: usize) -> Option<()> {
        (count <= self.limit - self.bytes.len()).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_an_overlapping_match() {
        // Two literals, a match of 3 at distance 2, the end marker.
        let stored = [17 + 4, b'a', b'b', b'c', b'd', 0x44, 0, 0x11, 0, 0];
        let expected = b"abcdcdc".to_vec();
        assert_eq!(uncompressed(&stored, 100), Some(expected));
    }

    #[test]
    fn what_is_cut_longer_than_allowed_or_points_before_the_beginning_is_refused() {
        let stored = [17 + 4, b'a', b'b', b'c', b'd', 0x44, 0, 0x11, 0, 0];
        for end in 0..stored.len() {
            assert_eq!(
                uncompressed(stored.get(..end).unwrap_or_default(), 100),
                None
            );
        }
        assert_eq!(uncompressed(&stored, 6), None);
        assert_eq!(
            uncompressed(&[17 + 4, 0, 0, 0, 0, 0x7c, 9, 0x11, 0, 0], 100),
            None
        );
    }
}
