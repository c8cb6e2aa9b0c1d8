//! Idle time-outs: a ring of lists of flow numbers, one per second of packet time. A packet does
//! not move its flow; a flow found too early in the ring moves on to its true second. A list may
//! name flows that have moved or ended: [`Entry::slot`] tells.

use super::{Entry, State};
use crate::limits::Limits;

/// Seconds the ring spans; later deadlines are looked at again on the way.
pub(super) const SLOTS: i64 = 1024;
/// A jump of the clock by more must be confirmed by a second packet.
const JUMP_S: i64 = 60;
/// A packet that is older than the clock by more sets it back.
const BACK_S: i64 = 3600;

pub(crate) struct Wheel {
    lists: Vec<Vec<u32>>,
    now_s: Option<i64>,
    /// Where the clock's second begins.
    now_us: i64,
    jumped: bool,
}

impl Wheel {
    pub(crate) fn new() -> Self {
        Self {
            lists: vec![Vec::new(); SLOTS as usize],
            now_s: None,
            now_us: i64::MIN,
            jumped: false,
        }
    }

    /// Moves the clock to a packet's time; gives the seconds to sweep, both ends included.
    #[inline(always)]
    pub(crate) fn tick(&mut self, ts_us: i64) -> Option<(i64, i64)> {
        if (0..1_000_000).contains(&ts_us.wrapping_sub(self.now_us)) {
            return None;
        }
        let seconds = self.moved(ts_us.div_euclid(1_000_000));
        self.now_us = self.now_s().saturating_mul(1_000_000);
        seconds
    }

    fn moved(&mut self, second: i64) -> Option<(i64, i64)> {
        let Some(now) = self.now_s else {
            self.now_s = Some(second);
            return None;
        };
        if second < now {
            if now - second > BACK_S {
                self.now_s = Some(second);
            }
            return None;
        }
        // One packet with a wrong time must not end every flow.
        if second - now > JUMP_S && !std::mem::replace(&mut self.jumped, true) {
            return None;
        }
        self.jumped = false;
        self.now_s = Some(second);
        Some(((now + 1).max(second - SLOTS + 1), second))
    }

    pub(crate) fn now_s(&self) -> i64 {
        self.now_s.unwrap_or(0)
    }

    fn slot(second: i64) -> u16 {
        second.rem_euclid(SLOTS) as u16
    }

    /// Takes the list of one second, with its place in the ring.
    pub(crate) fn take(&mut self, second: i64) -> (u16, Vec<u32>) {
        let slot = Self::slot(second);
        (
            slot,
            self.lists
                .get_mut(usize::from(slot))
                .map(std::mem::take)
                .unwrap_or_default(),
        )
    }

    /// Puts a flow into the list of the second after its deadline.
    pub(crate) fn put(&mut self, entry: &mut Entry, number: u32, deadline_s: i64) {
        let now = self.now_s();
        let slot = Self::slot((deadline_s + 1).clamp(now + 1, now + SLOTS - 1));
        if entry.slot == slot {
            return;
        }
        entry.slot = slot;
        if let Some(list) = self.lists.get_mut(usize::from(slot)) {
            list.push(number);
        }
    }
}

/// Nobody answered, and nothing but headers was sent.
fn is_attempt(entry: &Entry) -> bool {
    let (orig, resp) = (&entry.orig, &entry.resp);
    (orig.packets == 0 || resp.packets == 0) && orig.payload_bytes + resp.payload_bytes == 0
}

/// The last second at which a flow is not idle.
pub(crate) fn deadline_s(entry: &Entry, limits: &Limits) -> i64 {
    let idle = match (entry.state, entry.key.proto()) {
        (State::Lingering(_), _) => limits.linger_s,
        // Never the later one: a flow is an attempt until its first packet is counted, and is looked at again when due.
        (State::Open, 6) if is_attempt(entry) => limits.attempt_idle_s.min(limits.tcp_idle_s),
        (State::Open, 6) => limits.tcp_idle_s,
        (State::Open, _) => limits.other_idle_s,
    };
    entry.last.ts_us.div_euclid(1_000_000) + i64::from(idle)
}
