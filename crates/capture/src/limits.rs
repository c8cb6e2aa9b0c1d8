//! Every cap of this crate: its default, and what happens beyond it.

/// Caps of the flow table and of reassembly. Times are packet time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open flows kept; beyond, the one nearest to its idle time-out is closed as `evicted`.
    pub flows: usize,
    /// Seconds without a packet after which a TCP flow is closed as `idle`.
    pub tcp_idle_s: u32,
    /// The same for a TCP flow in which one side sent no data and the other nothing at all: an attempt. At most
    /// `tcp_idle_s`, and as long unless somebody waits for the answer.
    pub attempt_idle_s: u32,
    /// The same for every other protocol.
    pub other_idle_s: u32,
    /// Seconds that a TCP flow stays known after FIN or RST, so that late packets count to it: a
    /// FIN that nobody answers is sent again at doubling intervals.
    pub linger_s: u32,
    /// Out-of-order bytes kept for all flows; beyond, the flow that waits longest gets its gaps.
    pub buffer_bytes: usize,
    /// Out-of-order bytes kept per direction; beyond, the oldest hole is declared a gap.
    pub direction_bytes: usize,
    /// Milliseconds after which a hole that the receiver acknowledged is declared a gap. Until
    /// then the other direction is held back too, so that both stay in order to each other.
    pub acked_hole_ms: u32,
    /// The same in packets of the flow, whichever comes first.
    pub acked_hole_packets: u32,
    /// Milliseconds without progress after which any hole is declared a gap.
    pub hole_ms: u32,
    /// Bytes kept of incomplete IP datagrams; beyond, the oldest is given up.
    pub fragment_bytes: usize,
    /// Fragments kept of one datagram; one with more is given up.
    pub fragments: usize,
    /// Seconds after which an incomplete datagram is given up.
    pub fragment_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            flows: 400_000,
            tcp_idle_s: 900,
            attempt_idle_s: 900,
            other_idle_s: 60,
            linger_s: 120,
            buffer_bytes: 32 << 20,
            direction_bytes: 1 << 20,
            acked_hole_ms: 200,
            acked_hole_packets: 50,
            hole_ms: 15_000,
            fragment_bytes: 8 << 20,
            fragments: 512,
            fragment_s: 30,
        }
    }
}
