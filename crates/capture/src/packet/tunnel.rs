//! Tunnels in IP and UDP. A tunnel is opened only when what is inside begins as it should;
//! otherwise the outer packet counts as itself.

use super::encapsulation::Wrap;
use super::wireless::Form;
use super::{Layer, Walk};

/// IP in IP (RFC 2003, 4213), GRE, EtherIP-like protocols.
pub(super) fn in_ip(walk: &mut Walk<'_>, proto: u8) -> Option<Layer> {
    match (proto, walk.rest.first()? >> 4) {
        (4, 4) => wrapped(walk, Wrap::Ipip, 0, Layer::Ipv4),
        (41, 6) => wrapped(walk, Wrap::SixInFour, 0, Layer::Ipv6),
        (47, _) => gre(walk),
        // EtherIP (RFC 3378): version 3 and reserved bits, then Ethernet.
        (97, 3) => wrapped(walk, Wrap::EtherIp, 2, Layer::Ethernet),
        (137, _) => {
            walk.skip(0).ok()?;
            Some(Layer::Mpls)
        }
        _ => None,
    }
}

fn wrapped(walk: &mut Walk<'_>, wrap: Wrap, header: usize, inner: Layer) -> Option<Layer> {
    walk.skip(header).ok()?;
    walk.encapsulation.push(wrap);
    Some(inner)
}

/// GRE (RFC 2784, 2890), version 1 for PPTP (RFC 2637), ERSPAN I to III inside.
fn gre(walk: &mut Walk<'_>) -> Option<Layer> {
    let [f0, f1, p0, p1, after @ ..] = walk.rest else {
        return None;
    };
    let (flags, protocol) = (
        u16::from_be_bytes([*f0, *f1]),
        u16::from_be_bytes([*p0, *p1]),
    );
    let version = flags & 7;
    let has = |bit: u16| usize::from(flags & bit != 0);
    let mut header = 4 + 4 * has(0x2000) + 4 * has(0x1000);
    header += if version == 1 {
        4 * has(0x0080)
    } else {
        4 * usize::from(flags & 0xc000 != 0)
    };
    // Source routes (RFC 1701) are long gone from networks.
    if flags & 0x4000 != 0 || version > 1 {
        return None;
    }
    let sequence = flags & 0x1000 != 0;
    match protocol {
        0x0800 => wrapped(walk, Wrap::Gre, header, Layer::Ipv4),
        0x86dd => wrapped(walk, Wrap::Gre, header, Layer::Ipv6),
        0x8847 | 0x8848 => wrapped(walk, Wrap::Gre, header, Layer::Mpls),
        0x880b if version == 1 && after.len() > 4 => wrapped(walk, Wrap::Gre, header, Layer::Ppp),
        0x880b => wrapped(walk, Wrap::Gre, header, Layer::Ppp),
        0x6558 => wrapped(walk, Wrap::Gre, header, Layer::Ethernet),
        // ERSPAN type I has neither sequence number nor header, II has 8 bytes, III 12 or 20.
        0x88be if sequence => wrapped(walk, Wrap::Erspan, header + 8, Layer::Ethernet),
        0x88be => wrapped(walk, Wrap::Erspan, header, Layer::Ethernet),
        0x22eb => {
            let extra = if walk.rest.get(header + 11)? & 1 == 1 {
                20
            } else {
                12
            };
            wrapped(walk, Wrap::Erspan, header + extra, Layer::Ethernet)
        }
        // MikroTik's Ethernet over IP: a frame length and a tunnel id.
        0x6400 if version == 1 => wrapped(walk, Wrap::Eoip, 8, Layer::Ethernet),
        0x8100 | 0x88a8 => wrapped(walk, Wrap::Gre, header, Layer::EtherType(protocol)),
        _ => None,
    }
}

/// True when a UDP datagram's ports are a tunnel's.
#[inline(always)]
pub(super) fn may_be_in_udp(datagram: &[u8]) -> bool {
    let [s0, s1, d0, d1, ..] = datagram else {
        return false;
    };
    is_tunnel(u16::from_be_bytes([*d0, *d1])) || is_tunnel(u16::from_be_bytes([*s0, *s1]))
}

/// Tunnels known by their UDP port.
#[inline(always)]
pub(super) fn in_udp(walk: &mut Walk<'_>) -> Option<Layer> {
    if !may_be_in_udp(walk.rest) {
        return None;
    }
    let [s0, s1, d0, d1, ..] = walk.rest else {
        return None;
    };
    open_udp(
        walk,
        u16::from_be_bytes([*s0, *s1]),
        u16::from_be_bytes([*d0, *d1]),
    )
}

#[inline(always)]
fn is_tunnel(port: u16) -> bool {
    matches!(
        port,
        1701 | 2152 | 3544 | 4341 | 4789 | 4790 | 5247 | 6081 | 6635 | 8472 | 37008
    )
}

#[cold]
fn open_udp(walk: &mut Walk<'_>, src: u16, dst: u16) -> Option<Layer> {
    let payload = walk.rest.get(8..)?;
    let either = |port: u16| src == port || dst == port;
    match dst {
        4341 => lisp(walk, payload),
        4789 | 8472 => vxlan(walk, payload),
        4790 => vxlan_gpe(walk, payload),
        37008 => tzsp(walk, payload),
        6081 => geneve(walk, payload),
        6635 => wrapped(walk, Wrap::Mpls, 8, Layer::Mpls),
        _ if either(5247) => capwap(walk, payload),
        _ if either(2152) => gtpu(walk, payload),
        _ if either(3544) => teredo(walk, payload),
        _ if either(1701) => l2tp(walk, payload),
        _ => None,
    }
}

/// VXLAN (RFC 7348): the I flag, then Ethernet. Reserved bytes are not zero in the wild.
fn vxlan(walk: &mut Walk<'_>, payload: &[u8]) -> Option<Layer> {
    if payload.first()? & 0x08 == 0 && !plausible_frame(payload.get(8..)?) {
        return None;
    }
    wrapped(walk, Wrap::Vxlan, 16, Layer::Ethernet)
}

/// True when an Ethernet frame with IP seems to begin here.
fn plausible_frame(bytes: &[u8]) -> bool {
    matches!(
        bytes.get(12..15),
        Some([0x08, 0x00, 0x45..=0x4f] | [0x86, 0xdd, 0x60..=0x6f])
    )
}

/// VXLAN-GPE: version 0 with the P flag, then what follows.
fn vxlan_gpe(walk: &mut Walk<'_>, payload: &[u8]) -> Option<Layer> {
    let [flags, 0, 0, next, _, _, _, _, inner, ..] = payload else {
        return None;
    };
    let layer = match (flags & 0x3c, next, inner >> 4) {
        (0x0c, 1, 4) => Layer::Ipv4,
        (0x0c, 2, 6) => Layer::Ipv6,
        (0x0c, 3, _) => Layer::Ethernet,
        (0x0c, 4, _) => Layer::EtherType(0x894f),
        _ => return None,
    };
    wrapped(walk, Wrap::Vxlan, 16, layer)
}

/// LISP's data (RFC 9300): 8 bytes, then IP.
fn lisp(walk: &mut Walk<'_>, payload: &[u8]) -> Option<Layer> {
    wrapped(walk, Wrap::Lisp, 16, plausible_ip(payload.get(8..)?)?)
}

/// IP, if a whole packet's header seems to begin here.
fn plausible_ip(bytes: &[u8]) -> Option<Layer> {
    match bytes {
        [0x45..=0x4f, _, a, b, ..] if u16::from_be_bytes([*a, *b]) >= 20 => Some(Layer::Ipv4),
        [0x60..=0x6f, _, _, _, _, _, 0..=137, ..] if bytes.len() >= 40 => Some(Layer::Ipv6),
        _ => None,
    }
}

/// TZSP, by which access points and routers send what they capture: tags up to their end, then the frame.
fn tzsp(walk: &mut Walk<'_>, payload: &[u8]) -> Option<Layer> {
    let [1, 0 | 1, p0, p1, tags @ ..] = payload else {
        return None;
    };
    let mut rest = tags;
    loop {
        match rest {
            [0, after @ ..] => rest = after,
            [1, after @ ..] => {
                rest = after;
                break;
            }
            [_, length, after @ ..] => rest = after.get(usize::from(*length)..)?,
            _ => return None,
        }
    }
    let header = 8 + payload.len() - rest.len();
    match u16::from_be_bytes([*p0, *p1]) {
        1 => wrapped(walk, Wrap::Tzsp, header, Layer::Ethernet),
        18 => wrapped(walk, Wrap::Tzsp, header, Layer::Wireless(Form::Plain)),
        _ => None,
    }
}

/// CAPWAP's data (RFC 5415), by which access points hand frames to their controller: not under DTLS, not in fragments.
fn capwap(walk: &mut Walk<'_>, payload: &[u8]) -> Option<Layer> {
    let [0, a, b, c, ..] = payload else {
        return None;
    };
    let bits = u32::from_be_bytes([0, *a, *b, *c]);
    let header = usize::from((bits >> 19 & 0x1f) as u8) * 4;
    let (is_native, is_piece, is_alive) = (bits & 0x100 != 0, bits & 0x80 != 0, bits & 0x08 != 0);
    let is_wireless = bits >> 9 & 0x1f == 1;
    if header < 8 || is_piece || is_alive || payload.len() <= header {
        return None;
    }
    match (is_native, is_wireless) {
        (false, _) => wrapped(walk, Wrap::Capwap, 8 + header, Layer::Ethernet),
        (true, true) => {
            let form = match payload.get(header..)? {
                [control, flags, ..] if control & 0x0f != 8 && flags & 0x0f == 8 => Form::Swapped,
                _ => Form::Plain,
            };
            wrapped(walk, Wrap::Capwap, 8 + header, Layer::Wireless(form))
        }
        _ => None,
    }
}

/// Geneve (RFC 8926): option length in 4 bytes, protocol type.
fn geneve(walk: &mut Walk<'_>, payload: &[u8]) -> Option<Layer> {
    let [first, _, p0, p1, _, _, _, 0, ..] = payload else {
        return None;
    };
    if first >> 6 != 0 {
        return None;
    }
    let header = 16 + usize::from(first & 0x3f) * 4;
    let inner = match u16::from_be_bytes([*p0, *p1]) {
        0x6558 => Layer::Ethernet,
        kind @ (0x0800 | 0x86dd) => Layer::EtherType(kind),
        _ => return None,
    };
    wrapped(walk, Wrap::Geneve, header, inner)
}

/// GTP-U version 1 (TS 29.281): G-PDU messages only, with optional fields and extension headers.
fn gtpu(walk: &mut Walk<'_>, payload: &[u8]) -> Option<Layer> {
    let [flags, 0xff, ..] = payload else {
        return None;
    };
    if flags >> 4 != 3 {
        return None;
    }
    let mut header = 8;
    if flags & 7 != 0 {
        let mut next = *payload.get(11)?;
        header = 12;
        // Extension headers: length in 4 bytes first, the next type last.
        while next != 0 && flags & 4 != 0 {
            let len = usize::from(*payload.get(header)?) * 4;
            if len == 0 {
                return None;
            }
            header += len;
            next = *payload.get(header - 1)?;
        }
    }
    match payload.get(header)? >> 4 {
        4 => wrapped(walk, Wrap::Gtpu, 8 + header, Layer::Ipv4),
        6 => wrapped(walk, Wrap::Gtpu, 8 + header, Layer::Ipv6),
        _ => None,
    }
}

/// Teredo (RFC 4380): authentication (0x0001) and origin (0x0000) indications, then IPv6.
fn teredo(walk: &mut Walk<'_>, payload: &[u8]) -> Option<Layer> {
    let mut at = 0;
    if let [0, 1, id, auth, ..] = payload {
        at = 13 + usize::from(*id) + usize::from(*auth);
    }
    if payload.get(at..at + 2)? == [0, 0] {
        at += 8;
    }
    let inner = payload.get(at..)?;
    let len = usize::from(u16::from_be_bytes([*inner.get(4)?, *inner.get(5)?]));
    if inner.first()? >> 4 != 6 || (walk.wire as usize) < 8 + at + 40 + len {
        return None;
    }
    wrapped(walk, Wrap::Teredo, 8 + at, Layer::Ipv6)
}

/// L2TP version 2 data messages (RFC 2661, section 3.1) carry PPP.
fn l2tp(walk: &mut Walk<'_>, payload: &[u8]) -> Option<Layer> {
    let [f0, f1, ..] = payload else { return None };
    let flags = u16::from_be_bytes([*f0, *f1]);
    if flags & 0x8000 != 0 || flags & 0x0f != 2 {
        return None;
    }
    let has = |bit: u16| usize::from(flags & bit != 0);
    let mut header = 6 + 2 * has(0x4000) + 4 * has(0x0800);
    if flags & 0x0200 != 0 {
        let pad = payload.get(header..header + 2)?;
        header += 2 + usize::from(u16::from_be_bytes([*pad.first()?, *pad.last()?]));
    }
    payload.get(header)?;
    wrapped(walk, Wrap::L2tp, 8 + header, Layer::Ppp)
}
