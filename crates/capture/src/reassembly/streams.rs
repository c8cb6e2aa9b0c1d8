//! Both directions of a flow: what is in order, what waits, and what is given up.

use mailscope_evidence::{At, Side};

use super::pending::{Kept, Queue, slice};
use super::{Pending, Rare, Segment, Sink, WINDOW_BYTES, tail};
use crate::flow::Half;
use crate::handler::Interest;
use crate::limits::Limits;

/// Both directions of one flow at work.
pub(crate) struct Streams<'a, S> {
    pub orig: &'a mut Half,
    pub resp: &'a mut Half,
    pub rare: &'a mut Rare,
    pub limits: &'a Limits,
    pub sink: &'a mut S,
    pub interest: Interest,
}

impl<S: Sink> Streams<'_, S> {
    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Orig => self.orig,
            Side::Resp => self.resp,
        }
    }

    /// Takes one segment, and gives the sink all that is in order by now.
    pub(crate) fn segment(&mut self, side: Side, segment: &Segment<'_>) {
        self.take(side, segment);
        if let Some(mut pending) = self.rare.pending.take() {
            pending.packets += 1;
            self.acknowledged(&mut pending, side.other(), segment.ack);
            self.settle(&mut pending, segment.at.ts_us, false);
            if !pending.is_empty() && self.interest == Interest::Follow {
                self.rare.pending = Some(pending);
            }
        }
    }

    /// Gives the sink all that is kept, with the gaps between.
    pub(crate) fn flush(&mut self) {
        if let Some(mut pending) = self.rare.pending.take() {
            self.settle(&mut pending, i64::MAX, true);
        }
    }

    /// Declares what was sent and not captured behind all that was, now that the flow is over.
    pub(crate) fn missing_tails(&mut self, at: At) {
        for side in [Side::Orig, Side::Resp] {
            let half = self.half(side);
            let (next, has_ended) = (half.next, half.has(Half::FIN));
            let reached = self.rare.trouble(side).reached.take();
            let missing = reached
                .filter(|_| !has_ended)
                .and_then(|end| tail(end, next));
            if let Some(missing) = missing {
                self.gap(side, at, u64::from(missing));
            }
        }
    }

    fn take(&mut self, side: Side, segment: &Segment<'_>) {
        let is_waiting = self.rare.pending.is_some();
        let is_alone = self.half(side.other()).packets == 0;
        let half = self.half(side);
        if !half.has(Half::KNOWN) {
            half.next = segment.seq;
            half.bits |= Half::KNOWN;
            if segment.data == [0] && !segment.is_fin {
                // A capture that begins with a keep-alive: its one byte is no data.
                half.next = segment.seq.wrapping_add(1);
                return;
            }
        }
        if segment.len == 0 && !segment.is_fin {
            return;
        }
        if segment.seq == half.next.wrapping_add(1) && !half.has(Half::SYN | Half::DATA) {
            // Before its first data, `next` may be from a keep-alive, which repeats one byte.
            half.next = segment.seq;
        }
        // One side alone: more than a keep-alive's one byte.
        let is_uncounted =
            half.has(Half::SYN_UNCOUNTED) || (is_alone && half.has(Half::SYN) && segment.len > 1);
        if segment.seq == half.isn
            && segment.len > 0
            && is_uncounted
            && !half.has(Half::DATA | Half::FIN)
            && !is_waiting
        {
            // Both sides take the SYN's number for the first byte's, as careless generators do. A
            // keep-alive has the same number, but there the other side has counted the SYN.
            half.next = segment.seq;
        }
        let distance = segment.seq.wrapping_sub(half.next).cast_signed();
        if half.has(Half::FIN) {
            // Nothing follows a FIN; what comes is old, or no part of the stream.
            let old = segment.len.min(distance.min(0).unsigned_abs());
            let trouble = self.rare.trouble(side);
            trouble.retransmitted_bytes += u64::from(old);
            trouble.conflicting_bytes += u64::from(segment.len - old);
        } else if distance.unsigned_abs() >= WINDOW_BYTES.unsigned_abs() {
            self.rare.trouble(side).conflicting_bytes += u64::from(segment.len);
        } else if distance > 0 || is_waiting {
            self.keep(side, distance, segment);
        } else {
            self.in_order(side, distance.unsigned_abs(), segment);
        }
    }

    /// Hands through what of a segment is new, when nothing is kept.
    fn in_order(&mut self, side: Side, old: u32, segment: &Segment<'_>) {
        let old = old.min(segment.len);
        if old > 0 {
            self.rare.trouble(side).retransmitted_bytes += u64::from(old);
        }
        let data = slice(segment.data, u64::from(old), u64::from(segment.len));
        let end = segment.seq.wrapping_add(segment.len);
        let new = segment.len - old;
        if new > 0 {
            self.deliver(side, segment.at, data, new - data.len() as u32);
        }
        if segment.is_fin && end == self.half(side).next {
            self.fin(side, segment.at);
        }
    }

    fn deliver(&mut self, side: Side, at: At, data: &[u8], cut: u32) {
        let half = self.half(side);
        half.next = half.next.wrapping_add(data.len() as u32).wrapping_add(cut);
        half.bits |= Half::DATA;
        if self.interest == Interest::Follow && !data.is_empty() {
            self.interest = self.sink.data(side, at, data);
        }
        if cut > 0 {
            self.gap(side, at, u64::from(cut));
        }
    }

    fn gap(&mut self, side: Side, at: At, missing: u64) {
        self.half(side).bits |= Half::DATA;
        self.rare.trouble(side).gap_bytes += missing;
        if self.interest == Interest::Follow {
            self.interest = self.sink.gap(side, at, missing);
        }
    }

    fn fin(&mut self, side: Side, at: At) {
        self.half(side).bits |= Half::FIN;
        if self.interest == Interest::Follow {
            self.sink.fin(side, at);
        }
    }

    fn keep(&mut self, side: Side, distance: i32, segment: &Segment<'_>) {
        let trouble = match side {
            Side::Orig => &mut self.rare.orig,
            Side::Resp => &mut self.rare.resp,
        };
        let pending = self
            .rare
            .pending
            .get_or_insert_with(|| Box::new(Pending::opened(segment.at.ts_us)));
        let arrival = pending.packets;
        let now_us = segment.at.ts_us;
        let queue = pending.queue(side);
        if queue.kept.is_empty() && queue.fin.is_none() {
            queue.moved_us = now_us;
        }
        let start = queue.position.saturating_add_signed(i64::from(distance));
        queue.keep(start, segment, arrival, trouble);
    }

    fn acknowledged(&mut self, pending: &mut Pending, side: Side, ack: Option<u32>) {
        let half = self.half(side);
        let (Some(ack), true) = (ack, half.has(Half::KNOWN)) else {
            return;
        };
        let ahead = ack.wrapping_sub(half.next).cast_signed();
        let queue = pending.queue(side);
        if (1..WINDOW_BYTES).contains(&ahead) {
            queue.acked = queue
                .acked
                .max(queue.position + u64::from(ahead.unsigned_abs()));
        }
    }

    /// Gives all that is in order, and declares the holes that are due.
    fn settle(&mut self, pending: &mut Pending, now_us: i64, is_over: bool) {
        let is_fresh = !is_over && self.is_fresh(pending, now_us);
        loop {
            self.drain(pending, now_us, true);
            if self.interest == Interest::Ignore {
                return;
            }
            match self.due(pending, now_us, is_fresh, is_over) {
                Some((side, end)) => self.declare(pending, side, end, now_us),
                None => break,
            }
        }
        if !is_fresh {
            self.drain(pending, now_us, false);
        }
    }

    /// True while the flow waits for a late packet with both directions.
    fn is_fresh(&self, pending: &Pending, now_us: i64) -> bool {
        pending.packets < self.limits.acked_hole_packets
            && now_us.saturating_sub(pending.opened_us)
                < i64::from(self.limits.acked_hole_ms) * 1000
    }

    /// Gives what is ready. With `in_turn`, nothing that came after what waits for a hole of the
    /// other direction.
    fn drain(&mut self, pending: &mut Pending, now_us: i64, in_turn: bool) {
        while self.interest == Interest::Follow {
            let side = match (pending.orig.is_ready(), pending.resp.is_ready()) {
                (false, false) => return,
                (true, true) if pending.resp.came_before(&mut pending.orig) => Side::Resp,
                (true, true) => Side::Orig,
                (true, false) if in_turn && pending.resp.came_before(&mut pending.orig) => return,
                (true, false) => Side::Orig,
                (false, true) if in_turn && pending.orig.came_before(&mut pending.resp) => return,
                (false, true) => Side::Resp,
            };
            self.give(pending.queue(side), side, now_us);
        }
    }

    /// Gives the first of a queue that is ready.
    fn give(&mut self, queue: &mut Queue, side: Side, now_us: i64) {
        queue.moved_us = now_us;
        if let Some(kept) = queue.pop() {
            self.deliver(side, kept.at, &kept.data, kept.cut);
        } else if let Some((_, at, _)) = queue.fin.take() {
            self.fin(side, at);
            // What lies behind the FIN was never part of the stream.
            let behind: u64 = queue.kept.values().map(Kept::len).sum();
            self.rare.trouble(side).conflicting_bytes += behind;
            queue.clear();
        }
    }

    /// The hole that must be declared a gap now, with its end.
    fn due(
        &self,
        pending: &mut Pending,
        now_us: i64,
        is_fresh: bool,
        is_over: bool,
    ) -> Option<(Side, u64)> {
        let cap = self.limits.direction_bytes;
        let is_full = pending.orig.bytes > cap || pending.resp.bytes > cap;
        let hole_us = i64::from(self.limits.hole_ms) * 1000;
        let due = |queue: &Queue| {
            let end = queue.hole_end()?;
            let is_acked = !is_fresh && queue.acked >= end;
            let is_stuck = now_us.saturating_sub(queue.moved_us) >= hole_us;
            (is_over || is_full || is_acked || is_stuck).then_some(end)
        };
        match (due(&pending.orig), due(&pending.resp)) {
            (Some(_), Some(end)) if pending.resp.came_before(&mut pending.orig) => {
                Some((Side::Resp, end))
            }
            (Some(end), _) => Some((Side::Orig, end)),
            (None, end) => Some((Side::Resp, end?)),
        }
    }

    fn declare(&mut self, pending: &mut Pending, side: Side, end: u64, now_us: i64) {
        let queue = pending.queue(side);
        let missing = end - queue.position;
        queue.position = end;
        queue.moved_us = now_us;
        let at = match queue.kept.first_key_value() {
            Some((p, kept)) if *p == end => kept.at,
            _ => queue.fin.map(|(_, at, _)| at).unwrap_or_default(),
        };
        let half = self.half(side);
        half.next = half.next.wrapping_add(missing as u32);
        self.gap(side, at, missing);
    }
}
