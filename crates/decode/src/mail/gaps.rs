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

    /// What stands behind each gap of the text, up to the next one.
    pub fn behind<'b>(self, text: &'b [u8]) -> impl Iterator<Item = &'b [u8]> + use<'a, 'b> {
        let ends = self.at.iter().skip(1).map(move |gap| gap - self.base);
        let pieces = self.at.iter().zip(ends.chain([text.len()]));
        pieces.map(move |(gap, end)| text.get(gap - self.base..end).unwrap_or_default())
    }

    /// Does one cut the piece of the text, be it before its first byte?
    #[must_use]
    pub fn cut(self, start: usize, end: usize) -> bool {
        let start = self.base + start;
        let next = self.at.partition_point(|&gap| gap < start);
        self.at.get(next).is_some_and(|&gap| gap < self.base + end)
    }
}

/// What stands behind a gap from the first line that it cannot have cut: in quoted-printable, one that no soft line
/// break joins to the line before it.
#[must_use]
pub fn from_whole_line<'a>(piece: &'a [u8], transfer: Option<&[u8]>) -> &'a [u8] {
    let is_quoted = transfer == Some(b"quoted-printable");
    let is_whole = |end: &usize| {
        let line = piece.get(..*end).unwrap_or_default();
        !(is_quoted && line.trim_ascii_end().ends_with(b"="))
    };
    let start = memchr::memchr_iter(b'\n', piece).find(is_whole);
    start
        .and_then(|end| piece.get(end + 1..))
        .unwrap_or_default()
}

/// Decoded text from where it says what it is: HTML from its first tag; what was one run of letters when it was
/// encoded from its second word.
#[must_use]
pub fn from_whole_word<'a>(text: &'a [u8], is_html: bool, transfer: Option<&[u8]>) -> &'a [u8] {
    let start = if is_html {
        memchr::memchr(b'<', text)
    } else if transfer == Some(b"base64") {
        text.iter().position(u8::is_ascii_whitespace)
    } else {
        Some(0)
    };
    start.and_then(|at| text.get(at..)).unwrap_or_default()
}

/// Text before a gap without the word that the gap may have cut.
#[must_use]
pub fn without_cut_word(text: &[u8]) -> &[u8] {
    let ends_word = |&b: &u8| b.is_ascii_whitespace() || matches!(b, b'<' | b'>');
    let end = text.iter().rposition(ends_word).map_or(0, |at| at + 1);
    text.get(..end).unwrap_or(text)
}
