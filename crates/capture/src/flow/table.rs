//! Entries by key, with idle time-outs and a cap.

use std::hash::{BuildHasher, RandomState};

use super::index::Index;
use super::wheel::{Wheel, deadline_s};
use super::{Entry, Key};
use crate::limits::Limits;

pub(crate) struct Table {
    index: Index,
    entries: Vec<Entry>,
    free: Vec<u32>,
    wheel: Wheel,
    /// Secret of this run, so that nobody can craft colliding flows. No output depends on it.
    secret: [u64; 4],
    live: usize,
}

impl Table {
    pub(crate) fn new() -> Self {
        let state = RandomState::new();
        let secret = [1u8, 2, 3, 4].map(|n| state.hash_one(n) | 1);
        Self {
            index: Index::new(),
            entries: Vec::new(),
            free: Vec::new(),
            wheel: Wheel::new(),
            secret,
            live: 0,
        }
    }

    /// Folded multiplication of the key's words with the secret, as in wyhash.
    #[inline(always)]
    pub(crate) fn hash(&self, key: &Key) -> u32 {
        let [a, b, c, d, e] = key.words();
        let [s0, s1, s2, s3] = self.secret;
        let x = fold(a ^ c ^ s0, b.rotate_left(32) ^ s1);
        let y = fold(d ^ s2, e ^ s3 ^ a.rotate_left(17) ^ c.rotate_left(31));
        let h = fold(x ^ s2, y ^ s1);
        (h ^ h >> 32) as u32
    }

    #[inline(always)]
    pub(crate) fn find(&self, hash: u32, key: &Key) -> Option<u32> {
        self.index.find(hash, |number| {
            self.entries
                .get(number as usize)
                .is_some_and(|e| e.key == *key)
        })
    }

    #[inline(always)]
    pub(crate) fn get(&mut self, number: u32) -> Option<&mut Entry> {
        self.entries.get_mut(number as usize)
    }

    pub(crate) fn live(&self) -> usize {
        self.live
    }

    pub(crate) fn bytes(&self) -> usize {
        self.index.bytes() + self.entries.capacity() * size_of::<Entry>()
    }

    pub(crate) fn insert(&mut self, hash: u32, entry: Entry, limits: &Limits) -> u32 {
        self.live += 1;
        let number = match self.free.pop() {
            Some(number) => {
                if let Some(place) = self.entries.get_mut(number as usize) {
                    *place = entry;
                }
                number
            }
            None => {
                self.entries.push(entry);
                u32::try_from(self.entries.len() - 1).unwrap_or(Entry::NONE)
            }
        };
        self.index.insert(hash, number);
        self.wheel
            .link(&mut self.entries, number, deadline_s(&entry, limits));
        number
    }

    /// Takes a flow out.
    pub(crate) fn remove(&mut self, number: u32) -> Option<Entry> {
        let entry = *self.entries.get(number as usize).filter(|e| e.is_live)?;
        self.wheel.unlink(&mut self.entries, number);
        self.forget(number, &entry);
        Some(entry)
    }

    fn forget(&mut self, number: u32, entry: &Entry) {
        if let Some(place) = self.entries.get_mut(number as usize) {
            place.is_live = false;
        }
        self.index.remove(self.hash(&entry.key), number);
        self.free.push(number);
        self.live -= 1;
    }

    /// After a change of state: puts the flow where its new deadline is.
    pub(crate) fn relink(&mut self, number: u32, limits: &Limits) {
        self.wheel.unlink(&mut self.entries, number);
        if let Some(entry) = self.entries.get(number as usize) {
            let deadline = deadline_s(entry, limits);
            self.wheel.link(&mut self.entries, number, deadline);
        }
    }

    /// Moves the clock; gives the seconds to sweep.
    #[inline(always)]
    pub(crate) fn tick(&mut self, ts_us: i64) -> Option<(i64, i64)> {
        self.wheel.tick(ts_us)
    }

    /// The flows that are idle by the end of `second`; the others of that second move on.
    pub(crate) fn idle(&mut self, second: i64, limits: &Limits, idle: &mut Vec<u32>) {
        let now = self.wheel.now_s();
        let start = idle.len();
        let mut at = self.wheel.take(second);
        while let Some(entry) = self.entries.get(at as usize) {
            let (number, deadline) = (at, deadline_s(entry, limits));
            at = entry.following;
            self.wheel.link(&mut self.entries, number, deadline);
            if deadline < now {
                idle.push(number);
            }
        }
        // Lists are built front to back; report the oldest first.
        if let Some(new) = idle.get_mut(start..) {
            new.reverse();
        }
    }

    /// Some flows nearest to their time-out, at most `wanted`.
    pub(crate) fn nearest_to_idle(&mut self, wanted: usize, limits: &Limits) -> Vec<u32> {
        let now = self.wheel.now_s();
        let mut nearest = Vec::with_capacity(wanted);
        for second in now + 1..now + 1024 {
            let mut at = self.wheel.head(second);
            while let Some(entry) = self.entries.get(at as usize) {
                let (number, deadline) = (at, deadline_s(entry, limits));
                at = entry.following;
                if deadline < second {
                    nearest.push(number);
                    if nearest.len() == wanted {
                        return nearest;
                    }
                } else {
                    self.wheel.unlink(&mut self.entries, number);
                    self.wheel.link(&mut self.entries, number, deadline);
                }
            }
        }
        nearest
    }

    /// Numbers of all open flows in order of their first packet.
    pub(crate) fn in_order(&self) -> Vec<u32> {
        let live = self.entries.iter().zip(0u32..).filter(|(e, _)| e.is_live);
        let mut numbers: Vec<(u64, u32)> = live.map(|(e, n)| (e.serial, n)).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|(_, n)| n).collect()
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ (wide >> 64) as u64
}
