//! What follows DATA: content, or commands once more where it was refused.

use mailscope_evidence::At;

use super::command;
use super::held::Times;
use super::matching::Kind;
use super::state::{Mode, SmtpDecoder};
use crate::record::Records;

/// Bytes held while the reply to DATA is awaited.
const HELD_BYTES: usize = 256 << 10;

impl SmtpDecoder {
    /// DATA was given. With its reply, the mode is known; without, the first line decides, at once
    /// when nothing of the server is seen, else when too much is held.
    pub(super) fn decide(
        &mut self,
        refused: bool,
        at: At,
        times: &Times,
        used: usize,
        rest: &[u8],
    ) -> usize {
        if self.waits_for_data_reply(refused) && rest.len() <= HELD_BYTES {
            return self.held.hold(times, used, rest);
        }
        let limit = self.context.limits.line_bytes;
        let start = rest.get(..limit).unwrap_or(rest);
        let line = match memchr::memchr(b'\n', start) {
            Some(end) => start.get(..end).unwrap_or(start),
            None if rest.len() >= limit => start,
            None => return self.held.hold(times, used, rest),
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_content = if refused {
            looks_like_header(line)
        } else if self.ledger.current.is_none() && self.context.from_start && !self.ledger.has_gap {
            // DATA without MAIL and RCPT is refused (RFC 5321, 4.1.1.4): any command shows it.
            !command::is_recognisable(line)
        } else {
            !command::ends_data(line)
        };
        if is_content {
            self.begin_content(at);
            if refused {
                self.odd("content-after-refusal");
            }
            if let Some((content, _, _)) = &mut self.content
                && refused
            {
                content.watch();
            }
        } else {
            self.mode = Mode::Command;
        }
        0
    }

    fn waits_for_data_reply(&self, refused: bool) -> bool {
        !refused && self.server_seen && self.matching.awaits(Kind::Data)
    }

    /// Nothing can be decided with these bytes: they are held without looking at what is held.
    pub(super) fn may_hold(&self, data: &[u8]) -> bool {
        let Mode::Decide { refused } = self.mode else {
            return false;
        };
        let length = self.held.len() + data.len();
        if self.waits_for_data_reply(refused) {
            return length <= HELD_BYTES;
        }
        length < self.context.limits.line_bytes && memchr::memchr(b'\n', data).is_none()
    }

    /// Reads what was held, now that the mode may be known.
    pub(super) fn release(&mut self, out: &mut Records) {
        if self.held.is_empty() {
            return;
        }
        let (times, held) = std::mem::take(&mut self.held).into_parts();
        self.client_bytes(&times, &held, out);
    }

    /// The reply to DATA will not come: what is held is read by its content.
    pub(super) fn release_undecided(&mut self, out: &mut Records) {
        if matches!(self.mode, Mode::Decide { .. }) {
            let server_seen = std::mem::replace(&mut self.server_seen, false);
            self.release(out);
            self.server_seen = server_seen;
        }
    }
}

/// `field-name ":"` at the start of a message, or an mbox line.
fn looks_like_header(line: &[u8]) -> bool {
    let name = line.split(|&b| b == b':').next().unwrap_or(b"");
    let is_name =
        name.len() >= 2 && name.len() < line.len() && name.iter().all(|b| b.is_ascii_graphic());
    (is_name && command::parse(line).verb.is_none()) || line.starts_with(b"From ")
}
