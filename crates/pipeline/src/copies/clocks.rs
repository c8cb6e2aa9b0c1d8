//! How far the clocks of capture points are apart, told by packets that two of them saw.
//!
//! A packet from A to B passes the point near A first, one from B to A passes it last. The offset is the
//! middle of the two medians, so that the way between the points falls out (as in RFC 5905, section 8).

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use mailscope_capture::file::Packet;

/// Fingerprints kept of one input, about.
const SAMPLES: u64 = 100_000;
/// Bytes of a stored packet, at least, for guessing how many there are.
const PACKET_BYTES: u64 = 100;
/// Packets that two inputs must share.
const SHARED: usize = 8;
/// Part of the shared packets, in percent, that must agree on the offset.
const AGREEING: usize = 60;
/// What agreeing means.
const NEAR_NS: i64 = 100_000_000;
/// What comes again after this time in one input is sent again and again, and tells nothing.
const AGAIN_NS: i64 = 1_000_000_000;
/// Clocks nearer than this are left alone: the difference is the way between the points.
const SAME_CLOCK_NS: i64 = 1_000_000;

/// Offsets of inputs, and which of them saw the same packets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clocks {
    /// By input: nanoseconds that its clock is ahead of the reference's, and the reference.
    offsets: Vec<Option<(i64, usize)>>,
    /// Group of capture points that saw the same packets, by input.
    groups: Vec<usize>,
}

impl Clocks {
    /// Nothing is known, or needed, of these inputs.
    pub(crate) fn unknown(inputs: usize) -> Self {
        Self {
            offsets: vec![None; inputs],
            groups: (0..inputs).collect(),
        }
    }

    /// Did these two see the same packets?
    pub(crate) fn share(&self, one: usize, other: usize) -> bool {
        self.groups
            .get(one)
            .is_some_and(|group| self.groups.get(other) == Some(group))
    }

    /// Nanoseconds to take from the times of this input.
    pub(crate) fn correction(&self, input: usize) -> i64 {
        let offset = self.offset(input).map_or(0, |(offset, _)| offset);
        if offset.abs() < SAME_CLOCK_NS {
            0
        } else {
            offset
        }
    }

    /// How far the clock is ahead of that of the reference, nanoseconds, and the reference.
    pub(crate) fn offset(&self, input: usize) -> Option<(i64, usize)> {
        self.offsets.get(input).copied().flatten()
    }
}

/// One packet of an input.
struct Sample {
    /// When it came first.
    ts_ns: i64,
    is_upward: bool,
    /// It came once, or twice in one instant.
    is_one: bool,
}

/// Fingerprints of one input with their first time. Of large inputs some are kept, the same of all.
pub(crate) struct Samples {
    times: HashMap<u64, Sample, BuildHasherDefault<DefaultHasher>>,
    mask: u64,
}

impl Samples {
    /// Samples of inputs of which the largest has so many bytes.
    pub(crate) fn of(bytes: u64) -> Self {
        let part = (bytes / PACKET_BYTES / SAMPLES).max(1);
        Self {
            times: HashMap::default(),
            mask: part.next_power_of_two() - 1,
        }
    }

    /// Notes a packet.
    pub(crate) fn add(&mut self, packet: &Packet<'_>) {
        if let Some(print) = mailscope_capture::fingerprint(packet)
            && print.is_telling
            && (print.is_tcp || print.ip_id != 0)
            && print.hash & self.mask == 0
        {
            let sample = self.times.entry(print.hash).or_insert(Sample {
                ts_ns: packet.ts_ns,
                is_upward: print.is_upward,
                is_one: true,
            });
            sample.is_one &= packet.ts_ns.saturating_sub(sample.ts_ns).saturating_abs() <= AGAIN_NS;
        }
    }

    /// The fingerprints.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = u64> {
        self.times.keys().copied()
    }

    /// How far `other` is ahead of this, when both saw the same packets.
    fn offset(&self, other: &Self) -> Option<i64> {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for (hash, here) in self.times.iter().filter(|(_, here)| here.is_one) {
            if let Some(there) = other.times.get(hash).filter(|there| there.is_one) {
                let side = if here.is_upward { &mut up } else { &mut down };
                side.push(there.ts_ns.saturating_sub(here.ts_ns));
            }
        }
        if up.len() + down.len() < SHARED {
            return None;
        }
        let (from_up, from_down) = (median(&mut up), median(&mut down));
        let offset = match (from_up, from_down) {
            (Some(up), Some(down)) => up.midpoint(down),
            (one, other) => one.or(other)?,
        };
        let all = up.len() + down.len();
        let near = up
            .iter()
            .chain(&down)
            .filter(|delta| delta.saturating_sub(offset).saturating_abs() <= NEAR_NS);
        (near.count() * 100 >= all * AGREEING).then_some(offset)
    }
}

fn median(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// The clocks of these inputs, given in the order in which one is to be the reference of the next.
pub(crate) fn measured(inputs: usize, samples: &[(usize, Samples)]) -> Clocks {
    let mut clocks = Clocks::unknown(inputs);
    for (at, (input, own)) in samples.iter().enumerate() {
        let earlier = samples.get(..at).unwrap_or_default();
        let found = earlier
            .iter()
            .find_map(|(reference, theirs)| Some((*reference, theirs.offset(own)?)));
        let Some((reference, offset)) = found else {
            continue;
        };
        // The reference may itself be set by another.
        let (base, root) = clocks.offset(reference).unwrap_or((0, reference));
        if let Some(place) = clocks.offsets.get_mut(*input) {
            *place = Some((base + offset, root));
        }
        let group = clocks.groups.get(root).copied().unwrap_or(root);
        if let Some(place) = clocks.groups.get_mut(*input) {
            *place = group;
        }
    }
    clocks
}
