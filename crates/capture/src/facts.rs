//! What is known of a flow: its ends, counters, how it began and ended.

use std::net::IpAddr;

use mailscope_evidence::At;

/// Both ends of a flow, originator first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoints {
    /// Originator address.
    pub orig_addr: IpAddr,
    /// Originator port (ICMP: type).
    pub orig_port: u16,
    /// Responder address.
    pub resp_addr: IpAddr,
    /// Responder port (ICMP: code).
    pub resp_port: u16,
    /// IP protocol number: 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6.
    pub proto: u8,
}

/// How a flow came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closed {
    /// FIN seen from both sides that were seen.
    Fin,
    /// RST by the originator.
    ResetByOrig,
    /// RST by the responder (also the answer to a SYN).
    ResetByResp,
    /// Idle for longer than the limit.
    Idle,
    /// The capture ended first.
    CaptureEnd,
    /// Removed to stay inside the memory budget.
    Evicted,
    /// A new connection began on the same ports before this one was seen to end.
    Replaced,
}

impl Closed {
    /// The slug used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::ResetByOrig => "reset-by-orig",
            Self::ResetByResp => "reset-by-resp",
            Self::Idle => "idle",
            Self::CaptureEnd => "capture-end",
            Self::Evicted => "evicted",
            Self::Replaced => "replaced",
        }
    }
}

/// How the originator was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrientedBy {
    /// It sent the SYN.
    Syn,
    /// The other side sent a SYN-ACK.
    SynAck,
    /// The other port is the better-known or lower one.
    Port,
    /// It sent the first packet seen.
    First,
}

impl OrientedBy {
    /// The slug used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Syn => "syn",
            Self::SynAck => "syn-ack",
            Self::Port => "port",
            Self::First => "first-packet",
        }
    }
}

/// Counters of one direction of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideCounts {
    /// Packets.
    pub packets: u64,
    /// Whole frames at their original length, link header included.
    pub wire_bytes: u64,
    /// IP packets, header included, at their original length.
    pub ip_bytes: u64,
    /// Transport payload as sent: retransmissions counted each time.
    pub payload_bytes: u64,
    /// All TCP flags seen, or-ed.
    pub tcp_flags: u8,
    /// Missing stream bytes (capture loss), announced as gaps.
    pub gap_bytes: u64,
    /// Stream bytes seen again.
    pub retransmitted_bytes: u64,
    /// Bytes that overlapped earlier ones with different content.
    pub conflicting_bytes: u64,
    /// Packets cut by the snap length inside their payload.
    pub cut_packets: u32,
}

/// One finished (or still open) conversation, as handed to [`crate::Handler::flow`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Both ends.
    pub ends: Endpoints,
    /// First packet.
    pub first: At,
    /// Last packet.
    pub last: At,
    /// Originator's counters.
    pub orig: SideCounts,
    /// Responder's counters.
    pub resp: SideCounts,
    /// How it ended.
    pub closed: Closed,
    /// How the originator was chosen.
    pub oriented_by: OrientedBy,
    /// Innermost VLAN id, if tagged.
    pub vlan: Option<u16>,
    /// Encapsulations outermost first, joined by `/`: `vlan`, `qinq`, `mpls`, `pppoe`, `gre`,
    /// `erspan`, `vxlan`, `geneve`, `gtpu`, `ipip`, `6in4`, `teredo`, `l2tp`,
    /// `pbb`, `eoip`; empty when none.
    pub encapsulation: String,
    /// Flow number in order of first packet, from 0; unique in a run.
    pub serial: u64,
}

/// What a handler gets told of a flow while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowRef {
    /// Flow number, unique in a run.
    pub serial: u64,
    /// A small dense number, reused after the flow's end: index handler state by it.
    pub slot: u32,
    /// Both ends.
    pub ends: Endpoints,
    /// First packet of the flow.
    pub first: At,
    /// Innermost VLAN id, if tagged: part of the flow's identity.
    pub vlan: Option<u16>,
    /// True when the SYN was seen, so the stream starts at its first byte.
    pub from_start: bool,
}
