//! Packets that gave no flow, by reason.

/// Why a packet belongs to no flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Undecoded {
    /// A link type that is not known here.
    UnknownLink,
    /// The captured bytes end inside a link, tunnel or IP header.
    Cut,
    /// ARP or RARP.
    Arp,
    /// IEEE 802.3 with LLC: spanning tree, CDP, IS-IS, NetBEUI.
    Llc,
    /// LLDP, 802.1X, LACP, management of IEEE 802.11 and other link control.
    LinkControl,
    /// PPP negotiation and keep-alive.
    PppControl,
    /// Encrypted below IP: IEEE 802.11 protected frames, MACsec.
    EncryptedLink,
    /// A fragment of an IEEE 802.11 frame, or several packets in one (A-MSDU).
    WirelessPieces,
    /// A frame whose check failed, as the capturing system says.
    BadFrameCheck,
    /// An Ethernet or PPP payload that is not IP.
    NotIp,
    /// An IPv4 header that contradicts itself.
    BadIpv4,
    /// An IPv6 header or extension chain that contradicts itself.
    BadIpv6,
    /// More headers in each other than are opened.
    TooDeep,
    /// A fragment of a datagram of which the first piece never came.
    FragmentLost,
    /// A transport header that contradicts itself or is cut off.
    BadTransport,
}

/// All reasons, in the order of their counters.
const ALL: [Undecoded; 15] = [
    Undecoded::UnknownLink,
    Undecoded::Cut,
    Undecoded::Arp,
    Undecoded::Llc,
    Undecoded::LinkControl,
    Undecoded::PppControl,
    Undecoded::EncryptedLink,
    Undecoded::WirelessPieces,
    Undecoded::BadFrameCheck,
    Undecoded::NotIp,
    Undecoded::BadIpv4,
    Undecoded::BadIpv6,
    Undecoded::TooDeep,
    Undecoded::FragmentLost,
    Undecoded::BadTransport,
];

impl Undecoded {
    /// The slug used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::UnknownLink => "unknown-link-type",
            Self::Cut => "cut-in-header",
            Self::Arp => "arp",
            Self::Llc => "llc",
            Self::LinkControl => "link-control",
            Self::PppControl => "ppp-control",
            Self::EncryptedLink => "encrypted-link",
            Self::WirelessPieces => "wireless-pieces",
            Self::BadFrameCheck => "bad-frame-check",
            Self::NotIp => "not-ip",
            Self::BadIpv4 => "bad-ipv4",
            Self::BadIpv6 => "bad-ipv6",
            Self::TooDeep => "nested-too-deep",
            Self::FragmentLost => "fragment-without-first",
            Self::BadTransport => "bad-transport",
        }
    }
}

/// Packets per reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndecodedCounts([u64; ALL.len()]);

impl UndecodedCounts {
    pub(crate) fn add(&mut self, reason: Undecoded, packets: u64) {
        if let Some(count) = self.0.get_mut(reason as usize) {
            *count += packets;
        }
    }

    /// The reasons that occurred, with their number of packets.
    pub fn iter(&self) -> impl Iterator<Item = (Undecoded, u64)> {
        ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// All packets that gave no flow.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}
