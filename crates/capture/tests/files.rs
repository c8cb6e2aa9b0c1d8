//! Capture files: every kind is read, every cut is named, damage is stepped over.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::io::Cursor;

use mailscope_capture::file::{EndKind, LinkType, Reader};
use support::{Blocks, PcapKind, Random, read};

const KINDS: [(u32, u32, i64); 3] = [
    (0xa1b2_c3d4, 5, 5000),
    (0xa1b2_3c4d, 5, 5),
    (0xa1b2_cd34, 5, 5000),
];

#[test]
fn pcap_is_read_in_both_byte_orders_and_all_kinds() {
    for big_endian in [false, true] {
        for (magic, fraction, ns) in KINDS {
            let kind = PcapKind {
                big_endian,
                magic,
                minor: 4,
            };
            let mut file = kind.header();
            file.extend(kind.record(7, fraction, b"hello"));
            file.extend(kind.record(8, fraction, b""));
            let (packets, end) = read(&file);
            let expected = vec![
                (7_000_000_000 + ns, 5, b"hello".to_vec()),
                (8_000_000_000 + ns, 0, Vec::new()),
            ];
            assert_eq!(packets, expected, "{magic:x} big endian {big_endian}");
            assert_eq!(
                (end.kind, end.packets, end.offset),
                (EndKind::Complete, 2, file.len() as u64)
            );
        }
    }
}

#[test]
fn lengths_of_old_versions_may_stand_the_other_way_round() {
    let kind = PcapKind {
        minor: 2,
        ..PcapKind::PLAIN
    };
    let mut file = kind.header();
    for n in [7u32, 0, 100, 3] {
        file.extend(n.to_le_bytes());
    }
    file.extend(b"abc");
    assert_eq!(read(&file).0, vec![(7_000_000_000, 100, b"abc".to_vec())]);
}

fn pcapng(big_endian: bool) -> Vec<u8> {
    let mut blocks = Blocks::new(big_endian);
    let resolution = vec![9];
    blocks.section().interface(1, 0, &[]).interface(
        101,
        64,
        &[(2, b"tun0".to_vec()), (9, resolution)],
    );
    blocks
        .packet(0, 1_000_000, b"micro")
        .block(0x0bad, b"custom")
        .packet(1, 2_000_000_000, b"nano");
    let mut simple = blocks.u32(6).to_vec();
    simple.extend(b"simple");
    blocks.block(3, &simple);
    let mut old = blocks.u16(1).to_vec();
    old.extend(blocks.u16(0));
    for n in [0, 3_000_000_000, 3, 9] {
        old.extend(blocks.u32(n));
    }
    old.extend(b"old");
    blocks.block(2, &old);
    let mut statistics = blocks.u32(1).to_vec();
    statistics.extend([0; 8]);
    statistics.extend(blocks.u16(5));
    statistics.extend(blocks.u16(8));
    statistics.extend(if big_endian {
        42u64.to_be_bytes()
    } else {
        42u64.to_le_bytes()
    });
    blocks.block(5, &statistics);
    blocks.bytes
}

#[test]
fn pcapng_sections_interfaces_and_blocks_are_read() {
    for big_endian in [false, true] {
        let mut file = pcapng(big_endian);
        // A second section in the other byte order, with its own interfaces.
        let mut second = Blocks::new(!big_endian);
        second.section().interface(
            113,
            0,
            &[(9, vec![0x80 | 10]), (14, offset(!big_endian, 100))],
        );
        second.packet(0, 2048, b"binary");
        file.extend(second.bytes);
        let mut reader = Reader::open(Box::new(Cursor::new(file))).unwrap();
        let mut seen = Vec::new();
        while let Some(p) = reader.next() {
            seen.push((p.ts_ns, p.wire_len, p.link.0, p.interface, p.data.to_vec()));
        }
        let second = 1_000_000_000;
        assert_eq!(
            seen,
            vec![
                (second, 5, 1, 0, b"micro".to_vec()),
                (2 * second, 4, 101, 1, b"nano".to_vec()),
                (2 * second, 6, 1, 0, b"simple".to_vec()),
                (3 * second, 9, 101, 1, b"old".to_vec()),
                (102 * second, 6, 113, 2, b"binary".to_vec()),
            ]
        );
        let info = reader.info();
        assert_eq!(info.link_types(), [1, 101, 113].map(LinkType));
        assert_eq!(info.interfaces[1].name.as_deref(), Some("tun0"));
        assert_eq!(info.drops(), Some(42));
        assert_eq!(reader.end().unwrap().kind, EndKind::Complete);
    }
}

fn offset(big_endian: bool, seconds: i64) -> Vec<u8> {
    if big_endian {
        seconds.to_be_bytes().to_vec()
    } else {
        seconds.to_le_bytes().to_vec()
    }
}

fn snoop() -> Vec<u8> {
    let mut file = b"snoop\0\0\0".to_vec();
    for n in [2u32, 4] {
        file.extend(n.to_be_bytes());
    }
    for (drops, data) in [(0u32, b"abcde"), (3, b"fghij")] {
        for n in [60, 5, 24 + 8, drops, 9, 7] {
            file.extend(n.to_be_bytes());
        }
        file.extend(data);
        file.extend([0; 3]);
    }
    file
}

#[test]
fn snoop_is_read_with_its_drops() {
    let mut reader = Reader::open(Box::new(Cursor::new(snoop()))).unwrap();
    let packet = reader.next().unwrap();
    assert_eq!(
        (packet.ts_ns, packet.wire_len, packet.data),
        (9_000_007_000, 60, &b"abcde"[..])
    );
    assert_eq!(reader.next().unwrap().data, b"fghij");
    assert!(reader.next().is_none());
    assert_eq!(reader.info().drops(), Some(3));
}

fn pcap() -> Vec<u8> {
    let kind = PcapKind::PLAIN;
    let mut file = kind.header();
    for n in 0..6u32 {
        file.extend(kind.record(100 + n, 0, &vec![n as u8; 20 + n as usize]));
    }
    file
}

#[test]
fn a_file_cut_at_any_byte_gives_the_packets_before_and_a_named_end() {
    for file in [pcap(), pcapng(false), pcapng(true), snoop()] {
        let (whole, _) = read(&file);
        for cut in 0..file.len() {
            let (packets, end) = read(&file[..cut]);
            assert_eq!(packets, whole[..packets.len()], "cut at {cut}");
            assert_eq!(end.packets, packets.len() as u64);
            assert!(end.offset <= cut as u64);
            match end.kind {
                EndKind::Complete => assert_eq!(end.offset, cut as u64),
                EndKind::Empty => assert_eq!(cut, 0),
                EndKind::UnknownFormat => assert!(cut < 16),
                EndKind::CutOffHeader => assert!(cut < 28),
                EndKind::CutOffRecord => assert!(end.offset < cut as u64),
                other => panic!("{other:?} at {cut}"),
            }
        }
    }
}

#[test]
fn what_is_no_capture_is_named() {
    for bytes in [
        &b"PK\x03\x04 a zip"[..],
        b"<html>",
        b"\x0a\x0d\x0d\x0a0123456789ab",
        b"sno",
    ] {
        assert_eq!(read(bytes).1.kind, EndKind::UnknownFormat);
    }
    assert_eq!(read(b"").1.kind, EndKind::Empty);
}

#[test]
fn damage_is_stepped_over_to_the_next_records() {
    let kind = PcapKind::PLAIN;
    let record = |n: u32| kind.record(1_700_000_000 + n, n, &Random(u64::from(n) + 1).bytes(200));
    for damage in [&[0xffu8; 37][..], &[0x20; 16], b"x"] {
        let mut file = kind.header();
        file.extend((0..5).flat_map(record));
        let start = file.len() as u64;
        file.extend(damage);
        file.extend((5..10).flat_map(record));
        let mut reader = Reader::open(Box::new(Cursor::new(file))).unwrap();
        let mut count = 0;
        while reader.next().is_some() {
            count += 1;
        }
        assert_eq!(count, 10);
        let info = reader.info();
        assert_eq!(info.damage_count, 1);
        assert_eq!(
            (info.damages[0].offset, info.damages[0].skipped),
            (start, damage.len() as u64)
        );
        assert_eq!(info.damages[0].packets, 5);
        assert_eq!(reader.end().unwrap().kind, EndKind::Complete);
    }
}

#[test]
fn damage_without_a_later_record_ends_the_file() {
    let mut file = pcap();
    let start = file.len() as u64;
    file.extend([0xff; 5000]);
    let (packets, end) = read(&file);
    assert_eq!(
        (packets.len(), end.kind, end.offset),
        (6, EndKind::BadRecordLength, start)
    );
}

#[test]
fn a_pcapng_block_with_two_lengths_is_stepped_over() {
    let mut blocks = Blocks::new(false);
    blocks.section().interface(1, 0, &[]).packet(0, 1, b"first");
    let bad = blocks.bytes.len();
    blocks
        .packet(0, 2, b"second")
        .packet(0, 3, b"third")
        .packet(0, 4, b"fourth")
        .packet(0, 5, b"fifth");
    let mut file = blocks.bytes.clone();
    file[bad + 4] += 4;
    let (packets, end) = read(&file);
    let texts: Vec<&[u8]> = packets.iter().map(|p| &p.2[..]).collect();
    assert_eq!(texts, [&b"first"[..], b"third", b"fourth", b"fifth"]);
    assert_eq!(end.kind, EndKind::Complete);
}

#[test]
fn a_huge_unknown_block_is_passed_over_without_being_kept() {
    let mut blocks = Blocks::new(true);
    blocks
        .section()
        .interface(1, 0, &[])
        .block(0x0bad_cafe, &vec![7; 6 << 20])
        .packet(0, 1, b"after");
    assert_eq!(read(&blocks.bytes).0[0].2, b"after");
}

#[test]
fn random_bytes_behind_a_true_header_never_panic() {
    let mut random = Random(0x5eed);
    let mut starts = vec![pcap(), pcapng(false), pcapng(true), snoop(), Vec::new()];
    starts.extend(KINDS.map(|(magic, ..)| {
        PcapKind {
            big_endian: true,
            magic,
            minor: 3,
        }
        .header()
    }));
    for round in 0..400 {
        let mut file = starts[round % starts.len()].clone();
        if round % 3 == 0 {
            let len = random.below(400) as usize;
            file.extend(random.bytes(len));
        }
        for _ in 0..random.below(6) {
            let at = random.below(file.len() as u64) as usize;
            if let Some(byte) = file.get_mut(at) {
                *byte = random.next() as u8;
            }
        }
        let (packets, end) = read(&file);
        assert_eq!(packets.len() as u64, end.packets);
    }
}
