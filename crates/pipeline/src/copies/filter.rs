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
/// Of a sender's last 64 telling packets, so many must look like copies, that one without identification is
/// taken for one.
const OFTEN: u32 = 4;

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
    /// Whether its last packets looked like copies, one bit each.
    recent: u64,
}

/// Remembers what came last.
pub(crate) struct Filter {
    seen: Vec<Seen>,
    senders: Vec<Sender>,
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
        let place = (print.hash >> 20) as usize & (self.seen.len() - 1);
        let Some(seen) = self.seen.get_mut(place) else {
            return false;
        };
        let (now, number) = (packet.ts_ns, u32::try_from(input).unwrap_or(u32::MAX));
        let age = now.saturating_sub(seen.ts_ns).saturating_abs();
        let is_equal = seen.hash == print.hash;
        let is_again = is_equal && seen.input == number && age <= UNNUMBERED_NS;
        let sender = (print.sender ^ print.sender >> 10 ^ print.sender >> 20) as usize;
        let Some(sender) = self.senders.get_mut(sender & (SENDERS - 1)) else {
            return false;
        };
        let is_numbered = sender.sent(&print, is_again);
        let is_copy = if !is_equal {
            false
        } else if seen.input != number {
            age <= OTHER_POINT_NS && clocks.share(seen.input as usize, input)
        } else if is_numbered {
            age <= SAME_POINT_NS
        } else {
            is_again && print.is_telling && sender.recent.count_ones() >= OFTEN
        };
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
}

impl Sender {
    /// Notes a packet; says whether its sender gives every packet a number of its own.
    #[inline]
    fn sent(&mut self, print: &Fingerprint, is_again: bool) -> bool {
        if self.sender != print.sender {
            // Nothing is known of this sender yet.
            *self = Self {
                sender: print.sender,
                ip_id: print.ip_id,
                hash: print.hash as u32,
                is_unnumbered: false,
                recent: 0,
            };
            return print.ip_id != 0;
        }
        if print.is_telling {
            self.recent = self.recent << 1 | u64::from(is_again);
        }
        let hash = print.hash as u32;
        if self.hash != hash {
            self.is_unnumbered = self.ip_id == print.ip_id;
        }
        (self.ip_id, self.hash) = (print.ip_id, hash);
        print.ip_id != 0 && !self.is_unnumbered
    }
}
