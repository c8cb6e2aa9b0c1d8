//! MD5 (RFC 1321) of several inputs side by side. One MD5 waits for itself at every step; four of them fill the time.

use md5::block_api::compress;
use wide::u32x4 as Words;

/// Inputs hashed at a time.
const LANES: usize = 4;
/// State of an input of which nothing was hashed (RFC 1321, 3.3).
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
type Block = [u8; 64];

/// Which attachment of which message: both by their numbers.
pub type Ticket = (u64, usize);

/// Inputs that are hashed side by side. One that came waits until there are enough, or until [`Lanes::finish`].
#[derive(Debug, Default)]
pub struct Lanes {
    /// One less than all, between calls.
    begun: Vec<Lane>,
    /// Digests of inputs that are hashed.
    pub done: Vec<(Ticket, [u8; 16])>,
}

impl Lanes {
    /// Takes an input.
    pub fn give(&mut self, ticket: Ticket, input: Vec<u8>) {
        self.begun.push(Lane {
            ticket,
            state: START,
            at: 0,
            input,
        });
        self.run(LANES);
    }

    /// Hashes all that came.
    pub fn finish(&mut self) {
        self.run(1);
    }

    /// Hashes while so many inputs are there.
    fn run(&mut self, enough: usize) {
        while self.begun.len() >= enough {
            let steps = self.begun.iter().map(|lane| lane.blocks().len()).min();
            go(&mut self.begun, steps.unwrap_or(0));
            let done = &mut self.done;
            self.begun.retain(|lane| {
                let is_over = lane.blocks().is_empty();
                if is_over {
                    done.push((lane.ticket, lane.finish()));
                }
                !is_over
            });
        }
    }
}

/// An input that is being hashed.
#[derive(Debug)]
struct Lane {
    ticket: Ticket,
    state: [u32; 4],
    /// Bytes that are hashed.
    at: usize,
    input: Vec<u8>,
}

impl Lane {
    /// Whole blocks that are not hashed.
    fn blocks(&self) -> &[Block] {
        self.rest().as_chunks().0
    }

    fn rest(&self) -> &[u8] {
        self.input.get(self.at..).unwrap_or(b"")
    }

    /// The digest, when all whole blocks are hashed: a one bit, zeros, and the length in bits follow (RFC 1321, 3.1, 3.2).
    fn finish(&self) -> [u8; 16] {
        let mut last = [[0u8; 64]; 2];
        let count = if self.rest().len() < 56 { 1 } else { 2 };
        let bytes = last.as_flattened_mut();
        let ends = self.rest().iter().chain([&0x80]);
        bytes
            .iter_mut()
            .zip(ends)
            .for_each(|(to, from)| *to = *from);
        let length = (self.input.len() as u64).wrapping_mul(8).to_le_bytes();
        let place = bytes.iter_mut().skip(count * 64 - 8);
        place.zip(length).for_each(|(to, from)| *to = from);
        let mut state = self.state;
        compress(&mut state, last.get(..count).unwrap_or(&last));
        let mut digest = [0; 16];
        let words = state.iter().flat_map(|word| word.to_le_bytes());
        digest
            .iter_mut()
            .zip(words)
            .for_each(|(to, from)| *to = from);
        digest
    }
}

/// Hashes so many blocks of each lane.
fn go(lanes: &mut [Lane], steps: usize) {
    if let [one] = lanes {
        let mut state = one.state;
        compress(&mut state, one.blocks().get(..steps).unwrap_or(&[]));
        one.state = state;
    } else {
        // A lane without input does what the first one does.
        let of = |number: usize| lanes.get(number).or(lanes.first());
        let mut states = [0, 1, 2, 3].map(|number| of(number).map_or(START, |lane| lane.state));
        let blocks = [0, 1, 2, 3].map(|number| of(number).map_or(&[][..], Lane::blocks));
        compress_four(&mut states, blocks, steps);
        for (lane, state) in lanes.iter_mut().zip(states) {
            lane.state = state;
        }
    }
    for lane in lanes {
        lane.at += steps * size_of::<Block>();
    }
}

/// One operation of RFC 1321, 3.4: the function's value, a word and a constant are added, the sum is turned.
macro_rules! step {
    ($a:ident, $b:ident, $value:expr, $word:expr, $constant:literal, $turn:expr) => {
        let sum = $a + ($word + Words::splat($constant)) + $value;
        $a = ((sum << $turn) | (sum >> (32 - $turn))) + $b;
    };
}

/// A round of sixteen operations: each row names four words with their constants, and changes every part of the state.
macro_rules! steps {
    ($f:ident, $s:ident, $w:ident, $turns:expr,
        [$($w0:literal $k0:literal, $w1:literal $k1:literal, $w2:literal $k2:literal, $w3:literal $k3:literal;)*]) => {
        let [mut a, mut b, mut c, mut d] = $s;
        let turns: [u32; 4] = $turns;
        $(
            step!(a, b, $f(b, c, d), $w[$w0], $k0, turns[0]);
            step!(d, a, $f(a, b, c), $w[$w1], $k1, turns[1]);
            step!(c, d, $f(d, a, b), $w[$w2], $k2, turns[2]);
            step!(b, c, $f(c, d, a), $w[$w3], $k3, turns[3]);
        )*
        $s = [a, b, c, d];
    };
}

fn f(x: Words, y: Words, z: Words) -> Words {
    z ^ (x & (y ^ z))
}

fn g(x: Words, y: Words, z: Words) -> Words {
    y ^ (z & (x ^ y))
}

fn h(x: Words, y: Words, z: Words) -> Words {
    x ^ (y ^ z)
}

fn i(x: Words, y: Words, z: Words) -> Words {
    y ^ (x | !z)
}

/// So many blocks of each lane into its state.
fn compress_four(states: &mut [[u32; 4]; LANES], lanes: [&[Block]; LANES], steps: usize) {
    let [p, q, r, s] = lanes.map(|blocks| blocks.iter().take(steps));
    let [mut a, mut b, mut c, mut d] = across(*states);
    for (((p, q), r), s) in p.zip(q).zip(r).zip(s) {
        let [e, f, g, h] = rounds([a, b, c, d], &words([p, q, r, s]));
        (a, b, c, d) = (a + e, b + f, c + g, d + h);
    }
    *states = across([a, b, c, d].map(Words::to_array)).map(Words::to_array);
}

/// Columns of four rows.
#[inline]
fn across([p, q, r, s]: [[u32; 4]; LANES]) -> [Words; 4] {
    let column = |at: usize| Words::new([p, q, r, s].map(|row| row.get(at).copied().unwrap_or(0)));
    [0, 1, 2, 3].map(column)
}

/// The sixteen words of four blocks.
#[inline]
fn words(blocks: [&Block; LANES]) -> [Words; 16] {
    let word = |block: &Block, at: usize| {
        let (words, _) = block.as_chunks::<4>();
        u32::from_le_bytes(words.get(at).copied().unwrap_or_default())
    };
    std::array::from_fn(|at| Words::new(blocks.map(|block| word(block, at))))
}

/// The four rounds of RFC 1321, 3.4.
#[inline]
#[rustfmt::skip]
#[allow(clippy::indexing_slicing)]
fn rounds(mut s: [Words; 4], w: &[Words; 16]) -> [Words; 4] {
    steps!(f, s, w, [7, 12, 17, 22], [
        0 0xd76a_a478, 1 0xe8c7_b756, 2 0x2420_70db, 3 0xc1bd_ceee;
        4 0xf57c_0faf, 5 0x4787_c62a, 6 0xa830_4613, 7 0xfd46_9501;
        8 0x6980_98d8, 9 0x8b44_f7af, 10 0xffff_5bb1, 11 0x895c_d7be;
        12 0x6b90_1122, 13 0xfd98_7193, 14 0xa679_438e, 15 0x49b4_0821;
    ]);
    steps!(g, s, w, [5, 9, 14, 20], [
        1 0xf61e_2562, 6 0xc040_b340, 11 0x265e_5a51, 0 0xe9b6_c7aa;
        5 0xd62f_105d, 10 0x0244_1453, 15 0xd8a1_e681, 4 0xe7d3_fbc8;
        9 0x21e1_cde6, 14 0xc337_07d6, 3 0xf4d5_0d87, 8 0x455a_14ed;
        13 0xa9e3_e905, 2 0xfcef_a3f8, 7 0x676f_02d9, 12 0x8d2a_4c8a;
    ]);
    steps!(h, s, w, [4, 11, 16, 23], [
        5 0xfffa_3942, 8 0x8771_f681, 11 0x6d9d_6122, 14 0xfde5_380c;
        1 0xa4be_ea44, 4 0x4bde_cfa9, 7 0xf6bb_4b60, 10 0xbebf_bc70;
        13 0x289b_7ec6, 0 0xeaa1_27fa, 3 0xd4ef_3085, 6 0x0488_1d05;
        9 0xd9d4_d039, 12 0xe6db_99e5, 15 0x1fa2_7cf8, 2 0xc4ac_5665;
    ]);
    steps!(i, s, w, [6, 10, 15, 21], [
        0 0xf429_2244, 7 0x432a_ff97, 14 0xab94_23a7, 5 0xfc93_a039;
        12 0x655b_59c3, 3 0x8f0c_cc92, 10 0xffef_f47d, 1 0x8584_5dd1;
        8 0x6fa8_7e4f, 15 0xfe2c_e6e0, 6 0xa301_4314, 13 0x4e08_11a1;
        4 0xf753_7e82, 11 0xbd3a_f235, 2 0x2ad7_d2bb, 9 0xeb86_d391;
    ]);
    s
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use md5::{Digest, Md5};

    use super::*;

    /// The digests, and how many inputs waited before the end.
    fn digests(inputs: &[Vec<u8>]) -> (Vec<[u8; 16]>, usize) {
        let mut lanes = Lanes::default();
        for (number, input) in inputs.iter().enumerate() {
            lanes.give((7, number), input.clone());
        }
        let waited = lanes.begun.len();
        lanes.finish();
        lanes.done.sort_unstable();
        assert!(lanes.done.iter().map(|done| done.0.1).eq(0..inputs.len()));
        (lanes.done.iter().map(|done| done.1).collect(), waited)
    }

    fn alone(inputs: &[Vec<u8>]) -> Vec<[u8; 16]> {
        inputs
            .iter()
            .map(|input| Md5::digest(input).into())
            .collect()
    }

    #[test]
    fn every_input_has_the_digest_that_it_has_alone() {
        let mut state = 7u32;
        let mut next = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for count in 0..40usize {
            let one = |_| {
                let length = next(5) * next(700) + next(130);
                (0..length).map(|_| next(256) as u8).collect()
            };
            let inputs: Vec<Vec<u8>> = (0..count).map(one).collect();
            let (digests, waited) = digests(&inputs);
            assert_eq!(digests, alone(&inputs), "{count} inputs");
            assert!(waited < LANES);
        }
    }

    #[test]
    fn padding_is_right_at_every_length() {
        let inputs: Vec<Vec<u8>> = (0..400).map(|length| vec![b'x'; length]).collect();
        assert_eq!(digests(&inputs).0, alone(&inputs));
    }
}
