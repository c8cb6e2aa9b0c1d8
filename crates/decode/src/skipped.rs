//! What is passed over of a stream that was picked up in mid-stream and that nothing has recognised.
//!
//! The rest of a long answer says nothing of its protocol; what either side says after the other spoke
//! does. So the busy side is passed over until its turn is over, and then the stream is looked at anew.

use mailscope_evidence::{At, Side};

/// Bytes passed over, of both sides, until the stream is given up: more than mails and most downloads have.
const SKIPPED_BYTES: u64 = 64 << 20;
/// How often a stream is looked at anew. What is to be recognised is so at the first turn or the second.
const LOOKS: u32 = 8;

/// What was passed over so far.
#[derive(Debug, Default)]
pub(crate) struct Skipped {
    /// When the stream's first piece came.
    at: At,
    orig: u64,
    resp: u64,
    /// The side that is passed over until the other speaks.
    busy: Option<Side>,
    looks: u32,
    /// First bytes that may be shown.
    first_bytes: Option<String>,
}

impl Skipped {
    /// Nothing yet, of a stream that began so.
    pub fn new(at: At, first_bytes: Option<String>) -> Self {
        Self {
            at,
            first_bytes,
            ..Self::default()
        }
    }

    /// May the stream be looked at once more?
    pub fn looks_again(&self) -> bool {
        self.looks < LOOKS && self.bytes() < SKIPPED_BYTES
    }

    /// From here on this side is passed over.
    pub fn wait_for_other(&mut self, busy: Side) {
        self.busy = Some(busy);
        self.looks += 1;
    }

    /// Is this side passed over?
    pub fn is_busy(&self, side: Side) -> bool {
        self.busy == Some(side)
    }

    /// This side speaks: if the other was passed over, no longer.
    pub fn turn(&mut self, side: Side) {
        self.busy = self.busy.filter(|busy| *busy == side);
    }

    /// Passes over bytes of a side; false when that was too much.
    pub fn add(&mut self, side: Side, bytes: u64) -> bool {
        let sum = match side {
            Side::Orig => &mut self.orig,
            Side::Resp => &mut self.resp,
        };
        *sum = sum.saturating_add(bytes);
        self.bytes() < SKIPPED_BYTES
    }

    /// What was passed over of either side, which a decoder misses like bytes that were not captured.
    pub fn gaps(&self) -> impl Iterator<Item = (Side, At, u64)> {
        [(Side::Orig, self.orig), (Side::Resp, self.resp)]
            .into_iter()
            .filter(|(_, bytes)| *bytes > 0)
            .map(|(side, bytes)| (side, self.at, bytes))
    }

    /// When the stream's first piece came.
    pub fn first_at(&self) -> At {
        self.at
    }

    /// First bytes of the stream, as they were before any were passed over.
    pub fn first_bytes(&self) -> Option<String> {
        self.first_bytes.clone()
    }

    fn bytes(&self) -> u64 {
        self.orig.saturating_add(self.resp)
    }
}
