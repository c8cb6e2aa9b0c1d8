//! Where in a text a pattern can stand at all: a look at every other byte that spares the automaton
//! nearly all of a capture.
//!
//! Of each pattern the three bytes at its first and at its second place are noted. Whatever place of a
//! text a pattern stands at, one of the two is at an even distance from where the look began, so that
//! every other place is enough. Where such three bytes stand, five are looked at, since three of an
//! address are common in numbers. Only what passes both is given to the automaton: in hostile text
//! that is all of it, and then the look was for nothing, but no pattern is missed and none is seen twice.

use std::ops::Range;

/// Bytes of the first look, and of the second.
const FEW: usize = 3;
const MORE: usize = 5;

/// Places of a text from one look to the next, and places of a pattern that are noted.
const STRIDE: usize = 2;

/// Patterns of so many bytes are sure to hold `MORE` bytes from each of their noted places.
const LONG: usize = MORE + STRIDE - 1;

/// Shorter patterns hold not even `FEW` bytes from each: then nothing can be spared.
const SHORTEST: usize = FEW + STRIDE - 1;

/// Words of 64 bits in a set: 32 KiB, which stays in the CPU's nearest cache.
const WORDS: usize = 1 << 12;

/// Hashes seen, one bit each.
struct Bits(Box<[u64; WORDS]>);

impl Bits {
    fn new() -> Self {
        Self(Box::new([0; WORDS]))
    }

    fn add(&mut self, hash: u32) {
        if let Some(word) = self.0.get_mut((hash >> 6) as usize % WORDS) {
            *word |= 1 << (hash & 63);
        }
    }

    #[inline]
    fn has(&self, hash: u32) -> bool {
        self.0
            .get((hash >> 6) as usize % WORDS)
            .is_some_and(|word| word >> (hash & 63) & 1 == 1)
    }
}

/// What is known of the patterns' first bytes.
pub(super) struct Prefilter {
    few: Bits,
    more: Bits,
    /// As `few`, of patterns too short for the second look.
    short: Bits,
    longest: usize,
    spares: bool,
}

impl Prefilter {
    /// Notes the first bytes of all patterns; letters count without regard to case.
    pub(super) fn new(patterns: &[Vec<u8>]) -> Self {
        let mut new = Self {
            few: Bits::new(),
            more: Bits::new(),
            short: Bits::new(),
            longest: patterns.iter().map(Vec::len).max().unwrap_or(0),
            spares: patterns.iter().all(|pattern| pattern.len() >= SHORTEST),
        };
        for pattern in patterns {
            for place in 0..STRIDE {
                let Some(few) = hash_of::<FEW>(pattern, place) else {
                    continue;
                };
                new.few.add(few);
                match hash_of::<MORE>(pattern, place) {
                    Some(more) if pattern.len() >= LONG => new.more.add(more),
                    _ => new.short.add(few),
                }
            }
        }
        new
    }

    /// Hands on the ranges of `text` from `start` on that hold every pattern standing there: apart from
    /// each other, in order.
    pub(super) fn ranges(&self, text: &[u8], start: usize, mut look_at: impl FnMut(Range<usize>)) {
        if !self.spares {
            return look_at(start..text.len());
        }
        let mut open: Option<Range<usize>> = None;
        let rest = text.get(start..).unwrap_or_default();
        for (number, few) in rest.windows(FEW).step_by(STRIDE).enumerate() {
            let few = folded_hash(few);
            if !self.few.has(few) {
                continue;
            }
            let place = start + STRIDE * number;
            if !self.short.has(few) && !self.goes_on(text, place) {
                continue;
            }
            let begin = place.saturating_sub(STRIDE - 1).max(start);
            let end = text.len().min(place + self.longest);
            match &mut open {
                Some(range) if begin <= range.end => range.end = end,
                _ => {
                    if let Some(range) = open.replace(begin..end) {
                        look_at(range);
                    }
                }
            }
        }
        if let Some(range) = open {
            look_at(range);
        }
    }

    fn goes_on(&self, text: &[u8], place: usize) -> bool {
        hash_of::<MORE>(text, place).is_some_and(|more| self.more.has(more))
    }
}

fn hash_of<const LEN: usize>(text: &[u8], place: usize) -> Option<u32> {
    text.get(place..place + LEN).map(folded_hash)
}

/// Of up to eight bytes; the same for both cases of a letter (and for a few other pairs of bytes).
#[inline]
fn folded_hash(bytes: &[u8]) -> u32 {
    let value = bytes
        .iter()
        .fold(0_u64, |value, &byte| value << 8 | u64::from(byte | 0x20));
    // Fibonacci hashing: the product's upper bits depend on all bytes.
    (value.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 46) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random and are always the same (xorshift).
    fn numbers() -> impl FnMut(u64) -> usize {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below).unwrap_or(0)
        }
    }

    fn places(pattern: &[u8], text: &[u8]) -> Vec<usize> {
        (0..text.len())
            .filter(|&place| {
                text.get(place..place + pattern.len())
                    .is_some_and(|piece| piece.eq_ignore_ascii_case(pattern))
            })
            .collect()
    }

    #[test]
    fn every_occurrence_lies_in_one_range_whatever_the_lengths() {
        let mut number = numbers();
        for round in 0..2000 {
            let shortest = if round % 10 == 0 { 1 } else { 4 };
            let patterns: Vec<Vec<u8>> = (0..1 + number(6))
                .map(|_| {
                    let length = shortest + number(7);
                    (0..length).map(|_| b"ab.A"[number(4)]).collect()
                })
                .collect();
            let text: Vec<u8> = (0..number(80)).map(|_| b"ab.AB,"[number(6)]).collect();
            let start = number(1 + text.len() as u64);
            let mut ranges = Vec::new();
            Prefilter::new(&patterns).ranges(&text, start, |range| ranges.push(range));
            for (one, next) in ranges.iter().zip(ranges.iter().skip(1)) {
                assert!(one.end < next.start, "{ranges:?} are apart");
            }
            for pattern in &patterns {
                for place in places(pattern, &text).into_iter().filter(|&at| at >= start) {
                    let holding = ranges
                        .iter()
                        .filter(|range| range.start <= place && place + pattern.len() <= range.end)
                        .count();
                    assert_eq!(holding, 1, "{pattern:?} at {place} of {text:?}: {ranges:?}");
                }
            }
        }
    }

    #[test]
    fn a_text_without_the_bytes_of_a_pattern_is_spared() {
        let patterns = [b"192.0.2.67".to_vec(), b"mx.example".to_vec()];
        let mut ranges = 0;
        let text = b"a text of ordinary words, with 192 numbers and 10.20.30 of them".repeat(50);
        Prefilter::new(&patterns).ranges(&text, 0, |_| ranges += 1);
        assert_eq!(ranges, 0);
    }
}
