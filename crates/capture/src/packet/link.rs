//! Link headers: what stands before the IP packet.

use super::encapsulation::Wrap;
use super::{Layer, Undecoded, Walk, capture_header, fabric, wireless};
use crate::file::LinkType;

/// The first layer of a link type other than Ethernet.
pub(super) fn first(walk: &mut Walk<'_>, link: LinkType) -> Result<Layer, Undecoded> {
    match capture_header::first(walk, link)? {
        Some(behind) => header(walk, behind),
        None => header(walk, link),
    }
}

/// The first layer behind the link header of this type.
fn header(walk: &mut Walk<'_>, link: LinkType) -> Result<Layer, Undecoded> {
    Ok(match link.0 {
        0 | 108 => loopback(walk)?,
        1 => Layer::Ethernet,
        6 => token_ring(walk)?,
        9 | 50 => Layer::Ppp,
        10 => {
            walk.take::<13>()?;
            llc(walk)?
        }
        // 14 is raw IP on OpenBSD only, 255 is a private number seen with raw IP and Ethernet.
        12 | 14 | 101 | 228 | 229 => Layer::Ip,
        51 => pppoe(walk)?,
        100 => llc(walk)?,
        104 => cisco_hdlc(walk)?,
        105 => Layer::Wireless(wireless::Form::Plain),
        107 => frame_relay(walk)?,
        113 => sll(walk)?,
        122 => {
            walk.take::<16>()?;
            llc(walk)?
        }
        127 => wireless::radiotap(walk)?,
        138 => {
            let [.., a, b] = walk.take::<18>()?;
            Layer::EtherType(u16::from_be_bytes([*a, *b]))
        }
        219 => Layer::Mpls,
        276 => sll2(walk)?,
        u32::MAX => return Err(Undecoded::UnknownLink),
        _ => guess(walk)?,
    })
}

/// A link type without a known header: IP if it stands at the front, else Ethernet if IP follows.
fn guess(walk: &Walk<'_>) -> Result<Layer, Undecoded> {
    let data = walk.rest;
    let is_v4 = matches!(data, [0x45, _, a, b, ..] if (20..=walk.wire).contains(&u32::from(u16::from_be_bytes([*a, *b]))));
    let is_v6 = data.first().is_some_and(|b| b >> 4 == 6) && walk.wire >= 40;
    let ether_type = data.get(12..14);
    match ether_type {
        _ if is_v4 => Ok(Layer::Ipv4),
        Some([0x08, 0x00] | [0x86, 0xdd] | [0x81, 0x00]) => Ok(Layer::Ethernet),
        _ if is_v6 => Ok(Layer::Ipv6),
        _ => Err(Undecoded::UnknownLink),
    }
}

#[inline(always)]
pub(super) fn ethernet(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let [.., a, b] = walk.take::<14>()?;
    Ok(Layer::EtherType(u16::from_be_bytes([*a, *b])))
}

#[inline(always)]
pub(super) fn ether_type(walk: &mut Walk<'_>, kind: u16) -> Result<Layer, Undecoded> {
    match kind {
        0x0800 => Ok(Layer::Ipv4),
        0x86dd => Ok(Layer::Ipv6),
        _ => other_ether_type(walk, kind),
    }
}

fn other_ether_type(walk: &mut Walk<'_>, kind: u16) -> Result<Layer, Undecoded> {
    match kind {
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => vlan(walk, kind),
        0x8847 | 0x8848 => Ok(Layer::Mpls),
        0x8864 => pppoe(walk),
        0x880b => Ok(Layer::Ppp),
        0x6558 => Ok(Layer::Ethernet),
        0x0806 | 0x8035 => Err(Undecoded::Arp),
        0x8863 => Err(Undecoded::PppControl),
        0x88cc | 0x888e | 0x8809 | 0x88a7 | 0x8902 | 0x9000 => Err(Undecoded::LinkControl),
        0..=1500 => llc(walk),
        _ => fabric::tagged(walk, kind),
    }
}

/// IEEE 802.2 LLC; with a SNAP header of a zero organisation, or of Ethernet bridged over IEEE 802.11
/// (0x0000f8), an EtherType follows (RFC 1042).
pub(super) fn llc(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    match walk.rest {
        [0xaa, 0xaa, 3, 0, 0, 0 | 0xf8, a, b, ..] => {
            let kind = u16::from_be_bytes([*a, *b]);
            walk.skip(8)?;
            if kind > 1500 {
                Ok(Layer::EtherType(kind))
            } else {
                Err(Undecoded::Llc)
            }
        }
        [6, 6, 3, ..] => {
            walk.skip(3)?;
            Ok(Layer::Ipv4)
        }
        _ => Err(Undecoded::Llc),
    }
}

fn vlan(walk: &mut Walk<'_>, kind: u16) -> Result<Layer, Undecoded> {
    let [a, b, c, d] = walk.take::<4>()?;
    let id = u16::from_be_bytes([*a, *b]) & 0x0fff;
    // Id 0 is a priority tag only (IEEE 802.1Q).
    if id != 0 {
        walk.vlan = Some(id);
    }
    walk.encapsulation.push(if kind == 0x88a8 {
        Wrap::Qinq
    } else {
        Wrap::Vlan
    });
    Ok(Layer::EtherType(u16::from_be_bytes([*c, *d])))
}

/// MPLS labels (RFC 3032), then IP, or Ethernet with or without a control word (RFC 4448).
pub(super) fn mpls(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    walk.encapsulation.push(Wrap::Mpls);
    loop {
        let [_, _, c, _] = walk.take::<4>()?;
        if c & 1 == 1 {
            break;
        }
    }
    match walk.rest.first().map(|b| b >> 4) {
        Some(4) => Ok(Layer::Ipv4),
        Some(6) => Ok(Layer::Ipv6),
        Some(0) if walk.rest.starts_with(&[0, 0]) => {
            walk.skip(4)?;
            Ok(Layer::Ethernet)
        }
        Some(_) => Ok(Layer::Ethernet),
        None => Err(Undecoded::Cut),
    }
}

/// PPPoE session (RFC 2516): 6 bytes, then PPP.
fn pppoe(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let [_, code, _, _, a, b] = walk.take::<6>()?;
    if *code != 0 {
        return Err(Undecoded::PppControl);
    }
    let len = u32::from(u16::from_be_bytes([*a, *b]));
    if len <= walk.wire {
        walk.limit(len);
    }
    walk.encapsulation.push(Wrap::Pppoe);
    Ok(Layer::Ppp)
}

/// PPP with or without the HDLC-like address and control bytes (RFC 1662), the protocol number
/// perhaps compressed to one byte (RFC 1661, section 6.5).
pub(super) fn ppp(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    if let [0x0f | 0x8f, 0, _, _, ..] = walk.rest {
        return cisco_hdlc(walk);
    }
    if walk.rest.starts_with(&[0xff, 3]) {
        walk.skip(2)?;
    }
    let [first] = *walk.take::<1>()?;
    if first & 1 == 1 {
        return Ok(Layer::PppProtocol(u16::from(first)));
    }
    let [second] = *walk.take::<1>()?;
    Ok(Layer::PppProtocol(u16::from_be_bytes([first, second])))
}

pub(super) fn ppp_protocol(protocol: u16) -> Result<Layer, Undecoded> {
    match protocol {
        0x0021 => Ok(Layer::Ipv4),
        0x0057 => Ok(Layer::Ipv6),
        0x0281 | 0x0283 => Ok(Layer::Mpls),
        0x8000.. => Err(Undecoded::PppControl),
        _ => Err(Undecoded::NotIp),
    }
}

/// Cisco HDLC: address, control, EtherType.
fn cisco_hdlc(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let [_, _, a, b] = walk.take::<4>()?;
    Ok(Layer::EtherType(u16::from_be_bytes([*a, *b])))
}

/// Token Ring (IEEE 802.5): a source route stands behind the addresses when the source's first bit says so.
fn token_ring(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let head = walk.take::<14>()?;
    if head[8] & 0x80 != 0 {
        let route = walk.rest.first().ok_or(Undecoded::Cut)? & 0x1f;
        walk.skip(usize::from(route))?;
    }
    llc(walk)
}

/// Frame Relay: an address of two to four bytes (Q.922), then RFC 2427, or Cisco's EtherType.
pub(super) fn frame_relay(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let extended = walk.rest.iter().take(4).position(|byte| byte & 1 == 1);
    walk.skip(extended.ok_or(Undecoded::Cut)? + 1)?;
    let behind = match walk.rest {
        [3, 0, rest @ ..] => rest,
        [3, rest @ ..] => rest,
        [a, b, ..] => {
            let kind = u16::from_be_bytes([*a, *b]);
            walk.skip(2)?;
            return Ok(Layer::EtherType(kind));
        }
        _ => return Err(Undecoded::Cut),
    };
    let (header, layer) = match behind {
        [0xcc, ..] => (1, Layer::Ipv4),
        [0x8e, ..] => (1, Layer::Ipv6),
        [0xcf, ..] => (1, Layer::Ppp),
        [0x80, 0, 0, 0, a, b, ..] => (6, Layer::EtherType(u16::from_be_bytes([*a, *b]))),
        // Bridged Ethernet, with and without its check.
        [0x80, 0, 0x80, 0xc2, 0, 1 | 7, ..] => (6, Layer::Ethernet),
        _ => return Err(Undecoded::NotIp),
    };
    walk.skip(walk.rest.len() - behind.len() + header)?;
    Ok(layer)
}

/// BSD loopback: an address family in the byte order of the capturing host (OpenBSD: big-endian).
fn loopback(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let family = walk.take::<4>()?;
    let family = match family {
        [0, 0, a, b] => u16::from_be_bytes([*a, *b]),
        [a, b, 0, 0] => u16::from_le_bytes([*a, *b]),
        _ => return Err(Undecoded::NotIp),
    };
    match family {
        2 => Ok(Layer::Ipv4),
        10 | 23 | 24 | 28 | 30 => Ok(Layer::Ipv6),
        _ => Err(Undecoded::NotIp),
    }
}

/// Linux cooked capture: 16 bytes, the protocol last.
fn sll(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let [_, _, h0, h1, .., a, b] = walk.take::<16>()?;
    sll_protocol(u16::from_be_bytes([*h0, *h1]), u16::from_be_bytes([*a, *b]))
}

/// Linux cooked capture, version 2: 20 bytes, the protocol first.
fn sll2(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let [a, b, _, _, _, _, _, _, h0, h1, ..] = walk.take::<20>()?;
    sll_protocol(u16::from_be_bytes([*h0, *h1]), u16::from_be_bytes([*a, *b]))
}

fn sll_protocol(hardware: u16, protocol: u16) -> Result<Layer, Undecoded> {
    match (hardware, protocol) {
        // ARPHRD_PPP with no protocol written, ARPHRD_IPGRE with Ethernet inside
        (512, 0) => Ok(Layer::Ppp),
        (778, 0x6558) => Ok(Layer::Ethernet),
        (_, 4) => Err(Undecoded::Llc),
        _ => Ok(Layer::EtherType(protocol)),
    }
}
