//! NetFlow version 5: a header of 24 bytes and records of 48.

use crate::cursor::Cursor;
use crate::draft::{icmp_in_port, since_boot};
use crate::record::{FlowRecord, Format};
use std::net::IpAddr;

pub(crate) const RECORD_BYTES: usize = 48;

/// The header after its version.
pub(crate) struct Header {
    pub count: u16,
    uptime_ms: u32,
    export_us: i64,
    pub sequence: u32,
    /// Engine type and id.
    pub engine: u16,
    sampling: u16,
}

/// Reads the header; the version is read already.
pub(crate) fn header(datagram: &mut Cursor<'_>) -> Option<Header> {
    let count = datagram.u16()?;
    let uptime_ms = datagram.u32()?;
    let (seconds, nanoseconds) = (datagram.u32()?, datagram.u32()?);
    Some(Header {
        count,
        uptime_ms,
        export_us: i64::from(seconds) * 1_000_000 + i64::from(nanoseconds / 1000),
        sequence: datagram.u32()?,
        engine: datagram.u16()?,
        sampling: datagram.u16()?,
    })
}

impl Header {
    /// One packet in how many; the two high bits are the mode, which some exporters leave at zero.
    pub(crate) fn rate(&self) -> u32 {
        u32::from(self.sampling & 0x3fff).max(1)
    }

    /// The record in these 48 bytes.
    pub(crate) fn record(&self, exporter: IpAddr, data: &[u8; RECORD_BYTES]) -> Option<FlowRecord> {
        let mut data = Cursor(data);
        let mut record = FlowRecord::of(Format::NetflowV5);
        record.exporter = Some(exporter);
        record.observation_domain = Some(u32::from(self.engine));
        record.sequence = Some(self.sequence);
        record.src_addr = data.v4()?;
        record.dst_addr = data.v4()?;
        record.next_hop = data.v4().filter(|addr| !addr.is_unspecified());
        record.input_if = data.u16().map(u32::from);
        record.output_if = data.u16().map(u32::from);
        record.packets = data.u32().map(u64::from);
        record.bytes = data.u32().map(u64::from);
        let start = since_boot(self.export_us, self.uptime_ms, data.u32()?);
        let end = since_boot(self.export_us, self.uptime_ms, data.u32()?);
        (record.start_us, record.end_us) = (start.min(end), start.max(end));
        record.src_port = data.u16()?;
        record.dst_port = data.u16()?;
        data.skip(1)?;
        record.tcp_flags = data.u8();
        record.proto = data.u8()?;
        record.tos = data.u8();
        record.src_as = data.u16().map(u32::from);
        record.dst_as = data.u16().map(u32::from);
        record.sampling = self.rate();
        icmp_in_port(&mut record);
        Some(record)
    }
}
