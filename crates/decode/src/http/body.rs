//! Message bodies: how long they are, and their content without the chunk framing.

/// How a body ends (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// No body.
    None,
    /// After this many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// With the connection.
    Close,
}

/// Reads one body, piece by piece.
#[derive(Clone, Debug)]
pub(crate) struct BodyReader {
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Length(u64),
    Close,
    /// Digits of a chunk size: the value so far, and whether the digits are over.
    Size {
        value: u64,
        digits: u8,
        ended: bool,
    },
    Chunk(u64),
    ChunkEnd,
    /// Trailer section; true at the start of a line.
    Trailer(bool),
    Done,
    Lost,
}

/// What became of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The body goes on.
    More,
    /// The body is over.
    Done,
    /// The chunk framing makes no sense.
    Lost,
}

/// Most hexadecimal digits of a chunk size.
const SIZE_DIGITS: u8 = 16;

impl BodyReader {
    /// A reader for a body framed like this.
    pub fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Size {
                value: 0,
                digits: 0,
                ended: false,
            },
            Framing::Close => State::Close,
        };
        Self { state }
    }

    /// True when nothing of the body is left to come.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// True when only the connection's end is the body's.
    pub fn is_until_close(&self) -> bool {
        self.state == State::Close
    }

    /// Takes what it can use of `data`: how many bytes that was, and the content among them.
    /// To be called again while it makes progress.
    pub fn take<'a>(&mut self, data: &'a [u8]) -> (usize, &'a [u8], Progress) {
        let Some((&first, _)) = data.split_first() else {
            return (0, b"", self.progress());
        };
        let none: &[u8] = b"";
        match self.state {
            State::Length(ref mut left) | State::Chunk(ref mut left) => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(data.len());
                *left -= take as u64;
                let content = data.get(..take).unwrap_or(data);
                if *left == 0 {
                    self.state = if matches!(self.state, State::Chunk(_)) {
                        State::ChunkEnd
                    } else {
                        State::Done
                    };
                }
                (take, content, self.progress())
            }
            State::Close => (data.len(), data, Progress::More),
            State::Size {
                value,
                digits,
                ended,
            } => {
                self.size(first, value, digits, ended);
                (1, none, self.progress())
            }
            State::ChunkEnd => {
                match first {
                    b'\r' => {}
                    b'\n' => {
                        self.state = State::Size {
                            value: 0,
                            digits: 0,
                            ended: false,
                        }
                    }
                    _ => self.state = State::Lost,
                }
                (
                    usize::from(self.state != State::Lost),
                    none,
                    self.progress(),
                )
            }
            State::Trailer(at_line_start) => {
                match first {
                    b'\n' if at_line_start => self.state = State::Done,
                    b'\n' => self.state = State::Trailer(true),
                    b'\r' => {}
                    _ => self.state = State::Trailer(false),
                }
                (1, none, self.progress())
            }
            State::Done | State::Lost => (0, none, self.progress()),
        }
    }

    /// `missing` bytes were not captured. Gives how many of them lie beyond the body, when the
    /// body's length tells that.
    pub fn skip(&mut self, missing: u64) -> Option<u64> {
        match self.state {
            State::Close => Some(0),
            State::Length(ref mut left) if missing > 0 => {
                let beyond = missing.saturating_sub(*left);
                *left -= missing - beyond;
                if *left == 0 {
                    self.state = State::Done;
                }
                Some(beyond)
            }
            State::Chunk(ref mut left) if missing > 0 && missing < *left => {
                *left -= missing;
                Some(0)
            }
            State::Done => Some(missing),
            _ => {
                self.state = State::Lost;
                None
            }
        }
    }

    /// One byte of `chunk-size [ chunk-ext ] CRLF` (RFC 9112, 7.1).
    fn size(&mut self, byte: u8, value: u64, digits: u8, ended: bool) {
        self.state = match (byte, char::from(byte).to_digit(16)) {
            (b'\n', _) if digits == 0 => State::Lost,
            (b'\n', _) if value == 0 => State::Trailer(true),
            (b'\n', _) => State::Chunk(value),
            (_, Some(digit)) if !ended && digits < SIZE_DIGITS => State::Size {
                value: value << 4 | u64::from(digit),
                digits: digits + 1,
                ended,
            },
            (b';' | b' ' | b'\t' | b'\r', _) if digits > 0 => State::Size {
                value,
                digits,
                ended: true,
            },
            _ if ended => State::Size {
                value,
                digits,
                ended,
            },
            _ => State::Lost,
        };
    }

    fn progress(&self) -> Progress {
        match self.state {
            State::Done => Progress::Done,
            State::Lost => Progress::Lost,
            _ => Progress::More,
        }
    }
}
