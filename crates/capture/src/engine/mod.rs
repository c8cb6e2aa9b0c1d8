//! Packets in, flows and streams out.

mod life;
mod stats;
mod tcp;
mod udp;

use mailscope_evidence::{At, Side};

use crate::facts::{Closed, OrientedBy};
use crate::file::Packet;
use crate::flow::{Entry, Half, Table, originator_by_port};
use crate::handler::Handler;
use crate::limits::Limits;
use crate::packet::{self, Encapsulation, Fragments, Inner, Undecoded, Whole};
use crate::rare::RareSlab;

pub use stats::Stats;

/// What one packet, or the fragments of one datagram, add to a flow's counters.
#[derive(Clone, Copy)]
struct Weight {
    packets: u32,
    wire_bytes: u64,
    ip_bytes: u64,
    /// Put together from fragments, so its first packet may lie before the flow's last, even its first.
    is_gathered: bool,
}

/// What a new flow is made of.
#[derive(Clone, Copy)]
struct Origin {
    at: At,
    vlan: Option<u16>,
    encapsulation: Encapsulation,
}

/// Turns packets into flows and ordered streams for a [`Handler`].
pub struct Engine<H> {
    handler: H,
    limits: Limits,
    table: Table,
    rare: RareSlab,
    fragments: Fragments,
    stats: Stats,
}

impl<H: Handler> Engine<H> {
    /// An engine without flows.
    pub fn new(handler: H, limits: Limits) -> Self {
        Self {
            handler,
            limits,
            table: Table::new(),
            rare: RareSlab::default(),
            fragments: Fragments::default(),
            stats: Stats::default(),
        }
    }

    /// The handler.
    pub fn handler(&mut self) -> &mut H {
        &mut self.handler
    }

    /// What was seen so far.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Memory of the flow table and of kept segments, about.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.table.bytes() + self.rare.bytes()
    }

    /// Takes the packet with this number (from 1) in this file.
    #[inline]
    pub fn packet(&mut self, packet: &Packet<'_>, file: u32, number: u64) {
        let at = At {
            ts_us: packet.ts_ns.div_euclid(1000),
            file,
            packet: number,
        };
        self.stats.packets += 1;
        self.stats.wire_bytes += u64::from(packet.wire_len);
        self.stats.cut_packets +=
            u64::from((packet.data.len() as u64) < u64::from(packet.wire_len));
        if let Some(seconds) = self.table.tick(at.ts_us) {
            self.sweep(seconds);
        }
        if packet.link.0 == 1
            && let Some(inner) = packet::common(packet.data, packet.wire_len)
        {
            let wire_bytes = u64::from(packet.wire_len);
            let weight = Weight {
                packets: 1,
                wire_bytes,
                ip_bytes: u64::from(inner.ip_len),
                is_gathered: false,
            };
            self.datagram(&inner, weight, at);
            return;
        }
        self.any(packet, at);
    }

    /// Lets time pass without a packet: flows that are idle by then end.
    pub fn advance(&mut self, ts_us: i64) {
        if let Some(seconds) = self.table.tick(ts_us) {
            self.sweep(seconds);
        }
    }

    /// Flows that are open.
    #[must_use]
    pub fn open_flows(&self) -> usize {
        self.table.live()
    }

    /// Every packet but plain TCP and UDP over IP over Ethernet.
    #[inline(never)]
    fn any(&mut self, packet: &Packet<'_>, at: At) {
        match packet::decode(packet.link, packet.data, packet.wire_len) {
            Ok(inner) if inner.piece.is_some() => self.fragment(&inner, packet.wire_len, at),
            Ok(inner) => {
                let wire_bytes = u64::from(packet.wire_len);
                let weight = Weight {
                    packets: 1,
                    wire_bytes,
                    ip_bytes: u64::from(inner.ip_len),
                    is_gathered: false,
                };
                self.datagram(&inner, weight, at);
            }
            Err(reason) => self.stats.undecoded.add(reason, 1),
        }
    }

    /// Ends every flow that is still open, in order of first packet.
    pub fn finish(&mut self) {
        for whole in self.fragments.drain() {
            self.whole(&whole);
        }
        for number in self.table.in_order() {
            self.close(number, Closed::CaptureEnd);
        }
    }

    /// Ends all flows and gives back the handler.
    pub fn into_handler(mut self) -> H {
        self.finish();
        self.handler
    }

    #[cold]
    fn sweep(&mut self, (first, last): (i64, i64)) {
        let mut idle = Vec::new();
        for second in first..=last {
            self.table.idle(second, &self.limits, &mut idle);
            for number in idle.drain(..) {
                self.close(number, Closed::Idle);
            }
        }
        for whole in self.fragments.expire(last * 1_000_000, &self.limits) {
            self.whole(&whole);
        }
    }

    #[cold]
    fn fragment(&mut self, inner: &Inner<'_>, wire_len: u32, at: At) {
        for whole in self.fragments.add(inner, wire_len, at, &self.limits) {
            self.whole(&whole);
        }
    }

    fn whole(&mut self, whole: &Whole) {
        let packets = u64::from(whole.packets);
        if whole.payload.is_empty() {
            self.stats.undecoded.add(Undecoded::FragmentLost, packets);
            return;
        }
        let outer = (whole.vlan, whole.encapsulation);
        let ip_len = u32::try_from(whole.ip_bytes).unwrap_or(u32::MAX);
        match packet::decode_whole(whole.ends, &whole.payload, whole.payload_len, ip_len, outer) {
            // A fragment inside a tunnel inside fragments: one level is enough.
            Ok(inner) if inner.piece.is_some() => {
                self.stats.undecoded.add(Undecoded::TooDeep, packets)
            }
            Ok(inner) => {
                let weight = Weight {
                    packets: whole.packets,
                    wire_bytes: whole.wire_bytes,
                    ip_bytes: whole.ip_bytes,
                    is_gathered: true,
                };
                self.datagram(&inner, weight, whole.at);
            }
            Err(reason) => self.stats.undecoded.add(reason, packets),
        }
    }

    #[inline(always)]
    fn datagram(&mut self, inner: &Inner<'_>, weight: Weight, at: At) {
        let origin = Origin {
            at,
            vlan: inner.vlan,
            encapsulation: inner.encapsulation,
        };
        let known = match inner.ends.proto {
            6 => self.tcp(inner, weight, &origin),
            17 => self.udp(inner, weight, &origin),
            _ => self.other(inner, weight, &origin),
        };
        if known.is_none() {
            self.stats
                .undecoded
                .add(Undecoded::BadTransport, u64::from(weight.packets));
        }
    }
}

#[inline(always)]
fn count(entry: &mut Entry, side: Side, weight: Weight, at: At, payload: u32) -> &mut Half {
    if weight.is_gathered {
        entry.first = entry.first.min(at);
        entry.last = entry.last.max(at);
    } else {
        entry.last = at;
    }
    let half = entry.half(side);
    half.packets = half.packets.saturating_add(weight.packets);
    half.wire_bytes += weight.wire_bytes;
    half.ip_bytes += weight.ip_bytes;
    half.payload_bytes += u64::from(payload);
    half
}

/// Whether the originator is the key's high end, for a flow whose beginning was not seen.
fn by_port(src: u16, dst: u16, upward: bool) -> (bool, OrientedBy) {
    match originator_by_port(src, dst) {
        Some(true) => (!upward, OrientedBy::Port),
        Some(false) => (upward, OrientedBy::Port),
        None => (!upward, OrientedBy::First),
    }
}
