//! The beginning and the end of flows.

use super::{Engine, Origin};
use crate::facts::{Closed, Flow, OrientedBy, SideCounts};
use crate::flow::{Entry, Half, Key, State};
use crate::handler::Handler;
use crate::reassembly::Trouble;

/// Flows closed at once when the table is full.
const EVICTED_AT_ONCE: usize = 64;

impl<H: Handler> Engine<H> {
    /// Begins a flow.
    #[cold]
    #[inline(never)]
    pub(super) fn open(
        &mut self,
        hash: u32,
        key: Key,
        orientation: (bool, OrientedBy),
        origin: &Origin,
    ) -> u32 {
        if self.table.live() >= self.limits.flows {
            for number in self.table.nearest_to_idle(EVICTED_AT_ONCE, &self.limits) {
                self.stats.evicted += 1;
                self.close(number, Closed::Evicted);
            }
        }
        let (orig_is_high, oriented_by) = orientation;
        let entry = Entry {
            key,
            last: origin.at,
            orig: Half::default(),
            resp: Half::default(),
            first: origin.at,
            serial: self.stats.flows,
            rare: Entry::NONE,
            encapsulation: origin.encapsulation,
            slot: Entry::UNLISTED,
            vlan: origin.vlan.unwrap_or(Entry::NO_VLAN),
            state: State::Open,
            oriented_by,
            orig_is_high,
            is_ignored: false,
        };
        self.stats.flows += 1;
        let number = self.table.insert(hash, entry, &self.limits);
        self.stats.peak_flows = self.stats.peak_flows.max(self.table.live());
        number
    }

    /// Ends a flow: what is kept, then its final counters.
    pub(super) fn close(&mut self, number: u32, cause: Closed) {
        self.flush(number, true);
        let Some(entry) = self.table.remove(number) else {
            return;
        };
        let rare = self.rare.take(entry.rare);
        let (orig, resp) = rare.map_or_else(Default::default, |r| (r.orig, r.resp));
        let side = |half: &Half, trouble: Trouble| SideCounts {
            packets: u64::from(half.packets),
            wire_bytes: half.wire_bytes,
            ip_bytes: half.ip_bytes,
            payload_bytes: half.payload_bytes,
            tcp_flags: half.tcp_flags,
            gap_bytes: trouble.gap_bytes,
            retransmitted_bytes: trouble.retransmitted_bytes,
            conflicting_bytes: trouble.conflicting_bytes,
            cut_packets: trouble.cut_packets,
        };
        let flow = Flow {
            ends: entry.ends(),
            first: entry.first,
            last: entry.last,
            orig: side(&entry.orig, orig),
            resp: side(&entry.resp, resp),
            closed: match entry.state {
                State::Open => cause,
                State::Lingering(closed) => closed,
            },
            oriented_by: entry.oriented_by,
            vlan: entry.vlan(),
            encapsulation: entry.encapsulation.text(),
            serial: entry.serial,
        };
        self.handler.flow(number, &flow);
    }
}
