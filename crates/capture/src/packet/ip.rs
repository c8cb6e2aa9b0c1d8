//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers. Checksums are not looked at: offload leaves them
//! wrong in honest captures.

use super::{Ends, Layer, Piece, Undecoded, Walk};

/// IPv6 extension headers opened in one packet.
const MAX_EXTENSIONS: usize = 12;
/// The authentication header's protocol number, in IPv4 too.
const AUTHENTICATION: u8 = 51;

pub(super) fn version(walk: &Walk<'_>) -> Result<Layer, Undecoded> {
    match walk.rest.first().map(|b| b >> 4) {
        Some(4) => Ok(Layer::Ipv4),
        Some(6) => Ok(Layer::Ipv6),
        Some(_) => Err(Undecoded::NotIp),
        None => Err(Undecoded::Cut),
    }
}

/// Ends, bytes after the header with padding, IP length, and payload length.
type Plain<'a> = (Ends, &'a [u8], u32, u32);

/// A whole IPv4 packet of TCP or UDP without options.
#[inline(always)]
pub(super) fn plain_v4(bytes: &[u8], wire: u32) -> Option<Plain<'_>> {
    let (h, payload) = bytes.split_first_chunk::<20>()?;
    let total = u32::from(u16::from_be_bytes([h[2], h[3]]));
    let is_piece = u16::from_be_bytes([h[6], h[7]]) & 0x3fff != 0;
    if h[0] != 0x45 || is_piece || !matches!(h[9], 6 | 17) || !(20..=wire).contains(&total) {
        return None;
    }
    let src = [
        0,
        u64::from(u32::from_be_bytes([h[12], h[13], h[14], h[15]])),
    ];
    let dst = [
        0,
        u64::from(u32::from_be_bytes([h[16], h[17], h[18], h[19]])),
    ];
    Some((
        Ends {
            src,
            dst,
            is_v6: false,
            proto: h[9],
        },
        payload,
        total,
        total - 20,
    ))
}

/// A whole IPv6 packet of TCP or UDP without extension headers.
#[inline(always)]
pub(super) fn plain_v6(bytes: &[u8], wire: u32) -> Option<Plain<'_>> {
    let (h, payload) = bytes.split_first_chunk::<40>()?;
    let len = u32::from(u16::from_be_bytes([h[4], h[5]]));
    if h[0] >> 4 != 6 || !matches!(h[6], 6 | 17) || len == 0 || len + 40 > wire {
        return None;
    }
    let src = [word(h, 8), word(h, 16)];
    let dst = [word(h, 24), word(h, 32)];
    Some((
        Ends {
            src,
            dst,
            is_v6: true,
            proto: h[6],
        },
        payload,
        len + 40,
        len,
    ))
}

#[inline(always)]
fn word(header: &[u8; 40], at: usize) -> u64 {
    header
        .get(at..)
        .and_then(|b| b.first_chunk::<8>())
        .map_or(0, |b| u64::from_be_bytes(*b))
}

pub(super) fn v4(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let whole = walk.wire;
    let h = walk.take::<20>()?;
    let header = u32::from(h[0] & 0x0f) * 4;
    let stated = u32::from(u16::from_be_bytes([h[2], h[3]]));
    // Length 0: written before segmentation offload filled it in. Beyond the frame: a mirror
    // port cut the frame, or the length is wrong. In both cases the frame tells.
    let total = if stated == 0 || stated > whole {
        whole
    } else {
        stated
    };
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
    let mut ends = Ends {
        src,
        dst,
        is_v6: false,
        proto: h[9],
    };
    if ends.proto == AUTHENTICATION && walk.piece.is_none() {
        extensions(walk, &mut ends)?;
    }
    Ok(Layer::Transport(ends))
}

pub(super) fn v6(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let h = walk.take::<40>()?;
    if h[0] >> 4 != 6 {
        return Err(Undecoded::BadIpv6);
    }
    let next = &h[6];
    let stated = u32::from(u16::from_be_bytes([h[4], h[5]]));
    // Length 0 is a jumbogram (RFC 2675) or offload: the frame tells.
    if stated != 0 && stated < walk.wire || *next == 59 {
        walk.limit(stated);
    }
    walk.ip_len = 40 + walk.wire;
    let src = [word(h, 8), word(h, 16)];
    let dst = [word(h, 24), word(h, 32)];
    let mut ends = Ends {
        src,
        dst,
        is_v6: true,
        proto: *next,
    };
    extensions(walk, &mut ends)?;
    Ok(Layer::Transport(ends))
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
            AUTHENTICATION => {
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
