//! Is this packet a copy of one that was handed on?
//!
//! A copy has the fingerprint of an earlier packet and comes soon after it. What a sender repeats looks
//! alike, so within one input more is asked:
//! - an IPv4 sender that numbers its packets repeats one under a new number: equal numbers are copies;
//! - without numbers (IPv6, identification 0 or always the same) a repetition takes a round trip or more,
//!   and copies come in the same instant; they count as copies only while many packets come twice.

use mailscope_capture::Fingerprint;
use mailscope_capture::file::Packet;

use super::Clocks;

/// Fingerprints remembered: some tenths of a second of a fast link.
const REMEMBERED: usize = 1 << 16;
/// The same for one input, where a copy is never far behind; small enough for the CPU's cache.
const REMEMBERED_OF_ONE: usize = 1 << 13;
/// Senders of whom the last identification is remembered.
const SENDERS: usize = 1 << 10;
/// A copy comes within this time at the same capture point.
const SAME_POINT_NS: i64 = 100_000_000;
/// The same without an identification.
const UNNUMBERED_NS: i64 = 3_000_000;
/// A copy comes within this time, clocks put right, at another capture point.
const OTHER_POINT_NS: i64 = 500_000_000;
/// Of so many packets in a row ...
const RECENT: u32 = 64;
/// ... so many must look like copies, that one without identification is taken for one.
const OFTEN: u32 = 8;

#[derive(Clone, Copy, Default)]
struct Seen {
    hash: u64,
    ts_ns: i64,
    input: u32,
}

#[derive(Clone, Copy, Default)]
struct Sender {
    sender: u64,
    ip_id: u16,
    hash: u32,
    /// Sent different packets under one number, one after the other.
    is_unnumbered: bool,
}

/// Remembers what came last.
pub(crate) struct Filter {
    seen: Vec<Seen>,
    senders: Vec<Sender>,
    /// Whether the last packets looked like copies, one bit each.
    recent: u64,
    /// Copies by input.
    counts: Vec<u64>,
}

impl Filter {
    /// A filter for so many inputs.
    pub(crate) fn new(inputs: usize) -> Self {
        let places = if inputs > 1 {
            REMEMBERED
        } else {
            REMEMBERED_OF_ONE
        };
        Self {
            seen: vec![Seen::default(); places],
            senders: vec![Sender::default(); SENDERS],
            recent: 0,
            counts: vec![0; inputs],
        }
    }

    /// Copies met, by input.
    pub(crate) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Is this packet a copy? Counted if so, remembered if not.
    #[inline]
    pub(crate) fn is_copy(&mut self, packet: &Packet<'_>, input: usize, clocks: &Clocks) -> bool {
        let Some(print) = mailscope_capture::fingerprint(packet) else {
            return false;
        };
        let is_numbered = self.is_numbered(&print);
        let place = (print.hash >> 20) as usize & (self.seen.len() - 1);
        let Some(seen) = self.seen.get_mut(place) else {
            return false;
        };
        let (now, number) = (packet.ts_ns, u32::try_from(input).unwrap_or(u32::MAX));
        let age = now.saturating_sub(seen.ts_ns).saturating_abs();
        let is_equal = seen.hash == print.hash;
        let is_copy = if !is_equal {
            false
        } else if seen.input != number {
            age <= OTHER_POINT_NS && clocks.share(seen.input as usize, input)
        } else if is_numbered {
            age <= SAME_POINT_NS
        } else {
            let is_like = age <= UNNUMBERED_NS;
            is_like && print.is_telling && self.recent.count_ones() >= OFTEN
        };
        if print.is_telling {
            let is_like = is_equal && seen.input == number && age <= UNNUMBERED_NS;
            self.recent = self.recent << 1 | u64::from(is_like);
        }
        if !is_copy {
            *seen = Seen {
                hash: print.hash,
                ts_ns: now,
                input: number,
            };
            return false;
        }
        if let Some(count) = self.counts.get_mut(input) {
            *count += 1;
        }
        true
    }

    /// Does its sender give every packet a number of its own?
    #[inline]
    fn is_numbered(&mut self, print: &Fingerprint) -> bool {
        if print.ip_id == 0 {
            return false;
        }
        let place =
            (print.sender ^ print.sender >> 10 ^ print.sender >> 20) as usize & (SENDERS - 1);
        let Some(held) = self.senders.get_mut(place) else {
            return false;
        };
        let hash = print.hash as u32;
        if held.sender != print.sender {
            *held = Sender {
                sender: print.sender,
                ip_id: print.ip_id,
                hash,
                is_unnumbered: false,
            };
            // Nothing is known of this sender yet.
            return true;
        }
        if held.hash != hash {
            held.is_unnumbered = held.ip_id == print.ip_id;
        }
        (held.ip_id, held.hash) = (print.ip_id, hash);
        !held.is_unnumbered
    }
}

const _: () = assert!(RECENT == u64::BITS);
