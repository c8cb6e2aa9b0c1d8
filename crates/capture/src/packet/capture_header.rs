//! What a capturing system writes before a packet's own link header.

use super::{Undecoded, Walk};
use crate::file::LinkType;

const ETHERNET: LinkType = LinkType(1);
const PPP: LinkType = LinkType(9);
const RAW_IP: LinkType = LinkType(101);
/// Longest header of this kind that is believed.
const MAX_HEADER: u32 = 4096;

/// Headers of one length: link type, its header's bytes, the link type of what stands behind it.
const FIXED: [(u32, usize, LinkType); 7] = [
    // OpenBSD: flags and security parameters of an IPsec tunnel.
    (109, 12, RAW_IP),
    // A byte for the direction.
    (204, 1, PPP),
    (205, 1, LinkType(104)),
    (206, 1, LinkType(107)),
    // Hilscher's netANALYZER, also with preamble; IEEE 802.3br's preamble.
    (240, 4, ETHERNET),
    (241, 12, ETHERNET),
    (274, 8, ETHERNET),
];

/// Passes over such a header; the link type of what stands behind it, or none when this link type has no such header.
///
/// One header only: what a header names as the next type is read as a plain link type.
pub(super) fn first(walk: &mut Walk<'_>, link: LinkType) -> Result<Option<LinkType>, Undecoded> {
    if let Some((_, length, behind)) = FIXED.iter().find(|(of, ..)| *of == link.0) {
        walk.skip(*length)?;
        return Ok(Some(*behind));
    }
    Ok(Some(match link.0 {
        // OpenBSD: a record of its packet filter.
        117 => {
            let length = walk.rest.first().ok_or(Undecoded::Cut)?;
            walk.skip(usize::from(*length).next_multiple_of(4))?;
            RAW_IP
        }
        119 => prism(walk)?,
        163 => avs(walk)?,
        192 => ppi(walk)?,
        149 | 258 => pktap(walk)?,
        239 => nflog(walk)?,
        // pppd: the direction in place of PPP's address byte, perhaps with the control byte behind.
        166 => {
            walk.take::<1>()?;
            if walk.rest.first() == Some(&3) {
                walk.take::<1>()?;
            }
            PPP
        }
        123 => match walk.take::<4>()? {
            [flags, ..] if flags & 0x0f == 2 => LinkType(100),
            _ => return Err(Undecoded::NotIp),
        },
        _ => return Ok(None),
    }))
}

/// A data link type of libpcap, as these headers name it, as a link type of capture files.
fn named(dlt: u32) -> LinkType {
    match dlt {
        12 | 14 => RAW_IP,
        11 => LinkType(100),
        other => LinkType(other),
    }
}

fn skip(walk: &mut Walk<'_>, length: u32, least: u32) -> Result<(), Undecoded> {
    if !(least..=MAX_HEADER).contains(&length) {
        return Err(Undecoded::NotIp);
    }
    walk.skip(length as usize)
}

/// Prism's monitoring header, or AVS under the same number: the message's code tells which.
fn prism(walk: &mut Walk<'_>) -> Result<LinkType, Undecoded> {
    let [code @ .., l0, l1, l2, l3] = walk.rest.first_chunk::<8>().ok_or(Undecoded::Cut)?;
    if let [0x80, 0x21, 0x10, _] = code {
        return avs(walk);
    }
    // In the capturing host's byte order.
    let length = [*l0, *l1, *l2, *l3];
    let little = u32::from_le_bytes(length);
    let length = if little <= MAX_HEADER {
        little
    } else {
        u32::from_be_bytes(length)
    };
    skip(walk, length, 8)?;
    Ok(LinkType(105))
}

/// AVS: version and length, big-endian.
fn avs(walk: &mut Walk<'_>) -> Result<LinkType, Undecoded> {
    let [_, _, _, _, length @ ..] = walk.rest.first_chunk::<8>().ok_or(Undecoded::Cut)?;
    skip(walk, u32::from_be_bytes(*length), 8)?;
    Ok(LinkType(105))
}

/// Per-Packet Information: version, flags, length, then the data link type, little-endian.
fn ppi(walk: &mut Walk<'_>) -> Result<LinkType, Undecoded> {
    let [_, _, l0, l1, dlt @ ..] = walk.rest.first_chunk::<8>().ok_or(Undecoded::Cut)?;
    skip(walk, u32::from(u16::from_le_bytes([*l0, *l1])), 8)?;
    Ok(named(u32::from_le_bytes(*dlt)))
}

/// Apple's PKTAP: length, type of record (1: a packet), data link type, little-endian.
fn pktap(walk: &mut Walk<'_>) -> Result<LinkType, Undecoded> {
    let [l0, l1, l2, l3, r0, r1, r2, r3, dlt @ ..] =
        walk.rest.first_chunk::<12>().ok_or(Undecoded::Cut)?;
    if u32::from_le_bytes([*r0, *r1, *r2, *r3]) != 1 {
        return Err(Undecoded::LinkControl);
    }
    skip(walk, u32::from_le_bytes([*l0, *l1, *l2, *l3]), 12)?;
    Ok(named(u32::from_le_bytes(*dlt)))
}

/// Netfilter's log: attributes of length, type and value, in the capturing host's byte order; one is the IP packet.
fn nflog(walk: &mut Walk<'_>) -> Result<LinkType, Undecoded> {
    const PAYLOAD: u16 = 9;
    const MAX_ATTRIBUTES: usize = 64;
    let [family, version, ..] = walk.take::<4>()?;
    if *version != 0 || !matches!(family, 2 | 10) {
        return Err(Undecoded::NotIp);
    }
    for _ in 0..MAX_ATTRIBUTES {
        let [l0, l1, t0, t1] = walk.rest.first_chunk::<4>().ok_or(Undecoded::Cut)?;
        let little = (
            u16::from_le_bytes([*l0, *l1]),
            u16::from_le_bytes([*t0, *t1]),
        );
        let big = (
            u16::from_be_bytes([*l0, *l1]),
            u16::from_be_bytes([*t0, *t1]),
        );
        // Types are small numbers, so one byte of them is zero; the top bits of the other are flags of netlink.
        let (length, kind) = if little.1 & 0x3fff < 256 { little } else { big };
        if kind & 0x3fff == PAYLOAD {
            walk.take::<4>()?;
            walk.limit(walk.wire.min(u32::from(length).saturating_sub(4)));
            return Ok(RAW_IP);
        }
        skip(walk, u32::from(length).next_multiple_of(4), 4)?;
    }
    Err(Undecoded::NotIp)
}
