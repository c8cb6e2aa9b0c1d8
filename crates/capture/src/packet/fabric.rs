//! Tags that switches put before the packet on its way through their fabric.

use super::encapsulation::Wrap;
use super::{Layer, Undecoded, Walk};

/// What stands behind a tag of this EtherType.
pub(super) fn tagged(walk: &mut Walk<'_>, kind: u16) -> Result<Layer, Undecoded> {
    match kind {
        // Provider backbone bridging (IEEE 802.1ah): a service tag, then the customer's frame.
        0x88e7 => {
            walk.take::<4>()?;
            walk.encapsulation.push(Wrap::Pbb);
            Ok(Layer::Ethernet)
        }
        // Cisco MetaData: 8 bytes of security group tag, then the EtherType.
        0x8909 => behind::<8>(walk, None),
        0x8926 => behind::<6>(walk, Some(Wrap::Vntag)),
        0x893f => behind::<8>(walk, Some(Wrap::Etag)),
        // High-availability Seamless Redundancy (IEC 62439-3).
        0x892f => behind::<6>(walk, Some(Wrap::Hsr)),
        0x894f => nsh(walk),
        0x8903 => {
            walk.take::<2>()?;
            walk.encapsulation.push(Wrap::FabricPath);
            Ok(Layer::Ethernet)
        }
        // TRILL (RFC 6325): options are counted in words of four bytes.
        0x22f3 => {
            let [a, b, ..] = walk.take::<6>()?;
            walk.skip(usize::from(u16::from_be_bytes([*a, *b]) >> 6 & 0x1f) * 4)?;
            walk.encapsulation.push(Wrap::Trill);
            Ok(Layer::Ethernet)
        }
        0x88e5 => macsec(walk),
        _ => Err(Undecoded::NotIp),
    }
}

/// A tag of `N` bytes that ends in the EtherType of what follows.
fn behind<const N: usize>(walk: &mut Walk<'_>, wrap: Option<Wrap>) -> Result<Layer, Undecoded> {
    let (_, kind) = walk
        .take::<N>()?
        .split_last_chunk::<2>()
        .ok_or(Undecoded::Cut)?;
    if let Some(wrap) = wrap {
        walk.encapsulation.push(wrap);
    }
    Ok(Layer::EtherType(u16::from_be_bytes(*kind)))
}

/// Network Service Header (RFC 8300): its length in words of four bytes, and what follows.
fn nsh(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let [first, second, _, next, ..] = walk.rest.first_chunk::<8>().ok_or(Undecoded::Cut)?;
    let layer = match (first >> 6, next) {
        (0, 1) => Layer::Ipv4,
        (0, 2) => Layer::Ipv6,
        (0, 3) => Layer::Ethernet,
        (0, 5) => Layer::Mpls,
        _ => return Err(Undecoded::NotIp),
    };
    walk.skip(usize::from(second & 0x3f).max(2) * 4)?;
    walk.encapsulation.push(Wrap::Nsh);
    Ok(layer)
}

/// MACsec (IEEE 802.1AE): open when only the frame's integrity is protected.
fn macsec(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let control = walk.rest.first().ok_or(Undecoded::Cut)?;
    if control & 0x0c != 0 {
        return Err(Undecoded::EncryptedLink);
    }
    if control & 0x20 != 0 {
        behind::<16>(walk, Some(Wrap::Macsec))
    } else {
        behind::<8>(walk, Some(Wrap::Macsec))
    }
}
