//! The mail transactions of one session (RFC 5321, 3.3): open ones, and those whose answers are
//! still under way.

use std::collections::VecDeque;

use mailscope_evidence::{At, Span};

use crate::decoder::Context;
use crate::record::{Known, MailTransaction, Recipient, Record, Records};

/// A transaction whose row is not yet emitted.
#[derive(Debug)]
pub struct Open {
    /// The row so far.
    pub row: MailTransaction,
    /// Commands of it whose answers are not yet seen.
    pub outstanding: u32,
    /// Recipients refused.
    pub refused: u32,
    /// Recipients accepted.
    pub accepted: u32,
    /// Its content came to its end.
    pub has_content: bool,
    /// Some of its content came.
    pub has_begun_content: bool,
    /// Commands are missing after the last that was seen.
    pub has_lost_commands: bool,
    /// How many bytes of commands are missing there.
    pub lost_bytes: u64,
    /// Nothing is added any more.
    is_closed: bool,
}

/// The least that stands between a RCPT of one mail and the first of the next: DATA, a message with the two header
/// fields that it must have (RFC 5322, section 3.6: `Date: Mon, 1 Jan 2024 00:00:00 +0000`, `From: a@b.c`), a lone
/// dot, `MAIL FROM:<>`.
pub const LEAST_MAIL_BYTES: u64 = 6 + 38 + 13 + 2 + 3 + 14;

impl Open {
    /// RCPT without MAIL, each refused as such (503): nothing was begun.
    fn is_out_of_sequence(&self) -> bool {
        let row = &self.row;
        let only_503 = row
            .recipients
            .iter()
            .all(|recipient| recipient.code == Some(503));
        row.mail_from.is_none()
            && !row.recipients.is_empty()
            && only_503
            && !self.has_begun_content
            && row.data_code.is_none_or(|code| code >= 400)
    }

    fn are_recipients_refused(&self) -> bool {
        self.refused > 0 && self.refused == self.row.recipient_count
    }

    /// The content that follows is another mail's: after the last of the recipients, all refused, commands are missing.
    pub fn is_left_unseen(&self) -> bool {
        self.has_lost_commands && self.are_recipients_refused()
    }

    /// Its content came, whose end was not seen: what follows is another mail's.
    pub fn is_past_data(&self) -> bool {
        self.has_begun_content && self.row.data_command == Some("DATA")
    }

    fn is_refused_before_content(&self) -> bool {
        let mail = self.row.mail_code.is_some_and(|code| code >= 400);
        // Content was asked for, or sent all the same: another recipient was accepted, unseen.
        let is_taken = match self.row.data_code {
            Some(code) => code < 400,
            None => self.has_content,
        };
        let recipients = self.are_recipients_refused() && !is_taken;
        let data = self.row.data_code.is_some_and(|code| code >= 400);
        mail || recipients || data
    }
}

/// What all transactions of a session came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Begun.
    pub begun: u32,
    /// Of these, not really begun: the server refused the command as out of sequence.
    pub out_of_sequence: u32,
    /// Taken by the server.
    pub delivered: u32,
    /// Content sent to its end.
    pub with_content: u32,
    /// Content or DATA refused.
    pub content_refused: u32,
    /// Sender or all recipients refused.
    pub envelope_refused: u32,
    /// Content begun and not ended.
    pub cut_in_content: u32,
}

/// The transactions of a session.
#[derive(Debug, Default)]
pub struct Ledger {
    /// In order; the front has the number `emitted + 1`.
    open: VecDeque<Open>,
    emitted: u32,
    /// The transaction that commands add to.
    pub current: Option<u32>,
    /// Totals, for the session's outcome.
    pub tally: Tally,
    /// Bytes are missing somewhere: absence proves nothing.
    pub has_gap: bool,
    session: u32,
    client_is_orig: bool,
}

impl Ledger {
    /// A ledger for one session.
    #[must_use]
    pub fn new(context: &Context) -> Self {
        Self {
            session: context.session,
            client_is_orig: context.client_is_orig,
            ..Self::default()
        }
    }

    /// Begins a transaction and makes it the current one.
    pub fn begin(&mut self, at: At, helo: Option<String>) -> u32 {
        self.tally.begun = self.tally.begun.saturating_add(1);
        let number = self.tally.begun;
        self.open.push_back(Open {
            row: MailTransaction {
                session: self.session,
                transaction: number,
                span: Span::at(at),
                client_is_orig: self.client_is_orig,
                helo,
                mail_from: None,
                mail_parameters: Vec::new(),
                mail_code: None,
                recipients: Vec::new(),
                recipient_count: 0,
                data_command: None,
                data_code: None,
                final_code: None,
                final_text: None,
                delivered: Known::Unknown,
                ended_by: "",
                message_bytes: 0,
            },
            outstanding: 0,
            refused: 0,
            accepted: 0,
            has_content: false,
            has_begun_content: false,
            has_lost_commands: false,
            lost_bytes: 0,
            is_closed: false,
        });
        self.current = Some(number);
        number
    }

    /// The transaction of this number while it is open.
    pub fn find(&mut self, number: u32) -> Option<&mut Open> {
        let index = number.checked_sub(self.emitted)?.checked_sub(1)?;
        self.open.get_mut(usize::try_from(index).ok()?)
    }

    /// The current transaction; a new one (its MAIL unseen or refused) when there is none.
    pub fn current_or_new(&mut self, at: At, helo: Option<&String>) -> u32 {
        match self.current {
            Some(number) => number,
            None => self.begin(at, helo.cloned()),
        }
    }

    /// Adds a recipient. Returns its place in the row, or `None` when it is only counted.
    pub fn add_recipient(
        &mut self,
        number: u32,
        at: At,
        address: String,
        cap: usize,
    ) -> Option<u32> {
        let open = self.find(number)?;
        open.row.span = open.row.span.to(at);
        open.has_lost_commands = false;
        open.lost_bytes = 0;
        open.row.recipient_count = open.row.recipient_count.saturating_add(1);
        if open.row.recipients.len() >= cap {
            return None;
        }
        open.row.recipients.push(Recipient {
            address,
            code: None,
            text: None,
        });
        u32::try_from(open.row.recipients.len() - 1).ok()
    }

    /// Nothing more is added to this transaction.
    pub fn close(&mut self, number: u32, ended_by: &'static str) {
        if self.current == Some(number) {
            self.current = None;
        }
        if let Some(open) = self.find(number)
            && !open.is_closed
        {
            open.is_closed = true;
            open.row.ended_by = ended_by;
        }
    }

    /// Closes the current transaction as another mail begins, where `is_left` holds for it.
    pub fn leave(&mut self, is_left: impl Fn(&Open) -> bool) {
        if let Some(number) = self.current
            && self.find(number).is_some_and(|open| is_left(open))
        {
            self.close(number, "new-mail");
        }
    }

    /// Closes the current transaction.
    pub fn close_current(&mut self, ended_by: &'static str) {
        if let Some(number) = self.current {
            self.close(number, ended_by);
        }
    }

    /// Opens a closed transaction again: the command that closed it was refused.
    pub fn reopen(&mut self, number: u32) {
        if let Some(open) = self.find(number) {
            open.is_closed = false;
            open.row.ended_by = "";
            self.current = Some(number);
        }
    }

    /// Emits closed transactions that wait for no answer, in order.
    pub fn flush(&mut self, out: &mut Records) {
        while self
            .open
            .front()
            .is_some_and(|open| open.is_closed && open.outstanding == 0)
        {
            self.emit_front(out);
        }
    }

    /// Emits all, open ones as ended by `ended_by`.
    pub fn finish(&mut self, ended_by: &'static str, out: &mut Records) {
        for open in &mut self.open {
            if !open.is_closed {
                open.row.ended_by = ended_by;
            }
        }
        self.current = None;
        while !self.open.is_empty() {
            self.emit_front(out);
        }
    }

    fn emit_front(&mut self, out: &mut Records) {
        let Some(mut open) = self.open.pop_front() else {
            return;
        };
        self.emitted += 1;
        if open.is_out_of_sequence() {
            self.tally.out_of_sequence += 1;
            return;
        }
        let refused = open.is_refused_before_content();
        let row = &mut open.row;
        let data_refused = row.data_code.is_some_and(|code| code >= 400);
        if refused && (data_refused || !open.has_content) && row.ended_by != "capture-end" {
            row.ended_by = "rejected";
        }
        let sender_seen =
            row.mail_from.is_some() || row.recipient_count > 0 || open.has_begun_content;
        row.delivered = match row.final_code {
            Some(code) if row.delivered == Known::Unknown => known(code < 400),
            Some(_) => row.delivered,
            None if refused => Known::No,
            // The client itself gave the mail up before its end.
            None if !open.has_content
                && sender_seen
                && !self.has_gap
                && row.ended_by != "capture-end" =>
            {
                Known::No
            }
            None => Known::Unknown,
        };
        let tally = &mut self.tally;
        tally.delivered += u32::from(row.delivered == Known::Yes);
        tally.with_content += u32::from(open.has_content);
        let content_refused =
            row.final_code.is_some_and(|c| c >= 400) || row.data_code.is_some_and(|c| c >= 400);
        tally.content_refused += u32::from(content_refused && row.delivered == Known::No);
        tally.envelope_refused += u32::from(refused && !content_refused);
        tally.cut_in_content += u32::from(open.has_begun_content && !open.has_content);
        out.push(Record::MailTransaction(Box::new(open.row)));
    }
}

fn known(yes: bool) -> Known {
    if yes { Known::Yes } else { Known::No }
}
