//! sFlow version 5 (<https://sflow.org/sflow_version_5.txt>): flow samples; counter samples are passed over.

use std::net::IpAddr;

use crate::cursor::Cursor;
use crate::packet::{self, Layer};
use crate::record::{FlowRecord, Format};

/// Samples of one datagram, records of one sample, ASes of one path.
const MAX_PARTS: u32 = 4096;

/// The header after its version.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    pub agent: IpAddr,
    pub sub_agent: u32,
    pub sequence: u32,
    pub samples: u32,
}

/// Reads the header; the version is read already.
pub(crate) fn header(datagram: &mut Cursor<'_>) -> Option<Header> {
    let agent = address(datagram)?;
    let (sub_agent, sequence) = (datagram.u32()?, datagram.u32()?);
    datagram.skip(4)?; // uptime of the agent
    Some(Header {
        agent,
        sub_agent,
        sequence,
        samples: datagram.u32()?.min(MAX_PARTS),
    })
}

/// One sample of a datagram.
pub(crate) enum Sample {
    /// A packet.
    Flow {
        record: Box<FlowRecord>,
        /// What was sampled: names the counter of drops.
        source: u64,
        /// Samples dropped there so far.
        drops: u32,
    },
    /// Counters, or a packet that is not IP.
    Other,
}

/// Kinds of samples: flows, counters, both expanded, and dropped packets.
pub(crate) const KINDS: std::ops::RangeInclusive<u8> = 1..=5;

/// The next sample; `None` where the datagram ends too early.
pub(crate) fn sample(header: &Header, datagram: &mut Cursor<'_>) -> Option<Sample> {
    let (kind, length) = (datagram.u32()?, datagram.u32()?);
    let body = Cursor(datagram.take(usize::try_from(length).ok()?)?);
    let sample = match kind {
        1 => flow(header, body, false),
        3 => flow(header, body, true),
        _ => None,
    };
    Some(sample.unwrap_or(Sample::Other))
}

/// flow_sample and flow_sample_expanded.
fn flow(header: &Header, mut body: Cursor<'_>, expanded: bool) -> Option<Sample> {
    let _sequence = body.u32()?;
    let source = match expanded {
        true => u64::from(body.u32()?) << 32 | u64::from(body.u32()?),
        false => u64::from(body.u32()?),
    };
    let rate = body.u32()?;
    let _pool = body.u32()?;
    let drops = body.u32()?;
    let mut record = FlowRecord::of(Format::SflowV5);
    record.exporter = Some(header.agent);
    record.observation_domain = Some(header.sub_agent);
    record.sequence = Some(header.sequence);
    record.sampling = rate.max(1);
    record.input_if = interface(&mut body, expanded)?;
    record.output_if = interface(&mut body, expanded)?;
    let mut is_ip = false;
    for _ in 0..body.u32()?.min(MAX_PARTS) {
        let (kind, length) = (body.u32()?, body.u32()?);
        let part = Cursor(body.take(usize::try_from(length).ok()?)?);
        match kind {
            1 => is_ip |= sampled_header(part, &mut record).is_some(),
            3 if !is_ip => is_ip = sampled_ip(part, 4, &mut record).is_some(),
            4 if !is_ip => is_ip = sampled_ip(part, 16, &mut record).is_some(),
            1001 => extended_switch(part, &mut record),
            1002 => record.next_hop = address(&mut { part }).filter(|addr| !addr.is_unspecified()),
            1003 => {
                let _ = extended_gateway(part, &mut record);
            }
            _ => {}
        }
    }
    record.packets = Some(1);
    is_ip.then(|| Sample::Flow {
        record: Box::new(record),
        source,
        drops,
    })
}

/// Index of an interface: the two high bits of the short form are its format, as is the first word of the long.
fn interface(body: &mut Cursor<'_>, expanded: bool) -> Option<Option<u32>> {
    let (format, value) = match expanded {
        true => (body.u32()?, body.u32()?),
        false => body.u32().map(|word| (word >> 30, word & 0x3fff_ffff))?,
    };
    Some(match format {
        0 if value == 0x3fff_ffff => None, // the agent itself
        0 => Some(value),
        1 => Some(0), // dropped
        _ => None,    // several
    })
}

/// sampled_header: the packet's first bytes.
fn sampled_header(mut part: Cursor<'_>, record: &mut FlowRecord) -> Option<()> {
    let protocol = part.u32()?;
    let frame_length = part.u32()?;
    part.skip(4)?; // bytes stripped
    let length = usize::try_from(part.u32()?).ok()?;
    let bytes = part.0.get(..length).unwrap_or(part.0);
    let layer = match protocol {
        1 => Layer::Ethernet,
        11 | 12 => Layer::Ip,
        13 => Layer::Mpls,
        _ => return None,
    };
    packet::read(layer, bytes, record)?;
    record.bytes = record.bytes.or(Some(u64::from(frame_length)));
    Some(())
}

/// sampled_ipv4 and sampled_ipv6.
fn sampled_ip(mut part: Cursor<'_>, address_bytes: usize, record: &mut FlowRecord) -> Option<()> {
    record.bytes = part.u32().map(u64::from);
    record.proto = part.u32()? as u8;
    let (src, dst) = match address_bytes {
        4 => (part.v4()?, part.v4()?),
        _ => (part.v6()?, part.v6()?),
    };
    (record.src_addr, record.dst_addr) = (src, dst);
    record.src_port = part.u32()? as u16;
    record.dst_port = part.u32()? as u16;
    record.tcp_flags = Some(part.u32()? as u8).filter(|_| record.proto == 6);
    record.tos = part.u32().map(|tos| tos as u8);
    if matches!(record.proto, 1 | 58) {
        record.icmp = Some((record.src_port as u8, record.dst_port as u8));
        (record.src_port, record.dst_port) = (0, 0);
    }
    Some(())
}

fn extended_switch(mut part: Cursor<'_>, record: &mut FlowRecord) {
    let vlan = part.u32().map(|vlan| vlan as u16);
    record.vlan = vlan.filter(|vlan| *vlan > 0).or(record.vlan);
}

/// extended_gateway: the next hop, then four autonomous systems, of which ours is not of interest.
fn extended_gateway(mut part: Cursor<'_>, record: &mut FlowRecord) -> Option<()> {
    let next_hop = address(&mut part)?;
    record.next_hop = record.next_hop.or(Some(next_hop));
    let _own = part.u32()?;
    record.src_as = part.u32();
    let _peer = part.u32()?;
    for _ in 0..part.u32()?.min(MAX_PARTS) {
        let _kind = part.u32()?;
        for _ in 0..part.u32()?.min(MAX_PARTS) {
            record.dst_as = part.u32();
        }
    }
    Some(())
}

/// type, then 4 or 16 bytes.
fn address(data: &mut Cursor<'_>) -> Option<IpAddr> {
    match data.u32()? {
        1 => data.v4(),
        2 => data.v6(),
        _ => None,
    }
}
