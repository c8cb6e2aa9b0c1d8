//! Records of layout 2: a head, then elements that say their kind and length.

use super::{Little, Records};
use crate::cursor::Cursor;
use crate::draft::icmp_in_port;
use crate::record::{Direction, Ended, Event, FlowRecord, Format};

/// Flag: an event of a firewall or of address translation.
const EVENT: u8 = 1;

/// The record in `body`, which begins after kind and size.
pub(super) fn record(mut body: Little<'_>, known: &Records) -> Option<FlowRecord> {
    let elements = body.u16()?;
    body.u16()?; // engine
    let exporter = body.u16()?;
    let flags = body.u8()?;
    body.u8()?; // version that was received
    let mut record = FlowRecord::of(Format::Nfcapd);
    known.of_exporter(exporter, &mut record);
    let mut has_addresses = false;
    let mut has_flow = false;
    for _ in 0..elements {
        let (kind, length) = (body.u16()?, body.u16()?);
        let element = body.0.take(usize::from(length).checked_sub(4)?)?;
        let mut element = Little(Cursor(element));
        match kind {
            1 => has_flow |= generic(&mut element, &mut record).is_some(),
            2 => {
                (record.src_addr, record.dst_addr) = (element.v4()?, element.v4()?);
                has_addresses = true;
            }
            3 => {
                (record.src_addr, record.dst_addr) = (element.v6()?, element.v6()?);
                has_addresses = true;
            }
            4 => misc(&mut element, &mut record),
            5 if flags & EVENT != 0 => {
                element.u64()?; // aggregated flows
                record.reverse_packets = element.u64();
                record.reverse_bytes = element.u64();
            }
            6 => {
                record.vlan = element
                    .u32()
                    .map(|vlan| vlan as u16)
                    .filter(|vlan| *vlan > 0)
            }
            7 => (record.src_as, record.dst_as) = (element.u32(), element.u32()),
            10 => record.next_hop = element.v4(),
            11 => record.next_hop = element.v6(),
            12 => record.exporter = element.v4(),
            13 => record.exporter = element.v6(),
            19 => {
                element.0.skip(14)?;
                record.event = element.u8().and_then(|event| Event::numbered(event.into()));
            }
            _ => {}
        }
    }
    if !(has_flow && has_addresses) {
        return None;
    }
    record.next_hop = record.next_hop.filter(|addr| !addr.is_unspecified());
    icmp_in_port(&mut record);
    Some(record)
}

/// EXgenericFlow: times in milliseconds, counters, ports, protocol.
fn generic(element: &mut Little<'_>, record: &mut FlowRecord) -> Option<()> {
    let us = |ms: u64| i64::try_from(ms.saturating_mul(1000)).unwrap_or(i64::MAX);
    let (first, last) = (us(element.u64()?), us(element.u64()?));
    (record.start_us, record.end_us) = (first.min(last), first.max(last));
    element.u64()?; // time of reception
    record.packets = element.u64();
    record.bytes = element.u64();
    record.src_port = element.u16()?;
    record.dst_port = element.u16()?;
    record.proto = element.u8()?;
    record.tcp_flags = element.u8();
    element.u8()?; // forwarding status
    record.tos = element.u8();
    Some(())
}

/// EXflowMisc: interfaces, masks, direction, and since 1.7 why the flow ended.
fn misc(element: &mut Little<'_>, record: &mut FlowRecord) {
    record.input_if = element.u32();
    record.output_if = element.u32();
    let [_, _, direction, _, _, ended] = match element.0.array::<6>() {
        Some(rest) => rest,
        None => return,
    };
    record.direction = Some(match direction {
        0 => Direction::Ingress,
        _ => Direction::Egress,
    });
    record.ended = Ended::numbered(ended.into());
}
