//! Packets seen twice, at one capture point or at two, count once, whatever the clocks say.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use mailscope_pipeline::Summary;
use support::{Folder, Kept, Stamped, mail_session, pcap, read, stamped};

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [192, 0, 2, 25];
/// Columns that say what happened, not where it was seen.
const TOLD: [&str; 8] = [
    "flow_id",
    "orig_packets",
    "resp_packets",
    "orig_payload_bytes",
    "orig_retransmitted_bytes",
    "resp_retransmitted_bytes",
    "orig_gap_bytes",
    "closed",
];

/// Some mail sessions, packets numbered as real senders number theirs.
fn sessions() -> Vec<Stamped> {
    let mut packets = Vec::new();
    for number in 0..6u16 {
        let session = mail_session((CLIENT, 40_000 + number), (SERVER, 25), "b@mx.example");
        packets.extend(stamped(8_000_000_000 + i64::from(number) * 5_300, session));
    }
    packets.sort();
    for (number, (_, packet)) in packets.iter_mut().enumerate() {
        packet[18..20].copy_from_slice(&(number as u16 + 1).to_be_bytes());
    }
    packets
}

/// The same packets one router on, by another clock.
fn beyond(packets: &[Stamped], clock_us: i64) -> Vec<Stamped> {
    let mut moved = packets.to_vec();
    for (us, packet) in &mut moved {
        *us += clock_us;
        packet[22] -= 1;
    }
    moved
}

fn told(tables: &Kept) -> Vec<Vec<String>> {
    let known = tables
        .0
        .iter()
        .find(|(table, _)| table.name == "flows")
        .unwrap()
        .0;
    let names: Vec<_> = known.columns.iter().map(|column| column.name).collect();
    let told = TOLD.iter().filter(|name| names.contains(name));
    let mut columns: Vec<_> = told.map(|name| tables.column("flows", name)).collect();
    columns.push(tables.column("messages", "subject"));
    columns
}

fn duplicates(summary: &Summary) -> Vec<u64> {
    summary
        .inputs
        .iter()
        .map(|input| input.duplicates)
        .collect()
}

#[test]
fn a_mirror_port_that_doubles_changes_nothing() {
    let folder = Folder::new();
    let packets = sessions();
    let doubled: Vec<Stamped> = packets
        .iter()
        .flat_map(|(us, packet)| [(*us, packet.clone()), (us + 4, packet.clone())])
        .collect();
    let (once, single) = read(&[folder.file("a.pcap", &pcap(&packets))]);
    let (twice, tables) = read(&[folder.file("b.pcap", &pcap(&doubled))]);
    assert_eq!(told(&tables), told(&single));
    assert_eq!(duplicates(&once), [0]);
    assert_eq!(duplicates(&twice), [packets.len() as u64]);
}

#[test]
fn two_points_that_overlap_are_one_recording() {
    let folder = Folder::new();
    let packets = sessions();
    let (third, rest) = (packets.len() / 3, packets.len() * 2 / 3);
    let (_, whole) = read(&[folder.file("whole.pcap", &pcap(&packets))]);
    for clock_us in [0, 2_500_000, -7_200_000_000] {
        let near = folder.file("near.pcap", &pcap(&packets[..rest]));
        let far = folder.file(
            "far.pcap",
            &pcap(&beyond(&packets[third..], clock_us + 300)),
        );
        let near_first = clock_us >= 0;
        let (summary, tables) = read(&[near.clone(), far.clone()]);
        let (_, reversed) = read(&[far.clone(), near.clone()]);
        assert_eq!(told(&tables), told(&reversed), "clock {clock_us}");
        assert_eq!(
            duplicates(&summary).iter().sum::<u64>(),
            (rest - third) as u64
        );
        if near_first {
            assert_eq!(told(&tables), told(&whole), "clock {clock_us}");
            let (offset, reference) = summary.inputs[1].clock.clone().unwrap();
            assert_eq!((offset, reference), (clock_us + 300, near.clone()));
        } else {
            // The far clock is the reference: times differ, and with them the names of flows.
            assert_eq!(told(&tables)[1..], told(&whole)[1..], "clock {clock_us}");
            let (offset, reference) = summary.inputs[0].clock.clone().unwrap();
            assert_eq!((offset, reference), (-clock_us - 300, far.clone()));
        }
    }
}

#[test]
fn what_a_sender_repeats_is_no_copy() {
    let folder = Folder::new();
    let mut packets = sessions();
    // The same data again, under a number of its own, half a millisecond later.
    let (us, mut again) = packets[20].clone();
    again[18..20].copy_from_slice(&9_999u16.to_be_bytes());
    packets.insert(21, (us + 500, again));
    // Senders that number nothing repeat now and then, too.
    for (_, packet) in &mut packets {
        if packet[26] == CLIENT[0] {
            packet[18..20].copy_from_slice(&[0, 1]);
        }
    }
    let (us, again) = packets[30].clone();
    packets.insert(31, (us + 500, again));
    let (summary, _) = read(&[folder.file("a.pcap", &pcap(&packets))]);
    assert_eq!(duplicates(&summary), [0]);
}

#[test]
fn recordings_that_share_nothing_keep_their_clocks() {
    let folder = Folder::new();
    let first = stamped(
        1_000_000,
        mail_session((CLIENT, 40_001), (SERVER, 25), "b@x.example"),
    );
    let second = stamped(
        1_003_000,
        mail_session((CLIENT, 40_002), (SERVER, 25), "c@x.example"),
    );
    let (summary, tables) = read(&[
        folder.file("a.pcap", &pcap(&first)),
        folder.file("b.pcap", &pcap(&second)),
    ]);
    assert!(summary.inputs.iter().all(|input| input.clock.is_none()));
    assert_eq!(duplicates(&summary), [0, 0]);
    assert_eq!(tables.column("messages", "subject").len(), 2);
}
