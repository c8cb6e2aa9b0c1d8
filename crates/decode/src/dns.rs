//! DNS answers (RFC 1035), over UDP and TCP.

mod message;
mod name;

use mailscope_evidence::{At, Side};

use crate::layer::{Layer, Sink};
use crate::stack::StreamEnd;

pub(crate) use message::{answers, is_message};

/// What the first bytes of a TCP stream say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// A DNS message after its length; true for an answer.
    Like(bool),
    /// More bytes are needed.
    Short,
    /// Something else.
    Unlike,
}

/// Judges the start of a TCP stream: two bytes of length, then a message with one question.
pub(crate) fn over_tcp(bytes: &[u8]) -> Likeness {
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
        return Likeness::Short;
    };
    if u16::from_be_bytes(*length) < 17 {
        return Likeness::Unlike;
    }
    message::question_start(rest)
}

/// Longest message over TCP; the length field allows no more.
const MESSAGE_BYTES: usize = 65_535;

/// DNS over TCP: messages after their length (RFC 1035, 4.2.2).
#[derive(Debug, Default)]
pub(crate) struct DnsStream {
    orig: Vec<u8>,
    resp: Vec<u8>,
    orig_lost: bool,
    resp_lost: bool,
}

impl Layer for DnsStream {
    fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        let (buffer, lost) = match side {
            Side::Orig => (&mut self.orig, self.orig_lost),
            Side::Resp => (&mut self.resp, self.resp_lost),
        };
        if lost {
            return !(self.orig_lost && self.resp_lost);
        }
        buffer.extend_from_slice(data);
        let mut used = 0;
        while let Some((length, rest)) = buffer
            .get(used..)
            .and_then(|rest| rest.split_first_chunk::<2>())
        {
            let Some(message) =
                rest.get(..usize::from(u16::from_be_bytes(*length)).min(MESSAGE_BYTES))
            else {
                break;
            };
            answers(message, at, side == Side::Resp, sink.out);
            used += 2 + message.len();
        }
        buffer.drain(..used.min(buffer.len()));
        true
    }

    fn gap(&mut self, side: Side, _at: At, _missing: u64, _sink: &mut Sink<'_>) -> bool {
        match side {
            Side::Orig => (self.orig, self.orig_lost) = (Vec::new(), true),
            Side::Resp => (self.resp, self.resp_lost) = (Vec::new(), true),
        }
        !(self.orig_lost && self.resp_lost)
    }

    fn end(&mut self, _end: StreamEnd, _at: At, _sink: &mut Sink<'_>) {}
}
