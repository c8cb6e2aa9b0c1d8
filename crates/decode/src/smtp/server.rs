//! What the server's replies do to a session.

use super::matching::{Expected, Kind, Reply};
use super::state::{Greeting, Mode, SmtpDecoder};
use crate::record::{Known, MailTls, Records};
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
            // Of a session whose beginning was captured, the answers to the first of them may be missing with the greeting.
            if self.context.from_start && is_other && self.matching.awaits_several() {
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

    pub(super) fn note_capabilities(&mut self, reply: &Reply) {
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

    pub(super) fn data_reply(&mut self, transaction: u32, reply: &Reply, out: &mut Records) {
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

/// `ehlo-ok-rsp = "250-" Domain [ SP ehlo-greet ] CRLF *( "250-" ehlo-line CRLF ) ...` (RFC 5321,
/// 4.1.1.1), where no EHLO was seen: the reply has several lines, a name first, then keywords.
pub(super) fn is_greeting_of_ehlo(reply: &Reply) -> bool {
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
