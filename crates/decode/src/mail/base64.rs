//! Base64 of mails (RFC 2045, 6.8): whole runs of lines by a vectorised decoder, what it refuses digit
//! by digit, as forgiving as mail readers are.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::{GeneralPurposeConfig, NO_PAD};
use ::base64::engine::{DecodePaddingMode, Simd};

/// Digits that are decoded at once: few enough that they stay in the first-level cache.
const RUN_BYTES: usize = 4 << 10;

/// Value of a base64 digit, or 64 for padding, 65 for anything else.
const DIGITS: [u8; 256] = digits();

const fn digits() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    let mut table = [65u8; 256];
    let mut i = 0u8;
    #[allow(clippy::indexing_slicing)]
    while i < 65 {
        table[alphabet[i as usize] as usize] = i;
        i += 1;
    }
    table
}

fn digit(byte: u8) -> u8 {
    DIGITS.get(usize::from(byte)).copied().unwrap_or(65)
}

/// A digit of the alphabet, or padding.
#[must_use]
pub fn is_digit(byte: u8) -> bool {
    digit(byte) <= 64
}

/// Decodes base64. Bytes outside of the alphabet are skipped; padding that completes a group ends it; an
/// incomplete last group gives what it can.
#[must_use]
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut digits = Digits::default();
    let mut run = Vec::with_capacity(text.len().min(RUN_BYTES));
    let mut rest = text;
    if text.len() >= FAST_BYTES {
        let engine = Simd::standard(CONFIG);
        while !rest.is_empty() && digits.count == 0 && !digits.is_over {
            rest = fill(&mut run, rest);
            // The last group may be padded.
            let end = if rest.is_empty() { 4 } else { 0 };
            let whole = run.len().saturating_sub(end) & !3;
            let before = decoded.len();
            let (groups, left) = run.split_at_checked(whole).unwrap_or((&run, b""));
            if engine.decode_vec(groups, &mut decoded).is_err() {
                decoded.truncate(before);
                digits.take(groups, &mut decoded);
            }
            if digits.count == 0 && !rest.is_empty() {
                run.drain(..whole);
            } else {
                digits.take(left, &mut decoded);
                run.clear();
            }
        }
    }
    digits.take(&run, &mut decoded);
    digits.take(rest, &mut decoded);
    digits.finish(&mut decoded);
    decoded
}

/// Shorter texts are not worth a run.
const FAST_BYTES: usize = 64;

/// Whole groups only, so there is neither padding nor a bit left over.
const CONFIG: GeneralPurposeConfig =
    NO_PAD.with_decode_padding_mode(DecodePaddingMode::RequireNone);

/// Adds lines without their ends until the run is full; gives what is left.
fn fill<'a>(run: &mut Vec<u8>, mut text: &'a [u8]) -> &'a [u8] {
    while run.len() < RUN_BYTES && !text.is_empty() {
        let room = RUN_BYTES - run.len();
        let window = text.get(..text.len().min(room)).unwrap_or(text);
        let (line, used) = match memchr::memchr(b'\n', window) {
            Some(end) => (window.get(..end).unwrap_or(window), end + 1),
            None => (window, window.len()),
        };
        run.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        text = text.get(used..).unwrap_or_default();
    }
    text
}

/// The decoder that refuses nothing.
#[derive(Default)]
struct Digits {
    group: u32,
    count: u32,
    padding: u32,
    is_over: bool,
}

impl Digits {
    fn take(&mut self, text: &[u8], decoded: &mut Vec<u8>) {
        for &byte in text {
            if self.is_over {
                return;
            }
            match digit(byte) {
                value @ 0..64 => {
                    self.group = self.group << 6 | u32::from(value);
                    self.count += 1;
                    self.padding = 0;
                    if self.count == 4 {
                        let [_, x, y, z] = self.group.to_be_bytes();
                        decoded.extend_from_slice(&[x, y, z]);
                        (self.group, self.count) = (0, 0);
                    }
                }
                64 if self.count >= 2 => {
                    self.padding += 1;
                    self.is_over = self.count + self.padding >= 4;
                }
                _ => {}
            }
        }
    }

    fn finish(self, decoded: &mut Vec<u8>) {
        let [_, x, y, _] = (self.group << (6 * (4 - self.count.min(4)))).to_be_bytes();
        match self.count {
            2 => decoded.push(x),
            3 => decoded.extend_from_slice(&[x, y]),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_mail_readers_read_it() {
        assert_eq!(decode(b"aGVsbG8="), b"hello");
        assert_eq!(decode(b"aGVs\r\nbG8=\r\n"), b"hello");
        assert_eq!(decode(b"aGV*sbG8"), b"hello");
        assert_eq!(decode(b"aGVsbG8"), b"hello");
        assert_eq!(decode(b"aGVsbG8=trailing"), b"hello");
        assert_eq!(decode(b"a"), b"");
        let line = b"VGhlIHF1aWNrIGJyb3duIGZv\r\neCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRv*Zy4=";
        assert_eq!(
            decode(line),
            b"The quick brown fox jumps over the lazy dog."
        );
        assert_eq!(decode(b""), b"");
    }

    /// What the forgiving decoder alone makes of a text.
    fn by_digits(text: &[u8]) -> Vec<u8> {
        let (mut digits, mut decoded) = (Digits::default(), Vec::new());
        digits.take(text, &mut decoded);
        digits.finish(&mut decoded);
        decoded
    }

    #[test]
    fn runs_give_what_digits_give_whatever_stands_between_them() {
        let mut state = 7u32;
        let mut next = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for round in 0..400 {
            let line = 60 + next(20) as usize;
            let mut text = Vec::new();
            for at in 0..next(20_000) as usize {
                let place = next(64) as usize;
                text.extend(
                    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".get(place),
                );
                if at % line == line - 1 {
                    text.extend_from_slice(if round % 2 == 0 { b"\r\n" } else { b"\n" });
                }
                match next(9000) {
                    0 => text.push(b'='),
                    1 => text.push(b' '),
                    2 => text.extend_from_slice(b"\r"),
                    3 if round % 4 == 0 => text.extend_from_slice(b"=="),
                    _ => {}
                }
            }
            assert_eq!(decode(&text), by_digits(&text), "round {round}");
        }
    }
}
