//! What the engine has seen.

use crate::packet::UndecodedCounts;

/// Counts over all packets so far.
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
