//! The one reader for all formats.

use std::io::Read;

use super::buffer::Buffer;
use super::pcap::Pcap;
use super::pcapng::Pcapng;
use super::snoop::Snoop;
use super::{Damage, EndKind, LinkType, ReadEnd, resync};

/// Damages kept in [`Info`]; later ones are only counted.
const MAX_DAMAGES: usize = 100;

/// One captured packet, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Nanoseconds since the epoch, UTC.
    pub ts_ns: i64,
    /// Length on the wire, bytes.
    pub wire_len: u32,
    /// What the first header is.
    pub link: LinkType,
    /// Index into [`Info::interfaces`].
    pub interface: u32,
    /// The captured bytes.
    pub data: &'a [u8],
}

/// One capture interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its link type.
    pub link: LinkType,
    /// Its name, if the file says.
    pub name: Option<String>,
    /// Bytes kept per packet; 0 is no limit.
    pub snap_len: u32,
    /// Packets that the capturing side says it dropped.
    pub drops: Option<u64>,
}

/// What is known of the file so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// `pcap`, `pcap-ns`, `pcap-modified`, `pcapng` or `snoop`.
    pub format: &'static str,
    /// Interfaces in order of appearance (pcap has one).
    pub interfaces: Vec<Interface>,
    /// Stretches of damage that were skipped (the first 100).
    pub damages: Vec<Damage>,
    /// How many stretches were skipped.
    pub damage_count: u64,
}

impl Info {
    /// The link types in order of first appearance.
    #[must_use]
    pub fn link_types(&self) -> Vec<LinkType> {
        let mut links = Vec::new();
        for interface in &self.interfaces {
            if !links.contains(&interface.link) {
                links.push(interface.link);
            }
        }
        links
    }

    /// Packets dropped by the capturing side, where the file says.
    #[must_use]
    pub fn drops(&self) -> Option<u64> {
        let known = self.interfaces.iter().filter_map(|i| i.drops);
        known.fold(None, |sum, drops| {
            Some(sum.unwrap_or(0u64).saturating_add(drops))
        })
    }
}

/// A packet that a format found in the buffer.
pub(crate) struct Found {
    pub place: usize,
    pub len: usize,
    pub ts_ns: i64,
    pub wire_len: u32,
    pub link: LinkType,
    pub interface: u32,
}

enum Format {
    Pcap(Pcap),
    Pcapng(Box<Pcapng>),
    Snoop(Snoop),
}

/// Reads packets from a capture of any known format.
pub struct Reader {
    buffer: Buffer,
    format: Format,
    info: Info,
    packets: u64,
    end: Option<ReadEnd>,
}

impl Reader {
    /// Reads the file header. The source must be uncompressed.
    ///
    /// # Errors
    /// The input is empty, ends inside its header, or is no capture.
    pub fn open(source: Box<dyn Read + Send>) -> Result<Self, ReadEnd> {
        let mut buffer = Buffer::new(source);
        let mut info = Info::default();
        match Self::format(&mut buffer, &mut info) {
            Ok(format) => Ok(Self {
                buffer,
                format,
                info,
                packets: 0,
                end: None,
            }),
            Err(kind) => Err(Self::ended(&buffer, kind, 0)),
        }
    }

    fn format(buffer: &mut Buffer, info: &mut Info) -> Result<Format, EndKind> {
        let Some(magic) = buffer.peek::<4>() else {
            return Err(if buffer.rest().is_empty() {
                EndKind::Empty
            } else {
                EndKind::UnknownFormat
            });
        };
        if magic == *b"snoo" {
            return Snoop::open(buffer, info).map(Format::Snoop);
        }
        if magic == [0x0a, 0x0d, 0x0d, 0x0a] {
            return Pcapng::open(buffer, info).map(|p| Format::Pcapng(Box::new(p)));
        }
        Pcap::open(magic, buffer, info).map(Format::Pcap)
    }

    fn ended(buffer: &Buffer, kind: EndKind, packets: u64) -> ReadEnd {
        let detail = buffer.failure().map(str::to_owned);
        let kind = if detail.is_some() {
            EndKind::ReadFailed
        } else {
            kind
        };
        ReadEnd {
            kind,
            packets,
            offset: buffer.offset(),
            detail,
        }
    }

    /// The next packet; `None` at the end, which [`Self::end`] then names.
    #[allow(clippy::should_implement_trait)] // a lending iterator
    #[inline]
    pub fn next(&mut self) -> Option<Packet<'_>> {
        if self.end.is_some() {
            return None;
        }
        let found = loop {
            let step = match &mut self.format {
                Format::Pcap(f) => f.next(&mut self.buffer),
                Format::Pcapng(f) => f.next(&mut self.buffer, &mut self.info),
                Format::Snoop(f) => f.next(&mut self.buffer, &mut self.info),
            };
            match step {
                Ok(found) => break found,
                Err(kind) => {
                    if !self.recovered(kind) {
                        self.end = Some(Self::ended(&self.buffer, kind, self.packets));
                        return None;
                    }
                }
            }
        };
        self.packets += 1;
        Some(Packet {
            ts_ns: found.ts_ns,
            wire_len: found.wire_len,
            link: found.link,
            interface: found.interface,
            data: self.buffer.at(found.place, found.len),
        })
    }

    /// Skips damage to the next plausible record, if there is one near.
    #[cold]
    fn recovered(&mut self, kind: EndKind) -> bool {
        if !matches!(kind, EndKind::BadRecordLength | EndKind::RecordTooLong) {
            return false;
        }
        // Just so many bytes, that the outcome does not depend on how they arrive.
        self.buffer.have(resync::WINDOW_BYTES);
        let bytes = self.buffer.rest();
        let bytes = bytes.get(..resync::WINDOW_BYTES).unwrap_or(bytes);
        let skipped = match &self.format {
            Format::Pcap(f) => f.resync(bytes),
            Format::Pcapng(f) => f.resync(bytes),
            Format::Snoop(_) => None,
        };
        let Some(skipped) = skipped else { return false };
        let offset = self.buffer.offset();
        if self.info.damages.len() < MAX_DAMAGES {
            let damage = Damage {
                kind,
                packets: self.packets,
                offset,
                skipped: skipped as u64,
            };
            self.info.damages.push(damage);
        }
        self.info.damage_count += 1;
        self.buffer.advance(skipped);
        true
    }

    /// How reading ended; `None` while it has not.
    #[must_use]
    pub fn end(&self) -> Option<&ReadEnd> {
        self.end.as_ref()
    }

    /// Bytes of the (uncompressed) input consumed so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.buffer.offset()
    }

    /// Packets handed out so far: the number of the last one, as Wireshark shows it.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// What is known of the file so far.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }
}
