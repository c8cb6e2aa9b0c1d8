//! Packets that try to break the engine: no panic, bounded memory, every packet accounted for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use mailscope_capture::Limits;
use mailscope_evidence::Side::{Orig, Resp};
use support::{ACK, Bench, Random, SYN, ethernet, ipv4, ipv6, segment, tcp, udp};

const LINKS: [u32; 14] = [0, 1, 9, 12, 50, 51, 101, 104, 108, 113, 219, 276, 255, 105];

/// Frames that reach deep into the headers before they are spoilt.
fn seeds() -> Vec<Vec<u8>> {
    let inner = ipv4(
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        6,
        (0, 0, false),
        &tcp(1, 25, 9, 9, ACK, b"payload"),
    );
    let frame = ethernet(0x0800, &inner);
    let over = |port: u16, head: &[u8], inner: &[u8]| {
        let datagram = udp(port, port, &[head, inner].concat());
        ethernet(
            0x0800,
            &ipv4([1, 1, 1, 1], [2, 2, 2, 2], 17, (0, 0, false), &datagram),
        )
    };
    let mut extensions = vec![
        43, 0, 1, 4, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 1, 0, 0, 0, 5,
    ];
    extensions.extend(tcp(1, 25, 9, 9, ACK, b"six"));
    vec![
        frame.clone(),
        ethernet(
            0x8100,
            &[&[0, 1, 0x88, 0x47, 0, 0, 0x11, 9][..], &inner].concat(),
        ),
        ethernet(0x86dd, &ipv6(0, &extensions)),
        ethernet(
            0x8864,
            &[&[0x11, 0, 0, 1, 0, 60, 0, 0x21][..], &inner].concat(),
        ),
        over(4789, &[8, 0, 0, 0, 0, 0, 5, 0], &frame),
        over(
            6081,
            &[
                3, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4,
            ],
            &frame,
        ),
        over(
            2152,
            &[0x34, 0xff, 0, 54, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0, 5, 0],
            &inner,
        ),
        over(
            3544,
            &[0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &ipv6(59, b""),
        ),
        over(
            1701,
            &[0x4a, 2, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0],
            &inner,
        ),
        ethernet(
            0x0800,
            &ipv4(
                [1, 1, 1, 1],
                [2, 2, 2, 2],
                47,
                (0, 0, false),
                &[&[0x30, 1, 0x88, 0x0b, 0, 9, 0, 9, 0, 0, 0, 1][..], &inner].concat(),
            ),
        ),
        ethernet(
            0x0800,
            &ipv4([1, 1, 1, 1], [2, 2, 2, 2], 17, (7, 8, true), &[3; 40]),
        ),
        ethernet(
            0x0800,
            &ipv4([1, 1, 1, 1], [2, 2, 2, 2], 1, (0, 0, false), &[8; 12]),
        ),
    ]
}

#[test]
fn spoilt_frames_never_panic_and_are_all_accounted_for() {
    let mut random = Random(0xbad5eed);
    let mut bench = Bench::new(Limits {
        flows: 200,
        fragment_bytes: 20_000,
        ..Limits::default()
    });
    let seeds = seeds();
    for round in 0..60_000usize {
        let mut frame = seeds[round % seeds.len()].clone();
        for _ in 0..random.below(5) {
            let at = random.below(frame.len() as u64) as usize;
            frame[at] = random.next() as u8;
        }
        frame.truncate(if random.below(4) == 0 {
            random.below(frame.len() as u64 + 1) as usize
        } else {
            frame.len()
        });
        let link = if random.below(3) == 0 {
            LINKS[random.below(14) as usize]
        } else {
            1
        };
        let wire_len = frame.len() as u32
            + if random.below(4) == 0 {
                random.below(3000) as u32
            } else {
                0
            };
        if random.below(500) == 0 {
            bench.now_us = (random.next() >> random.below(30)) as i64;
        }
        bench.link_frame(link, &frame, wire_len);
    }
    bench.engine.finish();
    let stats = *bench.engine.stats();
    let seen = bench.done();
    let in_flows: u64 = seen
        .flows
        .iter()
        .map(|f| f.orig.packets + f.resp.packets)
        .sum();
    assert_eq!(in_flows + stats.undecoded.total(), stats.packets);
    assert!(stats.peak_flows <= 200);
}

#[test]
fn random_segments_of_one_connection_never_panic_and_stay_in_the_budget() {
    let mut random = Random(0x7c9);
    for seed in 0..40u64 {
        let limits = Limits {
            direction_bytes: 20_000,
            buffer_bytes: 60_000,
            ..Limits::default()
        };
        let mut bench = Bench::new(limits);
        let base = random.next() as u32;
        for _ in 0..400 {
            let side = if random.below(3) == 0 { Resp } else { Orig };
            let near = random.below(if seed % 2 == 0 {
                3000
            } else {
                u64::from(u32::MAX)
            }) as u32;
            let flags = match random.below(12) {
                0 => random.next() as u8,
                1 => SYN,
                _ => ACK,
            };
            let len = random.below(300) as usize;
            let payload = random.bytes(len);
            let ack = base.wrapping_add(random.below(5000) as u32);
            bench.frame(&segment(
                side,
                base.wrapping_add(near),
                ack,
                flags,
                &payload,
            ));
            bench.now_us += random.below(100_000) as i64;
        }
        assert!(bench.engine.stats().peak_buffer_bytes < 70_000);
        let payload: u64 = {
            bench.engine.finish();
            bench
                .engine
                .handler()
                .flows
                .iter()
                .map(|f| f.orig.payload_bytes + f.resp.payload_bytes)
                .sum()
        };
        let events = bench.engine.handler().events.values().flatten();
        let told: usize = events
            .map(|e| {
                if let support::Event::Data(_, d) = e {
                    d.len()
                } else {
                    0
                }
            })
            .sum();
        assert!(told as u64 <= payload);
    }
}

#[test]
fn many_small_holes_cost_memory_within_the_cap_and_linear_time() {
    let limits = Limits {
        direction_bytes: 100_000,
        ..Limits::default()
    };
    let mut bench = Bench::new(limits);
    bench.frame(&segment(Orig, 0, 0, SYN, b""));
    for n in 0..20_000u32 {
        bench.frame(&segment(Orig, 3 + 2 * n, 0, ACK, b"x"));
    }
    assert!(bench.engine.stats().peak_buffer_bytes < 101_000);
    let seen = bench.done();
    assert_eq!(seen.flows[0].orig.gap_bytes, 20_001);
    assert_eq!(seen.events[&0].len(), 40_000);
}

#[test]
fn a_flood_of_fragments_stays_in_the_budget() {
    let mut bench = Bench::new(Limits {
        fragment_bytes: 50_000,
        fragments: 20,
        ..Limits::default()
    });
    for n in 0..20_000u32 {
        let id = if n % 2 == 0 { n as u16 } else { 7 };
        let frame = ethernet(
            0x0800,
            &ipv4(
                [1, 1, 1, 1],
                [2, 2, 2, 2],
                17,
                (id, (n % 8000) as u16 * 8, true),
                &[1; 64],
            ),
        );
        bench.frame(&frame);
    }
    bench.engine.finish();
    let stats = *bench.engine.stats();
    let in_flows: u64 = bench
        .done()
        .flows
        .iter()
        .map(|f| f.orig.packets + f.resp.packets)
        .sum();
    assert_eq!(in_flows + stats.undecoded.total(), 20_000);
}
