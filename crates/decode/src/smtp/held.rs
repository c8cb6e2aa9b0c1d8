//! Client bytes held back until it is known what they are, with the packets that brought them.

use mailscope_evidence::At;

/// Packets told apart in what is held; those after them count to the last one.
const PACKETS: usize = 1 << 10;

/// Which packet brought which of a stretch of bytes.
#[derive(Debug)]
pub(super) enum Times {
    /// One packet brought all of these many bytes.
    One(At, usize),
    /// Each packet with the place of the end of its bytes, in order.
    Many(Vec<(At, usize)>),
}

impl Times {
    /// `length` bytes of one packet.
    pub fn one(at: At, length: usize) -> Self {
        Self::One(at, length)
    }

    /// The packet that brought the byte at `place`, and how many of its bytes there are from there.
    pub fn packet_at(&self, place: usize) -> (At, usize) {
        let (at, end) = match self {
            Self::One(at, end) => (*at, *end),
            Self::Many(packets) => {
                let index = packets.partition_point(|&(_, end)| end <= place);
                let found = packets.get(index).or(packets.last());
                found.copied().unwrap_or_default()
            }
        };
        (at, end.saturating_sub(place))
    }
}

/// What is held.
#[derive(Debug, Default)]
pub(super) struct Held {
    bytes: Vec<u8>,
    packets: Vec<(At, usize)>,
}

impl Held {
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The packet of the first byte.
    pub fn first_at(&self) -> Option<At> {
        self.packets.first().map(|&(at, _)| at)
    }

    /// Adds `data`, whose first byte is at `place` of what `times` tells of. Returns its length.
    pub fn hold(&mut self, times: &Times, place: usize, data: &[u8]) -> usize {
        let mut taken = 0;
        while taken < data.len() {
            let (at, length) = times.packet_at(place + taken);
            let length = length.clamp(1, data.len() - taken);
            taken += length;
            let end = self.bytes.len() + taken;
            let is_full = self.packets.len() >= PACKETS;
            match self.packets.last_mut() {
                Some((last, reached)) if *last == at || is_full => *reached = end,
                _ => self.packets.push((at, end)),
            }
        }
        self.bytes.extend_from_slice(data);
        data.len()
    }

    /// The packets and their bytes.
    pub fn into_parts(self) -> (Times, Vec<u8>) {
        (Times::Many(self.packets), self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(packet: u64) -> At {
        At {
            packet,
            ..At::default()
        }
    }

    #[test]
    fn each_byte_keeps_the_packet_that_brought_it_however_it_was_cut() {
        let mut held = Held::default();
        held.hold(&Times::one(at(1), 2), 0, b"ab");
        held.hold(&Times::one(at(1), 1), 0, b"c");
        held.hold(&Times::one(at(2), 3), 1, b"ef");
        let (times, bytes) = held.into_parts();
        assert_eq!(bytes, b"abcef");
        let packets: Vec<_> = (0..5).map(|place| times.packet_at(place)).collect();
        assert_eq!(
            packets,
            [(at(1), 3), (at(1), 2), (at(1), 1), (at(2), 2), (at(2), 1)]
        );
        let mut again = Held::default();
        again.hold(&times, 2, &bytes[2..]);
        let (times, _) = again.into_parts();
        assert_eq!(
            (times.packet_at(0), times.packet_at(1)),
            ((at(1), 1), (at(2), 2))
        );
    }

    #[test]
    fn packets_over_the_limit_count_to_the_last_one() {
        let mut held = Held::default();
        for packet in 0..PACKETS as u64 + 5 {
            held.hold(&Times::one(at(packet), 1), 0, b"x");
        }
        let (times, bytes) = held.into_parts();
        assert_eq!(
            times.packet_at(bytes.len() - 1),
            (at(PACKETS as u64 - 1), 1)
        );
    }
}
