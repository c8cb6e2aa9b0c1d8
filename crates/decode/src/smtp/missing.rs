//! What replies tell where commands are missing, some or all of them.

use super::data::Content;
use super::matching::{Kind, Reply};
use super::server::is_greeting_of_ehlo;
use super::state::{Mode, SmtpDecoder, Unplaced};
use super::transaction::Open;
use crate::record::{MailTls, Records};
use crate::sasl;

impl SmtpDecoder {
    /// In content, a final answer says that the message is over: its end was lost in a gap, or the
    /// server took a bare dot for the end.
    pub(super) fn content_ends_by(&mut self, reply: &Reply) -> bool {
        let Some((content, number, _)) = &mut self.content else {
            return false;
        };
        if (200..300).contains(&reply.code) && content.ends_at_bare_dot() {
            return true;
        }
        // 421 may come at any time (RFC 5321, 3.8), and ends the session rather than the message.
        let is_final = matches!(reply.code, 250..=252 | 400..=420 | 422..=599);
        // Before 354, replies are still those to commands, sent by a client that waits for none.
        let is_asked_for = self
            .ledger
            .find(*number)
            .is_some_and(|open| open.row.data_code == Some(354));
        // Where replies are missing, that to the message may be among them.
        let speaks_of = |status: &&str| reply.text().starts_with(status);
        let is_next = !self.is_lmtp
            && self.row.server_gap_bytes > 0
            && ["2.1.", "4.1.", "5.1."].iter().any(speaks_of);
        is_final && is_asked_for && !is_next && content.is_watched() && self.matching.is_idle()
    }

    /// 354 for the DATA that was seen last, which no longer waits for it since other replies are missing.
    fn take_late_go_ahead(&mut self, reply: &Reply, out: &mut Records) -> bool {
        let number = match (self.mode, &self.content) {
            (Mode::Decide { refused: false }, _) => self.ledger.current,
            (Mode::Content, Some((_, number, _))) => Some(*number),
            _ => None,
        };
        let is_open = |open: &&mut Open| open.row.data_code.is_none();
        let open = number.and_then(|number| self.ledger.find(number));
        if let (Some(number), Some(_)) = (number, open.filter(is_open)) {
            self.data_reply(number, reply, out);
            return true;
        }
        false
    }

    /// Nothing came of the content, which only its 354 shows.
    pub(super) fn is_content_unseen(&self) -> bool {
        let is_empty = |content: &Content| content.size_bytes == 0 && !content.is_inside_line();
        self.is_client_missing && self.content.as_ref().is_some_and(|(c, _, _)| is_empty(c))
    }

    /// A reply to a command that is missing.
    pub(super) fn unplaced_reply(&mut self, reply: &Reply, out: &mut Records) {
        if reply.code == 354
            && !self.matching.awaits(Kind::Data)
            && self.take_late_go_ahead(reply, out)
        {
            return;
        }
        self.unplaced.add(reply);
        if !matches!(reply.code, 235 | 535) || self.matching.awaits(Kind::Auth) {
            return;
        }
        if self.login.is_some() {
            // The last response is missing. Behind a lost reply it may have been another attempt's.
            if !self.unplaced.has_lost {
                self.login_reply(reply, out);
            }
        } else if self.is_client_missing {
            self.unseen_login(reply, out);
        }
    }

    /// 354 without a DATA that was seen: content follows, and its start may be missing.
    pub(super) fn find_content(&mut self, reply: &Reply) {
        self.content = None;
        self.leave_past_data();
        self.leave_unseen();
        if self.unplaced.may_hold_a_mail() {
            self.ledger.close_current("new-mail");
        }
        self.unplaced = Unplaced::default();
        // All that was seen came before the DATA that is missing.
        for expected in self.matching.give_up() {
            self.unanswered(expected);
        }
        self.begin_content(reply.at);
        let number = self.ledger.current.unwrap_or(0);
        if let Some(open) = self.ledger.find(number) {
            open.row.data_code = Some(354);
        }
        if let Some((content, _, _)) = &mut self.content {
            content.watch();
        }
    }

    /// The same, where 354 came before it turned out that bytes of the client are missing: some of the content, too,
    /// may be among them.
    pub(super) fn find_content_behind_gap(&mut self, reply: &Reply) {
        self.find_content(reply);
        if let Some((content, _, _)) = &mut self.content {
            content.gap();
        }
    }

    /// The reply after 354, of a session whose client was not captured: it answers the message.
    pub(super) fn answer_unseen_content(&mut self, reply: &Reply, out: &mut Records) {
        self.mode = Mode::Lost;
        let Some((_, number, _)) = self.content.take() else {
            return;
        };
        self.answer_alone(number, reply);
        self.ledger.flush(out);
    }

    /// The reply after 354 answers the message, unless it is the next mail's: then that of the message was
    /// lost, and what became of it stays open.
    fn answer_alone(&mut self, number: u32, reply: &Reply) {
        if speaks_of_an_address(reply.text()) {
            if let Some(open) = self.ledger.find(number) {
                open.has_content = true;
            }
            return self.ledger.close(number, "new-mail");
        }
        if let Some(open) = self.ledger.find(number) {
            open.row.final_code = Some(reply.code);
            open.row.final_text = Some(reply.text().to_owned());
            open.row.span = open.row.span.to(reply.at);
            open.has_content = true;
        }
        self.ledger.close(number, "complete");
    }

    /// At the end: replies that no command was seen for. When the client was not captured, they
    /// are all there is.
    pub(super) fn read_unmatched(&mut self, out: &mut Records) {
        for reply in self.matching.unmatched() {
            if !self.client_seen {
                self.read_alone(&reply, out);
            }
        }
    }

    /// A reply of a session whose client was not captured: 354 proves DATA, the reply after it
    /// answers the message; 235 and 535 prove a login. Nothing else is guessed.
    pub(super) fn read_alone(&mut self, reply: &Reply, out: &mut Records) {
        match reply.code {
            354 => {
                let number = self.ledger.begin(reply.at, None);
                if let Some(open) = self.ledger.find(number) {
                    open.row.data_command = Some("DATA");
                    open.row.data_code = Some(354);
                    open.has_begun_content = true;
                }
            }
            334 => {
                let mechanism = sasl::mechanism_of_challenge(reply.text().as_bytes());
                if self.mechanism_alone.is_empty() {
                    self.mechanism_alone = mechanism;
                }
                return;
            }
            235 | 535 => self.unseen_login(reply, out),
            220 if self.row.tls != MailTls::StartTls => self.row.tls = MailTls::Requested,
            250 if self.ledger.current.is_none() && is_greeting_of_ehlo(reply) => {
                self.note_capabilities(reply);
            }
            _ => {
                if let Some(number) = self.ledger.current {
                    self.answer_alone(number, reply);
                    self.ledger.flush(out);
                }
            }
        }
        self.mechanism_alone = "";
    }
}

/// An enhanced status code of the kind that MAIL and RCPT are answered with, `2.1.x` (RFC 3463, 3.2): no
/// answer to a message.
fn speaks_of_an_address(text: &str) -> bool {
    text.starts_with("2.1.")
}
