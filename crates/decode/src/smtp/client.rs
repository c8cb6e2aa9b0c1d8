//! What the client's lines and content do to a session.

use mailscope_evidence::At;

use super::command::{self, Command};
use super::matching::Kind;
use super::state::{Mode, SmtpDecoder, Unplaced};
use super::transaction::{LEAST_MAIL_BYTES, Open};
use crate::record::{MailTls, Records};
use crate::session_log::DISTINCT_ITEMS;

impl SmtpDecoder {
    /// A command line, or what stands in its place.
    pub(super) fn command_line(&mut self, at: At, line: &[u8], out: &mut Records) {
        let Command { verb, argument } = command::parse(line);
        let Some(verb) = verb else {
            return self.bogus_line(at, line, out);
        };
        self.note_command(verb);
        match verb {
            "HELO" | "EHLO" | "LHLO" => self.helo(at, verb, argument, out),
            "MAIL" => self.mail(at, argument, out),
            "RCPT" => self.rcpt(at, argument, out),
            "DATA" => self.data_command(at, out),
            "BDAT" => self.bdat(at, argument, out),
            "AUTH" | "X-EXPS" => self.begin_login(at, argument, out),
            "STARTTLS" => {
                if self.row.tls != MailTls::StartTls {
                    self.row.tls = MailTls::Requested;
                }
                self.expect(Kind::StartTls, 0, at, out);
            }
            "RSET" => {
                self.end_unfinished(at, out);
                self.ledger.close_current("rset");
                self.expect(Kind::Other, 0, at, out);
            }
            "QUIT" => {
                self.end_unfinished(at, out);
                self.give_up_unprompted_login(out);
                self.ledger.close_current("quit");
                self.expect(Kind::Quit, 0, at, out);
            }
            _ => self.expect(Kind::Other, 0, at, out),
        }
        self.unplaced = Unplaced::default();
        self.ledger.flush(out);
    }

    fn bogus_line(&mut self, at: At, line: &[u8], out: &mut Records) {
        if let Some(method) = command::http_method(line) {
            self.note_command(method);
            self.odd("http-before-smtp");
        } else if !line.is_empty() {
            self.odd("bogus-command");
        }
        self.expect(Kind::Bogus, 0, at, out);
    }

    fn note_command(&mut self, verb: &'static str) {
        if self.row.commands.last().is_some_and(|last| last == "QUIT") {
            self.odd("command-after-quit");
        }
        if self.row.commands.len() < self.context.limits.list_items {
            self.row.commands.push(verb.to_owned());
        } else {
            self.limit("list");
        }
    }

    fn helo(&mut self, at: At, verb: &str, argument: &[u8], out: &mut Records) {
        self.is_lmtp = verb == "LHLO";
        self.give_up_unprompted_login(out);
        let name = text(argument);
        if !self.row.helos.contains(&name) {
            if self.row.helos.len() < self.context.limits.list_items.min(DISTINCT_ITEMS) {
                self.row.helos.push(name.clone());
            } else {
                self.limit("list");
            }
        }
        self.row.helo = Some(name);
        self.helo_over = self.ledger.current;
        self.expect(Kind::Helo, self.ledger.current.unwrap_or(0), at, out);
    }

    /// `MAIL FROM:<reverse-path> [SP parameters]`. A MAIL within a transaction is refused by most
    /// servers (503), and then changes nothing.
    fn mail(&mut self, at: At, argument: &[u8], out: &mut Records) {
        let Some(path) = command::path(argument, "FROM") else {
            self.odd("bad-mail-argument");
            return self.expect(Kind::Other, 0, at, out);
        };
        self.end_unfinished(at, out);
        if !self.wants_login {
            self.give_up_unprompted_login(out);
        }
        let helo_between = self.helo_over.take();
        self.nested_over = None;
        if let Some(before) = self.ledger.current {
            let refused = self
                .ledger
                .find(before)
                .is_some_and(|open| open.row.mail_code.is_some_and(|c| c >= 400));
            let has_content = self
                .ledger
                .find(before)
                .is_some_and(|open| open.has_begun_content);
            let why = if helo_between == Some(before) {
                "rset"
            } else {
                "new-mail"
            };
            if !refused && !has_content && helo_between != Some(before) {
                self.odd("nested-mail");
                if self.server_seen {
                    self.nested_over = Some(before);
                }
            }
            self.ledger.close(before, why);
            if self.nested_over.is_some() {
                self.hold_open(before);
            }
        }
        let number = self.ledger.begin(at, self.row.helo.clone());
        if let Some(open) = self.ledger.find(number) {
            open.row.mail_from = Some(text(path.address));
            let words = path
                .parameters
                .split(u8::is_ascii_whitespace)
                .filter(|word| !word.is_empty());
            open.row.mail_parameters = words.take(32).map(text).collect();
        }
        self.expect(Kind::Mail, number, at, out);
    }

    /// Keeps a closed transaction from being emitted until the MAIL that closed it is answered.
    fn hold_open(&mut self, number: u32) {
        if let Some(open) = self.ledger.find(number) {
            open.outstanding += 1;
        }
    }

    fn rcpt(&mut self, at: At, argument: &[u8], out: &mut Records) {
        let Some(path) = command::path(argument, "TO") else {
            self.odd("bad-rcpt-argument");
            return self.expect(Kind::Other, 0, at, out);
        };
        self.helo_over = None;
        self.leave_unread();
        let number = self.ledger.current_or_new(at, self.row.helo.as_ref());
        let cap = self.context.limits.recipients;
        let place = self
            .ledger
            .add_recipient(number, at, text(path.address), cap);
        if place.is_none() {
            self.limit("recipients");
        }
        self.expect(Kind::Rcpt(place), number, at, out);
    }

    fn data_command(&mut self, at: At, out: &mut Records) {
        self.end_unfinished(at, out);
        self.helo_over = None;
        self.leave_past_data();
        self.leave_unseen();
        let number = self.ledger.current.unwrap_or(0);
        if let Some(open) = self.ledger.find(number) {
            open.row.data_command = Some("DATA");
            open.row.span = open.row.span.to(at);
        }
        self.mode = Mode::Decide { refused: false };
        self.expect(Kind::Data, number, at, out);
    }

    /// A recipient follows missing commands: that it is another mail's can be left out only when they were too few,
    /// or when each was answered and none with 354.
    fn leave_unread(&mut self) {
        let is_answered = self.unplaced.has_any && !self.unplaced.has_lost;
        self.ledger
            .leave(|open| open.lost_bytes >= LEAST_MAIL_BYTES && !is_answered);
        self.leave_past_data();
    }

    /// A command or an answer that belongs before content, while the mail that is open has had its own.
    pub(super) fn leave_past_data(&mut self) {
        self.ledger.leave(Open::is_past_data);
    }

    /// Content follows, and the mail that is open can't be the one it belongs to.
    pub(super) fn leave_unseen(&mut self) {
        self.ledger.leave(Open::is_left_unseen);
    }

    fn bdat(&mut self, at: At, argument: &[u8], out: &mut Records) {
        let Some((size, last)) = command::chunk(argument) else {
            self.odd("bad-bdat-argument");
            return self.expect(Kind::Other, 0, at, out);
        };
        self.helo_over = None;
        let number = self.ledger.current_or_new(at, self.row.helo.as_ref());
        if let Some(open) = self.ledger.find(number) {
            open.row.data_command = Some("BDAT");
            open.row.span = open.row.span.to(at);
        }
        if self.content.is_none() {
            self.content = Some((self.new_content(false), number, at));
        }
        self.mode = Mode::Chunk { left: size, last };
        self.expect(Kind::Chunk(last), number, at, out);
        if size == 0 {
            self.end_chunk(last, at, out);
        }
    }

    /// A command came where the login could still go on: its end was not visible.
    fn give_up_unprompted_login(&mut self, out: &mut Records) {
        if self.login.is_some() && !self.matching.awaits(Kind::Auth) {
            self.give_up_login(out);
        }
    }
}

/// Text from the wire.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
