//! Frames and captures built by hand, and a handler that writes down what it is told.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

use std::collections::BTreeMap;
use std::io::Cursor;

use mailscope_capture::file::{LinkType, Packet, ReadEnd, Reader};
use mailscope_capture::{Engine, Flow, FlowRef, Handler, Interest, Limits};
use mailscope_evidence::{At, Side};

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const ACK: u8 = 16;

pub const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 40_000);
pub const SERVER: ([u8; 4], u16) = ([192, 0, 2, 25], 25);

/// An Ethernet frame of this type.
pub fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    frame.extend(ether_type.to_be_bytes());
    frame.extend(payload);
    frame
}

/// An IPv4 packet; `fragment` is identification, offset in bytes, and more-fragments.
pub fn ipv4(
    src: [u8; 4],
    dst: [u8; 4],
    proto: u8,
    fragment: (u16, u16, bool),
    payload: &[u8],
) -> Vec<u8> {
    let (id, offset, more) = fragment;
    let mut packet = vec![0x45, 0];
    packet.extend(u16::try_from(20 + payload.len()).unwrap().to_be_bytes());
    packet.extend(id.to_be_bytes());
    packet.extend(((offset / 8) | (u16::from(more) << 13)).to_be_bytes());
    packet.extend([64, proto, 0, 0]);
    packet.extend(src);
    packet.extend(dst);
    packet.extend(payload);
    packet
}

pub fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet.extend([next, 64]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    packet.extend(payload);
    packet
}

pub fn tcp(src: u16, dst: u16, seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(src.to_be_bytes());
    segment.extend(dst.to_be_bytes());
    segment.extend(seq.to_be_bytes());
    segment.extend(ack.to_be_bytes());
    segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(payload);
    segment
}

pub fn udp(src: u16, dst: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    datagram.extend(src.to_be_bytes());
    datagram.extend(dst.to_be_bytes());
    datagram.extend(u16::try_from(8 + payload.len()).unwrap().to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

/// A TCP segment from client to server or back, as an Ethernet frame.
pub fn segment(side: Side, seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let (src, dst) = match side {
        Side::Orig => (CLIENT, SERVER),
        Side::Resp => (SERVER, CLIENT),
    };
    let tcp = tcp(src.1, dst.1, seq, ack, flags, payload);
    ethernet(0x0800, &ipv4(src.0, dst.0, 6, (0, 0, false), &tcp))
}

/// What a handler is told of one flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Data(Side, Vec<u8>),
    Gap(Side, u64),
    Fin(Side),
}

#[derive(Debug, Default)]
pub struct Recorder {
    pub events: BTreeMap<u64, Vec<Event>>,
    pub refs: BTreeMap<u64, FlowRef>,
    pub flows: Vec<Flow>,
    /// Data calls after which a flow is ignored.
    pub ignore_after: Option<usize>,
    pub udp: Vec<(Side, Vec<u8>)>,
}

impl Recorder {
    fn note(&mut self, flow: &FlowRef, event: Event) -> Interest {
        self.refs.insert(flow.serial, *flow);
        let events = self.events.entry(flow.serial).or_default();
        events.push(event);
        let is_enough = self.ignore_after.is_some_and(|n| events.len() >= n);
        if is_enough {
            Interest::Ignore
        } else {
            Interest::Follow
        }
    }

    /// The bytes of one direction of a flow; a gap is written as `[n]`.
    pub fn text(&self, serial: u64, side: Side) -> String {
        let events = self
            .events
            .get(&serial)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut text = String::new();
        for event in events {
            match event {
                Event::Data(s, data) if *s == side => text.push_str(&String::from_utf8_lossy(data)),
                Event::Gap(s, missing) if *s == side => text.push_str(&format!("[{missing}]")),
                _ => {}
            }
        }
        text
    }

    /// All of a flow in the order told: `>` client, `<` server, `]` a FIN.
    pub fn dialogue(&self, serial: u64) -> String {
        let events = self
            .events
            .get(&serial)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let arrow = |side: &Side| if *side == Side::Orig { '>' } else { '<' };
        let line = |event: &Event| match event {
            Event::Data(side, data) => format!("{}{}", arrow(side), String::from_utf8_lossy(data)),
            Event::Gap(side, missing) => format!("{}[{missing}]", arrow(side)),
            Event::Fin(side) => format!("{}]", arrow(side)),
        };
        events.iter().map(line).collect::<Vec<_>>().join(" ")
    }
}

impl Handler for Recorder {
    fn tcp_data(&mut self, flow: &FlowRef, side: Side, _: At, data: &[u8]) -> Interest {
        assert!(!data.is_empty());
        self.note(flow, Event::Data(side, data.to_vec()))
    }

    fn tcp_gap(&mut self, flow: &FlowRef, side: Side, _: At, missing: u64) -> Interest {
        self.note(flow, Event::Gap(side, missing))
    }

    fn tcp_fin(&mut self, flow: &FlowRef, side: Side, _: At) {
        self.note(flow, Event::Fin(side));
    }

    fn udp_data(&mut self, _: &FlowRef, side: Side, _: At, data: &[u8]) -> Interest {
        self.udp.push((side, data.to_vec()));
        Interest::Follow
    }

    fn flow(&mut self, _: u32, flow: &Flow) {
        self.flows.push(flow.clone());
    }
}

/// An engine that is fed frames by their time.
pub struct Bench {
    pub engine: Engine<Recorder>,
    number: u64,
    pub now_us: i64,
}

impl Bench {
    pub fn new(limits: Limits) -> Self {
        Self {
            engine: Engine::new(Recorder::default(), limits),
            number: 0,
            now_us: 1_700_000_000_000_000,
        }
    }

    /// Feeds a whole frame one millisecond after the last.
    pub fn frame(&mut self, frame: &[u8]) -> &mut Self {
        self.cut_frame(frame, u32::try_from(frame.len()).unwrap())
    }

    pub fn cut_frame(&mut self, frame: &[u8], wire_len: u32) -> &mut Self {
        self.link_frame(1, frame, wire_len)
    }

    pub fn link_frame(&mut self, link: u32, frame: &[u8], wire_len: u32) -> &mut Self {
        self.now_us = self.now_us.saturating_add(1000);
        self.number += 1;
        let packet = Packet {
            ts_ns: self.now_us.saturating_mul(1000),
            wire_len,
            link: LinkType(link),
            interface: 0,
            data: frame,
        };
        self.engine.packet(&packet, 0, self.number);
        self
    }

    pub fn wait_s(&mut self, seconds: i64) -> &mut Self {
        self.now_us += seconds * 1_000_000;
        self
    }

    pub fn done(self) -> Recorder {
        self.engine.into_handler()
    }
}

/// All packets of a capture (time, wire length, bytes) and how reading ended.
pub fn read(bytes: &[u8]) -> (Vec<(i64, u32, Vec<u8>)>, ReadEnd) {
    let mut reader = match Reader::open(Box::new(Cursor::new(bytes.to_vec()))) {
        Ok(reader) => reader,
        Err(end) => return (Vec::new(), end),
    };
    let mut packets = Vec::new();
    while let Some(packet) = reader.next() {
        packets.push((packet.ts_ns, packet.wire_len, packet.data.to_vec()));
    }
    (packets, reader.end().unwrap().clone())
}

/// A little generator for seeded tests.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.next() >> 32) as u8).collect()
    }
}

/// pcap files in all their kinds.
pub struct PcapKind {
    pub big_endian: bool,
    pub magic: u32,
    pub minor: u16,
}

impl PcapKind {
    pub const PLAIN: Self = Self {
        big_endian: false,
        magic: 0xa1b2_c3d4,
        minor: 4,
    };

    fn u32(&self, n: u32) -> [u8; 4] {
        if self.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    }

    fn u16(&self, n: u16) -> [u8; 2] {
        if self.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    }

    pub fn header(&self) -> Vec<u8> {
        let mut file = self.u32(self.magic).to_vec();
        file.extend(self.u16(2));
        file.extend(self.u16(self.minor));
        file.extend([0; 8]);
        file.extend(self.u32(65_535));
        file.extend(self.u32(1));
        file
    }

    pub fn record(&self, seconds: u32, fraction: u32, data: &[u8]) -> Vec<u8> {
        let len = u32::try_from(data.len()).unwrap();
        let mut record = Vec::new();
        for n in [seconds, fraction, len, len] {
            record.extend(self.u32(n));
        }
        if self.magic == 0xa1b2_cd34 {
            record.extend([0; 8]);
        }
        record.extend(data);
        record
    }
}

/// pcapng blocks of one byte order.
pub struct Blocks {
    pub big_endian: bool,
    pub bytes: Vec<u8>,
}

impl Blocks {
    pub fn new(big_endian: bool) -> Self {
        Self {
            big_endian,
            bytes: Vec::new(),
        }
    }

    pub fn u16(&self, n: u16) -> [u8; 2] {
        if self.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    }

    pub fn u32(&self, n: u32) -> [u8; 4] {
        if self.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    }

    pub fn block(&mut self, kind: u32, body: &[u8]) -> &mut Self {
        let padded = body.len().next_multiple_of(4);
        let length = u32::try_from(12 + padded).unwrap();
        let mut block = self.u32(kind).to_vec();
        block.extend(self.u32(length));
        block.extend(body);
        block.resize(8 + padded, 0);
        block.extend(self.u32(length));
        self.bytes.extend(block);
        self
    }

    pub fn section(&mut self) -> &mut Self {
        let mut body = self.u32(0x1a2b_3c4d).to_vec();
        body.extend(self.u16(1));
        body.extend(self.u16(0));
        body.extend([0xff; 8]);
        self.block(0x0a0d_0d0a, &body)
    }

    pub fn interface(&mut self, link: u16, snap_len: u32, options: &[(u16, Vec<u8>)]) -> &mut Self {
        let mut body = self.u16(link).to_vec();
        body.extend([0, 0]);
        body.extend(self.u32(snap_len));
        for (code, value) in options {
            body.extend(self.u16(*code));
            body.extend(self.u16(u16::try_from(value.len()).unwrap()));
            body.extend(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        self.block(1, &body)
    }

    pub fn packet(&mut self, interface: u32, units: u64, data: &[u8]) -> &mut Self {
        let len = u32::try_from(data.len()).unwrap();
        let mut body = Vec::new();
        for n in [interface, (units >> 32) as u32, units as u32, len, len] {
            body.extend(self.u32(n));
        }
        body.extend(data);
        self.block(6, &body)
    }
}
