//! What two copies of one packet have in common wherever they were captured: all that routers and taps
//! leave alone. TTL, header checksum, link header and VLAN tags are left out; transport checksums, too, since
//! senders that offload them are captured before they are filled in.

use crate::file::{LinkType, Packet};
use crate::packet;
use crate::secret::fold;

/// Bytes behind the IP header that are mixed in: ports, sequence numbers, flags, and what begins behind them.
/// This runs for every packet, so it is no more than tells packets of one flow apart.
const FRONT: usize = 24;
/// Words of eight bytes that are mixed in of a datagram behind its front: no sequence number of UDP's own tells two
/// datagrams apart, and that of an application (sFlow's at its byte 16) stands somewhere in these.
const DATAGRAM_WORDS: usize = 8;
/// Fixed seeds: nothing is stored by these numbers but for a moment, and a crafted collision costs its
/// maker a packet.
const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];

/// The common part of a packet's copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Equal for copies.
    pub hash: u64,
    /// Sender, hashed.
    pub sender: u64,
    /// IPv4 identification; 0 when the sender gives none.
    pub ip_id: u16,
    /// Has transport payload, or is a SYN, FIN or RST: not repeated without a reason.
    pub is_telling: bool,
    /// TCP: sequence numbers make a telling packet one of its kind.
    pub is_tcp: bool,
    /// Goes from the numerically lower address to the higher one.
    pub is_upward: bool,
}

/// The fingerprint of an IP packet that is whole enough to have one.
#[inline]
#[must_use]
pub fn fingerprint(packet: &Packet<'_>) -> Option<Fingerprint> {
    let ip = ip_packet(packet.link, packet.data)?;
    match ip.first()? >> 4 {
        4 => of_v4(ip),
        6 => of_v6(ip),
        _ => None,
    }
}

/// The outermost IP packet; quickly for the link types that taps write.
#[inline]
fn ip_packet(link: LinkType, data: &[u8]) -> Option<&[u8]> {
    let start = match link.0 {
        1 => return ethernet(data, 12),
        113 => return ethernet(data, 14),
        276 => 20,
        0 | 108 => 4,
        12 | 14 | 101 | 228 | 229 => 0,
        _ => return packet::outermost(link, data),
    };
    data.get(start..)
}

/// What follows an EtherType at `at`, behind at most two VLAN tags.
#[inline]
fn ethernet(data: &[u8], mut at: usize) -> Option<&[u8]> {
    for _ in 0..3 {
        match data.get(at..at + 2)? {
            [0x08, 0x00] | [0x86, 0xdd] => return data.get(at + 2..),
            [0x81, 0x00] | [0x88, 0xa8] => at += 4,
            _ => return None,
        }
    }
    None
}

#[inline]
fn of_v4(ip: &[u8]) -> Option<Fingerprint> {
    let (h, _) = ip.split_first_chunk::<20>()?;
    let header = usize::from(h[0] & 15) * 4;
    let total = usize::from(u16::from_be_bytes([h[2], h[3]]));
    let ends = u64::from_be_bytes([h[12], h[13], h[14], h[15], h[16], h[17], h[18], h[19]]);
    let about = u64::from_be_bytes([h[2], h[3], h[4], h[5], h[6] & 0x3f, h[7], h[9], 4]);
    let end = total.max(header).min(ip.len());
    let payload = ip.get(header..end)?;
    Some(Fingerprint {
        hash: mixed(payload, h[9], fold(ends ^ SEEDS[0], about ^ SEEDS[1])),
        sender: ends >> 32,
        ip_id: u16::from_be_bytes([h[4], h[5]]),
        is_telling: is_telling(h[9], payload),
        is_tcp: h[9] == 6,
        is_upward: (ends >> 32) <= (ends & 0xffff_ffff),
    })
}

#[inline]
fn of_v6(ip: &[u8]) -> Option<Fingerprint> {
    let (h, rest) = ip.split_first_chunk::<40>()?;
    let word = |at: usize| {
        h.get(at..at + 8)
            .and_then(|b| b.first_chunk())
            .map_or(0, |b| u64::from_be_bytes(*b))
    };
    let src = fold(word(8) ^ SEEDS[0], word(16) ^ SEEDS[1]);
    let dst = fold(word(24) ^ SEEDS[1], word(32) ^ SEEDS[0]);
    let length = usize::from(u16::from_be_bytes([h[4], h[5]]));
    let about = u64::from_be_bytes([h[4], h[5], h[6], 6, 0, 0, 0, 0]);
    let payload = rest.get(..length.min(rest.len()))?;
    Some(Fingerprint {
        hash: mixed(payload, h[6], fold(src ^ about, dst)),
        sender: src,
        ip_id: 0,
        is_telling: is_telling(h[6], payload),
        is_tcp: h[6] == 6,
        is_upward: (word(8), word(16)) <= (word(24), word(32)),
    })
}

/// Mixes in the front and the end of an IP payload, its transport checksum left out.
#[inline]
fn mixed(payload: &[u8], proto: u8, hash: u64) -> u64 {
    let front = match payload.first_chunk::<FRONT>() {
        Some(front) => *front,
        None => padded(payload),
    };
    let [mut first, second, mut third] = words(&front);
    match proto {
        // The checksum of UDP stands in bytes 6 and 7, that of TCP in 16 and 17.
        17 => first &= !0xffff,
        6 => third &= 0x0000_ffff_ffff_ffff,
        _ => {}
    }
    let mut hash = fold(fold(hash ^ first, second ^ SEEDS[0]) ^ third, SEEDS[1]);
    if proto == 17 {
        let behind = payload.get(FRONT..).unwrap_or_default().as_chunks::<8>().0;
        for word in behind.iter().take(DATAGRAM_WORDS) {
            hash = fold(hash ^ u64::from_be_bytes(*word), SEEDS[0]);
        }
    }
    match payload.last_chunk::<8>() {
        Some(tail) if payload.len() > FRONT => fold(hash ^ u64::from_be_bytes(*tail), SEEDS[0]),
        _ => hash,
    }
}

#[inline]
fn words(front: &[u8; FRONT]) -> [u64; 3] {
    match front.as_chunks::<8>().0 {
        [a, b, c] => [*a, *b, *c].map(u64::from_be_bytes),
        _ => [0; 3],
    }
}

#[cold]
fn padded(payload: &[u8]) -> [u8; FRONT] {
    let mut front = [0; FRONT];
    for (place, byte) in front.iter_mut().zip(payload) {
        *place = *byte;
    }
    front
}

#[inline]
fn is_telling(proto: u8, payload: &[u8]) -> bool {
    match (proto, payload.get(12..14)) {
        (6, Some([offset, flags])) => {
            flags & 7 != 0 || payload.len() > usize::from(offset >> 4) * 4
        }
        (6, _) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn packet(link: u32, data: &[u8]) -> Packet<'_> {
        Packet {
            ts_ns: 0,
            wire_len: u32::try_from(data.len()).unwrap(),
            link: LinkType(link),
            interface: 0,
            data,
        }
    }

    fn ip(ttl: u8, id: u8, text: &[u8]) -> Vec<u8> {
        let total = u8::try_from(40 + text.len()).unwrap();
        let header = [
            0x45, 0, 0, total, 0, id, 0, 0, ttl, 6, 9, ttl, 10, 0, 0, 1, 192, 0, 2, 1,
        ];
        let tcp = [
            0, 80, 1, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, ttl, 7, 0, 0,
        ];
        [&header[..], &tcp, text].concat()
    }

    #[test]
    fn copies_beyond_a_router_behind_a_tag_and_with_padding_are_equal() {
        let plain = [&[0; 12][..], &[8, 0], &ip(64, 7, b"hello")].concat();
        let tagged = [
            &[1; 12][..],
            &[0x81, 0, 0, 5, 8, 0],
            &ip(63, 7, b"hello"),
            &[0; 9],
        ]
        .concat();
        let raw = ip(12, 7, b"hello");
        let one = fingerprint(&packet(1, &plain)).unwrap();
        assert_eq!(fingerprint(&packet(1, &tagged)), Some(one));
        assert_eq!(fingerprint(&packet(101, &raw)), Some(one));
        assert!(one.is_telling && one.is_upward);
        assert_eq!(one.ip_id, 7);
    }

    #[test]
    fn datagrams_that_differ_behind_their_first_bytes_differ() {
        let datagram = |number: u8| {
            let mut data = ip(64, 0, &[7; 100]);
            data[9] = 17;
            data[20 + 8 + 19] = number;
            fingerprint(&packet(101, &data)).unwrap().hash
        };
        assert_eq!(datagram(1), datagram(1));
        assert_ne!(datagram(1), datagram(2));
    }

    #[test]
    fn another_packet_of_the_same_flow_differs() {
        let one = fingerprint(&packet(101, &ip(64, 7, b"hello"))).unwrap();
        for other in [ip(64, 8, b"hello"), ip(64, 7, b"hellO"), ip(64, 7, b"hell")] {
            assert_ne!(fingerprint(&packet(101, &other)).unwrap().hash, one.hash);
        }
        assert!(
            !fingerprint(&packet(101, &ip(64, 7, b"")))
                .unwrap()
                .is_telling
        );
        assert_eq!(fingerprint(&packet(1, b"short")), None);
    }
}
