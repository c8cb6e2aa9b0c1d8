//! Solaris snoop files (RFC 1761).

use super::buffer::Buffer;
use super::reader::{Found, Info, Interface};
use super::{EndKind, LinkType, MAX_RECORD_BYTES};

const RECORD_HEADER: usize = 24;

pub(crate) struct Snoop {
    link: LinkType,
}

impl Snoop {
    pub(crate) fn open(buffer: &mut Buffer, info: &mut Info) -> Result<Self, EndKind> {
        let Some(header) = buffer.peek::<16>() else {
            return Err(EndKind::CutOffHeader);
        };
        let [magic @ .., _, _, _, _, d0, d1, d2, d3] = header;
        if magic != *b"snoop\0\0\0" {
            return Err(EndKind::UnknownFormat);
        }
        // RFC 1761, "Datalink Types": 0 IEEE 802.3 and 4 Ethernet share one header for us.
        let link = match u32::from_be_bytes([d0, d1, d2, d3]) {
            0 | 4 => LinkType(1),
            8 => LinkType(10),
            other => LinkType(0x8000_0000 | other),
        };
        info.format = "snoop";
        info.interfaces.push(Interface {
            link,
            name: None,
            snap_len: 0,
            drops: None,
        });
        buffer.advance(16);
        Ok(Self { link })
    }

    pub(crate) fn next(&mut self, buffer: &mut Buffer, info: &mut Info) -> Result<Found, EndKind> {
        let Some(head) = buffer.peek::<RECORD_HEADER>() else {
            return Err(if buffer.rest().is_empty() {
                EndKind::Complete
            } else {
                EndKind::CutOffRecord
            });
        };
        let mut words = head
            .chunks_exact(4)
            .map(|b| b.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)));
        let mut word = || words.next().unwrap_or(0);
        let (wire, captured, record, drops, seconds, micros) =
            (word(), word(), word(), word(), word(), word());
        let (len, total) = (captured as usize, record as usize);
        if total < RECORD_HEADER || len > total - RECORD_HEADER {
            return Err(EndKind::BadRecordLength);
        }
        if total > MAX_RECORD_BYTES {
            return Err(EndKind::RecordTooLong);
        }
        if !buffer.have(total) {
            // The padding of the last record may be missing.
            if !buffer.have(RECORD_HEADER + len) {
                return Err(EndKind::CutOffRecord);
            }
        }
        if let Some(interface) = info.interfaces.first_mut() {
            interface.drops = Some(u64::from(drops));
        }
        let found = Found {
            place: buffer.place(RECORD_HEADER),
            len,
            ts_ns: i64::from(seconds) * 1_000_000_000 + i64::from(micros) * 1000,
            wire_len: wire.max(captured),
            link: self.link,
            interface: 0,
        };
        buffer.advance(total);
        Ok(found)
    }
}
