//! Streams that nobody follows are only counted.

use super::WINDOW_BYTES;
use crate::flow::Half;

/// Counts a segment of a stream that nobody follows: late bytes fill what is missing.
#[inline]
pub(crate) fn skim(half: &mut Half, seq: u32, len: u32) -> Skimmed {
    let distance = seq.wrapping_sub(half.next).cast_signed();
    if !half.has(Half::KNOWN) || distance == 0 {
        half.bits |= Half::KNOWN;
        half.next = seq.wrapping_add(len);
        return Skimmed::InOrder;
    }
    // An acknowledgement without data lies one behind a FIN, which is no byte of the stream.
    if len == 0 || distance.unsigned_abs() >= WINDOW_BYTES.unsigned_abs() {
        return Skimmed::InOrder;
    }
    if distance > 0 {
        half.next = seq.wrapping_add(len);
        return Skimmed::Missing(distance.unsigned_abs());
    }
    let old = len.min(distance.unsigned_abs());
    half.next = half.next.wrapping_add(len - old);
    Skimmed::Again(old)
}

/// What [`skim`] saw.
pub(crate) enum Skimmed {
    InOrder,
    Missing(u32),
    Again(u32),
}
