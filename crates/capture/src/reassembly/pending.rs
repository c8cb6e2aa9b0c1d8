//! Segments that wait for a hole before them.

use std::collections::BTreeMap;

use mailscope_evidence::{At, Side};

use super::{Segment, Trouble};

/// What a kept segment costs beside its bytes.
const OVERHEAD_BYTES: usize = 192;

#[derive(Debug)]
pub(super) struct Kept {
    pub(super) data: Vec<u8>,
    /// Bytes that the snap length cut off behind `data`.
    pub(super) cut: u32,
    pub(super) at: At,
    /// Number of arrival in this flow.
    pub(super) arrival: u32,
}

impl Kept {
    pub(super) fn len(&self) -> u64 {
        self.data.len() as u64 + u64::from(self.cut)
    }
}

/// One direction's kept segments, by position. Position 0 is a stream byte before `next`.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) kept: BTreeMap<u64, Kept>,
    /// Position of `Half::next`.
    pub(super) position: u64,
    pub(super) bytes: usize,
    pub(super) fin: Option<(u64, At, u32)>,
    /// What [`Queue::earliest`] found, while that still holds.
    earliest: Option<u32>,
    /// Position up to which the receiver has acknowledged since the hole opened.
    pub(super) acked: u64,
    /// Last time `position` moved, or the first segment was kept.
    pub(super) moved_us: i64,
}

/// What a flow with a hole waits with.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(super) orig: Queue,
    pub(super) resp: Queue,
    pub(super) opened_us: i64,
    pub(super) packets: u32,
}

impl Pending {
    pub(super) fn queue(&mut self, side: Side) -> &mut Queue {
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

impl Pending {
    pub(super) fn opened(now_us: i64) -> Self {
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

impl Queue {
    /// True when the next byte in order, or the FIN, is here.
    pub(super) fn is_ready(&self) -> bool {
        self.kept
            .first_key_value()
            .is_some_and(|(p, _)| *p <= self.position)
            || self.fin.is_some_and(|(p, ..)| p <= self.position)
    }

    /// The end of the hole at the front, if there is one.
    pub(super) fn hole_end(&self) -> Option<u64> {
        let data = self.kept.first_key_value().map(|(p, _)| *p);
        let fin = self.fin.map(|(p, ..)| p);
        let end = data.into_iter().chain(fin).min()?;
        (end > self.position).then_some(end)
    }

    /// True when something here came before all that is in the other direction's queue.
    pub(super) fn came_before(&mut self, other: &mut Self) -> bool {
        let is_empty = self.kept.is_empty() && self.fin.is_none();
        !is_empty && self.earliest() < other.earliest()
    }

    /// The earliest arrival of what is kept: everything kept counts as come by then.
    fn earliest(&mut self) -> u32 {
        if let Some(arrival) = self.earliest {
            return arrival;
        }
        let kept = self
            .kept
            .values()
            .map(|k| k.arrival)
            .min()
            .unwrap_or(u32::MAX);
        let arrival = kept.min(self.fin.map_or(u32::MAX, |(_, _, arrival)| arrival));
        self.earliest = Some(arrival);
        arrival
    }

    /// Takes the first segment, if it is next in order.
    pub(super) fn pop(&mut self) -> Option<Kept> {
        let first = self
            .kept
            .first_entry()
            .filter(|e| *e.key() <= self.position)?;
        let kept = first.remove();
        self.bytes -= kept.data.len() + OVERHEAD_BYTES;
        self.position += kept.len();
        self.earliest = self.earliest.filter(|arrival| *arrival < kept.arrival);
        Some(kept)
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
        self.bytes = 0;
        self.earliest = None;
    }

    /// Keeps the parts of a segment that no earlier one covers: the first bytes win.
    pub(super) fn keep(
        &mut self,
        start: u64,
        segment: &Segment<'_>,
        arrival: u32,
        trouble: &mut Trouble,
    ) {
        let end = start + u64::from(segment.len);
        let is_empty = self.kept.is_empty() && self.fin.is_none();
        self.earliest = self
            .earliest
            .filter(|_| !is_empty)
            .map(|earliest| earliest.min(arrival));
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
pub(super) fn slice(bytes: &[u8], from: u64, to: u64) -> &[u8] {
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
    let to = usize::try_from(to).unwrap_or(usize::MAX).min(bytes.len());
    bytes.get(from..to).unwrap_or_default()
}
