//! One open input, and what is to be said of it afterwards.

use std::collections::BTreeMap;

use mailscope_capture::file::{EndKind, Packet, ReadEnd, Reader};

use super::compression::uncompressed;
use super::paths::{InputName, io_text};
use super::raw::{Raw, Tally};
use crate::Error;

/// How an input ended and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputEnd {
    /// `complete`, or a named outcome.
    pub kind: &'static str,
    /// Whole packets read before.
    pub packets: u64,
    /// Offset in the uncompressed input of the first byte that was not understood.
    pub offset: u64,
    /// More words, where there are any.
    pub detail: Option<String>,
}

/// What was read of one input.
#[derive(Clone, Debug, Default)]
pub struct InputReport {
    /// Where it lies: `-` for standard input.
    pub path: String,
    /// What rows call it.
    pub name: String,
    /// `pcap`, `pcap-ns`, `pcapng`, ...; empty when it is no capture.
    pub format: &'static str,
    /// `none`, `gzip`, `zstd`.
    pub compression: &'static str,
    /// Link types in order of appearance.
    pub link_types: Vec<String>,
    /// Interfaces: name and link type.
    pub interfaces: Vec<(Option<String>, String)>,
    /// Packets read.
    pub packets: u64,
    /// Stored bytes read.
    pub bytes: u64,
    /// Earliest packet time, microseconds.
    pub first_us: Option<i64>,
    /// Latest packet time, microseconds.
    pub last_us: Option<i64>,
    /// SHA-256 of the stored bytes; `None` for an input larger than the limit on hashing.
    pub sha256: Option<String>,
    /// How reading ended; `None` when the pass was stopped before.
    pub end: Option<InputEnd>,
    /// Packets that the capturing side says it dropped.
    pub drops: Option<u64>,
    /// Stretches of damage skipped inside: reason, packets before, offset, bytes skipped.
    pub damages: Vec<(&'static str, u64, u64, u64)>,
    /// How many such stretches.
    pub damage_count: u64,
    /// Packets left out as copies of others that were counted.
    pub duplicates: u64,
    /// Microseconds that this input's clock is ahead, and the input that it was compared with; `None` when no
    /// other saw the same packets.
    pub clock: Option<(i64, String)>,
    /// Packets that gave no flow, by reason.
    pub undecoded: BTreeMap<&'static str, u64>,
}

/// A capture being read.
pub(super) struct Input {
    reader: Reader,
    tally: Tally,
    compression: &'static str,
    first_ns: i64,
    last_ns: i64,
}

impl Input {
    /// Opens a capture and reads its header.
    ///
    /// # Errors
    /// It cannot be opened, is compressed in an unknown way, or is no capture. An empty file and one cut
    /// inside its header are captures of nothing: they end with that outcome.
    pub(super) fn open(input: &InputName, hash_bytes: u64) -> Result<Self, Box<Refused>> {
        let (raw, tally) = Raw::open(input.path.as_deref(), hash_bytes)
            .map_err(|cause| Refused::io(input, &cause))?;
        let (compression, source) =
            uncompressed(raw).map_err(|cause| Refused::io(input, &cause))?;
        match Reader::open(source) {
            Ok(reader) => Ok(Self {
                reader,
                tally,
                compression,
                first_ns: i64::MAX,
                last_ns: i64::MIN,
            }),
            Err(end) => Err(Box::new(Refused::header(input, &tally, compression, &end))),
        }
    }

    /// The next packet and its number.
    #[inline]
    pub(super) fn next(&mut self) -> Option<(u64, Packet<'_>)> {
        let number = self.reader.packets() + 1;
        let packet = self.reader.next()?;
        self.first_ns = self.first_ns.min(packet.ts_ns);
        self.last_ns = self.last_ns.max(packet.ts_ns);
        Some((number, packet))
    }

    /// Stored bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.tally.bytes()
    }

    /// What was read; `input` is its name.
    pub(super) fn report(self, input: &InputName) -> InputReport {
        let info = self.reader.info();
        let seen = self.last_ns >= self.first_ns;
        let mut report = InputReport {
            format: info.format,
            compression: self.compression,
            link_types: info.link_types().iter().map(ToString::to_string).collect(),
            interfaces: info
                .interfaces
                .iter()
                .map(|i| (i.name.clone(), i.link.to_string()))
                .collect(),
            packets: self.reader.packets(),
            bytes: self.tally.bytes(),
            first_us: seen.then_some(self.first_ns.div_euclid(1000)),
            last_us: seen.then_some(self.last_ns.div_euclid(1000)),
            end: self.reader.end().map(input_end),
            drops: info.drops(),
            damages: info
                .damages
                .iter()
                .map(|d| (d.kind.slug(), d.packets, d.offset, d.skipped))
                .collect(),
            damage_count: info.damage_count,
            ..InputReport::named(input)
        };
        drop(self.reader);
        report.sha256 = self.tally.sha256();
        report
    }
}

impl InputReport {
    pub(super) fn named(input: &InputName) -> Self {
        let path = input
            .path
            .as_ref()
            .map_or_else(|| "-".into(), |path| path.display().to_string());
        Self {
            path,
            name: input.name.clone(),
            ..Self::default()
        }
    }
}

fn input_end(end: &ReadEnd) -> InputEnd {
    InputEnd {
        kind: end.kind.slug(),
        packets: end.packets,
        offset: end.offset,
        detail: end.detail.clone(),
    }
}

/// An input without a single packet to read.
pub(super) enum Refused {
    /// Not a capture, or not readable: an error unless it was only found in a folder.
    Error(Error),
    /// Begun as a capture and cut off before its first packet: an outcome.
    Outcome(Box<InputReport>),
}

impl Refused {
    fn io(input: &InputName, cause: &std::io::Error) -> Box<Self> {
        Box::new(Self::Error(Error::input(&input.name, io_text(cause))))
    }

    fn header(input: &InputName, tally: &Tally, compression: &'static str, end: &ReadEnd) -> Self {
        match end.kind {
            EndKind::Empty | EndKind::CutOffHeader => Self::Outcome(Box::new(InputReport {
                compression,
                bytes: tally.bytes(),
                sha256: tally.sha256(),
                end: Some(input_end(end)),
                ..InputReport::named(input)
            })),
            EndKind::ReadFailed => {
                let detail = end
                    .detail
                    .clone()
                    .unwrap_or_else(|| "reading failed".into());
                Self::Error(Error::input(&input.name, detail))
            }
            _ => Self::Error(Error::Input {
                path: input.name.clone(),
                what: "this is no capture: its first bytes are not those of pcap, pcapng or snoop"
                    .into(),
                hint: Some(
                    "capture with `tcpdump -w FILE` or Wireshark, or convert with `editcap`",
                ),
            }),
        }
    }
}
