//! A message that a client reads in pieces, `BODY[]<0.1000>` and so on (RFC 9051, 6.4.5), or its header
//! first and its body then: which pieces follow each other, and which is the last.

use mailscope_evidence::At;

use super::command::Command;
use super::transfer::InTransfer;

/// Which bytes of which message a literal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The message's number in the mailbox.
    pub number: u32,
    /// Its first byte.
    pub origin: u64,
    /// Its length.
    pub size: u64,
    /// The header, asked for by that name; the body may follow.
    pub is_header: bool,
}

/// A message of which pieces came, without a gap between them, and more may come.
#[derive(Debug)]
pub(super) struct Pieces {
    /// What came.
    pub message: InTransfer,
    /// When the last piece ended.
    pub last: At,
    piece: Piece,
}

impl Pieces {
    /// A message after this piece.
    pub fn after(piece: Piece, message: InTransfer, last: At) -> Self {
        Self {
            message,
            last,
            piece,
        }
    }

    /// Does this piece follow?
    pub fn goes_on_with(&self, piece: Piece) -> bool {
        !self.piece.is_header
            && self.piece.number == piece.number
            && self.piece.origin.checked_add(self.piece.size) == Some(piece.origin)
    }

    /// Is the body of this message what is missing?
    pub fn wants_body_of(&self, number: u32) -> bool {
        self.piece.is_header && self.piece.number == number
    }

    /// The piece that came last.
    pub fn piece(&self) -> Piece {
        self.piece
    }
}

impl Piece {
    /// Is nothing left behind it? A server gives less than `asked` only at the message's end. Where
    /// the client's side is missing, the piece `before` tells what it asks for.
    pub fn is_last(self, asked: Option<u64>, before: Option<Self>) -> bool {
        let asked = asked.or(before.map(|before| before.size));
        !self.is_header && asked.is_some_and(|asked| self.size < asked)
    }
}

/// How many bytes a FETCH asks for: `BODY[]<origin.count>`, `BINARY.PEEK[]<origin.count>`.
pub(super) fn asked(command: &Command) -> Option<u64> {
    command.words.iter().find_map(|word| {
        let at = memchr::memmem::find(word, b"[]<")? + 3;
        let rest = word.get(at..)?;
        let range = rest.get(..memchr::memchr(b'>', rest)?)?;
        let (_, count) = std::str::from_utf8(range).ok()?.split_once('.')?;
        count.parse().ok()
    })
}

/// `BODY[]<origin> ""` or `NIL`: nothing is left from there.
pub(super) fn ends_at(data: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(data, b"[]<")? + 3;
    let rest = data.get(at..)?;
    let (origin, after) = rest.split_at_checked(memchr::memchr(b'>', rest)?)?;
    let after = after.get(1..)?.trim_ascii_start();
    let is_empty = after.starts_with(b"\"\"")
        || after
            .get(..3)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"NIL"));
    is_empty
        .then(|| std::str::from_utf8(origin).ok()?.parse().ok())
        .flatten()
}
