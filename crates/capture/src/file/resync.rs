//! Finding the next record after damage.

/// How far damage is searched for the next record.
pub(crate) const WINDOW_BYTES: usize = 1 << 20;

/// Records that must follow each other before a place is believed.
const RUN: usize = 3;

/// The first place in `bytes` behind the first byte from which `after` leads through `RUN`
/// records, or through fewer that end just where the input does.
pub(crate) fn find(bytes: &[u8], after: impl Fn(usize) -> Option<usize>) -> Option<usize> {
    (1..bytes.len().min(WINDOW_BYTES)).find(|&start| {
        let mut at = start;
        for _ in 0..RUN {
            match after(at) {
                Some(next) => at = next,
                None => return at > start && at == bytes.len(),
            }
        }
        true
    })
}
