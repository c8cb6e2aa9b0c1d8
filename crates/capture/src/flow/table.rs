//! Entries by key, with idle time-outs and a cap.

use super::index::Index;
use super::wheel::{SLOTS, Wheel, deadline_s};
use super::{Entry, Key};
use crate::limits::Limits;
use crate::secret::Secret;

pub(crate) struct Table {
    index: Index,
    entries: Vec<Entry>,
    free: Vec<u32>,
    wheel: Wheel,
    secret: Secret,
    live: usize,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self {
            index: Index::new(),
            entries: Vec::new(),
            free: Vec::new(),
            wheel: Wheel::new(),
            secret: Secret::default(),
            live: 0,
        }
    }

    #[inline(always)]
    pub(crate) fn hash(&self, key: &Key) -> u32 {
        let [a, b, c, d, e] = key.words();
        let h = self.secret.hash(
            a ^ c.rotate_left(32),
            b,
            d,
            e ^ a.rotate_left(17) ^ c.rotate_left(31),
        );
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

    pub(crate) fn peek(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number as usize)
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
        self.relink(number, limits);
        number
    }

    /// Takes a flow out.
    pub(crate) fn remove(&mut self, number: u32) -> Option<Entry> {
        let entry = *self.entries.get(number as usize).filter(|e| e.is_live())?;
        if let Some(place) = self.entries.get_mut(number as usize) {
            place.slot = Entry::NO_SLOT;
        }
        self.index.remove(self.hash(&entry.key), number);
        self.free.push(number);
        self.live -= 1;
        Some(entry)
    }

    /// After a change of state: puts the flow where its new deadline is.
    pub(crate) fn relink(&mut self, number: u32, limits: &Limits) {
        if let Some(entry) = self.entries.get_mut(number as usize) {
            let deadline = deadline_s(entry, limits);
            self.wheel.put(entry, number, deadline);
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
        let (slot, list) = self.wheel.take(second);
        for number in list {
            let Some(entry) = self
                .entries
                .get_mut(number as usize)
                .filter(|e| e.slot == slot)
            else {
                continue;
            };
            entry.slot = Entry::UNLISTED;
            let deadline = deadline_s(entry, limits);
            if deadline < now {
                idle.push(number);
            } else {
                self.wheel.put(entry, number, deadline);
            }
        }
    }

    /// Some flows nearest to their time-out, at most `wanted`.
    pub(crate) fn nearest_to_idle(&mut self, wanted: usize, limits: &Limits) -> Vec<u32> {
        let now = self.wheel.now_s();
        let mut nearest = Vec::with_capacity(wanted);
        for second in now + 1..=now + SLOTS {
            let (slot, list) = self.wheel.take(second);
            for number in list {
                let Some(entry) = self
                    .entries
                    .get_mut(number as usize)
                    .filter(|e| e.slot == slot)
                else {
                    continue;
                };
                entry.slot = Entry::UNLISTED;
                let deadline = deadline_s(entry, limits);
                // The last list also has those whose deadline lies beyond the ring.
                let is_due = deadline < second || second >= now + SLOTS - 1;
                if is_due && nearest.len() < wanted {
                    nearest.push(number);
                } else {
                    self.wheel.put(entry, number, deadline);
                }
            }
            if nearest.len() == wanted {
                break;
            }
        }
        nearest
    }

    /// Numbers of all open flows in order of their first packet.
    pub(crate) fn in_order(&self) -> Vec<u32> {
        let live = self.entries.iter().zip(0u32..).filter(|(e, _)| e.is_live());
        let mut numbers: Vec<(u64, u32)> = live.map(|(e, n)| (e.serial, n)).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|(_, n)| n).collect()
    }
}
