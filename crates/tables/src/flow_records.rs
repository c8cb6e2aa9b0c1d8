//! One row a flow record of an exporter, of a file of flow records, or of a log of connections.

use std::net::IpAddr;

use arrow_array::ArrayRef;
use arrow_schema::ArrowError;
use mailscope_flowrec::FlowRecord;

use crate::address::Address;
use crate::column::{Column, OptU8, OptU16, OptU32, OptU64, Time, U16, U32, U64};
use crate::flows::proto_name;
use crate::table::{ColumnSchema, column, table};
use crate::word::{OptWord, Word};

/// Where a record was read.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The file, or the address that was listened on.
    pub input: &'a str,
    /// Packet, block or datagram.
    pub datagram: u64,
    /// The record's number in the input.
    pub record: u64,
    /// First packet's time, microseconds.
    pub start_us: i64,
    /// Last packet's time.
    pub end_us: i64,
}

/// The columns for it.
#[derive(Default)]
pub(crate) struct OriginColumns {
    input: Word,
    datagram: U64,
    record: U64,
    start: Time,
    end: Time,
}

impl OriginColumns {
    fn push(&mut self, origin: &Origin<'_>) {
        self.input.push(origin.input);
        self.datagram.push(origin.datagram);
        self.record.push(origin.record);
        self.start.push(origin.start_us);
        self.end.push(origin.end_us);
    }

    fn schema() -> Vec<ColumnSchema> {
        vec![
            column::<Word>(
                "input",
                "File that held the record, as named on the command line, or `udp:ADDRESS:PORT@RUN` that was listened on.",
            ),
            column::<U64>(
                "datagram",
                "Number, from 1, of the packet (capture), block (nfcapd) or datagram (live) with the record; text: 0.",
            ),
            column::<U64>(
                "record",
                "Number of the record in its input, from 1; text: its line.",
            ),
            column::<Time>(
                "start",
                "Time of the flow's first packet; export time where the record has none.",
            ),
            column::<Time>("end", "Time of the flow's last packet."),
        ]
    }

    fn finish(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        Ok(vec![
            self.input.finish()?,
            self.datagram.finish()?,
            self.record.finish()?,
            self.start.finish()?,
            self.end.finish()?,
        ])
    }
}

table! {
    /// One flow record: what a router, probe or log says of one direction of a conversation (or of both, where the reverse columns are filled).
    flow_records [Origin, OriginColumns] {
        /// What it was read from: `netflow-v5`, `netflow-v9`, `ipfix`, `psamp`, `sflow-v5`, `nfcapd`, `zeek-conn`, `zeek-smtp`, `eve`, `csv`, `binetflow`, `flows`.
        format: Word,
        /// Address of the exporter; sFlow: the agent; files of text: null.
        exporter: OptWord,
        /// Observation domain (IPFIX), source id (v9), engine type and id (v5), sub-agent (sFlow).
        observation_domain: OptU32,
        /// Sequence number of the export datagram.
        sequence: OptU32,
        /// Transport: `tcp`, `udp`, `icmp`, `icmp6`, else the IP protocol number.
        proto: Word,
        /// Sender.
        src_addr: Address,
        /// Its port; 0 where the protocol has none.
        src_port: U16,
        /// Receiver.
        dst_addr: Address,
        /// Its port; 0 where the protocol has none.
        dst_port: U16,
        /// ICMP type.
        icmp_type: OptU8,
        /// ICMP code.
        icmp_code: OptU8,
        /// TCP flags of the sender, or-ed; null where not told.
        tcp_flags: OptU8,
        /// Packets as reported, before correction for sampling; null where not told.
        packets: OptU64,
        /// IP bytes as reported, before correction for sampling; a log of connections may count payload only (`format`).
        bytes: OptU64,
        /// Packets of the other direction, where one record tells of both; null in a record of one direction.
        reverse_packets: OptU64,
        /// Bytes of the other direction.
        reverse_bytes: OptU64,
        /// TCP flags of the other direction.
        reverse_tcp_flags: OptU8,
        /// One packet in so many was looked at; 1 when unsampled or not told.
        sampling: U32,
        /// Packets corrected for sampling: `packets` times `sampling`.
        packets_est: OptU64,
        /// Bytes corrected for sampling.
        bytes_est: OptU64,
        /// Interface that the packets came in by (SNMP index).
        input_if: OptU32,
        /// Interface that they left by; 0 often says dropped, or meant for the router itself.
        output_if: OptU32,
        /// Next router.
        next_hop: OptWord,
        /// Type of service, or traffic class.
        tos: OptU8,
        /// Autonomous system of the source.
        src_as: OptU32,
        /// Autonomous system of the destination.
        dst_as: OptU32,
        /// VLAN of the source.
        vlan: OptU16,
        /// Where it was seen: `ingress`, `egress`; null where not told.
        direction: OptWord,
        /// What a firewall or log reports: `create`, `delete`, `denied`, `alert`, `update`; null for an ordinary record.
        event: OptWord,
        /// How or why the record ended, as told: `idle`, `active`, `end`, `forced`, `resources`, or the log's word (`S0`, `SF`, ...).
        ended: OptWord,
        /// Application as told by the source: `smtp`, `http`, ...; null where not told.
        app: OptWord,
    }
}

/// What a record lacks: where it was read.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The file, or the address that was listened on.
    pub input: &'a str,
    /// Packet, block or datagram.
    pub datagram: u64,
    /// The record's number in the input.
    pub record: u64,
}

impl Builder {
    /// Appends a record.
    pub fn append(&mut self, place: Place<'_>, record: &FlowRecord) {
        let mut number = [0; 3];
        let mut exporter = AddrText::default();
        let mut next_hop = AddrText::default();
        let sampling = record.sampling.max(1);
        let corrected =
            |count: Option<u64>| count.map(|count| count.saturating_mul(u64::from(sampling)));
        self.push(Row {
            evidence: Origin {
                input: place.input,
                datagram: place.datagram,
                record: place.record,
                start_us: record.start_us,
                end_us: record.end_us,
            },
            format: record.format.slug(),
            exporter: record.exporter.map(|addr| exporter.of(addr)),
            observation_domain: record.observation_domain,
            sequence: record.sequence,
            proto: proto_name(record.proto, &mut number),
            src_addr: record.src_addr,
            src_port: record.src_port,
            dst_addr: record.dst_addr,
            dst_port: record.dst_port,
            icmp_type: record.icmp.map(|(kind, _)| kind),
            icmp_code: record.icmp.map(|(_, code)| code),
            tcp_flags: record.tcp_flags,
            packets: record.packets,
            bytes: record.bytes,
            reverse_packets: record.reverse_packets,
            reverse_bytes: record.reverse_bytes,
            reverse_tcp_flags: record.reverse_tcp_flags,
            sampling,
            packets_est: corrected(record.packets),
            bytes_est: corrected(record.bytes),
            input_if: record.input_if,
            output_if: record.output_if,
            next_hop: record.next_hop.map(|addr| next_hop.of(addr)),
            tos: record.tos,
            src_as: record.src_as,
            dst_as: record.dst_as,
            vlan: record.vlan,
            direction: record.direction.map(|direction| direction.slug()),
            event: record.event.map(|event| event.slug()),
            ended: record.ended.map(|ended| ended.slug()),
            app: None,
        });
    }
}

/// Room for an address as text.
#[derive(Default)]
struct AddrText(String);

impl AddrText {
    fn of(&mut self, addr: IpAddr) -> &str {
        self.0 = addr.to_string();
        &self.0
    }
}
