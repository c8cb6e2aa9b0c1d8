//! An input's bytes as stored: counted for progress, hashed where asked.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

/// What has been read of one input, shared between its reader and its report.
#[derive(Clone, Default)]
pub(super) struct Tally {
    bytes: Arc<AtomicU64>,
    hash: Arc<Mutex<Option<Sha256>>>,
}

impl Tally {
    /// Stored bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// SHA-256 of the stored bytes, if they were hashed; call it after the end.
    pub(super) fn sha256(&self) -> Option<String> {
        let hash = self
            .hash
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        Some(
            hash.finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }
}

/// The stored bytes of an input.
pub(super) struct Raw {
    source: Box<dyn Read + Send>,
    tally: Tally,
    /// Stored bytes that may still be hashed; beyond, the hash is given up.
    hash_room: u64,
    hashing: bool,
}

impl Raw {
    /// Opens a file, or standard input. Files longer than `hash_bytes` are not hashed.
    pub(super) fn open(path: Option<&Path>, hash_bytes: u64) -> io::Result<(Self, Tally)> {
        let (source, known): (Box<dyn Read + Send>, u64) = match path {
            Some(path) => {
                let file = File::open(path)?;
                let length = file.metadata()?.len();
                (Box::new(file), length)
            }
            None => (Box::new(io::stdin()), 0),
        };
        let hashing = hash_bytes > 0 && known <= hash_bytes;
        let tally = Tally::default();
        if hashing {
            *tally.hash.lock().unwrap_or_else(PoisonError::into_inner) = Some(Sha256::new());
        }
        Ok((
            Self {
                source,
                tally: tally.clone(),
                hash_room: hash_bytes,
                hashing,
            },
            tally,
        ))
    }

    fn hash(&mut self, bytes: &[u8]) {
        let mut hash = self
            .tally
            .hash
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let (Some(room), Some(state)) = (
            self.hash_room.checked_sub(bytes.len() as u64),
            hash.as_mut(),
        ) {
            self.hash_room = room;
            state.update(bytes);
        } else {
            *hash = None;
            self.hashing = false;
        }
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.tally.bytes.fetch_add(count as u64, Ordering::Relaxed);
        if self.hashing {
            self.hash(buffer.get(..count).unwrap_or_default());
        }
        Ok(count)
    }
}

/// The hash covers the whole file also when its reader stopped at damage.
impl Drop for Raw {
    fn drop(&mut self) {
        let mut buffer = [0; 8 << 10];
        while self.hashing && self.read(&mut buffer).is_ok_and(|count| count > 0) {}
    }
}
