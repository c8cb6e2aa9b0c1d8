//! What few flows have beside their entry: counters of trouble, and kept segments.

use std::collections::VecDeque;

use crate::flow::Entry;
use crate::reassembly::Rare;

#[derive(Default)]
pub(crate) struct RareSlab {
    places: Vec<Rare>,
    free: Vec<u32>,
    buffered: usize,
    /// Flows (number, serial) by when they began to wait; some wait no more.
    waiting: VecDeque<(u32, u64)>,
    /// Length of `waiting` at which those that wait no more are dropped from it.
    prune_at: usize,
    nothing: Rare,
}

impl RareSlab {
    /// The flow's place, made when it has none.
    pub(crate) fn of(&mut self, entry: &mut Entry) -> &mut Rare {
        if entry.rare == Entry::NONE {
            entry.rare = self.free.pop().unwrap_or_else(|| {
                self.places.push(Rare::default());
                u32::try_from(self.places.len() - 1).unwrap_or(0)
            });
        }
        self.places
            .get_mut(entry.rare as usize)
            .unwrap_or(&mut self.nothing)
    }

    /// Gives the place back when it holds nothing.
    pub(crate) fn release(&mut self, entry: &mut Entry) {
        let is_idle = self
            .places
            .get(entry.rare as usize)
            .is_some_and(Rare::is_nothing);
        if is_idle {
            self.free.push(entry.rare);
            entry.rare = Entry::NONE;
        }
    }

    /// Takes a place back with what it holds.
    pub(crate) fn take(&mut self, number: u32) -> Option<Rare> {
        let place = self.places.get_mut(number as usize)?;
        self.free.push(number);
        Some(std::mem::take(place))
    }

    /// Books a change of one flow's kept bytes.
    pub(crate) fn charge(&mut self, before: usize, after: usize) {
        self.buffered = (self.buffered + after).saturating_sub(before);
    }

    pub(crate) fn buffered(&self) -> usize {
        self.buffered
    }

    pub(crate) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Rare>() + self.buffered
    }

    /// Notes that a flow began to wait. Most waits end at once, so from time to time those that
    /// have ended by `is_waiting` are dropped.
    pub(crate) fn waits(
        &mut self,
        number: u32,
        serial: u64,
        is_waiting: impl Fn(u32, u64) -> bool,
    ) {
        self.waiting.push_back((number, serial));
        if self.waiting.len() > self.prune_at {
            self.waiting
                .retain(|&(number, serial)| is_waiting(number, serial));
            self.prune_at = (self.waiting.len() * 2).max(1024);
        }
    }

    pub(crate) fn longest_waiting(&mut self) -> Option<(u32, u64)> {
        self.waiting.pop_front()
    }
}
