//! pcapng (draft-ietf-opsawg-pcapng): blocks in sections, each section with its own byte order.

use super::buffer::Buffer;
use super::reader::{Found, Info, Interface};
use super::{EndKind, LinkType, MAX_RECORD_BYTES, resync};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// Interfaces kept in one file; packets of later ones count to the last kept.
const MAX_INTERFACES: usize = 10_000;
/// Longest interface name kept, bytes.
const MAX_NAME_BYTES: usize = 255;

/// How an interface counts time.
#[derive(Clone, Copy)]
struct Clock {
    /// Units per second, when these are not whole nanoseconds.
    units_per_s: u64,
    /// Nanoseconds per unit, or 0 when `units_per_s` must be used.
    unit_ns: i64,
    offset_ns: i64,
}

impl Clock {
    fn new(resolution: u8, offset_s: i64) -> Self {
        let exponent = u32::from(resolution & 0x7f);
        let base: u64 = if resolution & 0x80 == 0 { 10 } else { 2 };
        let units_per_s = base.checked_pow(exponent).unwrap_or(u64::MAX);
        let whole = base == 10 && exponent <= 9;
        let unit_ns = if whole {
            1_000_000_000 / units_per_s.max(1)
        } else {
            0
        };
        Self {
            units_per_s,
            unit_ns: i64::try_from(unit_ns).unwrap_or(0),
            offset_ns: offset_s.saturating_mul(1_000_000_000),
        }
    }

    fn ts_ns(self, high: u32, low: u32) -> i64 {
        let units = u64::from(high) << 32 | u64::from(low);
        let ns = if self.unit_ns != 0 {
            i64::try_from(units)
                .unwrap_or(i64::MAX)
                .saturating_mul(self.unit_ns)
        } else {
            let ns = u128::from(units) * 1_000_000_000 / u128::from(self.units_per_s.max(1));
            i64::try_from(ns).unwrap_or(i64::MAX)
        };
        ns.saturating_add(self.offset_ns)
    }
}

#[derive(Default)]
pub(crate) struct Pcapng {
    big_endian: bool,
    /// Index in [`Info::interfaces`] of this section's interface 0.
    first_interface: usize,
    /// One per interface of the file.
    clocks: Vec<Clock>,
    last_ts_ns: i64,
}

/// Little- or big-endian numbers from a block's body.
#[derive(Clone, Copy)]
struct Fields<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> Fields<'a> {
    fn u16(&self, at: usize) -> Option<u16> {
        let b = *self.bytes.get(at..)?.first_chunk::<2>()?;
        Some(if self.big_endian {
            u16::from_be_bytes(b)
        } else {
            u16::from_le_bytes(b)
        })
    }

    #[inline]
    fn u32(&self, at: usize) -> Option<u32> {
        let b = *self.bytes.get(at..)?.first_chunk::<4>()?;
        Some(if self.big_endian {
            u32::from_be_bytes(b)
        } else {
            u32::from_le_bytes(b)
        })
    }

    fn u64(&self, at: usize) -> Option<u64> {
        let b = *self.bytes.get(at..)?.first_chunk::<8>()?;
        Some(if self.big_endian {
            u64::from_be_bytes(b)
        } else {
            u64::from_le_bytes(b)
        })
    }

    /// Options from `at` on: code and value. Ends at the first that does not fit.
    fn options(self, mut at: usize) -> impl Iterator<Item = (u16, Fields<'a>)> {
        std::iter::from_fn(move || {
            let code = self.u16(at)?;
            let len = usize::from(self.u16(at + 2)?);
            if code == 0 {
                return None;
            }
            let value = self.bytes.get(at + 4..at + 4 + len)?;
            at += 4 + len.next_multiple_of(4);
            Some((
                code,
                Fields {
                    bytes: value,
                    ..self
                },
            ))
        })
    }
}

impl Pcapng {
    pub(crate) fn open(buffer: &mut Buffer, info: &mut Info) -> Result<Self, EndKind> {
        info.format = "pcapng";
        let Some(head) = buffer.peek::<12>() else {
            return Err(EndKind::CutOffHeader);
        };
        let [.., a, b, c, d] = head;
        let mut file = Self::default();
        file.section([a, b, c, d], info)
            .ok_or(EndKind::UnknownFormat)?;
        let length = file.u32([head[4], head[5], head[6], head[7]]) as usize;
        if length > 28 && !buffer.have(28) || length < 28 {
            return Err(if length < 28 {
                EndKind::UnknownFormat
            } else {
                EndKind::CutOffHeader
            });
        }
        Ok(file)
    }

    fn u32(&self, bytes: [u8; 4]) -> u32 {
        if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }

    /// Takes a section's byte order from its magic.
    fn section(&mut self, magic: [u8; 4], info: &Info) -> Option<()> {
        self.big_endian = match magic {
            [0x1a, 0x2b, 0x3c, 0x4d] => true,
            [0x4d, 0x3c, 0x2b, 0x1a] => false,
            _ => return None,
        };
        self.first_interface = info.interfaces.len();
        Some(())
    }

    pub(crate) fn next(&mut self, buffer: &mut Buffer, info: &mut Info) -> Result<Found, EndKind> {
        loop {
            let (kind, length) = self.head(buffer, info)?;
            let total = (length as usize).next_multiple_of(4);
            if total > MAX_RECORD_BYTES {
                self.pass_over(kind, total, buffer)?;
                continue;
            }
            if !buffer.have(total) {
                return Err(EndKind::CutOffRecord);
            }
            let start = buffer.place(0);
            let block = buffer.at(start, total);
            if block.last_chunk::<4>().map(|b| self.u32(*b)) != Some(length) {
                return Err(EndKind::BadRecordLength);
            }
            let body = block.get(..total - 4).unwrap_or_default();
            let found = self.block(kind, body, info);
            buffer.advance(total);
            if let Some(mut found) = found {
                found.place += start;
                self.last_ts_ns = found.ts_ns;
                return Ok(found);
            }
        }
    }

    /// Type and length of the next block. A section header sets the byte order for both.
    fn head(&mut self, buffer: &mut Buffer, info: &Info) -> Result<(u32, u32), EndKind> {
        let Some([t0, t1, t2, t3, l0, l1, l2, l3]) = buffer.peek::<8>() else {
            let is_end = buffer.rest().is_empty();
            return Err(if is_end {
                EndKind::Complete
            } else {
                EndKind::CutOffRecord
            });
        };
        let kind = self.u32([t0, t1, t2, t3]);
        if kind == SECTION_HEADER {
            let magic = buffer.peek::<12>().ok_or(EndKind::CutOffRecord)?;
            let [.., a, b, c, d] = magic;
            self.section([a, b, c, d], info)
                .ok_or(EndKind::BadRecordLength)?;
        }
        let length = self.u32([l0, l1, l2, l3]);
        if length < 12 {
            Err(EndKind::BadRecordLength)
        } else {
            Ok((kind, length))
        }
    }

    /// Passes over a block too long to keep, unless it is of a kind that matters.
    fn pass_over(&self, kind: u32, total: usize, buffer: &mut Buffer) -> Result<(), EndKind> {
        match kind {
            SECTION_HEADER
            | INTERFACE_DESCRIPTION
            | OLD_PACKET
            | SIMPLE_PACKET
            | INTERFACE_STATISTICS
            | ENHANCED_PACKET => Err(EndKind::RecordTooLong),
            _ if buffer.skip(total as u64) => Ok(()),
            _ => Err(EndKind::CutOffRecord),
        }
    }

    /// The packet in a block, if it is a packet's; learns from the others.
    #[inline]
    fn block(&mut self, kind: u32, body: &[u8], info: &mut Info) -> Option<Found> {
        let fields = Fields {
            bytes: body,
            big_endian: self.big_endian,
        };
        match kind {
            ENHANCED_PACKET => return self.enhanced(fields, info),
            OLD_PACKET => return self.old_packet(fields, info),
            SIMPLE_PACKET => return self.simple(fields, info),
            INTERFACE_DESCRIPTION => self.interface(fields, info),
            INTERFACE_STATISTICS => self.statistics(fields, info),
            _ => {}
        }
        None
    }

    /// Enhanced Packet Block: interface, time, captured and original length, packet.
    fn enhanced(&self, block: Fields<'_>, info: &Info) -> Option<Found> {
        let interface = block.u32(8)? as usize;
        self.timed(block, interface, info)
    }

    /// The obsolete Packet Block: a 16-bit interface and a drop count instead.
    fn old_packet(&self, block: Fields<'_>, info: &Info) -> Option<Found> {
        let interface = usize::from(block.u16(8)?);
        self.timed(block, interface, info)
    }

    fn timed(&self, block: Fields<'_>, interface: usize, info: &Info) -> Option<Found> {
        let (interface, link) = self.known(interface, info);
        let clock = self
            .clocks
            .get(interface)
            .copied()
            .unwrap_or(Clock::new(6, 0));
        let captured = block.u32(20)?;
        let len = (captured as usize).min(block.bytes.len().saturating_sub(28));
        Some(Found {
            place: 28,
            len,
            ts_ns: clock.ts_ns(block.u32(12)?, block.u32(16)?),
            wire_len: block.u32(24)?.max(u32::try_from(len).unwrap_or(u32::MAX)),
            link,
            interface: u32::try_from(interface).unwrap_or(u32::MAX),
        })
    }

    /// Simple Packet Block: no time (the last one is used), interface 0, cut at its snap length.
    fn simple(&self, block: Fields<'_>, info: &Info) -> Option<Found> {
        let (interface, link) = self.known(0, info);
        let wire_len = block.u32(8)?;
        let snap = match info.interfaces.get(interface).map_or(0, |i| i.snap_len) {
            0 => u32::MAX,
            snap => snap,
        };
        let len = (wire_len.min(snap) as usize).min(block.bytes.len().saturating_sub(12));
        let interface = u32::try_from(interface).unwrap_or(u32::MAX);
        Some(Found {
            place: 12,
            len,
            ts_ns: self.last_ts_ns,
            wire_len,
            link,
            interface,
        })
    }

    /// The file-wide index and link type of a section's interface.
    fn known(&self, interface: usize, info: &Info) -> (usize, LinkType) {
        let index = self.first_interface.saturating_add(interface);
        match info.interfaces.get(index) {
            Some(known) => (index, known.link),
            // A packet of an interface that no block described.
            None => (info.interfaces.len().saturating_sub(1), LinkType(u32::MAX)),
        }
    }

    fn interface(&mut self, block: Fields<'_>, info: &mut Info) {
        if info.interfaces.len() >= MAX_INTERFACES {
            return;
        }
        let (Some(link), Some(snap_len)) = (block.u16(8), block.u32(12)) else {
            return;
        };
        let (mut resolution, mut offset_s, mut name) = (6, 0, None);
        for (code, value) in block.options(16) {
            match code {
                2 => name = Some(text(value.bytes)),
                9 => resolution = value.bytes.first().copied().unwrap_or(6),
                14 => offset_s = value.u64(0).map_or(0, u64::cast_signed),
                _ => {}
            }
        }
        self.clocks.push(Clock::new(resolution, offset_s));
        info.interfaces.push(Interface {
            link: LinkType(u32::from(link)),
            name,
            snap_len,
            drops: None,
        });
    }

    /// Interface Statistics Block: later ones replace earlier ones.
    fn statistics(&self, block: Fields<'_>, info: &mut Info) {
        let Some(interface) = block.u32(8) else {
            return;
        };
        let Some(known) = info
            .interfaces
            .get_mut(self.first_interface.saturating_add(interface as usize))
        else {
            return;
        };
        let mut drops = None;
        for (code, value) in block.options(20) {
            // 5 isb_ifdrop, 7 isb_osdrop
            if matches!(code, 5 | 7) {
                drops = value
                    .u64(0)
                    .map(|n| n.saturating_add(drops.unwrap_or(0)))
                    .or(drops);
            }
        }
        known.drops = drops.or(known.drops);
    }

    /// Bytes to skip to the next place where several whole blocks follow each other.
    pub(crate) fn resync(&self, bytes: &[u8]) -> Option<usize> {
        resync::find(bytes, |at| self.plausible(bytes, at))
    }

    fn plausible(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let head = bytes.get(at..)?.first_chunk::<8>()?;
        let [t0, t1, t2, t3, l0, l1, l2, l3] = *head;
        let (kind, length) = (self.u32([t0, t1, t2, t3]), self.u32([l0, l1, l2, l3]));
        let known = matches!(kind, 1..=6 | SECTION_HEADER);
        if !known || !(12..=256 << 10).contains(&length) || length % 4 != 0 {
            return None;
        }
        let end = at + length as usize;
        let trailing = bytes.get(end - 4..end)?.first_chunk::<4>()?;
        (self.u32(*trailing) == length).then_some(end)
    }
}

fn text(bytes: &[u8]) -> String {
    let bytes = bytes.get(..MAX_NAME_BYTES).unwrap_or(bytes);
    String::from_utf8_lossy(bytes)
        .trim_end_matches('\0')
        .to_owned()
}
