//! Files of nfdump's collector nfcapd, in layout 1 (nfdump 1.6) and 2 (nfdump 1.7).
//!
//! Both begin with a header that is followed by blocks of records; each block may be compressed. Numbers have the
//! byte order of the machine that wrote them: files of big-endian machines are refused by name. The caller reads
//! the bytes: first [`FileHeader::BYTES`], then a block header and a block, until the end.

mod common;
mod lzo;
mod v3;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::cursor::Cursor;
use crate::record::FlowRecord;

/// A block, stored or uncompressed, that is larger is damage; nfdump's own have at most 5 MiB.
pub const BLOCK_BYTES: usize = 32 << 20;

/// Exporters and extension maps of one file; nfdump numbers them with 16 bits.
const MAPS: usize = 1 << 16;

/// How blocks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not.
    None,
    /// LZO1X.
    Lzo,
    /// bzip2.
    Bzip2,
    /// LZ4 blocks.
    Lz4,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// Its name in reports.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lzo => "lzo",
            Self::Bzip2 => "bzip2",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// Why a file cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Not a file of nfcapd.
    NotNfcapd,
    /// Written by a big-endian machine.
    BigEndian,
    /// A layout that is neither 1 nor 2.
    UnknownLayout,
    /// Encrypted.
    Encrypted,
    /// A compression without a name.
    UnknownCompression,
    /// A block larger than [`BLOCK_BYTES`].
    BlockTooLarge,
    /// A block that cannot be uncompressed.
    BadBlock,
    /// The file ends inside a block.
    CutOff,
}

impl Damage {
    /// Its name in reports.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::NotNfcapd => "not-nfcapd",
            Self::BigEndian => "big-endian-nfcapd",
            Self::UnknownLayout => "unknown-nfcapd-layout",
            Self::Encrypted => "encrypted-nfcapd",
            Self::UnknownCompression => "unknown-compression",
            Self::BlockTooLarge => "limit-reached",
            Self::BadBlock => "bad-block",
            Self::CutOff => "cut-off",
        }
    }
}

/// The beginning of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// 1 or 2.
    pub layout: u16,
    /// How blocks are compressed, unless one says that it is not.
    pub compression: Compression,
    /// Bytes of the file before the first block.
    pub length: usize,
}

impl FileHeader {
    /// So many bytes hold what [`FileHeader::read`] needs.
    pub const BYTES: usize = 40;

    /// Layout 1: header with a name of 128 bytes, then statistics.
    const LAYOUT_1: usize = 140 + 136;

    /// Reads the beginning of a file.
    ///
    /// # Errors
    /// What kind of file it is not, or cannot be.
    pub fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let mut head = Little(Cursor(bytes));
        let (magic, layout) = (head.u16(), head.u16());
        match (magic, layout) {
            (Some(0xa50c), Some(1)) => {
                let flags = head.u32().ok_or(Damage::CutOff)?;
                let compression = match flags & 0x19 {
                    0 => Compression::None,
                    0x01 => Compression::Lzo,
                    0x08 => Compression::Bzip2,
                    0x10 => Compression::Lz4,
                    _ => return Err(Damage::UnknownCompression),
                };
                Ok(Self {
                    layout: 1,
                    compression,
                    length: Self::LAYOUT_1,
                })
            }
            (Some(0xa50c), Some(2)) => {
                head.0.skip(12).ok_or(Damage::CutOff)?; // version of nfdump, time of creation
                let compression = match head.u8().ok_or(Damage::CutOff)? {
                    0 => Compression::None,
                    1 => Compression::Lzo,
                    2 => Compression::Bzip2,
                    3 => Compression::Lz4,
                    4 => Compression::Zstd,
                    _ => return Err(Damage::UnknownCompression),
                };
                if head.u8().ok_or(Damage::CutOff)? != 0 {
                    return Err(Damage::Encrypted);
                }
                Ok(Self {
                    layout: 2,
                    compression,
                    length: Self::BYTES,
                })
            }
            (Some(0xa50c), Some(_)) => Err(Damage::UnknownLayout),
            (Some(0x0ca5), _) => Err(Damage::BigEndian),
            _ => Err(Damage::NotNfcapd),
        }
    }
}

/// The twelve bytes before a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// Bytes stored.
    pub stored_bytes: usize,
    /// How they are compressed.
    pub compression: Compression,
    /// Does it hold records of flows?
    pub has_records: bool,
}

impl BlockHeader {
    /// So many bytes.
    pub const BYTES: usize = 12;

    /// Reads the header of a block of this file.
    ///
    /// # Errors
    /// The block is larger than any can be.
    pub fn read(bytes: &[u8; Self::BYTES], file: &FileHeader) -> Result<Self, Damage> {
        let mut head = Little(Cursor(bytes));
        let (_records, size) = (head.u32(), head.u32().unwrap_or_default());
        let (kind, flags) = (
            head.u16().unwrap_or_default(),
            head.u16().unwrap_or_default(),
        );
        let stored_bytes = usize::try_from(size).unwrap_or(usize::MAX);
        if stored_bytes > BLOCK_BYTES {
            return Err(Damage::BlockTooLarge);
        }
        Ok(Self {
            stored_bytes,
            compression: match flags & 1 {
                0 => file.compression,
                _ => Compression::None,
            },
            has_records: match file.layout {
                1 => kind == 2,
                _ => kind == 3,
            },
        })
    }
}

/// Uncompresses a block whose compression needs no library of its own; `None` for one that does.
#[must_use]
pub fn uncompressed(compression: Compression, stored: &[u8]) -> Option<Result<Vec<u8>, Damage>> {
    match compression {
        Compression::None => Some(Ok(stored.to_vec())),
        Compression::Lzo => Some(lzo::uncompressed(stored, BLOCK_BYTES).ok_or(Damage::BadBlock)),
        Compression::Lz4 | Compression::Bzip2 | Compression::Zstd => None,
    }
}

/// What is known of one exporter in a file.
#[derive(Clone, Copy, Debug)]
struct Exporter {
    addr: IpAddr,
    domain: u32,
}

/// Reads the records of blocks, which refer to exporters and maps of earlier ones.
#[derive(Default)]
pub struct Records {
    exporters: HashMap<u16, Exporter>,
    /// Extensions of layout 1's records, by the number of their map.
    maps: HashMap<u16, Vec<u16>>,
    /// Records of flows.
    pub flows: u64,
    /// Records that were passed over: of another kind, or not as they should be.
    pub others: u64,
}

impl Records {
    /// Gives out the flow records of an uncompressed block. False when it is damaged inside: what came before the
    /// damage was given out.
    pub fn block(&mut self, block: &[u8], out: &mut dyn FnMut(&FlowRecord)) -> bool {
        let mut rest = Little(Cursor(block));
        while rest.0.len() > 0 {
            let (kind, size) = match (rest.u16(), rest.u16()) {
                (Some(kind), Some(size)) if size >= 4 => (kind, usize::from(size) - 4),
                _ => return false,
            };
            let Some(body) = rest.0.take(size) else {
                return false;
            };
            let body = Little(Cursor(body));
            let record = match kind {
                1 | 10 => common::record(body, kind == 10, self),
                2 => self.map(body),
                7 => self.exporter(body),
                11 => v3::record(body, self),
                _ => None,
            };
            match record {
                Some(record) => {
                    self.flows += 1;
                    out(&record);
                }
                None if matches!(kind, 2 | 7) => {}
                None => self.others += 1,
            }
        }
        true
    }

    /// Layout 1's extension map: its number, its size, then numbers of extensions.
    fn map(&mut self, mut body: Little<'_>) -> Option<FlowRecord> {
        let id = body.u16()?;
        body.u16()?;
        let mut extensions = Vec::new();
        while let Some(extension) = body.u16().filter(|extension| *extension != 0) {
            extensions.push(extension);
        }
        if self.maps.len() < MAPS {
            self.maps.insert(id, extensions);
        }
        None
    }

    /// Version, address, address family, number in this file, domain.
    fn exporter(&mut self, mut body: Little<'_>) -> Option<FlowRecord> {
        body.u32()?;
        let (high, low) = (body.u64()?, body.u64()?);
        let (family, number, domain) = (body.u16()?, body.u16()?, body.u32()?);
        let addr = match family {
            2 => Ipv4Addr::from_bits(low as u32).into(),
            _ => v6(high, low),
        };
        if self.exporters.len() < MAPS {
            self.exporters.insert(number, Exporter { addr, domain });
        }
        None
    }

    fn of_exporter(&self, number: u16, record: &mut FlowRecord) {
        if let Some(exporter) = self.exporters.get(&number) {
            record.exporter = Some(exporter.addr);
            record.observation_domain = Some(exporter.domain);
        }
    }
}

fn v6(high: u64, low: u64) -> IpAddr {
    Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low)).into()
}

/// Reads little-endian numbers.
#[derive(Clone, Copy)]
struct Little<'a>(Cursor<'a>);

impl Little<'_> {
    fn u8(&mut self) -> Option<u8> {
        self.0.u8()
    }

    fn u16(&mut self) -> Option<u16> {
        self.0.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.0.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.0.array().map(u64::from_le_bytes)
    }

    fn v4(&mut self) -> Option<IpAddr> {
        self.u32().map(|bits| Ipv4Addr::from_bits(bits).into())
    }

    fn v6(&mut self) -> Option<IpAddr> {
        Some(v6(self.u64()?, self.u64()?))
    }
}
