//! Finding the next record after damage.

/// How far damage is searched for the next record.
pub(crate) const WINDOW_BYTES: usize = 1 << 20;

/// Records that must follow each other before a place is believed.
const RUN: usize = 3;

/// The first place in `bytes` (not the first byte, in steps of `step`) from which `after` leads
/// through `RUN` records, or through fewer that end just where the input does.
pub(crate) fn find(
    bytes: &[u8],
    step: usize,
    after: impl Fn(usize) -> Option<usize>,
) -> Option<usize> {
    (step..bytes.len())
        .step_by(step)
        .take(WINDOW_BYTES)
        .find(|&start| {
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
