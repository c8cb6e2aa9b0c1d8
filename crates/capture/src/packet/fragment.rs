//! IP datagrams from their fragments. Where fragments overlap, the first copy of a byte wins.

use std::collections::{BTreeMap, HashMap, VecDeque};

use mailscope_evidence::At;

use super::{Encapsulation, Ends, Inner};
use crate::limits::Limits;
use crate::secret::Secret;

/// Longest datagram (RFC 791, 8200).
const MAX_DATAGRAM: u32 = 65_535;
/// What a datagram or fragment costs beside its bytes.
const OVERHEAD_BYTES: usize = 200;

/// Addresses, protocol and identification in words.
type Key = (u64, u64, u64, u64, u64);

fn key(ends: &Ends, id: u32) -> Key {
    let kind = u64::from(id) << 16 | u64::from(ends.proto) << 8 | u64::from(ends.is_v6);
    (ends.src[0], ends.src[1], ends.dst[0], ends.dst[1], kind)
}

/// What the fragments of one datagram add up to.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    pub ends: Ends,
    /// From the first byte on, up to the first missing one.
    pub payload: Vec<u8>,
    /// Length of the whole payload, as far as known.
    pub payload_len: u32,
    pub packets: u32,
    pub wire_bytes: u64,
    pub ip_bytes: u64,
    pub vlan: Option<u16>,
    pub encapsulation: Encapsulation,
    pub at: At,
}

struct Datagram {
    /// Pieces by offset, without overlaps.
    pieces: BTreeMap<u32, Vec<u8>>,
    kept: u32,
    /// Known once the last fragment came.
    total: Option<u32>,
    serial: u64,
    opened_us: i64,
    sum: Whole,
}

/// Incomplete datagrams.
#[derive(Default)]
pub(crate) struct Fragments {
    open: HashMap<Key, Datagram, Secret>,
    /// Oldest first; entries that are no longer open, or with another serial, are gone.
    order: VecDeque<(Key, u64)>,
    bytes: usize,
    serial: u64,
}

impl Fragments {
    /// Takes one fragment; gives the datagram that it completes, or older ones given up for it.
    pub(crate) fn add(
        &mut self,
        inner: &Inner<'_>,
        wire_len: u32,
        at: At,
        limits: &Limits,
    ) -> Vec<Whole> {
        let Some(piece) = inner.piece else {
            return Vec::new();
        };
        let mut done = self.expire(at.ts_us, limits);
        let key = key(&inner.ends, piece.id);
        let datagram = self.open.entry(key).or_insert_with(|| {
            self.serial += 1;
            self.bytes += OVERHEAD_BYTES;
            self.order.push_back((key, self.serial));
            Datagram::new(inner, at, self.serial)
        });
        self.bytes += datagram.add(inner, piece.offset, piece.more, wire_len, at);
        let is_over = datagram.sum.packets as usize >= limits.fragments;
        if is_over || datagram.is_whole() {
            done.extend(self.remove(&key));
        }
        if self.order.len() > 2 * self.open.len() + 1024 {
            let open = &self.open;
            self.order
                .retain(|(key, serial)| open.get(key).is_some_and(|d| d.serial == *serial));
        }
        while self.bytes > limits.fragment_bytes {
            let Some((key, serial)) = self.order.pop_front() else {
                break;
            };
            if self.open.get(&key).is_some_and(|d| d.serial == serial) {
                done.extend(self.remove(&key));
            }
        }
        done
    }

    /// Gives up datagrams older than the limit.
    pub(crate) fn expire(&mut self, now_us: i64, limits: &Limits) -> Vec<Whole> {
        let mut done = Vec::new();
        let limit_us = i64::from(limits.fragment_s) * 1_000_000;
        while let Some(&(key, serial)) = self.order.front() {
            match self.open.get(&key) {
                Some(d) if d.serial == serial && now_us.saturating_sub(d.opened_us) <= limit_us => {
                    break;
                }
                Some(d) if d.serial == serial => done.extend(self.remove(&key)),
                _ => {}
            }
            self.order.pop_front();
        }
        done
    }

    /// Gives up all.
    pub(crate) fn drain(&mut self) -> Vec<Whole> {
        let mut done = Vec::new();
        while let Some((key, serial)) = self.order.pop_front() {
            if self.open.get(&key).is_some_and(|d| d.serial == serial) {
                done.extend(self.remove(&key));
            }
        }
        done
    }

    fn remove(&mut self, key: &Key) -> Option<Whole> {
        let datagram = self.open.remove(key)?;
        self.bytes = self.bytes.saturating_sub(OVERHEAD_BYTES + datagram.cost());
        Some(datagram.finish())
    }
}

impl Datagram {
    fn new(inner: &Inner<'_>, at: At, serial: u64) -> Self {
        let sum = Whole {
            ends: inner.ends,
            payload: Vec::new(),
            payload_len: 0,
            packets: 0,
            wire_bytes: 0,
            ip_bytes: 0,
            vlan: inner.vlan,
            encapsulation: inner.encapsulation,
            at,
        };
        Self {
            pieces: BTreeMap::new(),
            kept: 0,
            total: None,
            serial,
            opened_us: at.ts_us,
            sum,
        }
    }

    /// Bytes that the budget is charged for.
    fn add(&mut self, inner: &Inner<'_>, offset: u32, more: bool, wire_len: u32, at: At) -> usize {
        let before = self.cost();
        self.sum.packets += 1;
        self.sum.wire_bytes += u64::from(wire_len);
        self.sum.ip_bytes += u64::from(inner.ip_len);
        self.sum.at = at;
        let end = offset.saturating_add(inner.payload_len);
        if end > MAX_DATAGRAM {
            return 0;
        }
        if !more {
            self.total = self.total.or(Some(end));
        }
        self.sum.payload_len = self.sum.payload_len.max(end);
        self.insert(offset, inner.payload);
        self.cost() - before
    }

    fn cost(&self) -> usize {
        self.kept as usize + self.pieces.len() * OVERHEAD_BYTES
    }

    /// Keeps those bytes that no earlier piece covers.
    fn insert(&mut self, offset: u32, bytes: &[u8]) {
        let end = offset + u32::try_from(bytes.len()).unwrap_or(0);
        let mut at = offset;
        while at < end {
            let covered = self
                .pieces
                .range(..=at)
                .next_back()
                .map(|(o, b)| o + b.len() as u32);
            if let Some(covered) = covered.filter(|c| *c > at) {
                at = covered;
                continue;
            }
            let next = self
                .pieces
                .range(at..)
                .next()
                .map_or(end, |(o, _)| *o)
                .min(end);
            if let Some(part) = bytes.get((at - offset) as usize..(next - offset) as usize) {
                self.kept += next - at;
                self.pieces.insert(at, part.to_vec());
            }
            at = next;
        }
    }

    fn is_whole(&self) -> bool {
        self.total.is_some_and(|total| self.kept >= total)
    }

    fn finish(mut self) -> Whole {
        for (offset, bytes) in &self.pieces {
            if *offset as usize != self.sum.payload.len() {
                break;
            }
            self.sum.payload.extend_from_slice(bytes);
        }
        self.sum.payload_len = self
            .total
            .unwrap_or(self.sum.payload_len)
            .max(self.sum.payload.len() as u32);
        self.sum
    }
}
