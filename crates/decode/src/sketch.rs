//! Content-defined sketches of byte streams: which two streams carried the same bytes.
//!
//! The definition is at [`Sketch`]. A chunk ends after the byte where the gear hash of the last 32
//! bytes has its high 5 bits zero, so that chunks depend on content alone and a lost start or a
//! gap costs only the chunks that it touches. The first chunk after a start or a gap is left out
//! because its start is not content-defined.

use crate::record::{SKETCH_LEN, Sketch};

/// Shortest chunk that is hashed; shorter ones (`250 OK`) are in every stream.
const MIN_CHUNK_BYTES: usize = 16;
/// Bytes of a stream that are sketched, from its first: both legs of a conversation begin at the same
/// content, and 16 KiB hold several hundred chunks.
const SKETCHED_BYTES: usize = 16 << 10;
/// Longest chunk; a run without a cut (zeros) is cut here.
const MAX_CHUNK_BYTES: usize = 1024;
/// A chunk ends where these bits of the gear hash are zero. The gear hash shifts left by one for
/// each byte, so bit `n` depends on the last `n + 1` bytes: bits 27 to 31 see 28 to 32 of them.
const CUT_MASK: u32 = 0b11111 << 27;

/// One fixed 32-bit value a byte value, the same in every run.
const GEAR: [u32; 256] = gear();

const fn gear() -> [u32; 256] {
    let mut table = [0u32; 256];
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut i = 0;
    while i < 256 {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        #[allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]
        {
            table[i] = (mixed >> 32) as u32;
        }
        i += 1;
    }
    table
}

/// Builds a [`Sketch`] piece by piece; the cutting into pieces does not matter.
#[derive(Clone, Debug)]
pub struct SketchBuilder {
    gear: u32,
    /// Bytes of the open chunk that came in earlier pieces.
    carried: Vec<u8>,
    /// True until the first cut after a start or a gap.
    unaligned: bool,
    bytes: u64,
    /// Bytes still to be sketched.
    left: usize,
    chunks: u32,
    smallest: Vec<u64>,
}

impl Default for SketchBuilder {
    fn default() -> Self {
        Self {
            gear: 0,
            carried: Vec::new(),
            unaligned: true,
            bytes: 0,
            left: SKETCHED_BYTES,
            chunks: 0,
            smallest: Vec::new(),
        }
    }
}

impl SketchBuilder {
    /// Takes the next bytes of the stream.
    pub fn update(&mut self, data: &[u8]) {
        self.bytes += data.len() as u64;
        if self.left == 0 {
            return;
        }
        let mut rest = data.get(..self.left).unwrap_or(data);
        self.left -= rest.len();
        while let Some(end) = self.cut_in(rest) {
            let Some((chunk, after)) = rest.split_at_checked(end) else {
                break;
            };
            self.close(chunk);
            rest = after;
        }
        self.carried.extend_from_slice(rest);
    }

    /// Bytes are missing: the chunk around the gap is dropped.
    pub fn gap(&mut self) {
        self.unaligned = true;
        self.carried.clear();
        self.gear = 0;
    }

    /// Stream bytes seen so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The sketch of what was seen.
    #[must_use]
    pub fn finish(self) -> Sketch {
        Sketch {
            hashes: self.smallest,
            bytes: self.bytes,
            chunks: self.chunks,
        }
    }

    /// How many bytes of `data` still belong to the open chunk, when it ends in `data`.
    fn cut_in(&mut self, data: &[u8]) -> Option<usize> {
        let room = MAX_CHUNK_BYTES.saturating_sub(self.carried.len()).max(1);
        let window = data.get(..data.len().min(room)).unwrap_or(data);
        let mut gear = self.gear;
        let cut = cut_place(window, &mut gear);
        self.gear = gear;
        match cut {
            Some(at) => Some(at + 1),
            None => (window.len() == room).then_some(room),
        }
    }

    fn close(&mut self, end: &[u8]) {
        if !self.unaligned && self.carried.len() + end.len() >= MIN_CHUNK_BYTES {
            self.chunks = self.chunks.saturating_add(1);
            let hash = if self.carried.is_empty() {
                chunk_hash(end)
            } else {
                self.carried.extend_from_slice(end);
                chunk_hash(&self.carried)
            };
            self.keep(hash);
        }
        self.unaligned = false;
        self.carried.clear();
    }

    fn keep(&mut self, hash: u64) {
        if self.smallest.len() >= SKETCH_LEN
            && self.smallest.last().is_some_and(|&largest| hash >= largest)
        {
            return;
        }
        if let Err(place) = self.smallest.binary_search(&hash) {
            self.smallest.insert(place, hash);
            self.smallest.truncate(SKETCH_LEN);
        }
    }
}

/// The first place in these bytes behind which a chunk ends. Eight bytes a step: the hash of each is a shift and an
/// addition behind that of the byte before, and all else should cost less.
#[inline]
fn cut_place(bytes: &[u8], gear: &mut u32) -> Option<usize> {
    let step = |gear: u32, byte: u8| {
        let value = GEAR.get(usize::from(byte)).copied().unwrap_or(0);
        (gear << 1).wrapping_add(value)
    };
    let (steps, rest) = bytes.as_chunks::<8>();
    for (number, bytes) in steps.iter().enumerate() {
        for (place, byte) in bytes.iter().enumerate() {
            *gear = step(*gear, *byte);
            if *gear & CUT_MASK == 0 {
                return Some(number * 8 + place);
            }
        }
    }
    let done = bytes.len() - rest.len();
    rest.iter()
        .position(|byte| {
            *gear = step(*gear, *byte);
            *gear & CUT_MASK == 0
        })
        .map(|place| done + place)
}

/// 64 bits of a chunk, sixteen bytes a step, the last sixteen perhaps read twice; fixed key, so that
/// runs compare. Chunks shorter than that are never hashed.
fn chunk_hash(chunk: &[u8]) -> u64 {
    let (pairs, _) = chunk.as_chunks::<16>();
    let seed = 0x9E37_79B9_7F4A_7C15u64 ^ chunk.len() as u64;
    let hash = pairs
        .iter()
        .fold(seed, |hash, pair| fold(hash, u128::from_le_bytes(*pair)));
    let last = chunk.last_chunk::<16>().copied().unwrap_or_default();
    mix(fold(hash, u128::from_le_bytes(last)))
}

/// Multiplies the two halves of a word, each with part of the key, and folds the product.
#[allow(clippy::cast_possible_truncation)]
fn fold(hash: u64, word: u128) -> u64 {
    let low = (word as u64) ^ hash;
    let high = ((word >> 64) as u64) ^ 0xD6E8_FEB8_6659_FD93;
    let product = u128::from(low) * u128::from(high);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Spreads every bit over the word.
fn mix(word: u64) -> u64 {
    let mixed = (word ^ (word >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seed: u64, len: usize) -> Vec<u8> {
        let mut state = seed;
        (0..len)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                b'a' + ((state >> 33) % 26) as u8
            })
            .collect()
    }

    fn sketch(data: &[u8]) -> Sketch {
        let mut builder = SketchBuilder::default();
        builder.update(data);
        builder.finish()
    }

    #[test]
    fn pieces_do_not_change_the_sketch() {
        let data = text(1, 20_000);
        let mut builder = SketchBuilder::default();
        for piece in data.chunks(7) {
            builder.update(piece);
        }
        assert_eq!(builder.finish(), sketch(&data));
    }

    #[test]
    fn a_lost_start_leaves_most_hashes_in_common() {
        let data = text(2, 1_500);
        let (whole, part) = (sketch(&data), sketch(&data[300..]));
        let shared = part
            .hashes
            .iter()
            .filter(|h| whole.hashes.contains(h))
            .count();
        assert!(
            shared * 10 >= part.hashes.len() * 6,
            "{shared} of {}",
            part.hashes.len()
        );
    }

    #[test]
    fn a_gap_costs_only_the_chunks_that_it_touches() {
        let data = text(3, 1_200);
        let mut builder = SketchBuilder::default();
        builder.update(&data[..500]);
        builder.gap();
        builder.update(&data[600..]);
        let (part, whole) = (builder.finish(), sketch(&data));
        assert!(part.chunks >= whole.chunks / 2);
        assert!(
            part.hashes
                .iter()
                .filter(|h| whole.hashes.contains(h))
                .count()
                * 10
                >= part.hashes.len() * 7
        );
    }

    #[test]
    fn different_streams_share_nothing() {
        let (a, b) = (sketch(&text(4, 50_000)), sketch(&text(5, 50_000)));
        assert!(a.hashes.iter().all(|h| !b.hashes.contains(h)));
        assert_eq!(a.hashes.len(), SKETCH_LEN);
    }
}
