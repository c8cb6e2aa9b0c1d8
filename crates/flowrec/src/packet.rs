//! A sampled packet's headers: ends, protocol, flags and length, as far as the sampled bytes go.

use crate::cursor::Cursor;
use crate::record::FlowRecord;

/// Headers opened in one packet.
const MAX_LAYERS: usize = 12;

/// Where a sampled packet begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Ethernet,
    /// What this EtherType says.
    Type(u16),
    /// IPv4 or IPv6, by the first four bits.
    Ip,
    /// Labels, then IP or, behind a control word, Ethernet (RFC 4385).
    Mpls,
}

/// Writes what the packet says into `record`: the innermost IP packet's ends; its length as bytes.
/// `None` when there is no IP packet.
pub(crate) fn read(first: Layer, packet: &[u8], record: &mut FlowRecord) -> Option<()> {
    let mut rest = Cursor(packet);
    let mut layer = first;
    for _ in 0..MAX_LAYERS {
        layer = match layer {
            Layer::Ethernet => {
                rest.skip(12)?;
                Layer::Type(rest.u16()?)
            }
            Layer::Type(0x8100 | 0x88a8 | 0x9100) => {
                let tag = rest.u16()?;
                record.vlan = Some(tag & 0xfff);
                Layer::Type(rest.u16()?)
            }
            Layer::Type(0x0800 | 0x86dd) => Layer::Ip,
            Layer::Type(0x8847 | 0x8848) => Layer::Mpls,
            // PPPoE session (RFC 2516): six bytes, then the PPP protocol.
            Layer::Type(0x8864) => {
                rest.skip(6)?;
                match rest.u16()? {
                    0x0021 | 0x0057 => Layer::Ip,
                    _ => return None,
                }
            }
            Layer::Type(_) => return None,
            Layer::Mpls => {
                while rest.u32()? & 0x100 == 0 {}
                match rest.0.first()? >> 4 {
                    0 => {
                        rest.skip(4)?;
                        Layer::Ethernet
                    }
                    _ => Layer::Ip,
                }
            }
            Layer::Ip => {
                return match rest.0.first()? >> 4 {
                    4 => v4(rest, record),
                    6 => v6(rest, record),
                    _ => None,
                };
            }
        };
    }
    None
}

/// RFC 791, 3.1.
fn v4(mut packet: Cursor<'_>, record: &mut FlowRecord) -> Option<()> {
    let header = usize::from(packet.u8()? & 15) * 4;
    record.tos = packet.u8();
    record.bytes = packet.u16().map(u64::from);
    packet.skip(2)?;
    let fragment = packet.u16()? & 0x1fff;
    packet.skip(1)?;
    record.proto = packet.u8()?;
    packet.skip(2)?;
    record.src_addr = packet.v4()?;
    record.dst_addr = packet.v4()?;
    // What lies behind the first fragment has no ports; options may be cut off.
    if fragment == 0 && packet.skip(header.saturating_sub(20)).is_some() {
        transport(packet, record);
    }
    Some(())
}

/// RFC 8200, 3 and 4.
fn v6(mut packet: Cursor<'_>, record: &mut FlowRecord) -> Option<()> {
    record.tos = Some(((packet.u32()? >> 20) & 0xff) as u8);
    record.bytes = packet.u16().map(|length| u64::from(length) + 40);
    record.proto = packet.u8()?;
    packet.skip(1)?;
    record.src_addr = packet.v6()?;
    record.dst_addr = packet.v6()?;
    for _ in 0..MAX_LAYERS {
        let (next, length) = match (record.proto, packet.0) {
            (0 | 43 | 60, [next, length, ..]) => (*next, usize::from(*length) * 8 + 8),
            (44, [next, _, high, low, ..]) => {
                if u16::from_be_bytes([*high, *low]) & 0xfff8 != 0 {
                    record.proto = *next;
                    return Some(());
                }
                (*next, 8)
            }
            (51, [next, length, ..]) => (*next, usize::from(*length) * 4 + 8),
            _ => break,
        };
        record.proto = next;
        if packet.skip(length).is_none() {
            return Some(());
        }
    }
    transport(packet, record);
    Some(())
}

fn transport(mut segment: Cursor<'_>, record: &mut FlowRecord) {
    match record.proto {
        6 | 17 | 33 | 132 | 136 => {
            let (Some(src), Some(dst)) = (segment.u16(), segment.u16()) else {
                return;
            };
            (record.src_port, record.dst_port) = (src, dst);
            if record.proto == 6 {
                record.tcp_flags = segment.0.get(9).copied();
            }
        }
        1 | 58 => record.icmp = segment.array().map(|[kind, code]| (kind, code)),
        _ => {}
    }
}
