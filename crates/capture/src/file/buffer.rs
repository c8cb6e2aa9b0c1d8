//! One reused read buffer; partial records are carried over to its front.

use std::io::{ErrorKind, Read};

/// Larger buffers fall out of the second-level cache and cost three times as much.
const BUFFER_BYTES: usize = 128 << 10;

pub(crate) struct Buffer {
    source: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the file of `bytes[start]`.
    offset: u64,
    failure: Option<String>,
}

impl Buffer {
    pub(crate) fn new(source: Box<dyn Read + Send>) -> Self {
        Self {
            source,
            bytes: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            offset: 0,
            failure: None,
        }
    }

    /// True when `count` bytes from the current position are in memory.
    #[inline]
    pub(crate) fn have(&mut self, count: usize) -> bool {
        self.end - self.start >= count || self.fill(count)
    }

    /// Bytes in memory from the current position.
    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The first `N` bytes, if in memory.
    #[inline]
    pub(crate) fn peek<const N: usize>(&mut self) -> Option<[u8; N]> {
        if !self.have(N) {
            return None;
        }
        self.bytes
            .get(self.start..self.end)?
            .first_chunk::<N>()
            .copied()
    }

    /// `len` bytes that begin `skip` bytes from the current position, as a place for [`Self::at`].
    #[inline]
    pub(crate) fn place(&self, skip: usize) -> usize {
        self.start + skip
    }

    #[inline]
    pub(crate) fn at(&self, place: usize, len: usize) -> &[u8] {
        self.bytes.get(place..place + len).unwrap_or_default()
    }

    /// Moves on by `count` bytes that are in memory.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Moves on by `count` bytes, in memory or not; false when the input ends before.
    pub(crate) fn skip(&mut self, mut count: u64) -> bool {
        loop {
            let here = usize::try_from(count)
                .unwrap_or(usize::MAX)
                .min(self.end - self.start);
            self.advance(here);
            count -= here as u64;
            if count == 0 {
                return true;
            }
            if !self.fill(1) {
                return false;
            }
        }
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Why reading stopped before the end of the input.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    #[cold]
    fn fill(&mut self, count: usize) -> bool {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if count > self.bytes.len() {
            self.bytes.resize(count, 0);
        }
        // After a long record the buffer is larger than what is worth reading at once.
        let until = count.max(BUFFER_BYTES);
        while self.end < count && self.failure.is_none() {
            let Some(room) = self.bytes.get_mut(self.end..until) else {
                break;
            };
            match self.source.read(room) {
                Ok(0) => break,
                Ok(n) => self.end = (self.end + n).min(self.bytes.len()),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => self.failure = Some(e.to_string()),
            }
        }
        self.end >= count
    }
}
