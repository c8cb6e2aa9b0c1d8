//! From a frame to the innermost transport segment: header views over borrowed bytes.
//!
//! Own views instead of a packet library: the aim is some 30 ns a packet, and a snap-length cut
//! must give what is there.

mod capture_header;
mod encapsulation;
mod fabric;
mod fragment;
mod ip;
mod link;
mod transport;
mod tunnel;
mod undecoded;
mod wireless;

pub(crate) use encapsulation::Encapsulation;
pub(crate) use fragment::{Fragments, Whole};
pub(crate) use transport::{ACK, FIN, RST, SYN, Tcp, tcp, udp};
pub use undecoded::{Undecoded, UndecodedCounts};

use crate::file::LinkType;

/// Headers opened in one packet; a deeper nest is [`Undecoded::TooDeep`].
const MAX_LAYERS: usize = 24;

/// An address as two big-endian words; IPv4 stands in the low half of the second.
pub(crate) type Addr = [u64; 2];

/// An IP packet's ends, as far as one packet tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ends {
    pub src: Addr,
    pub dst: Addr,
    pub is_v6: bool,
    pub proto: u8,
}

/// Which piece of a datagram an IP packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub id: u32,
    /// Offset of its first byte in the datagram.
    pub offset: u32,
    pub more: bool,
}

/// The innermost IP packet of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner<'a> {
    pub ends: Ends,
    /// Captured bytes after the IP header, without padding.
    pub payload: &'a [u8],
    /// Length of the same on the wire.
    pub payload_len: u32,
    /// Length of the IP packet, header included.
    pub ip_len: u32,
    pub vlan: Option<u16>,
    pub encapsulation: Encapsulation,
    pub piece: Option<Piece>,
}

/// What stands at the current position.
#[derive(Clone, Copy, Debug)]
enum Layer {
    Ethernet,
    EtherType(u16),
    Ip,
    Ipv4,
    Ipv6,
    Ppp,
    PppProtocol(u16),
    Mpls,
    /// IEEE 802.11 without a capturing system's header.
    Wireless(wireless::Form),
    /// The payload of this IP protocol: the end, unless it is a tunnel.
    Transport(Ends),
}

/// The walk through the headers.
struct Walk<'a> {
    rest: &'a [u8],
    /// Length of `rest` on the wire, padding included.
    wire: u32,
    ip_len: u32,
    vlan: Option<u16>,
    encapsulation: Encapsulation,
    piece: Option<Piece>,
}

impl<'a> Walk<'a> {
    fn new(rest: &'a [u8], wire: u32) -> Self {
        Self {
            rest,
            wire,
            ip_len: 0,
            vlan: None,
            encapsulation: Encapsulation::default(),
            piece: None,
        }
    }

    /// Takes a header of `N` bytes.
    #[inline(always)]
    fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], Undecoded> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(Undecoded::Cut)?;
        self.rest = rest;
        self.wire = self.wire.saturating_sub(N as u32);
        Ok(head)
    }

    /// Passes over `count` bytes.
    fn skip(&mut self, count: usize) -> Result<(), Undecoded> {
        self.rest = self.rest.get(count..).ok_or(Undecoded::Cut)?;
        self.wire = self
            .wire
            .saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        Ok(())
    }

    /// Cuts off what lies behind `len` bytes on the wire (padding, trailers).
    #[inline(always)]
    fn limit(&mut self, len: u32) {
        self.wire = len;
        if let Some(rest) = self.rest.get(..len as usize) {
            self.rest = rest;
        }
    }

    fn run(mut self, mut layer: Layer) -> Result<Inner<'a>, Undecoded> {
        for _ in 0..MAX_LAYERS {
            layer = match layer {
                Layer::Ethernet => link::ethernet(&mut self)?,
                Layer::EtherType(kind) => link::ether_type(&mut self, kind)?,
                Layer::Ip => ip::version(&self)?,
                Layer::Ipv4 => ip::v4(&mut self)?,
                Layer::Ipv6 => ip::v6(&mut self)?,
                Layer::Ppp => link::ppp(&mut self)?,
                Layer::PppProtocol(protocol) => link::ppp_protocol(protocol)?,
                Layer::Mpls => link::mpls(&mut self)?,
                Layer::Wireless(form) => wireless::frame(&mut self, form)?,
                Layer::Transport(ends) => match self.tunnelled(ends) {
                    Some(inner) => inner,
                    None => return Ok(self.inner(ends)),
                },
            };
        }
        Err(Undecoded::TooDeep)
    }

    /// The first inner layer, if this payload is a tunnel that can be opened.
    #[inline(always)]
    fn tunnelled(&mut self, ends: Ends) -> Option<Layer> {
        match ends.proto {
            _ if self.piece.is_some() => None,
            6 | 1 | 58 => None,
            17 => tunnel::in_udp(self),
            4 | 41 | 47 | 97 | 137 => tunnel::in_ip(self, ends.proto),
            _ => None,
        }
    }

    #[inline(always)]
    fn inner(self, ends: Ends) -> Inner<'a> {
        Inner {
            ends,
            payload: self.rest,
            payload_len: self.wire,
            ip_len: self.ip_len,
            vlan: self.vlan,
            encapsulation: self.encapsulation,
            piece: self.piece,
        }
    }
}

/// The IP packet of an Ethernet frame with nothing unusual between frame and TCP or UDP. What
/// this does not know, [`decode`] does; what both know, they read alike.
#[inline(always)]
pub(crate) fn common(data: &[u8], wire_len: u32) -> Option<Inner<'_>> {
    let (link, rest) = data.split_first_chunk::<14>()?;
    let wire = wire_len.checked_sub(14)?;
    let (ends, payload, ip_len, payload_len) = match [link[12], link[13]] {
        [0x08, 0x00] => ip::plain_v4(rest, wire)?,
        [0x86, 0xdd] => ip::plain_v6(rest, wire)?,
        _ => return None,
    };
    if ends.proto == 17 && tunnel::may_be_in_udp(payload) {
        return None;
    }
    let payload = payload.get(..payload_len as usize).unwrap_or(payload);
    let encapsulation = Encapsulation::default();
    Some(Inner {
        ends,
        payload,
        payload_len,
        ip_len,
        vlan: None,
        encapsulation,
        piece: None,
    })
}

/// The innermost IP packet of a captured frame.
#[inline]
pub(crate) fn decode(link: LinkType, data: &[u8], wire_len: u32) -> Result<Inner<'_>, Undecoded> {
    let mut walk = Walk::new(data, wire_len);
    let first = if link.0 == 1 {
        Layer::Ethernet
    } else {
        link::first(&mut walk, link)?
    };
    walk.run(first)
}

/// The outermost IP packet of a captured frame, for link types whose headers are not fixed.
#[cold]
pub(crate) fn outermost(link: LinkType, data: &[u8]) -> Option<&[u8]> {
    let mut walk = Walk::new(data, u32::try_from(data.len()).ok()?);
    let mut layer = link::first(&mut walk, link).ok()?;
    for _ in 0..MAX_LAYERS {
        layer = match layer {
            Layer::Ip | Layer::Ipv4 | Layer::Ipv6 => return Some(walk.rest),
            Layer::Ethernet => link::ethernet(&mut walk),
            Layer::EtherType(kind) => link::ether_type(&mut walk, kind),
            Layer::Ppp => link::ppp(&mut walk),
            Layer::PppProtocol(protocol) => link::ppp_protocol(protocol),
            Layer::Mpls => link::mpls(&mut walk),
            Layer::Wireless(form) => wireless::frame(&mut walk, form),
            Layer::Transport(_) => return None,
        }
        .ok()?;
    }
    None
}

/// The innermost IP packet of a reassembled datagram, which may itself be a tunnel.
pub(crate) fn decode_whole<'a>(
    ends: Ends,
    payload: &'a [u8],
    payload_len: u32,
    ip_len: u32,
    outer: (Option<u16>, Encapsulation),
) -> Result<Inner<'a>, Undecoded> {
    let mut walk = Walk::new(payload, payload_len);
    walk.ip_len = ip_len;
    (walk.vlan, walk.encapsulation) = outer;
    walk.run(Layer::Transport(ends))
}
