//! Where bytes of a message are missing, so that nothing before a gap is joined to what follows it.

/// Gaps of one message that are told apart; nothing is kept of a message behind the last of them.
pub const GAPS: usize = 1024;

/// The gaps of a text: each lies before the byte at its offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps<'a> {
    /// Offsets in the whole message, ascending.
    at: &'a [usize],
    /// Where the text begins in the message.
    base: usize,
}

impl<'a> Gaps<'a> {
    /// Gaps at these ascending offsets.
    #[must_use]
    pub fn new(at: &'a [usize]) -> Self {
        Self { at, base: 0 }
    }

    /// The gaps inside and at the ends of a piece of the text, told from its start.
    #[must_use]
    pub fn within(self, start: usize, end: usize) -> Self {
        let (start, end) = (self.base + start, self.base + end);
        let from = self.at.partition_point(|&gap| gap < start);
        let to = self.at.partition_point(|&gap| gap <= end);
        Self {
            at: self.at.get(from..to).unwrap_or(&[]),
            base: start,
        }
    }

    /// The first gap.
    #[must_use]
    pub fn first(self) -> Option<usize> {
        self.at.first().map(|gap| gap - self.base)
    }

    /// Does one cut the piece of the text, be it before its first byte?
    #[must_use]
    pub fn cut(self, start: usize, end: usize) -> bool {
        let start = self.base + start;
        let next = self.at.partition_point(|&gap| gap < start);
        self.at.get(next).is_some_and(|&gap| gap < self.base + end)
    }
}

/// Text before a gap without the word that the gap may have cut.
#[must_use]
pub fn without_cut_word(text: &[u8]) -> &[u8] {
    let ends_word = |&b: &u8| b.is_ascii_whitespace() || matches!(b, b'<' | b'>');
    let end = text.iter().rposition(ends_word).map_or(0, |at| at + 1);
    text.get(..end).unwrap_or(text)
}
