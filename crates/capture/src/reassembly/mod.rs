//! TCP streams in order: per direction data, gaps and FIN, each byte once.
//!
//! Data in order is handed through without a copy. Out of order, both directions of the flow are
//! kept in [`Pending`] until the hole is filled or declared a gap, so that a reply never comes
//! before the command that was captured before it.

mod pending;
mod skim;
mod streams;
mod trouble;

use mailscope_evidence::{At, Side};

use crate::handler::Interest;

pub(crate) use pending::Pending;
pub(crate) use skim::{Skimmed, skim};
pub(crate) use streams::Streams;
pub(crate) use trouble::{Rare, Trouble};

/// Segments further away than the largest TCP window (RFC 7323) belong to no stream.
const WINDOW_BYTES: i32 = 1 << 30;

/// A number further ahead than this proves no loss: more is seldom under way at once.
const TAIL_BYTES: i32 = 1 << 20;

/// How many bytes `reached` is ahead of `next`, when that proves that some were not captured: a FIN counts one.
pub(crate) fn tail(reached: u32, next: u32) -> Option<u32> {
    let ahead = reached.wrapping_sub(next).cast_signed();
    (2..=TAIL_BYTES)
        .contains(&ahead)
        .then_some(ahead.unsigned_abs())
}

/// Would the receiver take a segment that ends at `seq` for this stream's, when `next` is what it expects (RCV.NXT)?
/// As in RFC 9293, section 3.10.7.4, the number must lie in the receive window, which begins at `next`; the window
/// (RFC 7323 scales it) is put at [`TAIL_BYTES`]. An old copy lies behind, a forged number nearly always outside,
/// and the acknowledgement of neither tells what the other side has sent.
pub(crate) fn is_acceptable(seq: u32, next: u32) -> bool {
    let ahead = seq.wrapping_sub(next).cast_signed();
    (0..=TAIL_BYTES).contains(&ahead)
}

/// The receiver of one flow's ordered streams.
pub(crate) trait Sink {
    fn data(&mut self, side: Side, at: At, data: &[u8]) -> Interest;
    fn gap(&mut self, side: Side, at: At, missing: u64) -> Interest;
    fn fin(&mut self, side: Side, at: At);
}

/// One TCP segment's part in the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub seq: u32,
    /// Captured payload; the rest of `len` was cut by the snap length.
    pub data: &'a [u8],
    pub len: u32,
    pub is_fin: bool,
    /// Acknowledgement number, when the ACK flag is set.
    pub ack: Option<u32>,
    pub at: At,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_acceptable_from_the_number_expected_next_to_the_window_s_end() {
        for next in [0, 1000, u32::MAX, 1 << 31] {
            for (ahead, is) in [
                (0, true),
                (1, true),
                (TAIL_BYTES, true),
                (TAIL_BYTES + 1, false),
                (-1, false),
                (i32::MAX, false),
                (i32::MIN, false),
            ] {
                let seq = next.wrapping_add(ahead.cast_unsigned());
                assert_eq!(is_acceptable(seq, next), is, "{ahead} ahead of {next}");
            }
        }
    }

    #[test]
    fn a_number_two_ahead_proves_a_loss_and_one_ahead_may_be_a_fin() {
        for next in [0, 1000, u32::MAX] {
            for (ahead, missing) in [
                (0, None),
                (1, None),
                (2, Some(2)),
                (TAIL_BYTES, Some(1 << 20)),
                (TAIL_BYTES + 1, None),
                (-1, None),
            ] {
                assert_eq!(
                    tail(next.wrapping_add(ahead.cast_unsigned()), next),
                    missing
                );
            }
        }
    }
}
