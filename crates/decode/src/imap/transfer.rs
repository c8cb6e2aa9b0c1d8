//! Messages in transfer: what FETCH answers and APPEND carry, put together and handed on.

use mailscope_evidence::{At, Span};

use super::envelope;
use super::pieces::{Piece, Pieces};
use super::response::{self, Section};
use super::state::ImapDecoder;
use crate::mail::{self, Transfer};
use crate::record::{Message, Record, Records};
use crate::smtp::data::Content;

/// The message that a FETCH answer or an APPEND carries.
#[derive(Debug)]
pub(super) struct InTransfer {
    pub content: Content,
    /// The message's size as the server told it, where its bytes cannot be counted.
    pub told_size: Option<u64>,
    /// Its FETCH line was cut off: where the message begins and ends is not known.
    pub is_cut: bool,
    began: At,
    has_header: bool,
    has_body: bool,
    /// The piece of it that the answer holds, when it was asked for in pieces.
    piece: Option<Piece>,
}

impl ImapDecoder {
    /// A message whose first bytes come now.
    pub(super) fn begin_message(&self, at: At) -> InTransfer {
        let limits = self.log.context.limits;
        let content = Content::new(limits.message_bytes, false).sharing(limits.message_room);
        InTransfer {
            content,
            told_size: None,
            is_cut: false,
            began: at,
            has_header: false,
            has_body: false,
            piece: None,
        }
    }

    /// A literal of a FETCH answer follows: does it belong to the message?
    pub(super) fn expect_section(
        &mut self,
        at: At,
        before: &[u8],
        size: u64,
        out: &mut Records,
    ) -> bool {
        let section = response::section(before);
        if self.fetched.is_none() {
            self.go_on(section, size, out);
        }
        let is_alone = matches!(section, Section::Text { .. }) && self.fetched.is_none();
        if is_alone || matches!(section, Section::Part | Section::Other) {
            self.part_follows = section != Section::Other;
            return false;
        }
        let number = self.fetch_number;
        let piece = |origin, is_header| Piece {
            number,
            origin,
            size,
            is_header,
        };
        let fresh = self.begin_message(at);
        let message = self.fetched.get_or_insert(fresh);
        match section {
            Section::Whole { origin } => {
                let is_new = !std::mem::replace(&mut message.has_body, true);
                message.has_header = true;
                message.piece = origin.map(|origin| piece(origin, false));
                if is_new {
                    message.content.is_start_missing = origin.is_some_and(|origin| origin > 0);
                }
            }
            Section::Header { is_whole } => {
                message.has_header = true;
                message.piece = is_whole.then(|| piece(0, true));
            }
            Section::Text { origin } => {
                message.has_body = true;
                message.piece = None;
                message.content.is_truncated |= origin.is_some();
            }
            Section::Part | Section::Other => {}
        }
        true
    }

    /// Takes up the message of which earlier answers held the pieces before this one; else nothing
    /// more is waited for.
    fn go_on(&mut self, section: Section, size: u64, out: &mut Records) {
        let number = self.fetch_number;
        let goes_on = |held: &mut Pieces| match section {
            Section::Whole {
                origin: Some(origin),
            } => held.goes_on_with(Piece {
                number,
                origin,
                size,
                is_header: false,
            }),
            Section::Text { origin } => {
                held.wants_body_of(number) && origin.is_none_or(|at| at == 0)
            }
            _ => false,
        };
        match self.pieces.take_if(goes_on) {
            Some(pieces) => {
                self.before_piece = Some(pieces.piece());
                self.fetched = Some(pieces.message);
            }
            None if !matches!(section, Section::Part | Section::Other) => self.end_pieces(out),
            None => {}
        }
    }

    /// What an ENVELOPE tells of a message.
    pub(super) fn envelope(&mut self, at: At, data: &[u8], out: &mut Records) {
        let Some(start) = memchr::memmem::find(data, b"ENVELOPE (") else {
            return;
        };
        let mut message = Message::default();
        if envelope::fill(data.get(start + 9..).unwrap_or(b""), &mut message).is_none() {
            return;
        }
        self.log.row.messages = self.log.row.messages.saturating_add(1);
        self.facts.whole_messages += 1;
        message.session = self.log.context.session;
        message.message = self.log.row.messages;
        message.span = Span::at(at);
        message.client_is_orig = self.log.context.client_is_orig;
        message.transfer = "imap-fetch";
        message.truncated = true;
        message.oddities.push("envelope-only");
        out.push(Record::Message(Box::new(message)));
    }

    /// A FETCH answer ended.
    pub(super) fn end_fetch(&mut self, at: At, out: &mut Records) {
        self.in_fetch = false;
        let before = self.before_piece.take();
        if let Some(mut message) = self.fetched.take() {
            let is_whole = self.server.literal.is_none();
            match message.piece {
                Some(piece) if is_whole && piece.is_last(self.piece_asked, before) => {
                    message.piece = None;
                }
                Some(piece) if is_whole => {
                    self.pieces = Some(Pieces::after(piece, message, at));
                    return;
                }
                _ => {}
            }
            self.emit(message, "imap-fetch", is_whole, at, out);
        }
    }

    /// The server says that nothing is left from `origin`: the pieces were the whole message.
    pub(super) fn no_more_pieces(&mut self, origin: u64, out: &mut Records) {
        let end = Piece {
            number: self.fetch_number,
            origin,
            size: 0,
            is_header: false,
        };
        if let Some(mut pieces) = self.pieces.take_if(|held| held.goes_on_with(end)) {
            pieces.message.piece = None;
            self.emit(pieces.message, "imap-fetch", true, pieces.last, out);
        }
    }

    /// No further piece is waited for.
    pub(super) fn end_pieces(&mut self, out: &mut Records) {
        if let Some(pieces) = self.pieces.take() {
            self.emit(pieces.message, "imap-fetch", true, pieces.last, out);
        }
    }

    /// An APPEND ended.
    pub(super) fn end_append(&mut self, at: At, out: &mut Records) {
        if let Some(mut message) = self.appended.take() {
            message.has_header = true;
            message.has_body = true;
            let is_whole = self.client.literal.is_none();
            self.emit(message, "imap-append", is_whole, at, out);
        }
    }

    fn emit(
        &mut self,
        message: InTransfer,
        transfer: &'static str,
        is_whole: bool,
        at: At,
        out: &mut Records,
    ) {
        let InTransfer {
            content,
            told_size,
            is_cut,
            began,
            has_header,
            has_body,
            piece,
        } = message;
        let is_whole = is_whole && !is_cut;
        self.log.row.messages = self.log.row.messages.saturating_add(1);
        self.facts.whole_messages += u32::from(is_whole);
        if content.is_over_limit {
            self.log.limit("message");
        }
        let context = &self.log.context;
        let transfer = Transfer {
            session: context.session,
            message: self.log.row.messages,
            transaction: None,
            span: Span::at(began).to(at),
            client_is_orig: context.client_is_orig,
            transfer,
            from_client: transfer == "imap-append",
            size_bytes: told_size.unwrap_or(content.size_bytes),
            is_truncated: content.is_truncated
                || content.is_start_missing
                || !is_whole
                || piece.is_some()
                || !has_header
                || !has_body,
            is_start_missing: content.is_start_missing || !has_header,
            keep: context.keep_messages,
            phrases: context.phrases,
        };
        for limit in mail::read_now_or_later(content.bytes, content.gaps, transfer, context, out) {
            self.log.limit(limit);
        }
    }
}

/// Adds bytes to a message, when there is one.
pub(super) fn add(message: &mut Option<InTransfer>, data: &[u8]) {
    if let Some(message) = message {
        message.content.push(data);
    }
}
