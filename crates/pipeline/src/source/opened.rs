//! A file that is no capture, uncompressed and counted like one.

use std::io::Read;

use super::compression::uncompressed;
use super::paths::{InputName, io_text};
use super::raw::{Raw, Tally};
use crate::Error;

/// A file being read.
pub(crate) struct Opened {
    /// Its bytes, uncompressed.
    pub source: Box<dyn Read + Send>,
    /// How it is stored: `none`, `gzip`, `zstd`.
    pub compression: &'static str,
    tally: Tally,
}

impl Opened {
    /// Opens a file; one of at most `hash_bytes` is hashed as it is read.
    pub(crate) fn open(input: &InputName, hash_bytes: u64) -> Result<Self, Error> {
        let refused = |cause: std::io::Error| Error::input(&input.name, io_text(&cause));
        let (raw, tally) = Raw::open(input.path.as_deref(), hash_bytes).map_err(refused)?;
        let (compression, source) = uncompressed(raw).map_err(refused)?;
        Ok(Self {
            source,
            compression,
            tally,
        })
    }

    /// Stored bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.tally.bytes()
    }

    /// Stored bytes read, and their SHA-256 if they were hashed.
    pub(crate) fn close(self) -> (u64, Option<String>) {
        drop(self.source);
        (self.tally.bytes(), self.tally.sha256())
    }
}
