//! The fields of a head that say where its body ends.

use super::body::Framing;
use crate::layer::note;

/// What `Content-Length` and `Transfer-Encoding` of one head say (RFC 9112 section 6.3).
#[derive(Default)]
pub(super) struct Lengths {
    length: Option<u64>,
    conflict: bool,
    chunked: bool,
}

impl Lengths {
    pub fn content_length(&mut self, value: &[u8]) {
        let first = value
            .split(|b| *b == b',')
            .next()
            .unwrap_or(value)
            .trim_ascii();
        let length = std::str::from_utf8(first)
            .ok()
            .and_then(|digits| digits.parse().ok());
        self.conflict |= length.is_none() || self.length.is_some_and(|held| Some(held) != length);
        self.length = self.length.or(length);
    }

    pub fn transfer_encoding(&mut self, value: &[u8]) {
        let end = value.get(value.len().saturating_sub(7)..).unwrap_or(value);
        self.chunked |= end.eq_ignore_ascii_case(b"chunked");
    }

    pub fn framing(&self, otherwise: Framing) -> Framing {
        match (self.chunked, self.length) {
            (true, _) => Framing::Chunked,
            (false, Some(length)) => Framing::Length(length),
            (false, None) => otherwise,
        }
    }

    pub fn oddities(&self, oddities: &mut Vec<&'static str>) {
        if self.conflict || (self.chunked && self.length.is_some()) {
            note(oddities, "conflicting-length");
        }
    }
}
