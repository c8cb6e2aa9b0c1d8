//! Records of layout 1: a common part, addresses and counters, then the extensions of the record's map.

use super::{Little, Records};
use crate::draft::icmp_in_port;
use crate::record::{Direction, FlowRecord, Format};

/// Flags of a record.
const IPV6: u16 = 1;
const PACKETS_64: u16 = 2;
const BYTES_64: u16 = 4;

/// The record in `body`, which begins after kind and size; the wide form (kind 10) has 16 bits of flags and an
/// exporter's number at its end, the other 8 and 8 at its beginning.
pub(super) fn record(mut body: Little<'_>, is_wide: bool, known: &Records) -> Option<FlowRecord> {
    let mut record = FlowRecord::of(Format::Nfcapd);
    let word = body.u16()?;
    let (flags, mut exporter) = match is_wide {
        true => (word, 0),
        false => (word & 0xff, word >> 8),
    };
    let map = body.u16()?;
    let (first_ms, last_ms) = (body.u16()?, body.u16()?);
    let us = |seconds: u32, ms: u16| i64::from(seconds) * 1_000_000 + i64::from(ms) * 1000;
    let (first, last) = (us(body.u32()?, first_ms), us(body.u32()?, last_ms));
    (record.start_us, record.end_us) = (first.min(last), first.max(last));
    body.u8()?; // forwarding status
    record.tcp_flags = body.u8();
    record.proto = body.u8()?;
    record.tos = body.u8();
    record.src_port = body.u16()?;
    record.dst_port = body.u16()?;
    if is_wide {
        exporter = body.u16()?;
        body.u16()?;
    }
    known.of_exporter(exporter, &mut record);
    (record.src_addr, record.dst_addr) = match flags & IPV6 {
        0 => (body.v4()?, body.v4()?),
        _ => (body.v6()?, body.v6()?),
    };
    record.packets = Some(counter(&mut body, flags & PACKETS_64 != 0)?);
    record.bytes = Some(counter(&mut body, flags & BYTES_64 != 0)?);
    for extension in known.maps.get(&map).into_iter().flatten() {
        // What is not there leaves the rest unknown; the record itself is whole.
        if extend(*extension, &mut body, &mut record).is_none() {
            break;
        }
    }
    record.next_hop = record.next_hop.filter(|addr| !addr.is_unspecified());
    icmp_in_port(&mut record);
    Some(record)
}

fn counter(body: &mut Little<'_>, is_64: bool) -> Option<u64> {
    match is_64 {
        true => body.u64(),
        false => body.u32().map(u64::from),
    }
}

/// One extension, by its number in nfdump's nffile.h; `None` where it is unknown or not there.
fn extend(extension: u16, body: &mut Little<'_>, record: &mut FlowRecord) -> Option<()> {
    match extension {
        4 => {
            record.input_if = Some(body.u16()?.into());
            record.output_if = Some(body.u16()?.into());
        }
        5 => (record.input_if, record.output_if) = (Some(body.u32()?), Some(body.u32()?)),
        6 => {
            record.src_as = Some(body.u16()?.into());
            record.dst_as = Some(body.u16()?.into());
        }
        7 => (record.src_as, record.dst_as) = (Some(body.u32()?), Some(body.u32()?)),
        8 => {
            body.u8()?; // destination's type of service
            record.direction = Some(match body.u8()? {
                0 => Direction::Ingress,
                _ => Direction::Egress,
            });
            body.u16()?; // masks
        }
        9 => record.next_hop = Some(body.v4()?),
        10 => record.next_hop = Some(body.v6()?),
        13 => {
            record.vlan = Some(body.u16()?);
            body.u16()?;
        }
        23 => record.exporter = Some(body.v4()?),
        24 => record.exporter = Some(body.v6()?),
        11 | 14 | 16 | 18 | 25 => body.0.skip(4)?,
        15 | 17 | 19 | 26 | 27 => body.0.skip(8)?,
        12 | 20 | 21 => body.0.skip(16)?,
        22 => body.0.skip(40)?,
        _ => return None,
    }
    Some(())
}
