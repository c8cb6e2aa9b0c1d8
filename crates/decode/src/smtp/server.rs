//! What the server's replies do to a session.

use super::data::Content;
use super::matching::{Expected, Kind, Reply};
use super::state::{Greeting, Mode, SmtpDecoder, Unplaced};
use super::transaction::Open;
use crate::record::{Known, MailTls, Records};
use crate::sasl;
use crate::session_log::DISTINCT_ITEMS;

impl SmtpDecoder {
    /// A whole reply.
    pub(super) fn take_reply(&mut self, reply: Reply, out: &mut Records) {
        if self.row.reply_codes.len() < self.context.limits.list_items {
            self.row.reply_codes.push(reply.code);
        } else {
            self.limit("list");
        }
        if self.greeting == Greeting::Awaited && self.greet(&reply, out) {
            return;
        }
        if self.mode == Mode::Content && !self.client_seen {
            return self.answer_unseen_content(&reply, out);
        }
        self.answer_in_order(reply, out);
    }

    /// A reply to what the client sent last, or to what waits.
    pub(super) fn answer_in_order(&mut self, reply: Reply, out: &mut Records) {
        if self.mode == Mode::Content && self.content_ends_by(&reply) {
            if self.is_content_unseen() {
                return self.answer_unseen_content(&reply, out);
            }
            self.end_content(reply.at, true, out);
            if self.is_client_missing {
                self.mode = Mode::Lost;
            }
        } else if reply.code == 354 && self.mode == Mode::Lost && !self.matching.awaits(Kind::Data)
        {
            // Bytes that came behind the loss are content by now.
            return if self.content.is_some() || !self.is_client_at_line_start() {
                self.find_content_behind_gap(&reply);
            } else {
                self.find_content(&reply);
            };
        }
        if self.mode == Mode::Lost {
            // What finds no command answers one that was lost, and is not early.
            self.matching.doubt();
        }
        let mut passed = Vec::new();
        let matched = self.matching.reply(reply, |expected| passed.push(expected));
        for expected in passed {
            self.unanswered(expected);
        }
        match matched {
            Ok((expected, reply)) => self.answer(expected, &reply, out),
            Err(Some(reply)) if !self.client_seen => self.read_alone(&reply, out),
            Err(Some(reply)) => self.unplaced_reply(&reply, out),
            Err(None) => {}
        }
        self.ledger.flush(out);
    }

    /// The first reply is the greeting, unless its code or the capture's start say otherwise.
    fn greet(&mut self, reply: &Reply, out: &mut Records) -> bool {
        let is_first = self.context.from_start
            && self.row.server_gap_bytes == 0
            && !self.matching.is_doubtful();
        let is_greeting = reply.code == 220
            && !self.matching.awaits(Kind::StartTls)
            && (is_first || greets(reply.text()));
        let is_refusal = is_first && reply.code >= 400;
        if !is_greeting && !is_refusal {
            self.greeting = Greeting::Unseen;
            let is_other = reply.code != 220 && !is_greeting_of_ehlo(reply);
            if is_other && self.matching.awaits_several() {
                // With the greeting, the answers to the first of them may be missing.
                for expected in self.matching.give_up() {
                    self.unanswered(expected);
                }
                self.matching.doubt();
            }
            return false;
        }
        let text = reply.text();
        let separator = match (reply.is_long, text.is_empty()) {
            (true, _) => "-",
            (false, true) => "",
            (false, false) => " ",
        };
        self.row.banner = Some(format!("{}{separator}{text}", reply.code));
        self.greeting = if reply.code < 400 {
            Greeting::Accepted
        } else {
            Greeting::Refused
        };
        if is_first && self.client_seen && !self.row.commands.is_empty() {
            self.odd("command-before-greeting");
        }
        if self.greeting == Greeting::Refused {
            for expected in self.matching.give_up() {
                if let Some(open) = self.ledger.find(expected.transaction)
                    && open.row.final_code.is_none()
                {
                    open.row.delivered = Known::No;
                    open.row.final_code = Some(reply.code);
                }
                self.unanswered(expected);
            }
            self.release(out);
        }
        true
    }

    /// In content, a final answer says that the message is over: its end was lost in a gap, or the
    /// server took a bare dot for the end.
    fn content_ends_by(&mut self, reply: &Reply) -> bool {
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
    fn is_content_unseen(&self) -> bool {
        let is_empty = |content: &Content| content.size_bytes == 0 && !content.is_inside_line();
        self.is_client_missing && self.content.as_ref().is_some_and(|(c, _, _)| is_empty(c))
    }

    /// A reply to a command that is missing.
    fn unplaced_reply(&mut self, reply: &Reply, out: &mut Records) {
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
    fn find_content(&mut self, reply: &Reply) {
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
    fn answer_unseen_content(&mut self, reply: &Reply, out: &mut Records) {
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

    /// A command's reply.
    pub(super) fn answer(&mut self, expected: Expected, reply: &Reply, out: &mut Records) {
        let Expected { kind, transaction } = expected;
        if let Some(open) = self.ledger.find(transaction) {
            open.outstanding = open.outstanding.saturating_sub(1);
            open.row.span = open.row.span.to(reply.at);
        }
        match kind {
            Kind::Helo => self.helo_reply(transaction, reply),
            Kind::Mail => self.mail_reply(transaction, reply, out),
            Kind::Rcpt(place) => self.rcpt_reply(transaction, place, reply),
            Kind::Data => self.data_reply(transaction, reply, out),
            Kind::Content(place) => self.content_reply(transaction, place, reply),
            Kind::Chunk(last) => self.chunk_reply(transaction, last, reply),
            Kind::Auth => self.login_reply(reply, out),
            Kind::StartTls if reply.code >= 400 => self.odd("starttls-refused"),
            Kind::StartTls | Kind::Quit | Kind::Other | Kind::Bogus | Kind::Unseen => {}
        }
        self.ledger.flush(out);
    }

    /// A command whose reply will not be seen.
    pub(super) fn unanswered(&mut self, expected: Expected) {
        if let Some(open) = self.ledger.find(expected.transaction) {
            open.outstanding = open.outstanding.saturating_sub(1);
        }
        if expected.kind == Kind::Mail {
            self.release_nested();
        }
    }

    fn helo_reply(&mut self, transaction: u32, reply: &Reply) {
        if reply.code >= 400 {
            self.helo_over = None;
            return;
        }
        // EHLO also resets (RFC 5321, 4.1.4), but only what stood before it.
        if self.helo_over == Some(transaction) && self.ledger.current == Some(transaction) {
            self.ledger.close(transaction, "rset");
        }
        self.helo_over = None;
        self.note_capabilities(reply);
    }

    fn note_capabilities(&mut self, reply: &Reply) {
        for keyword in reply.lines.iter().skip(1) {
            if keyword.len() >= 8 && keyword.bytes().take_while(|&b| b == b'X').count() >= 4 {
                // Firewalls overwrite STARTTLS (and more) with X's.
                self.odd("starttls-stripped");
            }
            let word = keyword.split_ascii_whitespace().next().unwrap_or("");
            if word.eq_ignore_ascii_case("STARTTLS") && self.row.tls == MailTls::None {
                self.row.tls = MailTls::Offered;
            }
            if self.row.capabilities.len() >= self.context.limits.list_items.min(DISTINCT_ITEMS) {
                self.limit("list");
                break;
            }
            if !self.row.capabilities.contains(keyword) {
                self.row.capabilities.push(keyword.clone());
            }
        }
    }

    fn mail_reply(&mut self, transaction: u32, reply: &Reply, out: &mut Records) {
        if let Some(open) = self.ledger.find(transaction) {
            open.row.mail_code = Some(reply.code);
        }
        let before = self.nested_over;
        self.release_nested();
        self.login_shown_by_mail(reply, out);
        let untouched = self
            .ledger
            .find(transaction)
            .is_some_and(|open| open.row.recipient_count == 0);
        if let Some(before) = before
            && reply.code >= 400
            && untouched
            && self.ledger.current == Some(transaction)
        {
            self.ledger.close(transaction, "rejected");
            self.ledger.reopen(before);
        }
    }

    /// The transaction before a nested MAIL no longer waits for that MAIL's answer.
    fn release_nested(&mut self) {
        if let Some(before) = self.nested_over.take()
            && let Some(open) = self.ledger.find(before)
        {
            open.outstanding = open.outstanding.saturating_sub(1);
        }
    }

    fn rcpt_reply(&mut self, transaction: u32, place: Option<u32>, reply: &Reply) {
        let Some(open) = self.ledger.find(transaction) else {
            return;
        };
        if reply.code < 400 {
            open.accepted += 1;
        } else {
            open.refused += 1;
        }
        let row = place.and_then(|place| open.row.recipients.get_mut(usize::try_from(place).ok()?));
        if let Some(recipient) = row {
            recipient.code = Some(reply.code);
            recipient.text = Some(reply.text().to_owned());
        }
    }

    fn data_reply(&mut self, transaction: u32, reply: &Reply, out: &mut Records) {
        if let Some(open) = self.ledger.find(transaction) {
            open.row.data_code = Some(reply.code);
        }
        let refused = reply.code >= 400;
        let has_begun = self
            .ledger
            .find(transaction)
            .is_some_and(|open| open.has_begun_content);
        if self.mode == Mode::Lost && !refused && self.is_client_missing && !has_begun {
            // DATA was the last that came whole.
            self.begin_content(reply.at);
            if let Some((content, _, _)) = &mut self.content {
                content.gap();
            }
            return;
        }
        if self.mode != (Mode::Decide { refused: false }) {
            return;
        }
        if refused {
            self.mode = Mode::Decide { refused: true };
        } else {
            // A client that didn't wait began before it was told to.
            let began = self.held.first_at().unwrap_or(reply.at);
            self.begin_content(began.min(reply.at));
            if let Some((_, number, _)) = &self.content
                && let Some(open) = self.ledger.find(*number)
            {
                open.row.data_code = Some(reply.code);
            }
        }
        self.release(out);
    }

    fn content_reply(&mut self, transaction: u32, place: Option<u32>, reply: &Reply) {
        let Some(open) = self.ledger.find(transaction) else {
            return;
        };
        let row = &mut open.row;
        // LMTP answers for each recipient: the message is delivered when one of them has it.
        if row.final_code.is_none_or(|code| code >= 400) {
            row.final_code = Some(reply.code);
            row.final_text = Some(reply.text().to_owned());
        }
        let recipient =
            place.and_then(|place| row.recipients.get_mut(usize::try_from(place).ok()?));
        if let Some(recipient) = recipient
            && reply.code >= 400
        {
            recipient.code = Some(reply.code);
            recipient.text = Some(reply.text().to_owned());
        }
    }

    fn chunk_reply(&mut self, transaction: u32, last: bool, reply: &Reply) {
        let Some(open) = self.ledger.find(transaction) else {
            return;
        };
        if last || reply.code >= 400 {
            open.row.final_code = Some(reply.code);
            open.row.final_text = Some(reply.text().to_owned());
        }
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
    fn read_alone(&mut self, reply: &Reply, out: &mut Records) {
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

/// `greeting = "220 " (Domain / address-literal) [ SP textstring ]` (RFC 5321, 4.2), told from the answer to
/// STARTTLS, which has the same code: that one names no host, has a status code in front, or speaks of TLS.
fn greets(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or("");
    let is_status = word.starts_with("2.") && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_host = word.starts_with('[') || word.contains('.') && !word.ends_with('.');
    let says_mail = memchr::memmem::find(text.to_ascii_uppercase().as_bytes(), b"SMTP").is_some();
    !is_status && (is_host || says_mail)
}

/// An enhanced status code of the kind that MAIL and RCPT are answered with, `2.1.x` (RFC 3463, 3.2): no
/// answer to a message.
fn speaks_of_an_address(text: &str) -> bool {
    text.starts_with("2.1.")
}

/// `ehlo-ok-rsp = "250-" Domain [ SP ehlo-greet ] CRLF *( "250-" ehlo-line CRLF ) ...` (RFC 5321,
/// 4.1.1.1), where no EHLO was seen: the reply has several lines, a name first, then keywords.
fn is_greeting_of_ehlo(reply: &Reply) -> bool {
    let is_keyword = |line: &String| {
        let word = line.split([' ', '=']).next().unwrap_or("");
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let name = reply.text().split(' ').next().unwrap_or("");
    let begins_with_name = name.starts_with('[') || name.bytes().any(|b| b.is_ascii_alphabetic());
    reply.lines.len() > 1 && begins_with_name && reply.lines.iter().skip(1).all(is_keyword)
}
