//! A record while its fields are read: what IANA's information elements mean for a flow record.
//!
//! Elements by number: <https://www.iana.org/assignments/ipfix>; NetFlow v9's field types are the first of them.

use std::net::IpAddr;

use crate::cursor::{address, unsigned};
use crate::packet::{self, Layer};
use crate::record::{Direction, Ended, Event, FlowRecord, Format};
use crate::sampling::Sampling;
use crate::template::Field;

/// Reverse direction of IANA's elements (RFC 5103, 6.1).
const REVERSE: u32 = 29305;
/// CERT's elements: YAF's TCP flags. Their reverse forms have this bit.
const CERT: u32 = 6871;
const CERT_REVERSE: u16 = 0x4000;
/// Seconds from 1900 to 1970.
const NTP_EPOCH_S: u64 = 2_208_988_800;

/// What a datagram's header says for its records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub format: Format,
    pub exporter: IpAddr,
    pub domain: u32,
    pub sequence: u32,
    /// Time of export, microseconds since the epoch.
    pub export_us: i64,
    /// NetFlow: milliseconds since the exporter started, at that time.
    pub uptime_ms: Option<u32>,
}

/// One record, and what is needed to finish it.
pub(crate) struct Draft<'a> {
    record: FlowRecord,
    start: Moment,
    end: Moment,
    event_us: Option<i64>,
    duration_us: Option<i64>,
    boot_us: Option<i64>,
    bytes: Counter,
    packets: Counter,
    reverse_bytes: Counter,
    reverse_packets: Counter,
    has_src: bool,
    has_dst: bool,
    is_delta_bytes_of_frame: Option<u64>,
    sampled: Option<(Layer, &'a [u8])>,
    pub sampling: Sampling,
}

/// A time as told: the best way wins.
#[derive(Clone, Copy, Default)]
struct Moment {
    absolute_us: Option<i64>,
    uptime_ms: Option<u32>,
}

/// A counter that several elements can give: the first that is not zero, in this order.
#[derive(Clone, Copy, Default)]
struct Counter {
    delta: Option<u64>,
    total: Option<u64>,
    /// After the observation point (OUT_BYTES), or the flow initiator's.
    other: Option<u64>,
}

impl Counter {
    fn value(&self) -> Option<u64> {
        let told = [self.delta, self.total, self.other];
        let counted = told.iter().flatten().find(|value| **value > 0);
        counted.or_else(|| told.iter().flatten().next()).copied()
    }
}

impl<'a> Draft<'a> {
    pub(crate) fn new(header: &Header) -> Self {
        let mut record = FlowRecord::of(header.format);
        record.exporter = Some(header.exporter);
        record.observation_domain = Some(header.domain);
        record.sequence = Some(header.sequence);
        Self {
            record,
            start: Moment::default(),
            end: Moment::default(),
            event_us: None,
            duration_us: None,
            boot_us: None,
            bytes: Counter::default(),
            packets: Counter::default(),
            reverse_bytes: Counter::default(),
            reverse_packets: Counter::default(),
            has_src: false,
            has_dst: false,
            is_delta_bytes_of_frame: None,
            sampled: None,
            sampling: Sampling::default(),
        }
    }

    /// Reads one field.
    #[inline]
    pub(crate) fn field(&mut self, field: &Field, value: &'a [u8]) {
        match field.enterprise {
            0 if field.is_scope && self.record.format == Format::NetflowV9 => {
                self.v9_scope(field.element, value);
            }
            0 => self.element(field.element, value),
            REVERSE => self.reverse(field.element, value),
            CERT => self.cert(field.element, value),
            _ => {}
        }
    }

    /// RFC 3954, 6.1: what an option is about.
    fn v9_scope(&mut self, kind: u16, value: &[u8]) {
        if kind == 2 {
            self.sampling.interface = Some(unsigned(value) as u32);
        }
    }

    #[inline]
    fn element(&mut self, element: u16, value: &'a [u8]) {
        let record = &mut self.record;
        let number = || unsigned(value);
        match element {
            1 => self.bytes.delta = Some(number()),
            2 => self.packets.delta = Some(number()),
            4 => record.proto = number() as u8,
            5 => record.tos = Some(number() as u8),
            6 => record.tcp_flags = Some(number() as u8),
            7 => record.src_port = number() as u16,
            // Of a record with ports by protocol, one is zero.
            180 | 182 => record.src_port = record.src_port.max(number() as u16),
            8 | 27 => put(&mut record.src_addr, &mut self.has_src, value),
            10 => record.input_if = Some(number() as u32),
            11 => record.dst_port = number() as u16,
            181 | 183 => record.dst_port = record.dst_port.max(number() as u16),
            12 | 28 => put(&mut record.dst_addr, &mut self.has_dst, value),
            14 => record.output_if = Some(number() as u32),
            15 | 62 => {
                record.next_hop = address(value)
                    .filter(|a| !a.is_unspecified())
                    .or(record.next_hop)
            }
            16 => record.src_as = Some(number() as u32),
            17 => record.dst_as = Some(number() as u32),
            21 => self.end.uptime_ms = Some(number() as u32),
            22 => self.start.uptime_ms = Some(number() as u32),
            23 => self.bytes.other = Some(number()),
            24 => self.packets.other = Some(number()),
            32 | 139 => record.icmp = Some(((number() >> 8) as u8, number() as u8)),
            34 | 50 => self.sampling.interval = Some(number()),
            48 | 302 => self.sampling.sampler = Some(number()),
            58 | 243 => record.vlan = Some(number() as u16).filter(|vlan| *vlan > 0),
            61 => {
                record.direction = match number() {
                    0 => Some(Direction::Ingress),
                    1 => Some(Direction::Egress),
                    _ => None,
                }
            }
            85 => self.bytes.total = Some(number()),
            86 => self.packets.total = Some(number()),
            136 => record.ended = Ended::numbered(number()),
            150..=163 | 258 | 322..=325 => self.time(element, value),
            176 | 178 => record.icmp = Some((number() as u8, record.icmp.map_or(0, |icmp| icmp.1))),
            177 | 179 => record.icmp = Some((record.icmp.map_or(0, |icmp| icmp.0), number() as u8)),
            230 => record.event = nat_event(number()).or(record.event),
            233 | 40005 => record.event = Event::numbered(number()).or(record.event),
            231 => self.bytes.other = Some(number()),
            232 => self.reverse_bytes.other = Some(number()),
            298 => self.packets.other = Some(number()),
            299 => self.reverse_packets.other = Some(number()),
            304 => {}
            305 => self.sampling.packet_interval = Some(number()),
            306 => self.sampling.packet_space = Some(number()),
            309 => self.sampling.size = Some(number()),
            310 => self.sampling.population = Some(number()),
            311 => self.sampling.probability = float(value),
            312 | 352 => self.is_delta_bytes_of_frame = Some(number()),
            313 => self.sampled = Some((Layer::Ip, value)),
            315 => self.sampled = Some((Layer::Ethernet, value)),
            _ => {}
        }
    }

    /// Times: RFC 7011, 6.1.7 to 6.1.10.
    fn time(&mut self, element: u16, value: &[u8]) {
        let number = unsigned(value);
        let us = match element {
            150 | 151 | 322 => number.saturating_mul(1_000_000),
            152 | 153 | 160 | 258 | 323 => number.saturating_mul(1000),
            154 | 155 | 324 => ntp(number, 1),
            156 | 157 | 325 => ntp(number, 1000),
            161 => number.saturating_mul(1000),
            162 => number,
            // Microseconds before the time of export.
            _ => number,
        };
        let us = i64::try_from(us).unwrap_or(i64::MAX / 2).min(i64::MAX / 2);
        match element {
            150 | 152 | 154 | 156 => self.start.absolute_us = Some(us),
            151 | 153 | 155 | 157 => self.end.absolute_us = Some(us),
            158 => self.start.absolute_us = Some(-us - 1),
            159 => self.end.absolute_us = Some(-us - 1),
            160 => self.boot_us = Some(us),
            161 | 162 => self.duration_us = Some(us),
            258 | 322..=325 => self.event_us = Some(us),
            _ => {}
        }
    }

    fn reverse(&mut self, element: u16, value: &[u8]) {
        let number = unsigned(value);
        match element {
            1 => self.reverse_bytes.delta = Some(number),
            2 => self.reverse_packets.delta = Some(number),
            6 => self.record.reverse_tcp_flags = Some(number as u8),
            23 => self.reverse_bytes.other = Some(number),
            24 => self.reverse_packets.other = Some(number),
            85 => self.reverse_bytes.total = Some(number),
            86 => self.reverse_packets.total = Some(number),
            _ => {}
        }
    }

    /// initialTCPFlags (14) and unionTCPFlags (15).
    fn cert(&mut self, element: u16, value: &[u8]) {
        let flags = match element & !CERT_REVERSE {
            14 | 15 => unsigned(value) as u8,
            _ => return,
        };
        let place = if element & CERT_REVERSE == 0 {
            &mut self.record.tcp_flags
        } else {
            &mut self.record.reverse_tcp_flags
        };
        *place = Some(place.unwrap_or(0) | flags);
    }

    /// The interface that the record's packets came in by.
    pub(crate) fn input_if(&self) -> Option<u32> {
        self.record.input_if
    }

    /// systemInitTimeMilliseconds, where told.
    pub(crate) fn boot_us(&self) -> Option<i64> {
        self.boot_us.filter(|us| *us > 0)
    }

    /// The finished record; `None` when it has no addresses (a table of counters or names).
    ///
    /// `boot_us` is when the exporter started, as an option told.
    pub(crate) fn finish(
        mut self,
        header: &Header,
        sampling: u32,
        boot_us: Option<i64>,
    ) -> Option<FlowRecord> {
        if let Some((layer, packet)) = self.sampled
            && !(self.has_src && self.has_dst)
        {
            packet::read(layer, packet, &mut self.record)?;
            self.record.format = Format::Psamp;
            self.packets.other = Some(1);
            self.bytes.other = self.record.bytes.or(self.is_delta_bytes_of_frame);
            (self.has_src, self.has_dst) = (true, true);
        }
        if !(self.has_src && self.has_dst) {
            return None;
        }
        let (start, end) = self.times(header, boot_us);
        let record = &mut self.record;
        record.sampling = sampling;
        record.packets = self.packets.value();
        record.bytes = self.bytes.value().or(self.is_delta_bytes_of_frame);
        record.reverse_packets = self.reverse_packets.value();
        record.reverse_bytes = self.reverse_bytes.value();
        icmp_in_port(record);
        // Some exporters round so that a flow of one packet ends before it starts.
        (record.start_us, record.end_us) = (start.min(end), start.max(end));
        Some(self.record)
    }

    /// First and last moment of the flow.
    fn times(&self, header: &Header, boot_us: Option<i64>) -> (i64, i64) {
        // NetFlow's header tells the same clock itself.
        let boot_us = boot_us.filter(|_| header.uptime_ms.is_none());
        let boot_us = self.boot_us().or(boot_us);
        let start = self.start.resolved(header, boot_us);
        let end = self.end.resolved(header, boot_us);
        let duration = self.duration_us.or(self.by_uptime()).unwrap_or(0);
        match (start, end) {
            (Some(start), Some(end)) => (start, end),
            (Some(start), None) => (start, start.saturating_add(duration)),
            (None, Some(end)) => (end.saturating_sub(duration), end),
            (None, None) => {
                let at = self.event_us.unwrap_or(header.export_us);
                (at.saturating_sub(duration), at)
            }
        }
    }

    /// How long the flow was by a clock that nobody told the start of.
    fn by_uptime(&self) -> Option<i64> {
        let ms = self.end.uptime_ms?.wrapping_sub(self.start.uptime_ms?);
        Some(i64::from(ms.cast_signed()).max(0) * 1000)
    }
}

impl Moment {
    fn resolved(&self, header: &Header, boot_us: Option<i64>) -> Option<i64> {
        match (self.absolute_us, self.uptime_ms) {
            // Zero is what exporters put where they do not know.
            (Some(us), _) if us > 0 => Some(us),
            (Some(before), _) if before < 0 => Some(header.export_us.saturating_add(before + 1)),
            (_, Some(ms)) => match (boot_us, header.uptime_ms) {
                (Some(boot), _) => Some(after_boot(boot, ms, header.export_us)),
                (None, Some(uptime)) => Some(since_boot(header.export_us, uptime, ms)),
                (None, None) => None,
            },
            _ => None,
        }
    }
}

/// The time of `ms` on a clock that shows `uptime_ms` at `export_us`; the clock wraps every 49.7 days.
pub(crate) fn since_boot(export_us: i64, uptime_ms: u32, ms: u32) -> i64 {
    let ago_ms = uptime_ms.wrapping_sub(ms).cast_signed();
    export_us.saturating_sub(i64::from(ago_ms) * 1000)
}

/// The time `ms` after `boot_us`, on that turn of the clock which is nearest to the time of export.
fn after_boot(boot_us: i64, ms: u32, export_us: i64) -> i64 {
    const TURN_US: i64 = (1 << 32) * 1000;
    let first = boot_us.saturating_add(i64::from(ms) * 1000);
    let ago = export_us.saturating_sub(first).saturating_add(TURN_US / 2);
    first.saturating_add(ago.div_euclid(TURN_US) * TURN_US)
}

/// NetFlow puts ICMP type and code where TCP has the destination port; a record here has them in their own place.
pub(crate) fn icmp_in_port(record: &mut FlowRecord) {
    if matches!(record.proto, 1 | 58) {
        let [kind, code] = record.dst_port.to_be_bytes();
        record.icmp = record.icmp.or(Some((kind, code)));
        (record.src_port, record.dst_port) = (0, 0);
    } else {
        record.icmp = None;
    }
}

fn put(place: &mut IpAddr, has: &mut bool, value: &[u8]) {
    // A template may have room for both address families, one of them empty.
    if let Some(addr) = address(value)
        && (!*has || !addr.is_unspecified())
    {
        *place = addr;
        *has = true;
    }
}

/// IPFIX natEvent (230): sessions created and deleted.
fn nat_event(number: u64) -> Option<Event> {
    match number {
        1 | 4 | 6 | 8 | 10 => Some(Event::Create),
        2 | 5 | 7 | 9 | 11 => Some(Event::Delete),
        3 | 12 | 13 => Some(Event::Denied),
        _ => None,
    }
}

/// An NTP time as microseconds since 1970 (RFC 7011, 6.1.9); `unit` is how many of the exporter's units are a
/// microsecond, for exporters that count from 1970 instead.
fn ntp(value: u64, unit: u64) -> u64 {
    let (seconds, fraction) = (value >> 32, value & 0xffff_ffff);
    match seconds.checked_sub(NTP_EPOCH_S) {
        Some(seconds) => seconds * 1_000_000 + ((fraction * 1_000_000) >> 32),
        None => value / unit,
    }
}

/// A float of four or eight bytes (RFC 7011, 6.2).
fn float(value: &[u8]) -> Option<f64> {
    match value.len() {
        4 => value
            .try_into()
            .ok()
            .map(|bytes| f64::from(f32::from_be_bytes(bytes))),
        8 => value.try_into().ok().map(f64::from_be_bytes),
        _ => None,
    }
}
