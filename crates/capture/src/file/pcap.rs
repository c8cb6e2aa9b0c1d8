//! The classic pcap format: 24-byte header, then records of 16 (modified: 24) bytes and a packet.

use super::buffer::Buffer;
use super::reader::{Found, Info, Interface};
use super::{EndKind, LinkType, MAX_RECORD_BYTES, resync};

const HEADER_BYTES: usize = 24;

pub(crate) struct Pcap {
    big_endian: bool,
    /// Nanoseconds in one unit of a record's fraction: 1000 or 1.
    unit_ns: i64,
    /// 16, or 24 in Kuznetzov's modified format (interface, protocol and packet type follow).
    record_header: usize,
    /// Before version 2.3 the two lengths stood the other way round; 2.3 has both orders.
    swapped_lengths: bool,
    link: LinkType,
    last_s: u32,
}

/// The four numbers that open a record.
#[derive(Clone, Copy)]
pub(crate) struct RecordHead {
    pub seconds: u32,
    pub fraction: u32,
    pub captured: u32,
    pub wire: u32,
}

impl Pcap {
    pub(crate) fn open(
        magic: [u8; 4],
        buffer: &mut Buffer,
        info: &mut Info,
    ) -> Result<Self, EndKind> {
        let (big_endian, unit_ns, record_header) = match magic {
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, 1000, 16),
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, 1000, 16),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, 1, 16),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, 1, 16),
            [0x34, 0xcd, 0xb2, 0xa1] => (false, 1000, 24),
            [0xa1, 0xb2, 0xcd, 0x34] => (true, 1000, 24),
            _ => return Err(EndKind::UnknownFormat),
        };
        let Some(header) = buffer.peek::<HEADER_BYTES>() else {
            return Err(EndKind::CutOffHeader);
        };
        let [
            _,
            _,
            _,
            _,
            m0,
            m1,
            n0,
            n1,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            s0,
            s1,
            s2,
            s3,
            l0,
            l1,
            l2,
            l3,
        ] = header;
        let u16_at = |b: [u8; 2]| {
            if big_endian {
                u16::from_be_bytes(b)
            } else {
                u16::from_le_bytes(b)
            }
        };
        let u32_at = |b: [u8; 4]| {
            if big_endian {
                u32::from_be_bytes(b)
            } else {
                u32::from_le_bytes(b)
            }
        };
        // The upper bits of the link type hold the length of the frame check sequence.
        let link = LinkType(u32_at([l0, l1, l2, l3]) & 0xffff);
        let version = (u16_at([m0, m1]), u16_at([n0, n1]));
        info.format = match (record_header, unit_ns) {
            (24, _) => "pcap-modified",
            (_, 1) => "pcap-ns",
            _ => "pcap",
        };
        info.interfaces.push(Interface {
            link,
            name: None,
            snap_len: u32_at([s0, s1, s2, s3]),
            drops: None,
        });
        buffer.advance(HEADER_BYTES);
        Ok(Self {
            big_endian,
            unit_ns,
            record_header,
            swapped_lengths: version < (2, 4),
            link,
            last_s: 0,
        })
    }

    #[inline]
    pub(crate) fn head(&self, bytes: [u8; 16]) -> RecordHead {
        let [a, b, c, d] = words(bytes, self.big_endian);
        let swap = self.swapped_lengths && c > d;
        let (captured, wire) = if swap { (d, c) } else { (c, d) };
        RecordHead {
            seconds: a,
            fraction: b,
            captured,
            wire,
        }
    }

    #[inline]
    pub(crate) fn next(&mut self, buffer: &mut Buffer) -> Result<Found, EndKind> {
        let Some(bytes) = buffer.peek::<16>() else {
            return Err(if buffer.rest().is_empty() {
                EndKind::Complete
            } else {
                EndKind::CutOffRecord
            });
        };
        let head = self.head(bytes);
        let len = head.captured as usize;
        if len > MAX_RECORD_BYTES {
            return Err(if head.captured > 1 << 30 {
                EndKind::BadRecordLength
            } else {
                EndKind::RecordTooLong
            });
        }
        let total = self.record_header + len;
        if !buffer.have(total) {
            return Err(EndKind::CutOffRecord);
        }
        self.last_s = head.seconds;
        let found = Found {
            place: buffer.place(self.record_header),
            len,
            ts_ns: i64::from(head.seconds) * 1_000_000_000
                + i64::from(head.fraction) * self.unit_ns,
            // Some writers give a wire length below the captured one.
            wire_len: head.wire.max(head.captured),
            link: self.link,
            interface: 0,
        };
        buffer.advance(total);
        Ok(found)
    }

    /// Bytes to skip to the next place where several plausible records follow each other.
    pub(crate) fn resync(&self, bytes: &[u8]) -> Option<usize> {
        resync::find(bytes, 1, |at| self.plausible(bytes, at))
    }

    /// The place after the record at `at`, if that looks like one.
    fn plausible(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let head = self.head(*bytes.get(at..)?.first_chunk::<16>()?);
        let fraction_limit = 1_000_000_000 / u32::try_from(self.unit_ns).unwrap_or(1);
        let sane = head.captured <= 256 << 10
            && head.captured > 0
            && head.captured <= head.wire
            && head.wire < 1 << 20
            && head.fraction < fraction_limit
            && head.seconds.abs_diff(self.last_s) < 86_400;
        sane.then_some(at + self.record_header + head.captured as usize)
    }
}

#[inline]
fn words(bytes: [u8; 16], big_endian: bool) -> [u32; 4] {
    let [
        a0,
        a1,
        a2,
        a3,
        b0,
        b1,
        b2,
        b3,
        c0,
        c1,
        c2,
        c3,
        d0,
        d1,
        d2,
        d3,
    ] = bytes;
    let all = [
        [a0, a1, a2, a3],
        [b0, b1, b2, b3],
        [c0, c1, c2, c3],
        [d0, d1, d2, d3],
    ];
    if big_endian {
        all.map(u32::from_be_bytes)
    } else {
        all.map(u32::from_le_bytes)
    }
}
