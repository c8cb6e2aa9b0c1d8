//! Messages as the client hands them in, after DATA and in chunks of BDAT.

use mailscope_evidence::{At, Span};

use super::data::{Content, Step};
use super::matching::Kind;
use super::state::{Mode, SmtpDecoder};
use crate::mail::{self, Transfer};
use crate::record::Records;

impl SmtpDecoder {
    /// Takes bytes of a chunk.
    pub(super) fn chunk_bytes(
        &mut self,
        left: u64,
        last: bool,
        at: At,
        rest: &[u8],
        out: &mut Records,
    ) -> usize {
        let taken = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
        let data = rest.get(..taken).unwrap_or(rest);
        if let Some((content, number, _)) = &mut self.content {
            content.push(data);
            if let Some(open) = self.ledger.find(*number) {
                open.has_begun_content = true;
            }
        }
        let left = left.saturating_sub(taken as u64);
        self.mode = Mode::Chunk { left, last };
        if left == 0 {
            self.end_chunk(last, at, out);
        }
        taken
    }

    /// A chunk is complete.
    pub(super) fn end_chunk(&mut self, last: bool, at: At, out: &mut Records) {
        self.mode = Mode::Command;
        if last {
            self.end_content(at, true, out);
        }
    }

    /// A reader for the next message.
    pub(super) fn new_content(&self, bare_lf_ends: bool) -> Content {
        let limits = self.context.limits;
        Content::new(limits.message_bytes, bare_lf_ends).sharing(limits.message_room)
    }

    /// DATA's content begins here.
    pub(super) fn begin_content(&mut self, at: At) {
        let number = self.ledger.current_or_new(at, self.row.helo.as_ref());
        if let Some(open) = self.ledger.find(number) {
            open.row.data_command = Some("DATA");
            open.has_begun_content = true;
        }
        let bare_lf_ends = self.bare_lf_commands > 0 && self.crlf_commands == 0;
        self.content = Some((self.new_content(bare_lf_ends), number, at));
        self.mode = Mode::Content;
    }

    /// Takes bytes of DATA's content.
    pub(super) fn content_bytes(&mut self, at: At, rest: &[u8], out: &mut Records) -> usize {
        let Some((content, _, _)) = &mut self.content else {
            self.mode = Mode::Command;
            return 0;
        };
        let (used, step) = content.read(rest, self.context.limits.line_bytes);
        match step {
            Step::More => {}
            Step::End => self.end_content(at, true, out),
            Step::Command => {
                let line = std::mem::take(&mut content.command_line);
                self.end_content(at, false, out);
                self.command_line(at, &line, out);
            }
        }
        used
    }

    /// The message came to its end, or `whole` is false and the rest of it will not be seen.
    pub(super) fn end_content(&mut self, at: At, whole: bool, out: &mut Records) {
        self.mode = Mode::Command;
        let Some((mut content, number, began)) = self.content.take() else {
            return;
        };
        content.finish_line();
        if content.has_bare_dot {
            self.odd("bare-lf-dot");
        }
        if content.is_over_limit {
            self.limit("message");
        }
        let refused = self.row.oddities.contains(&"content-after-refusal")
            && self
                .ledger
                .find(number)
                .is_some_and(|open| open.row.data_code.is_some_and(|code| code >= 400));
        let mut is_bdat = false;
        let mut recipients = Vec::new();
        if let Some(open) = self.ledger.find(number) {
            open.has_content = whole;
            open.row.message_bytes = content.size_bytes;
            // Content that came before the reply to DATA doesn't take the span back.
            open.row.span = open.row.span.to(open.row.span.last.max(at));
            is_bdat = open.row.data_command == Some("BDAT");
            if self.is_lmtp {
                let accepted = open
                    .row
                    .recipients
                    .iter()
                    .enumerate()
                    .filter(|(_, r)| r.code.is_none_or(|c| c < 400));
                recipients = accepted
                    .filter_map(|(i, _)| u32::try_from(i).ok())
                    .collect();
            }
        }
        self.row.messages = self.row.messages.saturating_add(1);
        let transfer = Transfer {
            session: self.context.session,
            message: self.row.messages,
            transaction: Some(number).filter(|&n| n > 0),
            span: Span::at(began).to(at),
            client_is_orig: self.context.client_is_orig,
            transfer: if is_bdat { "smtp-bdat" } else { "smtp-data" },
            from_client: true,
            size_bytes: content.size_bytes,
            is_truncated: content.is_truncated || !whole,
            is_start_missing: content.is_start_missing,
            keep: self.context.keep_messages,
            phrases: self.context.phrases,
        };
        for limit in
            mail::read_now_or_later(content.bytes, content.gaps, transfer, &self.context, out)
        {
            self.limit(limit);
        }
        if !whole {
            return;
        }
        if is_bdat {
            // The last chunk's own reply is the answer to the message.
        } else if recipients.is_empty() {
            if !refused {
                self.expect(Kind::Content(None), number, at, out);
            }
        } else {
            for place in recipients {
                self.expect(Kind::Content(Some(place)), number, at, out);
            }
        }
        self.ledger.close(number, "complete");
        self.ledger.flush(out);
    }

    /// Ends a message whose rest will not come.
    pub(super) fn end_unfinished(&mut self, at: At, out: &mut Records) {
        let was_lost = self.mode == Mode::Lost;
        match &self.content {
            // Bytes in lost mode are a message only when its end is seen.
            Some(_) if was_lost => self.content = None,
            Some((_, number, _)) => {
                let number = *number;
                if let Some(open) = self.ledger.find(number) {
                    open.has_begun_content = true;
                }
                if self.client_seen {
                    self.end_content(at, false, out);
                } else {
                    self.content = None;
                }
            }
            None => {}
        }
    }
}
