//! A keyed hash, so that nobody can craft keys that collide. No output depends on the key.

use std::hash::{BuildHasher, Hasher, RandomState};

/// The key of one run.
#[derive(Clone, Copy)]
pub(crate) struct Secret([u64; 4]);

impl Default for Secret {
    fn default() -> Self {
        let state = RandomState::new();
        Self([1u8, 2, 3, 4].map(|n| state.hash_one(n)))
    }
}

impl Secret {
    /// Folded multiplications of four words with the key, as in wyhash.
    #[inline(always)]
    pub(crate) fn hash(&self, a: u64, b: u64, c: u64, d: u64) -> u64 {
        let [s0, s1, s2, s3] = self.0;
        fold(fold(a ^ s0, b ^ s1) ^ s2, fold(c ^ s2, d ^ s3) ^ s1)
    }
}

/// For maps of the standard library.
impl BuildHasher for Secret {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        let [state, key, ..] = self.0;
        Folding { state, key }
    }
}

pub(crate) struct Folding {
    state: u64,
    key: u64,
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            self.write_u64(chunk.iter().fold(0, |n, b| n << 8 | u64::from(*b)));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.state = fold(self.state.rotate_left(23) ^ word, self.key);
    }

    fn finish(&self) -> u64 {
        fold(self.state ^ self.key.rotate_left(32), self.key)
    }
}

#[inline(always)]
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ (wide >> 64) as u64
}
