//! Finding the next record after damage.

/// How far damage is searched for the next record.
pub(crate) const WINDOW_BYTES: usize = 1 << 20;

/// Records that must follow each other before a place is believed.
const RUN: usize = 3;

/// The first place in `bytes` behind the first byte from which `after` leads through `RUN`
/// records, or through fewer that end just where the input does.
pub(crate) fn find(bytes: &[u8], after: impl Fn(usize) -> Option<usize>) -> Option<usize> {
    places(bytes).find(|&start| match run(start, &after) {
        Ok(()) => true,
        Err(at) => at > start && at == bytes.len(),
    })
}

/// The first place from which `after` leads through `RUN` records.
pub(crate) fn find_whole(bytes: &[u8], after: impl Fn(usize) -> Option<usize>) -> Option<usize> {
    places(bytes).find(|&start| run(start, &after).is_ok())
}

fn places(bytes: &[u8]) -> std::ops::Range<usize> {
    1..bytes.len().min(WINDOW_BYTES)
}

/// Follows `RUN` records; where it stopped, when there are fewer.
fn run(start: usize, after: impl Fn(usize) -> Option<usize>) -> Result<(), usize> {
    let mut at = start;
    for _ in 0..RUN {
        at = after(at).ok_or(at)?;
    }
    Ok(())
}
