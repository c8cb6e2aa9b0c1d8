//! Flows and reassembly. `engine`: segments of a known stream in any order, lost, doubled, cut or forged
//! come out in order, each byte once, and every hole as a gap. `packets`: any frames at all keep the
//! order of the handler's calls and the sums.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use mailscope_capture::file::{LinkType, Packet};
use mailscope_capture::{Engine, Flow, FlowRef, Handler, Interest, Limits};
use mailscope_evidence::{At, Side};

const SYN: u8 = 2;
const PSH_ACK: u8 = 0x18;
const LINKS: [u32; 24] = [
    1, 0, 101, 113, 276, 9, 12, 228, 229, 108, 51, 104, 105, 127, 119, 163, 192, 239, 258, 117,
    107, 6, 10, 166,
];

/// What a handler is told of one direction.
#[derive(Debug, Default)]
struct Direction {
    position: u64,
    gaps: u64,
    is_lost: bool,
}

/// Checks every call against what was sent.
#[derive(Debug, Default)]
struct Judge {
    open: BTreeMap<u32, u64>,
    directions: [Direction; 2],
    packets: u64,
    is_known_stream: bool,
}

impl Judge {
    fn follow(&mut self, flow: &FlowRef) {
        let serial = *self.open.entry(flow.slot).or_insert(flow.serial);
        assert_eq!(
            serial, flow.serial,
            "a slot is taken by one flow until its end"
        );
    }
}

impl Handler for Judge {
    fn tcp_data(&mut self, flow: &FlowRef, side: Side, _: At, data: &[u8]) -> Interest {
        self.follow(flow);
        assert!(!data.is_empty(), "no call without bytes");
        let direction = &mut self.directions[side as usize];
        if self.is_known_stream && !direction.is_lost {
            for (i, &byte) in data.iter().enumerate() {
                let true_byte = content(side, direction.position + i as u64);
                assert!(
                    byte == true_byte || byte == !true_byte,
                    "byte {} of {side:?} is out of place",
                    direction.position + i as u64
                );
            }
        }
        direction.position += data.len() as u64;
        Interest::Follow
    }

    fn tcp_gap(&mut self, flow: &FlowRef, side: Side, _: At, missing: u64) -> Interest {
        self.follow(flow);
        let direction = &mut self.directions[side as usize];
        direction.position += missing;
        direction.gaps += missing;
        direction.is_lost |= missing == 0;
        Interest::Follow
    }

    fn tcp_fin(&mut self, flow: &FlowRef, _: Side, _: At) {
        self.follow(flow);
    }

    fn udp_data(&mut self, flow: &FlowRef, _: Side, _: At, _: &[u8]) -> Interest {
        self.follow(flow);
        Interest::Follow
    }

    fn flow(&mut self, slot: u32, flow: &Flow) {
        if let Some(serial) = self.open.remove(&slot) {
            assert_eq!(serial, flow.serial, "a flow ends under its own number");
        }
        assert!(
            flow.first <= flow.last || flow.first.ts_us > flow.last.ts_us,
            "spans are ordered by packet"
        );
        self.packets += flow.orig.packets + flow.resp.packets;
    }
}

/// The byte at a place of a known stream.
fn content(side: Side, place: u64) -> u8 {
    let mixed = (place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((side as u64) << 40);
    u8::try_from(mixed >> 33 & 0xff).unwrap_or(0)
}

/// One segment: an Ethernet frame.
fn frame(side: Side, seq: u32, ack: u32, flags: u8, data: &[u8]) -> Vec<u8> {
    let ends = [
        (Ipv4Addr::new(10, 0, 0, 9), 40000u16),
        (Ipv4Addr::new(192, 0, 2, 25), 25),
    ];
    let ((source, sport), (target, dport)) = (ends[side as usize], ends[side.other() as usize]);
    let length = u16::try_from(40 + data.len()).unwrap_or(u16::MAX);
    let mut out = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
    out.extend_from_slice(&source.octets());
    out.extend_from_slice(&target.octets());
    out.extend_from_slice(&sport.to_be_bytes());
    out.extend_from_slice(&dport.to_be_bytes());
    out.extend_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(&ack.to_be_bytes());
    out.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    out.extend_from_slice(data);
    out
}

/// A known stream in segments. Byte 0 is the high byte of the first sequence number; then for each
/// segment 6 bytes: bit 0 the side, bit 1 forged content, bit 2 cut by half; offset; length; milliseconds.
pub fn engine(input: &[u8]) {
    let Some((&start, segments)) = input.split_first() else {
        return;
    };
    let isn = [u32::from(start) << 24 | 0x00ff_f000, u32::from(start) << 23];
    let judge = Judge {
        is_known_stream: true,
        ..Judge::default()
    };
    let mut engine = Engine::new(judge, Limits::default());
    let mut clock = Clock::default();
    for (side, flags, ack) in [(Side::Orig, SYN, 0), (Side::Resp, SYN | 0x10, isn[0] + 1)] {
        clock.give(
            &mut engine,
            &frame(side, isn[side as usize], ack, flags, &[]),
            0,
            1,
            0,
        );
    }
    let mut ends = [0u64; 2];
    for segment in segments.chunks_exact(6).take(400) {
        let &[bits, o0, o1, l0, l1, wait] = segment else {
            return;
        };
        let side = if bits & 1 == 0 {
            Side::Orig
        } else {
            Side::Resp
        };
        let (offset, length) = (
            u16::from_le_bytes([o0, o1]),
            u16::from_le_bytes([l0, l1]) % 2000,
        );
        let places = u64::from(offset)..u64::from(offset) + u64::from(length);
        ends[side as usize] = ends[side as usize].max(if length > 0 { places.end } else { 0 });
        let data: Vec<u8> = places
            .map(|place| content(side, place) ^ if bits & 2 == 0 { 0 } else { 0xff })
            .collect();
        let seq = isn[side as usize]
            .wrapping_add(1)
            .wrapping_add(u32::from(offset));
        let bytes = frame(side, seq, 0, PSH_ACK & !0x10, &data);
        let cut = if bits & 4 == 0 { 0 } else { data.len() / 2 };
        clock.give(&mut engine, &bytes, cut, 1, u64::from(wait));
    }
    let packets = engine.stats().packets;
    let judge = engine.into_handler();
    assert_eq!(judge.packets, packets, "every packet counts to a flow");
    for side in [Side::Orig, Side::Resp] {
        let (told, end) = (&judge.directions[side as usize], ends[side as usize]);
        assert!(
            told.is_lost || told.position == end,
            "{side:?}: {} bytes and gaps told of {end}",
            told.position
        );
    }
}

/// Any frames: for each one byte for the link type, one for the milliseconds since the last, two for
/// the length, then the bytes.
pub fn packets(input: &[u8]) {
    let mut engine = Engine::new(
        Judge::default(),
        Limits {
            flows: 64,
            ..Limits::default()
        },
    );
    let (mut rest, mut clock) = (input, Clock::default());
    while let [link, wait, l0, l1, after @ ..] = rest {
        let (bytes, after) =
            after.split_at(after.len().min(usize::from(u16::from_le_bytes([*l0, *l1]))));
        let wait = if *wait > 200 {
            u64::from(*wait) * 1000
        } else {
            u64::from(*wait)
        };
        clock.give(
            &mut engine,
            bytes,
            0,
            LINKS[usize::from(*link) % LINKS.len()],
            wait,
        );
        rest = after;
    }
    engine.finish();
    let stats = *engine.stats();
    let judge = engine.handler();
    assert_eq!(
        judge.packets + stats.undecoded.total(),
        stats.packets,
        "every packet counts once"
    );
    assert!(judge.open.is_empty(), "every flow ends");
}

/// Time and packet numbers.
#[derive(Default)]
struct Clock {
    milliseconds: u64,
    number: u64,
}

impl Clock {
    fn give(&mut self, engine: &mut Engine<Judge>, bytes: &[u8], cut: usize, link: u32, wait: u64) {
        self.milliseconds += wait;
        self.number += 1;
        let packet = Packet {
            ts_ns: 1_700_000_000_000_000_000
                + i64::try_from(self.milliseconds).unwrap_or(0) * 1_000_000,
            wire_len: u32::try_from(bytes.len()).unwrap_or(0),
            link: LinkType(link),
            interface: 0,
            data: &bytes[..bytes.len() - cut],
        };
        engine.packet(&packet, 0, self.number);
        debug_assert!(
            engine.memory_bytes() < 256 << 20,
            "memory stays inside its limits"
        );
    }
}
