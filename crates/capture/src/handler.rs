//! Who receives flows and streams.

use mailscope_evidence::{At, Side};

use crate::facts::{Flow, FlowRef};

/// What the handler wants of a flow from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Keep handing out ordered data and gaps.
    Follow,
    /// Count packets only; free whatever was buffered.
    Ignore,
}

/// The receiver of flows and streams. The engine calls it in packet order.
pub trait Handler {
    /// Ordered TCP payload, each stream byte once.
    fn tcp_data(&mut self, flow: &FlowRef, side: Side, at: At, data: &[u8]) -> Interest;
    /// `missing` stream bytes were not captured (0 when the length is unknown).
    fn tcp_gap(&mut self, flow: &FlowRef, side: Side, at: At, missing: u64) -> Interest;
    /// This side sent FIN (after all of its data was handed out).
    fn tcp_fin(&mut self, flow: &FlowRef, side: Side, at: At);
    /// One UDP datagram's payload.
    fn udp_data(&mut self, flow: &FlowRef, side: Side, at: At, data: &[u8]) -> Interest;
    /// The flow is over: final counters. Always the last call for this flow and slot.
    fn flow(&mut self, slot: u32, flow: &Flow);
}
