//! TCP (RFC 9293) and UDP (RFC 768) headers.

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tcp<'a> {
    pub src: u16,
    pub dst: u16,
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    /// Captured payload.
    pub payload: &'a [u8],
    /// Payload on the wire.
    pub len: u32,
}

pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const ACK: u8 = 0x10;

/// Reads a segment of `wire` bytes. A cut inside the options still gives the fixed header.
#[inline(always)]
pub(crate) fn tcp(bytes: &[u8], wire: u32) -> Option<Tcp<'_>> {
    let (h, _) = bytes.split_first_chunk::<20>()?;
    let header = u32::from(h[12] >> 4) * 4;
    if header < 20 || header > wire {
        return None;
    }
    Some(Tcp {
        src: u16::from_be_bytes([h[0], h[1]]),
        dst: u16::from_be_bytes([h[2], h[3]]),
        seq: u32::from_be_bytes([h[4], h[5], h[6], h[7]]),
        ack: u32::from_be_bytes([h[8], h[9], h[10], h[11]]),
        flags: h[13],
        payload: bytes.get(header as usize..).unwrap_or_default(),
        len: wire - header,
    })
}

/// Source port, destination port, captured payload and its length on the wire.
#[inline(always)]
pub(crate) fn udp(bytes: &[u8], wire: u32) -> Option<(u16, u16, &[u8], u32)> {
    let (h, rest) = bytes.split_first_chunk::<8>()?;
    let stated = u32::from(u16::from_be_bytes([h[4], h[5]]));
    // Length 0 (offload, jumbograms) or beyond the packet: the IP length tells.
    let len = if stated < 8 || stated > wire {
        wire.saturating_sub(8)
    } else {
        stated - 8
    };
    let payload = rest.get(..len as usize).unwrap_or(rest);
    Some((
        u16::from_be_bytes([h[0], h[1]]),
        u16::from_be_bytes([h[2], h[3]]),
        payload,
        len,
    ))
}
