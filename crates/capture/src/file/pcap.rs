//! The classic pcap format: 24-byte header, then records of 16 (modified: 24) bytes and a packet.

use super::buffer::Buffer;
use super::reader::{Found, Info, Interface};
use super::{EndKind, LinkType, MAX_RECORD_BYTES, resync};

const HEADER_BYTES: usize = 24;
const DAY_S: u32 = 86_400;
/// Bytes behind an unusual record that are looked at before it is believed.
const CHECKED_BYTES: usize = 4096;

pub(crate) struct Pcap {
    big_endian: bool,
    /// Nanoseconds in one unit of a record's fraction: 1000 or 1.
    unit_ns: i64,
    /// 16, or 24 in Kuznetzov's modified format (interface, protocol and packet type follow).
    record_header: usize,
    /// Before version 2.3 the two lengths stood the other way round; 2.3 has both orders.
    swapped_lengths: bool,
    link: LinkType,
    /// Seconds of the last record.
    last_s: Option<u32>,
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
            last_s: None,
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
        if !self.is_usual(&head) && self.is_damage(buffer, &head, total) {
            return Err(EndKind::BadRecordLength);
        }
        if !buffer.have(total) {
            return Err(EndKind::CutOffRecord);
        }
        self.last_s = Some(head.seconds);
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

    /// True for the heads that whole files have.
    #[inline]
    fn is_usual(&self, head: &RecordHead) -> bool {
        i64::from(head.fraction) * self.unit_ns < 1_000_000_000
            && head.captured <= head.wire
            && head.seconds.abs_diff(self.last_s.unwrap_or(head.seconds)) < DAY_S
    }

    /// True when no record's head is seen behind an unusual record, and better records begin
    /// inside of it.
    #[cold]
    fn is_damage(&self, buffer: &mut Buffer, head: &RecordHead, total: usize) -> bool {
        buffer.have(total + CHECKED_BYTES);
        let bytes = buffer.rest();
        let bytes = bytes.get(..total + CHECKED_BYTES).unwrap_or(bytes);
        if self.sane_head(bytes, total, head.seconds).is_some() {
            return false;
        }
        resync::find_whole(bytes, |at| self.plausible(bytes, at, self.last_s?))
            .is_some_and(|start| start < total)
    }

    /// Bytes to skip to the next place where several plausible records follow each other.
    pub(crate) fn resync(&self, bytes: &[u8]) -> Option<usize> {
        resync::find(bytes, |at| self.plausible(bytes, at, self.last_s?))
    }

    /// The place after the record at `at`, if that looks like one of about this time.
    fn plausible(&self, bytes: &[u8], at: usize, around_s: u32) -> Option<usize> {
        let head = self.sane_head(bytes, at, around_s)?;
        let next = at + self.record_header + head.captured as usize;
        (next <= bytes.len()).then_some(next)
    }

    /// The head at `at`, if its numbers can be.
    fn sane_head(&self, bytes: &[u8], at: usize, around_s: u32) -> Option<RecordHead> {
        let head = self.head(*bytes.get(at..)?.first_chunk::<16>()?);
        let sane = (1..=256 << 10).contains(&head.captured)
            && head.captured <= head.wire
            && head.wire < 1 << 20
            && i64::from(head.fraction) * self.unit_ns < 1_000_000_000
            && head.seconds.abs_diff(around_s) < DAY_S;
        sane.then_some(head)
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
