//! TCP: which flow a segment belongs to, and the flow's life.

use mailscope_evidence::{At, Side};

use super::{Engine, Origin, Weight, by_port, count};
use crate::facts::{Closed, FlowRef, OrientedBy};
use crate::flow::{Entry, Half, Key, State};
use crate::handler::{Handler, Interest};
use crate::packet::{self, ACK, FIN, Inner, RST, SYN, Tcp};
use crate::reassembly::{Segment, Sink, Skimmed, Streams, is_acceptable, skim, tail};

/// Packets up to which a SYN may come late and still belong to its flow.
const LATE_SYN_PACKETS: u32 = 16;

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
    #[inline(always)]
    pub(super) fn tcp(&mut self, inner: &Inner<'_>, weight: Weight, origin: &Origin) -> Option<()> {
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
        if tcp.flags & ACK != 0 {
            let other = entry.half(side.other());
            if tcp.ack == other.isn && other.has(Half::SYN) && !other.has(Half::DATA) {
                other.bits |= Half::SYN_UNCOUNTED;
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
        if tcp.flags & (FIN | RST) != 0 {
            self.note_tail(number, side, tcp);
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
            if !matches!(seen, Skimmed::InOrder) {
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
            let table = &self.table;
            self.rare.waits(number, serial, |number, serial| {
                table
                    .peek(number)
                    .is_some_and(|e| e.is_live() && e.serial == serial && e.rare != Entry::NONE)
            });
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
                .is_some_and(|e| e.is_live() && e.serial == serial)
            {
                self.flush(number, false);
            }
        }
    }

    /// One side closes or resets, and tells how much it has of the other's stream; of its own, a RST tells how
    /// much it sent (a FIN stands in the stream).
    #[cold]
    fn note_tail(&mut self, number: u32, side: Side, tcp: &Tcp<'_>) {
        // Behind the first RST come others that guess at the number (who injects them sends several).
        let Some(entry) = self.table.get(number).filter(|e| e.state == State::Open) else {
            return;
        };
        let is_behind = |half: &Half, reached: u32| {
            half.has(Half::KNOWN) && !half.has(Half::FIN) && tail(reached, half.next).is_some()
        };
        let own = entry.half(side);
        // `next` already stands behind the data that came with a FIN.
        let is_believed = is_acceptable(tcp.seq.wrapping_add(tcp.len), own.next);
        let own_end = (tcp.flags & RST != 0 && is_behind(own, tcp.seq)).then_some(tcp.seq);
        let is_acked = is_believed && tcp.flags & ACK != 0;
        let acked = is_acked && is_behind(entry.half(side.other()), tcp.ack);
        for (side, end) in [(side, own_end), (side.other(), acked.then_some(tcp.ack))] {
            if end.is_some() {
                self.rare.of(entry).trouble(side).reached = end;
            }
        }
    }

    /// Gives the handler all that is kept of a flow, and at its end what is missing behind that.
    pub(super) fn flush(&mut self, number: u32, is_over: bool) {
        let Some(entry) = self.table.get(number) else {
            return;
        };
        if entry.rare == Entry::NONE {
            return;
        }
        let flow = entry.flow_ref(number);
        let (is_ignored, last) = (entry.is_ignored, entry.last);
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
        if is_over {
            streams.missing_tails(last);
        }
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
}

/// Whether the originator is the key's high end, for a flow that begins with this segment.
fn tcp_originator(tcp: &Tcp<'_>, upward: bool) -> (bool, OrientedBy) {
    match tcp.flags & (SYN | ACK) {
        SYN => (!upward, OrientedBy::Syn),
        0x12 => (upward, OrientedBy::SynAck),
        _ => by_port(tcp.src, tcp.dst, upward),
    }
}
