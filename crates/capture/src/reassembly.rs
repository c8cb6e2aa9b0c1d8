//! TCP streams in order: per direction data, gaps and FIN, each byte once.
//!
//! Data in order is handed through without a copy. Out of order, both directions of the flow are
//! kept in [`Pending`] until the hole is filled or declared a gap, so that a reply never comes
//! before the command that was captured before it.

use std::collections::BTreeMap;

use mailscope_evidence::{At, Side};

use crate::flow::Half;
use crate::limits::Limits;
use crate::types::Interest;

/// What a kept segment costs beside its bytes.
const OVERHEAD_BYTES: usize = 128;
/// Segments further away than the largest TCP window (RFC 7323) belong to no stream.
const WINDOW_BYTES: i32 = 1 << 30;

/// The receiver of one flow's ordered streams.
pub(crate) trait Sink {
    fn data(&mut self, side: Side, at: At, data: &[u8]) -> Interest;
    fn gap(&mut self, side: Side, at: At, missing: u64) -> Interest;
    fn fin(&mut self, side: Side, at: At);
}

/// One TCP segment's part in the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub seq: u32,
    /// Captured payload; the rest of `len` was cut by the snap length.
    pub data: &'a [u8],
    pub len: u32,
    pub is_fin: bool,
    /// Acknowledgement number, when the ACK flag is set.
    pub ack: Option<u32>,
    pub at: At,
}

/// Counters that few flows need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub gap_bytes: u64,
    pub retransmitted_bytes: u64,
    pub conflicting_bytes: u64,
    pub cut_packets: u32,
}

#[derive(Debug)]
struct Kept {
    data: Vec<u8>,
    /// Bytes that the snap length cut off behind `data`.
    cut: u32,
    at: At,
    /// Number of arrival in this flow.
    arrival: u32,
}

impl Kept {
    fn len(&self) -> u64 {
        self.data.len() as u64 + u64::from(self.cut)
    }
}

/// One direction's kept segments, by position. Position 0 is a stream byte before `next`.
#[derive(Debug, Default)]
struct Queue {
    kept: BTreeMap<u64, Kept>,
    /// Position of `Half::next`.
    position: u64,
    bytes: usize,
    fin: Option<(u64, At, u32)>,
    /// Position up to which the receiver has acknowledged since the hole opened.
    acked: u64,
    /// Last time `position` moved, or the first segment was kept.
    moved_us: i64,
}

/// What a flow with a hole waits with.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    orig: Queue,
    resp: Queue,
    opened_us: i64,
    packets: u32,
}

impl Pending {
    fn queue(&mut self, side: Side) -> &mut Queue {
        match side {
            Side::Orig => &mut self.orig,
            Side::Resp => &mut self.resp,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.orig.bytes + self.resp.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.orig.kept.is_empty()
            && self.resp.kept.is_empty()
            && self.orig.fin.is_none()
            && self.resp.fin.is_none()
    }
}

impl Queue {
    /// True when the next byte in order, or the FIN, is here.
    fn is_ready(&self) -> bool {
        self.kept
            .first_key_value()
            .is_some_and(|(p, _)| *p <= self.position)
            || self.fin.is_some_and(|(p, ..)| p <= self.position)
    }

    /// The end of the hole at the front, if there is one.
    fn hole_end(&self) -> Option<u64> {
        let data = self.kept.first_key_value().map(|(p, _)| *p);
        let fin = self.fin.map(|(p, ..)| p);
        let end = data.into_iter().chain(fin).min()?;
        (end > self.position).then_some(end)
    }

    /// The earliest arrival of what is kept: everything kept counts as come by then.
    fn earliest(&self) -> u32 {
        let kept = self
            .kept
            .values()
            .map(|k| k.arrival)
            .min()
            .unwrap_or(u32::MAX);
        kept.min(self.fin.map_or(u32::MAX, |(_, _, arrival)| arrival))
    }

    /// Keeps the parts of a segment that no earlier one covers: the first bytes win.
    fn keep(&mut self, start: u64, segment: &Segment<'_>, arrival: u32, trouble: &mut Trouble) {
        let end = start + u64::from(segment.len);
        let mut at = start;
        if at < self.position {
            let old = self.position.min(end) - at;
            trouble.retransmitted_bytes += old;
            at += old;
        }
        while at < end {
            let before = self
                .kept
                .range(..=at)
                .next_back()
                .filter(|(p, k)| **p + k.len() > at);
            if let Some((place, kept)) = before {
                let until = (place + kept.len()).min(end);
                trouble.retransmitted_bytes += until - at;
                let ours = slice(segment.data, at - start, until - start);
                let theirs = slice(&kept.data, at - place, until - place);
                trouble.conflicting_bytes +=
                    ours.iter().zip(theirs).filter(|(a, b)| a != b).count() as u64;
                at = until;
                continue;
            }
            let until = self
                .kept
                .range(at..)
                .next()
                .map_or(end, |(p, _)| *p)
                .min(end);
            let data = slice(segment.data, at - start, until - start).to_vec();
            let cut = u32::try_from(until - at).unwrap_or(u32::MAX) - data.len() as u32;
            self.bytes += data.len() + OVERHEAD_BYTES;
            self.kept.insert(
                at,
                Kept {
                    data,
                    cut,
                    at: segment.at,
                    arrival,
                },
            );
            at = until;
        }
        if segment.is_fin && self.fin.is_none() {
            self.fin = Some((end, segment.at, arrival));
        }
    }
}

/// Bytes `from..to`, as far as there are any.
fn slice(bytes: &[u8], from: u64, to: u64) -> &[u8] {
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
    let to = usize::try_from(to).unwrap_or(usize::MAX).min(bytes.len());
    bytes.get(from..to).unwrap_or_default()
}

/// What few flows have beside their entry.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    pub orig: Trouble,
    pub resp: Trouble,
    pub pending: Option<Box<Pending>>,
}

impl Rare {
    /// True when dropping it loses nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        self.pending.is_none() && self.orig == Trouble::default() && self.resp == Trouble::default()
    }

    pub(crate) fn trouble(&mut self, side: Side) -> &mut Trouble {
        match side {
            Side::Orig => &mut self.orig,
            Side::Resp => &mut self.resp,
        }
    }
}

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

    fn take(&mut self, side: Side, segment: &Segment<'_>) {
        let half = self.half(side);
        if !half.has(Half::KNOWN) {
            half.next = segment.seq;
            half.bits |= Half::KNOWN;
        }
        if segment.len == 0 && !segment.is_fin {
            return;
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
        } else if distance > 0 || self.rare.pending.is_some() {
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
        loop {
            let is_fresh = !is_over && self.is_fresh(pending, now_us);
            self.drain(pending, now_us, is_fresh);
            if self.interest == Interest::Ignore {
                return;
            }
            match self.due(pending, now_us, is_fresh, is_over) {
                Some((side, end)) => self.declare(pending, side, end, now_us),
                None => return,
            }
        }
    }

    /// True while the flow waits for a late packet with both directions.
    fn is_fresh(&self, pending: &Pending, now_us: i64) -> bool {
        pending.packets < self.limits.acked_hole_packets
            && now_us.saturating_sub(pending.opened_us)
                < i64::from(self.limits.acked_hole_ms) * 1000
    }

    fn drain(&mut self, pending: &mut Pending, now_us: i64, is_fresh: bool) {
        while self.interest == Interest::Follow {
            let side = match (pending.orig.is_ready(), pending.resp.is_ready()) {
                (false, false) => return,
                (true, true) if pending.resp.earliest() < pending.orig.earliest() => Side::Resp,
                (true, true) => Side::Orig,
                (true, false) if is_fresh && pending.resp.earliest() < pending.orig.earliest() => {
                    return;
                }
                (true, false) => Side::Orig,
                (false, true) if is_fresh && pending.orig.earliest() < pending.resp.earliest() => {
                    return;
                }
                (false, true) => Side::Resp,
            };
            self.give(pending.queue(side), side, now_us);
        }
    }

    /// Gives the first of a queue that is ready.
    fn give(&mut self, queue: &mut Queue, side: Side, now_us: i64) {
        queue.moved_us = now_us;
        let is_data = queue
            .kept
            .first_key_value()
            .is_some_and(|(p, _)| *p <= queue.position);
        if let Some((_, kept)) = is_data.then(|| queue.kept.pop_first()).flatten() {
            queue.bytes -= kept.data.len() + OVERHEAD_BYTES;
            queue.position += kept.len();
            self.deliver(side, kept.at, &kept.data, kept.cut);
        } else if let Some((_, at, _)) = queue.fin.take() {
            self.fin(side, at);
            // What lies behind the FIN was never part of the stream.
            let behind: u64 = queue.kept.values().map(Kept::len).sum();
            self.rare.trouble(side).conflicting_bytes += behind;
            queue.kept.clear();
            queue.bytes = 0;
        }
    }

    /// The hole that must be declared a gap now, with its end.
    fn due(
        &self,
        pending: &Pending,
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
            (is_over || is_full || is_acked || is_stuck).then_some((queue.earliest(), end))
        };
        match (due(&pending.orig), due(&pending.resp)) {
            (Some((a, end)), Some((b, _))) if a <= b => Some((Side::Orig, end)),
            (_, Some((_, end))) => Some((Side::Resp, end)),
            (Some((_, end)), None) => Some((Side::Orig, end)),
            (None, None) => None,
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

impl Pending {
    fn opened(now_us: i64) -> Self {
        // Far enough from 0 that no position before `next` is negative.
        let queue = || Queue {
            position: 1 << 40,
            moved_us: now_us,
            ..Queue::default()
        };
        Self {
            orig: queue(),
            resp: queue(),
            opened_us: now_us,
            packets: 0,
        }
    }
}

/// Counts a segment of a stream that nobody follows: late bytes fill what is missing.
#[inline]
pub(crate) fn skim(half: &mut Half, seq: u32, len: u32) -> Skimmed {
    let distance = seq.wrapping_sub(half.next).cast_signed();
    if !half.has(Half::KNOWN) || distance == 0 {
        half.bits |= Half::KNOWN;
        half.next = seq.wrapping_add(len);
        return Skimmed::InOrder;
    }
    if distance.unsigned_abs() >= WINDOW_BYTES.unsigned_abs() {
        return Skimmed::InOrder;
    }
    if distance > 0 {
        half.next = seq.wrapping_add(len);
        return Skimmed::Missing(distance.unsigned_abs());
    }
    let old = len.min(distance.unsigned_abs());
    half.next = half.next.wrapping_add(len - old);
    Skimmed::Again(old)
}

/// What [`skim`] saw.
pub(crate) enum Skimmed {
    InOrder,
    Missing(u32),
    Again(u32),
}

impl Trouble {
    /// Books what [`skim`] saw.
    pub(crate) fn skimmed(&mut self, seen: &Skimmed) {
        match seen {
            Skimmed::InOrder => {}
            Skimmed::Missing(bytes) => self.gap_bytes += u64::from(*bytes),
            Skimmed::Again(bytes) => {
                let filled = self.gap_bytes.min(u64::from(*bytes));
                self.gap_bytes -= filled;
                self.retransmitted_bytes += u64::from(*bytes) - filled;
            }
        }
    }
}
