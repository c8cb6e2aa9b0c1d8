//! Login attempts of a session: AUTH (RFC 4954), its challenges and responses.

use mailscope_evidence::{At, Span};

use super::command;
use super::matching::{Expected, Kind, Reply};
use super::state::{Mode, SmtpDecoder};
use crate::record::{Known, Login, Record, Records};
use crate::sasl::{self, Exchange};
use crate::session_log::DISTINCT_ITEMS;

/// An attempt whose end is not yet seen.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The exchange so far.
    pub exchange: Exchange,
    /// Its packets.
    pub span: Span,
    /// The challenge that the next response answers.
    pub prompt: Option<Vec<u8>>,
}

impl SmtpDecoder {
    /// AUTH was given.
    pub(super) fn begin_login(&mut self, at: At, arguments: &[u8], out: &mut Records) {
        self.give_up_login(out);
        let exchange = Exchange::begin(arguments);
        if arguments.is_empty() {
            self.expect(Kind::Auth, 0, at, out);
            return;
        }
        let list = self.context.limits.list_items.min(DISTINCT_ITEMS);
        if self.row.auth_mechanisms.len() < list {
            if !exchange.mechanism.is_empty()
                && !self.row.auth_mechanisms.contains(&exchange.mechanism)
            {
                self.row.auth_mechanisms.push(exchange.mechanism.clone());
            }
        } else {
            self.limit("list");
        }
        self.login = Some(Attempt {
            exchange,
            span: Span::at(at),
            prompt: None,
        });
        self.mode = Mode::Auth;
        self.expect(Kind::Auth, 0, at, out);
    }

    /// A line while a login is under way: a response, unless it can only be a command.
    pub(super) fn auth_line(&mut self, at: At, line: &[u8], out: &mut Records) {
        let Some(login) = &mut self.login else {
            self.mode = Mode::Command;
            return self.command_line(at, line, out);
        };
        let prompt = login.prompt.take();
        let is_response = prompt.is_some()
            || ((sasl::is_base64(line) || line == b"*")
                && !command::is_recognisable(line)
                && login.exchange.responses_left() != Some(0));
        if !is_response {
            self.mode = Mode::Command;
            return self.command_line(at, line, out);
        }
        login.span = login.span.to(at);
        login.exchange.respond(line, prompt.as_deref());
        self.expect(Kind::Auth, 0, at, out);
    }

    /// A reply to AUTH or to a response.
    pub(super) fn login_reply(&mut self, reply: &Reply, out: &mut Records) {
        let Some(login) = &mut self.login else { return };
        login.span = login.span.to(reply.at);
        match reply.code {
            334 => login.prompt = Some(reply.text().as_bytes().to_vec()),
            235 => self.end_login(Known::Yes, Some(235), out),
            code => self.end_login(Known::No, Some(code), out),
        }
    }

    /// The server would not take a mail without a login, and answers MAIL behind an attempt whose end is missing: a
    /// mail that is taken shows that the login was, too.
    pub(super) fn login_shown_by_mail(&mut self, reply: &Reply, out: &mut Records) {
        let text = reply.text().to_ascii_uppercase();
        let is_wanted = reply.code == 530 && !text.contains("STARTTLS");
        if self.login.is_some() && !self.matching.awaits(Kind::Auth) {
            let success = match reply.code {
                ..400 if self.wants_login => Known::Yes,
                _ if is_wanted => Known::No,
                _ => Known::Unknown,
            };
            self.end_login(success, None, out);
        }
        self.wants_login |= is_wanted;
    }

    /// The attempt's end is not visible.
    pub(super) fn give_up_login(&mut self, out: &mut Records) {
        self.end_login(Known::Unknown, None, out);
    }

    fn end_login(&mut self, success: Known, reply_code: Option<u16>, out: &mut Records) {
        let Some(login) = self.login.take() else {
            return;
        };
        if self.mode == Mode::Auth {
            self.mode = Mode::Command;
        }
        let Exchange {
            mechanism, user, ..
        } = login.exchange;
        self.note_user(user.as_ref());
        self.note_success(success);
        out.push(Record::Login(Box::new(Login {
            session: Some(self.context.session),
            span: login.span,
            client_is_orig: self.context.client_is_orig,
            service: "smtp",
            mechanism,
            user,
            success,
            reply_code,
        })));
    }

    fn note_user(&mut self, user: Option<&String>) {
        let Some(user) = user else { return };
        if self.row.auth_users.contains(user) {
            return;
        }
        if self.row.auth_users.len() < self.context.limits.list_items.min(DISTINCT_ITEMS) {
            self.row.auth_users.push(user.clone());
        } else {
            self.limit("list");
        }
    }

    fn note_success(&mut self, success: Known) {
        self.row.authenticated = match (self.row.authenticated, success) {
            (Known::Yes, _) | (_, Known::Yes) => Known::Yes,
            (_, Known::No) => Known::No,
            (before, Known::Unknown) => before,
        };
    }

    /// A login of which only the server's side was captured.
    pub(super) fn unseen_login(&mut self, reply: &Reply, out: &mut Records) {
        let success = if reply.code == 235 {
            Known::Yes
        } else {
            Known::No
        };
        self.note_success(success);
        out.push(Record::Login(Box::new(Login {
            session: Some(self.context.session),
            span: Span::at(reply.at),
            client_is_orig: self.context.client_is_orig,
            service: "smtp",
            mechanism: self.mechanism_alone.to_owned(),
            user: None,
            success,
            reply_code: Some(reply.code),
        })));
    }

    /// A command waits for its reply, or finds it there.
    pub(super) fn expect(&mut self, kind: Kind, transaction: u32, at: At, out: &mut Records) {
        if let Some(open) = self.ledger.find(transaction) {
            open.outstanding += 1;
        }
        let expected = Expected { kind, transaction };
        let (early, given_up) = self.matching.command(expected, at, self.server_seen);
        if let Some(given_up) = given_up {
            self.unanswered(given_up);
            self.ledger.flush(out);
        }
        if let Some(reply) = early {
            self.answer(expected, &reply, out);
        }
    }
}
