//! The record layer (RFC 8446, 5.1), and handshake messages put together from it.

/// Longest handshake message put together; a chain of certificates fits.
const MESSAGE_BYTES: usize = 64 << 10;
/// Longest fragment that TLS allows, with room for expansion.
const FRAGMENT_BYTES: usize = (16 << 10) + 2048;

/// What a side said.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// A handshake message: type and body.
    Handshake(u8, &'a [u8]),
    /// A hello in the form of SSL 2.0, with the version it offers.
    OldHello(u16),
    /// ChangeCipherSpec or application data: what follows is encrypted.
    Opaque,
    Alert,
    /// No TLS.
    Garbage,
}

/// Reader of one direction.
#[derive(Debug, Default)]
pub(super) struct Records {
    state: State,
    /// Bytes of a header that is not whole.
    header: Vec<u8>,
    /// Bytes of handshake messages that are not whole.
    messages: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    Header,
    /// Inside a fragment: content type and bytes left.
    Fragment(u8, usize),
    /// In a hello of SSL 2.0: bytes left.
    Old(usize),
    Over,
}

impl Records {
    /// A reader that reads nothing more.
    pub fn lost() -> Self {
        Self {
            state: State::Over,
            ..Self::default()
        }
    }

    /// True once a first byte was taken.
    pub fn has_begun(&self) -> bool {
        self.state != State::Start || !self.header.is_empty()
    }

    /// Takes bytes and gives what became whole.
    pub fn feed(&mut self, data: &[u8], give: &mut impl FnMut(Content<'_>)) {
        let mut rest = data;
        while !rest.is_empty() {
            rest = match self.state {
                State::Start | State::Header => self.take_header(rest, give),
                State::Fragment(kind, left) => self.take_fragment(kind, left, rest, give),
                State::Old(left) => {
                    let (_, after) = rest.split_at_checked(left).unwrap_or((rest, b""));
                    self.state = if rest.len() >= left {
                        State::Header
                    } else {
                        State::Old(left - rest.len())
                    };
                    after
                }
                State::Over => return,
            };
        }
    }

    fn take_header<'a>(&mut self, data: &'a [u8], give: &mut impl FnMut(Content<'_>)) -> &'a [u8] {
        let missing = 5usize.saturating_sub(self.header.len());
        let (piece, rest) = data.split_at_checked(missing).unwrap_or((data, b""));
        self.header.extend_from_slice(piece);
        let Some(&[kind, major, low, high_length, low_length]) = self.header.first_chunk::<5>()
        else {
            return rest;
        };
        self.header.clear();
        let length = usize::from(u16::from_be_bytes([high_length, low_length]));
        match (self.state, kind) {
            (State::Start, 0x80..) if low == 1 => {
                // `length(2) type(1) version(2)`: the version stands where a record's length does.
                give(Content::OldHello(u16::from_be_bytes([
                    high_length,
                    low_length,
                ])));
                let whole = usize::from(u16::from_be_bytes([kind & 0x7f, major]));
                self.state = State::Old(whole.saturating_sub(3).max(1));
            }
            (_, 20 | 23) if major == 3 => {
                give(Content::Opaque);
                self.state = State::Over;
            }
            (_, 21 | 22 | 24) if major == 3 && length <= FRAGMENT_BYTES => {
                self.state = if length == 0 {
                    State::Header
                } else {
                    State::Fragment(kind, length)
                };
            }
            _ => {
                give(Content::Garbage);
                self.state = State::Over;
            }
        }
        rest
    }

    fn take_fragment<'a>(
        &mut self,
        kind: u8,
        left: usize,
        data: &'a [u8],
        give: &mut impl FnMut(Content<'_>),
    ) -> &'a [u8] {
        let (piece, rest) = data.split_at_checked(left).unwrap_or((data, b""));
        self.state = if piece.len() == left {
            State::Header
        } else {
            State::Fragment(kind, left - piece.len())
        };
        match kind {
            22 if self.messages.is_empty() => {
                let unread = give_messages(piece, give);
                self.messages.extend_from_slice(unread);
            }
            22 => {
                self.messages.extend_from_slice(piece);
                let unread = give_messages(&self.messages, give).len();
                self.messages
                    .drain(..self.messages.len().saturating_sub(unread));
            }
            21 if self.state == State::Header => give(Content::Alert),
            _ => {}
        }
        if self.messages.len() > MESSAGE_BYTES || announces_too_much(&self.messages) {
            self.messages = Vec::new();
            self.state = State::Over;
            give(Content::Opaque);
        }
        rest
    }
}

/// `msg_type(1) length(3) body` (RFC 8446, 4); gives back what is not whole.
fn give_messages<'a>(bytes: &'a [u8], give: &mut impl FnMut(Content<'_>)) -> &'a [u8] {
    let mut rest = bytes;
    while let Some((&[kind, l0, l1, l2], body)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
        let Some((body, after)) = body.split_at_checked(length) else {
            break;
        };
        give(Content::Handshake(kind, body));
        rest = after;
    }
    rest
}

/// An encrypted handshake message looks like one of any type and length.
fn announces_too_much(bytes: &[u8]) -> bool {
    bytes.first_chunk::<4>().is_some_and(|&[_, l0, l1, l2]| {
        u32::from_be_bytes([0, l0, l1, l2]) as usize > MESSAGE_BYTES
    })
}
