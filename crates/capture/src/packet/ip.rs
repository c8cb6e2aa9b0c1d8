//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers. Checksums are not looked at: offload leaves them
//! wrong in honest captures.

use super::{Addr, Ends, Layer, Piece, Undecoded, Walk};

/// IPv6 extension headers opened in one packet.
const MAX_EXTENSIONS: usize = 12;

pub(super) fn version(walk: &Walk<'_>) -> Result<Layer, Undecoded> {
    match walk.rest.first().map(|b| b >> 4) {
        Some(4) => Ok(Layer::Ipv4),
        Some(6) => Ok(Layer::Ipv6),
        Some(_) => Err(Undecoded::NotIp),
        None => Err(Undecoded::Cut),
    }
}

#[inline(always)]
pub(super) fn v4(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let whole = walk.wire;
    let h = walk.take::<20>()?;
    let header = u32::from(h[0] & 0x0f) * 4;
    let stated = u32::from(u16::from_be_bytes([h[2], h[3]]));
    // Length 0: written before segmentation offload filled it in, so the frame tells.
    let total = if stated == 0 { whole } else { stated };
    if h[0] >> 4 != 4 || header < 20 || total < header {
        return Err(Undecoded::BadIpv4);
    }
    walk.ip_len = total;
    walk.limit(total - 20);
    if header > 20 {
        walk.skip(header as usize - 20)?;
    }
    let flags = u16::from_be_bytes([h[6], h[7]]);
    if flags & 0x3fff != 0 {
        walk.piece = Some(Piece {
            id: u32::from(u16::from_be_bytes([h[4], h[5]])),
            offset: u32::from(flags & 0x1fff) * 8,
            more: flags & 0x2000 != 0,
        });
    }
    let src = [
        0,
        u64::from(u32::from_be_bytes([h[12], h[13], h[14], h[15]])),
    ];
    let dst = [
        0,
        u64::from(u32::from_be_bytes([h[16], h[17], h[18], h[19]])),
    ];
    Ok(Layer::Transport(Ends {
        src,
        dst,
        is_v6: false,
        proto: h[9],
    }))
}

pub(super) fn v6(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let h = walk.take::<40>()?;
    if h[0] >> 4 != 6 {
        return Err(Undecoded::BadIpv6);
    }
    let [_, _, _, _, l0, l1, next, _, addresses @ ..] = h;
    let stated = u32::from(u16::from_be_bytes([*l0, *l1]));
    // Length 0 is a jumbogram (RFC 2675) or offload: the frame tells.
    if stated != 0 || *next == 59 {
        walk.limit(stated);
    }
    walk.ip_len = 40 + walk.wire;
    let (src, dst) = addresses.split_at(16);
    let mut ends = Ends {
        src: addr(src),
        dst: addr(dst),
        is_v6: true,
        proto: *next,
    };
    extensions(walk, &mut ends)?;
    Ok(Layer::Transport(ends))
}

fn addr(bytes: &[u8]) -> Addr {
    let word = |at: usize| {
        bytes
            .get(at..)
            .and_then(|b| b.first_chunk::<8>())
            .map_or(0, |b| u64::from_be_bytes(*b))
    };
    [word(0), word(8)]
}

/// Passes over extension headers up to the transport, or to the payload of a later fragment.
fn extensions(walk: &mut Walk<'_>, ends: &mut Ends) -> Result<(), Undecoded> {
    for _ in 0..MAX_EXTENSIONS {
        match ends.proto {
            // Hop-by-hop, routing, destination options, mobility, HIP, Shim6: length in 8 bytes
            0 | 43 | 60 | 135 | 139 | 140 => {
                let [next, len] = *walk.take::<2>()?;
                walk.skip(usize::from(len) * 8 + 6)?;
                ends.proto = next;
            }
            // Authentication header: length in 4 bytes, less 2 (RFC 4302)
            51 => {
                let [next, len] = *walk.take::<2>()?;
                walk.skip(usize::from(len) * 4 + 6)?;
                ends.proto = next;
            }
            44 => {
                let [next, _, o0, o1, id @ ..] = *walk.take::<8>()?;
                ends.proto = next;
                let offset = u16::from_be_bytes([o0, o1]);
                // An atomic fragment (RFC 6946) is a whole datagram.
                if offset & !6 != 0 {
                    let more = offset & 1 == 1;
                    walk.piece = Some(Piece {
                        id: u32::from_be_bytes(id),
                        offset: u32::from(offset & !7),
                        more,
                    });
                    return Ok(());
                }
            }
            _ => return Ok(()),
        }
    }
    Err(Undecoded::BadIpv6)
}
