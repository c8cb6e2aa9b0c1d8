//! How reading a capture ended, and what was skipped on the way.

use std::fmt;

/// Why no more packets come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndKind {
    /// The input ends after a whole record.
    Complete,
    /// The input has no byte.
    Empty,
    /// The first bytes are those of no known capture format.
    UnknownFormat,
    /// The input ends inside the file header.
    CutOffHeader,
    /// The input ends inside a record.
    CutOffRecord,
    /// A record's length cannot be, and no later record was found.
    BadRecordLength,
    /// A record is longer than [`super::MAX_RECORD_BYTES`], and no later record was found.
    RecordTooLong,
    /// The source failed.
    ReadFailed,
}

impl EndKind {
    /// The slug used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Empty => "empty",
            Self::UnknownFormat => "unknown-format",
            Self::CutOffHeader => "cut-off-header",
            Self::CutOffRecord => "cut-off-record",
            Self::BadRecordLength => "bad-record-length",
            Self::RecordTooLong => "record-too-long",
            Self::ReadFailed => "read-failed",
        }
    }
}

/// How reading ended and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadEnd {
    /// Why.
    pub kind: EndKind,
    /// Whole packets read before.
    pub packets: u64,
    /// Offset of the first byte that was not understood (in the uncompressed input).
    pub offset: u64,
    /// The source's own words, for [`EndKind::ReadFailed`].
    pub detail: Option<String>,
}

impl fmt::Display for ReadEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} after packet {}, byte {}",
            self.kind.slug(),
            self.packets,
            self.offset
        )?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ReadEnd {}

/// Bytes that were no record, between two that were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What was wrong at its first byte.
    pub kind: EndKind,
    /// Whole packets read before.
    pub packets: u64,
    /// Offset of its first byte.
    pub offset: u64,
    /// Bytes skipped.
    pub skipped: u64,
}
