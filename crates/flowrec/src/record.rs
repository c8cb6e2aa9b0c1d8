//! What one flow record says, whatever told it.

use std::net::{IpAddr, Ipv4Addr};

/// What a record was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// NetFlow version 5.
    NetflowV5,
    /// NetFlow version 9, RFC 3954.
    NetflowV9,
    /// IPFIX, RFC 7011.
    Ipfix,
    /// A sampled packet in IPFIX or NetFlow v9 (PSAMP, RFC 5476).
    Psamp,
    /// sFlow version 5.
    SflowV5,
    /// A file of nfdump's.
    Nfcapd,
}

impl Format {
    /// Its name in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::NetflowV5 => "netflow-v5",
            Self::NetflowV9 => "netflow-v9",
            Self::Ipfix => "ipfix",
            Self::Psamp => "psamp",
            Self::SflowV5 => "sflow-v5",
            Self::Nfcapd => "nfcapd",
        }
    }
}

/// On which side of the observation point a flow was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Coming in.
    Ingress,
    /// Going out.
    Egress,
}

impl Direction {
    /// Its name in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// What a firewall reports, where the record is no ordinary one (IPFIX information element 233).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The flow began; its counters come later.
    Create,
    /// The flow ended.
    Delete,
    /// The flow was refused.
    Denied,
    /// An alert.
    Alert,
    /// The flow goes on.
    Update,
}

impl Event {
    /// Its name in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Denied => "denied",
            Self::Alert => "alert",
            Self::Update => "update",
        }
    }

    /// By its number in `firewallEvent`.
    #[must_use]
    pub fn numbered(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Create),
            2 => Some(Self::Delete),
            3 => Some(Self::Denied),
            4 => Some(Self::Alert),
            5 => Some(Self::Update),
            _ => None,
        }
    }
}

/// Why the record was closed (IPFIX information element 136).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// No packet for some time.
    Idle,
    /// Reported while the flow goes on.
    Active,
    /// FIN, RST or the like.
    End,
    /// The exporter was told to.
    Forced,
    /// The exporter ran out of room.
    Resources,
}

impl Ended {
    /// Its name in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Active => "active",
            Self::End => "end",
            Self::Forced => "forced",
            Self::Resources => "resources",
        }
    }

    /// By its number in `flowEndReason`.
    #[must_use]
    pub fn numbered(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Idle),
            2 => Some(Self::Active),
            3 => Some(Self::End),
            4 => Some(Self::Forced),
            5 => Some(Self::Resources),
            _ => None,
        }
    }
}

/// One flow record. What was not told is `None`, or zero where zero is never told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRecord {
    /// What it was read from.
    pub format: Format,
    /// Who exported it.
    pub exporter: Option<IpAddr>,
    /// Observation domain, source id, engine or sub-agent.
    pub observation_domain: Option<u32>,
    /// Sequence number of its datagram.
    pub sequence: Option<u32>,
    /// Time of the first packet, microseconds since the epoch.
    pub start_us: i64,
    /// Time of the last packet.
    pub end_us: i64,
    /// Sender.
    pub src_addr: IpAddr,
    /// Receiver.
    pub dst_addr: IpAddr,
    /// Sender's port; 0 where there is none.
    pub src_port: u16,
    /// Receiver's port; 0 where there is none.
    pub dst_port: u16,
    /// IP protocol number.
    pub proto: u8,
    /// Type and code.
    pub icmp: Option<(u8, u8)>,
    /// TCP flags, or-ed.
    pub tcp_flags: Option<u8>,
    /// Packets as reported.
    pub packets: Option<u64>,
    /// IP bytes as reported.
    pub bytes: Option<u64>,
    /// Packets of the other direction.
    pub reverse_packets: Option<u64>,
    /// Bytes of the other direction.
    pub reverse_bytes: Option<u64>,
    /// TCP flags of the other direction.
    pub reverse_tcp_flags: Option<u8>,
    /// One packet in so many was looked at; 1 when unsampled or not told.
    pub sampling: u32,
    /// Interface that the packets came in by.
    pub input_if: Option<u32>,
    /// Interface that they left by.
    pub output_if: Option<u32>,
    /// Next router.
    pub next_hop: Option<IpAddr>,
    /// Type of service, or traffic class.
    pub tos: Option<u8>,
    /// Autonomous system of the source.
    pub src_as: Option<u32>,
    /// Autonomous system of the destination.
    pub dst_as: Option<u32>,
    /// VLAN of the source.
    pub vlan: Option<u16>,
    /// Where it was seen.
    pub direction: Option<Direction>,
    /// What a firewall reports.
    pub event: Option<Event>,
    /// Why the record was closed.
    pub ended: Option<Ended>,
}

impl FlowRecord {
    /// A record of which nothing is known yet.
    #[must_use]
    pub fn of(format: Format) -> Self {
        Self {
            format,
            exporter: None,
            observation_domain: None,
            sequence: None,
            start_us: 0,
            end_us: 0,
            src_addr: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            dst_addr: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            src_port: 0,
            dst_port: 0,
            proto: 0,
            icmp: None,
            tcp_flags: None,
            packets: None,
            bytes: None,
            reverse_packets: None,
            reverse_bytes: None,
            reverse_tcp_flags: None,
            sampling: 1,
            input_if: None,
            output_if: None,
            next_hop: None,
            tos: None,
            src_as: None,
            dst_as: None,
            vlan: None,
            direction: None,
            event: None,
            ended: None,
        }
    }
}
