//! Who talks to whom in one packet, without a flow table: for whoever picks packets by their ends.

use crate::facts::Endpoints;
use crate::file::Packet;
use crate::flow::Key;
use crate::packet::{self, Inner};

/// The innermost ends of a packet, sender and receiver in numerical order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conversation {
    /// Both ends, the numerically lower first; ports are 0 where `is_fragment`, and for protocols without.
    pub ends: Endpoints,
    /// True for a piece of a fragmented datagram, whose ports only its first piece has.
    pub is_fragment: bool,
}

impl Conversation {
    /// The conversation of a packet; `None` for what gives no flow.
    #[must_use]
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let inner = packet::decode(packet.link, packet.data, packet.wire_len).ok()?;
        let is_fragment = inner.piece.is_some();
        let (src, dst) = if is_fragment { (0, 0) } else { ports(&inner)? };
        let (key, _) = Key::new(&inner.ends, src, dst);
        let ((orig_addr, orig_port), (resp_addr, resp_port)) = (key.low(), key.high());
        let ends = Endpoints {
            orig_addr,
            orig_port,
            resp_addr,
            resp_port,
            proto: key.proto(),
        };
        Some(Self { ends, is_fragment })
    }
}

fn ports(inner: &Inner<'_>) -> Option<(u16, u16)> {
    match inner.ends.proto {
        6 => packet::tcp(inner.payload, inner.payload_len).map(|tcp| (tcp.src, tcp.dst)),
        17 => packet::udp(inner.payload, inner.payload_len).map(|(src, dst, ..)| (src, dst)),
        _ => Some((0, 0)),
    }
}
