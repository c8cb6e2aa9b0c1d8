//! Packets in, flows and streams out.

use mailscope_evidence::{At, Side};

use crate::file::Packet;
use crate::flow::{Entry, Half, Key, State, Table, originator_by_port};
use crate::limits::Limits;
use crate::packet::{
    self, ACK, Encapsulation, FIN, Fragments, Inner, RST, SYN, Tcp, Undecoded, UndecodedCounts,
    Whole,
};
use crate::rare::RareSlab;
use crate::reassembly::{Segment, Sink, Streams, skim};
use crate::types::{Closed, Flow, FlowRef, Handler, Interest, OrientedBy, SideCounts};

/// Packets up to which a SYN may come late and still belong to its flow.
const LATE_SYN_PACKETS: u32 = 16;
/// Flows closed at once when the table is full.
const EVICTED_AT_ONCE: usize = 64;

/// What the engine has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Packets.
    pub packets: u64,
    /// Bytes on the wire.
    pub wire_bytes: u64,
    /// Flows begun.
    pub flows: u64,
    /// Flows closed to stay inside the limits.
    pub evicted: u64,
    /// Packets of which the snap length cut something off.
    pub cut_packets: u64,
    /// Packets that gave no flow.
    pub undecoded: UndecodedCounts,
    /// Most flows open at once.
    pub peak_flows: usize,
    /// Most out-of-order bytes kept at once.
    pub peak_buffer_bytes: usize,
}

/// What one packet, or the fragments of one datagram, add to a flow's counters.
#[derive(Clone, Copy)]
struct Weight {
    packets: u32,
    wire_bytes: u64,
    ip_bytes: u64,
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

struct FlowSink<'a, H> {
    handler: &'a mut H,
    flow: FlowRef,
}

impl<H: Handler> Sink for FlowSink<'_, H> {
    fn data(&mut self, side: Side, at: At, data: &[u8]) -> Interest {
        self.handler.tcp_data(&self.flow, side, at, data)
    }

    fn gap(&mut self, side: Side, at: At, missing: u64) -> Interest {
        self.handler.tcp_gap(&self.flow, side, at, missing)
    }

    fn fin(&mut self, side: Side, at: At) {
        self.handler.tcp_fin(&self.flow, side, at);
    }
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
        match packet::decode(packet.link, packet.data, packet.wire_len) {
            Ok(inner) if inner.piece.is_some() => self.fragment(&inner, packet.wire_len, at),
            Ok(inner) => {
                let wire_bytes = u64::from(packet.wire_len);
                let weight = Weight {
                    packets: 1,
                    wire_bytes,
                    ip_bytes: u64::from(inner.ip_len),
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

    #[inline(always)]
    fn tcp(&mut self, inner: &Inner<'_>, weight: Weight, origin: &Origin) -> Option<()> {
        let tcp = packet::tcp(inner.payload, inner.payload_len)?;
        let (key, upward) = Key::new(&inner.ends, tcp.src, tcp.dst);
        let hash = self.table.hash(&key);
        let mut found = self.table.find(hash, &key);
        if tcp.flags & SYN != 0 {
            found = found.filter(|&number| self.continues(number, upward, &tcp));
        }
        let number = match found {
            Some(number) => number,
            None => self.open(hash, key, tcp_originator(&tcp, upward), origin),
        };
        let entry = self.table.get(number)?;
        let side = entry.side(upward);
        let half = count(entry, side, weight, origin.at, tcp.len);
        let seen = half.tcp_flags;
        half.tcp_flags |= tcp.flags;
        let is_cut = (tcp.payload.len() as u64) < u64::from(tcp.len);
        // The ordinary packet: nothing kept, in order, no flag of interest.
        if tcp.flags & (SYN | FIN | RST) == 0
            && !is_cut
            && entry.rare == Entry::NONE
            && entry.state == State::Open
        {
            let is_ignored = entry.is_ignored;
            let half = entry.half(side);
            if half.has(Half::KNOWN) && tcp.seq == half.next {
                half.next = tcp.seq.wrapping_add(tcp.len);
                if tcp.len > 0 && !is_ignored {
                    half.bits |= Half::DATA;
                    let flow = entry.flow_ref(number);
                    if self.handler.tcp_data(&flow, side, origin.at, tcp.payload)
                        == Interest::Ignore
                    {
                        entry.is_ignored = true;
                    }
                }
                return Some(());
            }
        }
        self.uncommon(number, side, seen, &tcp, is_cut, origin.at);
        Some(())
    }

    /// Whether a SYN belongs to the flow that is open on its ports; if not, that flow ends.
    #[cold]
    fn continues(&mut self, number: u32, upward: bool, tcp: &Tcp<'_>) -> bool {
        let Some(entry) = self.table.get(number) else {
            return false;
        };
        let side = entry.side(upward);
        let is_young = entry.orig.packets + entry.resp.packets <= LATE_SYN_PACKETS
            && !entry.orig.has(Half::DATA)
            && !entry.resp.has(Half::DATA);
        let is_open = entry.state == State::Open;
        let is_answer = tcp.flags & ACK != 0;
        let half = entry.half(side);
        let behind = half.next.wrapping_sub(tcp.seq.wrapping_add(1));
        let belongs = if half.has(Half::SYN) {
            // A SYN-ACK with another number while the flow is open is a challenge or a cookie.
            half.isn == tcp.seq || (is_answer && is_open && entry.orig.has(Half::SYN))
        } else if half.has(Half::KNOWN) {
            is_open && (is_young || is_answer) && behind < 1 << 16
        } else {
            is_open && (is_young || is_answer)
        };
        if !belongs {
            self.close(number, Closed::Replaced);
            return false;
        }
        let by = if is_answer {
            OrientedBy::SynAck
        } else {
            OrientedBy::Syn
        };
        let weaker = matches!(entry.oriented_by, OrientedBy::Port | OrientedBy::First);
        if is_young && weaker {
            entry.oriented_by = by;
            if (side == Side::Orig) == is_answer {
                entry.swap_sides();
            }
        }
        true
    }

    /// Everything but data in order.
    fn uncommon(&mut self, number: u32, side: Side, seen: u8, tcp: &Tcp<'_>, is_cut: bool, at: At) {
        let Some(entry) = self.table.get(number) else {
            return;
        };
        let mut seq = tcp.seq;
        if tcp.flags & SYN != 0 {
            let half = entry.half(side);
            seq = seq.wrapping_add(1);
            if !half.has(Half::SYN) && !half.has(Half::DATA) {
                half.isn = tcp.seq;
                half.next = seq;
                half.bits |= Half::SYN | Half::KNOWN;
            }
        }
        if is_cut {
            let rare = self.rare.of(entry);
            rare.trouble(side).cut_packets += 1;
        }
        // The text that a RST may carry (RFC 9293, section 3.5.3) is no stream data.
        if tcp.flags & RST == 0 {
            let segment = Segment {
                seq,
                data: tcp.payload,
                len: tcp.len,
                is_fin: tcp.flags & FIN != 0,
                ack: (tcp.flags & ACK != 0).then_some(tcp.ack),
                at,
            };
            self.stream(number, side, &segment);
        }
        if (seen | tcp.flags) & (FIN | RST) != 0 {
            self.closing(number, side, tcp.flags);
        }
    }

    fn stream(&mut self, number: u32, side: Side, segment: &Segment<'_>) {
        let Some(entry) = self.table.get(number) else {
            return;
        };
        if entry.is_ignored {
            let half = entry.half(side);
            let seen = skim(half, segment.seq, segment.len);
            if !matches!(seen, crate::reassembly::Skimmed::InOrder) {
                self.rare.of(entry).trouble(side).skimmed(&seen);
            }
            return;
        }
        let half = entry.half(side);
        if !half.has(Half::KNOWN) && segment.len == 0 && !segment.is_fin {
            half.next = segment.seq;
            half.bits |= Half::KNOWN;
            return;
        }
        let has_pending = entry.rare != Entry::NONE;
        if segment.len == 0 && !segment.is_fin && !has_pending {
            return;
        }
        let flow = entry.flow_ref(number);
        let rare = self.rare.of(entry);
        let before = rare.pending.as_ref().map_or(0, |p| p.bytes());
        let mut streams = Streams {
            orig: &mut entry.orig,
            resp: &mut entry.resp,
            rare,
            limits: &self.limits,
            sink: &mut FlowSink {
                handler: &mut self.handler,
                flow,
            },
            interest: Interest::Follow,
        };
        streams.segment(side, segment);
        entry.is_ignored = streams.interest == Interest::Ignore;
        let after = rare.pending.as_ref().map_or(0, |p| p.bytes());
        let serial = entry.serial;
        self.rare.release(entry);
        self.rare.charge(before, after);
        self.stats.peak_buffer_bytes = self.stats.peak_buffer_bytes.max(self.rare.buffered());
        if after > before && self.rare.buffered() > self.limits.buffer_bytes {
            self.relieve();
        }
        if before == 0 && after > 0 {
            self.rare.waits(number, serial);
        }
    }

    /// Gives the flows that wait longest their gaps until the budget holds.
    #[cold]
    fn relieve(&mut self) {
        while self.rare.buffered() > self.limits.buffer_bytes {
            let Some((number, serial)) = self.rare.longest_waiting() else {
                return;
            };
            if self
                .table
                .get(number)
                .is_some_and(|e| e.is_live && e.serial == serial)
            {
                self.flush(number);
            }
        }
    }

    /// Gives the handler all that is kept of a flow.
    fn flush(&mut self, number: u32) {
        let Some(entry) = self.table.get(number) else {
            return;
        };
        if entry.rare == Entry::NONE {
            return;
        }
        let flow = entry.flow_ref(number);
        let is_ignored = entry.is_ignored;
        let rare = self.rare.of(entry);
        let before = rare.pending.as_ref().map_or(0, |p| p.bytes());
        let mut streams = Streams {
            orig: &mut entry.orig,
            resp: &mut entry.resp,
            rare,
            limits: &self.limits,
            sink: &mut FlowSink {
                handler: &mut self.handler,
                flow,
            },
            interest: if is_ignored {
                Interest::Ignore
            } else {
                Interest::Follow
            },
        };
        streams.flush();
        entry.is_ignored |= streams.interest == Interest::Ignore;
        self.rare.charge(before, 0);
    }

    /// Moves a flow to its last phase, or back when its other direction turns up.
    fn closing(&mut self, number: u32, side: Side, flags: u8) {
        let Some(entry) = self.table.get(number) else {
            return;
        };
        let has_ended = |half: &Half| half.packets == 0 || half.tcp_flags & FIN != 0;
        let all_fin = has_ended(&entry.orig) && has_ended(&entry.resp);
        let state = match entry.state {
            State::Open if all_fin => State::Lingering(Closed::Fin),
            State::Open if flags & RST != 0 => State::Lingering(match side {
                Side::Orig => Closed::ResetByOrig,
                Side::Resp => Closed::ResetByResp,
            }),
            State::Lingering(Closed::Fin) if !all_fin => State::Open,
            same => same,
        };
        if state != entry.state {
            entry.state = state;
            self.table.relink(number, &self.limits);
        }
    }

    #[inline(always)]
    fn udp(&mut self, inner: &Inner<'_>, weight: Weight, origin: &Origin) -> Option<()> {
        let (src, dst, payload, len) = packet::udp(inner.payload, inner.payload_len)?;
        let (key, upward) = Key::new(&inner.ends, src, dst);
        let hash = self.table.hash(&key);
        let number = match self.table.find(hash, &key) {
            Some(number) => number,
            None => self.open(hash, key, by_port(src, dst, upward), origin),
        };
        let entry = self.table.get(number)?;
        let side = entry.side(upward);
        count(entry, side, weight, origin.at, len);
        if (payload.len() as u64) < u64::from(len) {
            self.rare.of(entry).trouble(side).cut_packets += 1;
        }
        if !entry.is_ignored && !payload.is_empty() {
            let flow = entry.flow_ref(number);
            if self.handler.udp_data(&flow, side, origin.at, payload) == Interest::Ignore {
                entry.is_ignored = true;
            }
        }
        Some(())
    }

    /// ICMP, and every protocol that is only counted.
    fn other(&mut self, inner: &Inner<'_>, weight: Weight, origin: &Origin) -> Option<()> {
        let mut is_answer = false;
        let (key, upward, header) = match (inner.ends.proto, inner.payload) {
            (proto @ (1 | 58), [kind, code, ..]) => {
                let request = icmp_request(proto, *kind);
                is_answer = request != *kind;
                let (key, upward) =
                    Key::without_ports(&inner.ends, u16::from(request), u16::from(*code));
                (key, upward, 8)
            }
            (1 | 58, _) => return None,
            // SCTP and UDP-Lite have ports where TCP has them.
            (132 | 136, [a, b, c, d, ..]) => {
                let (src, dst) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
                let (key, upward) = Key::new(&inner.ends, src, dst);
                (key, upward, if inner.ends.proto == 132 { 12 } else { 8 })
            }
            _ => {
                let (key, upward) = Key::without_ports(&inner.ends, 0, 0);
                (key, upward, 0)
            }
        };
        let hash = self.table.hash(&key);
        let number = match self.table.find(hash, &key) {
            Some(number) => number,
            None => {
                let by = if is_answer {
                    OrientedBy::Port
                } else {
                    OrientedBy::First
                };
                self.open(hash, key, (upward == is_answer, by), origin)
            }
        };
        let entry = self.table.get(number)?;
        let side = entry.side(upward);
        count(
            entry,
            side,
            weight,
            origin.at,
            inner.payload_len.saturating_sub(header),
        );
        Some(())
    }

    /// Begins a flow.
    #[cold]
    #[inline(never)]
    fn open(
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
            previous: Entry::NONE,
            following: Entry::NONE,
            encapsulation: origin.encapsulation,
            slot: 0,
            vlan: origin.vlan.unwrap_or(Entry::NO_VLAN),
            state: State::Open,
            oriented_by,
            orig_is_high,
            is_ignored: false,
            is_live: true,
        };
        self.stats.flows += 1;
        let number = self.table.insert(hash, entry, &self.limits);
        self.stats.peak_flows = self.stats.peak_flows.max(self.table.live());
        number
    }

    /// Ends a flow: what is kept, then its final counters.
    fn close(&mut self, number: u32, cause: Closed) {
        self.flush(number);
        let Some(entry) = self.table.remove(number) else {
            return;
        };
        let rare = self.rare.take(entry.rare);
        let (orig, resp) = rare.map_or_else(Default::default, |r| (r.orig, r.resp));
        let side = |half: &Half, trouble: crate::reassembly::Trouble| SideCounts {
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

#[inline(always)]
fn count(entry: &mut Entry, side: Side, weight: Weight, at: At, payload: u32) -> &mut Half {
    entry.last = at;
    let half = entry.half(side);
    half.packets = half.packets.saturating_add(weight.packets);
    half.wire_bytes += weight.wire_bytes;
    half.ip_bytes += weight.ip_bytes;
    half.payload_bytes += u64::from(payload);
    half
}

/// Whether the originator is the key's high end, for a flow that begins with this segment.
fn tcp_originator(tcp: &Tcp<'_>, upward: bool) -> (bool, OrientedBy) {
    match tcp.flags & (SYN | ACK) {
        SYN => (!upward, OrientedBy::Syn),
        0x12 => (upward, OrientedBy::SynAck),
        _ => by_port(tcp.src, tcp.dst, upward),
    }
}

fn by_port(src: u16, dst: u16, upward: bool) -> (bool, OrientedBy) {
    match originator_by_port(src, dst) {
        Some(true) => (!upward, OrientedBy::Port),
        Some(false) => (upward, OrientedBy::Port),
        None => (!upward, OrientedBy::First),
    }
}

/// The type of the request that an ICMP message answers, or its own.
fn icmp_request(proto: u8, kind: u8) -> u8 {
    match (proto, kind) {
        (1, 0) => 8,
        (1, 14 | 16 | 18) => kind - 1,
        (58, 129) => 128,
        (58, 136) => 135,
        (58, 134) => 133,
        _ => kind,
    }
}
