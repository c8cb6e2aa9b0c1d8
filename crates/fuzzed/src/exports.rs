//! Export datagrams and nfcapd files: any bytes give records whose times are in order, as many as are counted.

use std::net::{IpAddr, Ipv4Addr};

use mailscope_flowrec::nfcapd::{BlockHeader, FileHeader, Records, uncompressed};
use mailscope_flowrec::{Datagram, Decoder, FlowRecord, Limits, recognised};

/// Small caps, so that they are reached.
fn limits() -> Limits {
    Limits {
        domains: 8,
        templates: 8,
        template_fields: 64,
        all_fields: 256,
        samplers: 4,
        waiting_sets: 4,
        waiting_bytes: 4096,
    }
}

/// The input as datagrams, each behind its length (two bytes), with the version that the target is about.
fn datagrams(mut input: &[u8], version: &[u8]) {
    let mut decoder = Decoder::new(limits());
    let mut given = 0;
    let mut number = 0;
    while let Some((length, rest)) = input.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (payload, rest) = rest.split_at(length);
        input = rest;
        let mut payload = payload.to_vec();
        for (place, byte) in payload.iter_mut().zip(version) {
            *place = *byte;
        }
        number += 1;
        let _ = recognised(&payload);
        let datagram = Datagram {
            exporter: IpAddr::V4(Ipv4Addr::new(192, 0, 2, (number % 3) as u8)),
            number,
            received_us: 1_700_000_000_000_000,
            payload: &payload,
        };
        let _ = decoder.datagram(&datagram, &mut |from, record| {
            given += 1;
            assert!(from <= number, "a record of a datagram to come");
            holds(record);
        });
    }
    let reports = decoder.exporters();
    let counted: u64 = reports.iter().map(|report| report.counts.records).sum();
    assert_eq!(counted, given, "records counted and given out");
    assert!(reports.len() <= limits().domains);
    assert!(
        reports
            .iter()
            .all(|report| report.waiting_sets <= limits().waiting_sets)
    );
}

fn holds(record: &FlowRecord) {
    assert!(
        record.start_us <= record.end_us,
        "a flow ends before it starts"
    );
    assert!(record.sampling > 0);
    assert!(record.icmp.is_none() || matches!(record.proto, 1 | 58));
}

/// NetFlow version 5.
pub fn netflow5(input: &[u8]) {
    datagrams(input, &[0, 5]);
}

/// NetFlow version 9.
pub fn netflow9(input: &[u8]) {
    datagrams(input, &[0, 9]);
}

/// IPFIX.
pub fn ipfix(input: &[u8]) {
    datagrams(input, &[0, 10]);
}

/// sFlow version 5.
pub fn sflow(input: &[u8]) {
    datagrams(input, &[0, 0, 0, 5]);
}

/// A file of nfcapd, of either layout.
pub fn nfcapd(input: &[u8]) {
    let Ok(file) = FileHeader::read(input) else {
        return;
    };
    let mut rest = input.get(file.length..).unwrap_or_default();
    let mut records = Records::default();
    let mut given = 0;
    while let Some((head, behind)) = rest.split_first_chunk::<{ BlockHeader::BYTES }>() {
        let Ok(header) = BlockHeader::read(head, &file) else {
            return;
        };
        let Some((stored, behind)) = behind.split_at_checked(header.stored_bytes) else {
            return;
        };
        rest = behind;
        if let Some(Ok(block)) = uncompressed(header.compression, stored) {
            records.block(&block, &mut |record| {
                given += 1;
                holds(record);
            });
        }
    }
    assert_eq!(records.flows, given);
}
