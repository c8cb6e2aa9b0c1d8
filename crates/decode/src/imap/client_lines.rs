//! The client's lines: commands, and what they make the session wait for.

use mailscope_evidence::{At, Span};

use super::command::{self, Command};
use super::cut_fetch;
use super::state::{Awaited, ImapDecoder};
use super::{identify, mailbox_name, pieces};
use crate::decoder::{From, Likeness};
use crate::record::{Known, Records};
use crate::sasl::Exchange;
use crate::session_log::Attempt;

/// Commands of the authenticated and of the selected state (RFC 9051, sections 6.3 and 6.4).
const OF_USER: &[&str] = &[
    "SELECT",
    "EXAMINE",
    "CREATE",
    "DELETE",
    "RENAME",
    "SUBSCRIBE",
    "LIST",
    "LSUB",
    "STATUS",
    "APPEND",
    "SEARCH",
    "FETCH",
    "STORE",
    "COPY",
    "MOVE",
    "EXPUNGE",
    "IDLE",
];
/// Commands whose results are awaited.
const WAITING: usize = 64;

impl ImapDecoder {
    pub(super) fn client_line(&mut self, at: At, line: &[u8], out: &mut Records) {
        let continues = std::mem::take(&mut self.client.continues);
        if !continues {
            self.command = Command::default();
            if self.is_outside_commands(at, line) {
                return;
            }
        }
        let (text, literal) = match command::literal(line) {
            Some((text, size)) => (text, Some(size)),
            None => (line, None),
        };
        self.command.add_text(text);
        match literal {
            Some(size) => {
                let is_message = matches!(self.command.verb(), Some(("APPEND", _)))
                    && self.command.words.len() > 2;
                if is_message {
                    self.end_append(at, out);
                    self.appended = Some(self.begin_message(at));
                } else if size == 0 {
                    self.command.add_literal(b"", true);
                }
                self.begin_literal(From::Client, size, is_message);
            }
            None => self.end_command(at, out),
        }
    }

    /// SASL responses, the end of IDLE, and what is left of a line after a gap.
    fn is_outside_commands(&mut self, at: At, line: &[u8]) -> bool {
        let likeness = identify::looks_like_client(&[line, b"\r\n"].concat());
        if self.in_sasl {
            if likeness == Likeness::Unlike {
                if let Some(login) = &mut self.login {
                    login.span = login.span.to(at);
                    login.exchange.respond(line, None);
                    self.in_sasl =
                        self.log.server_seen || login.exchange.responses_left() != Some(0);
                }
                return true;
            }
            self.in_sasl = false;
        }
        if line.eq_ignore_ascii_case(b"DONE") {
            return true;
        }
        if self.client.is_lost {
            self.client.is_lost = likeness == Likeness::Unlike;
            return self.client.is_lost;
        }
        false
    }

    pub(super) fn end_command(&mut self, at: At, out: &mut Records) {
        let command = std::mem::take(&mut self.command);
        let Some((verb, first)) = command.verb() else {
            if !command.words.is_empty() {
                self.log.odd("bogus-command");
            }
            return;
        };
        self.log.command(verb);
        if self.login.is_some() && OF_USER.contains(&verb) {
            self.wait(&command, Awaited::OfUser);
        }
        let argument = |place: usize| command.word(first + place).unwrap_or(b"");
        let attempt = |exchange| Attempt {
            exchange,
            span: Span::at(at),
        };
        match verb {
            "LOGIN" => {
                self.end_login(Known::Unknown, out);
                self.login = Some(attempt(Exchange::named("LOGIN", Some(argument(0)))));
                self.wait(&command, Awaited::Login);
            }
            "AUTHENTICATE" => {
                self.end_login(Known::Unknown, out);
                let arguments = [argument(0), argument(1)].join(&b' ');
                self.login = Some(attempt(Exchange::begin(&arguments)));
                self.in_sasl = true;
                self.wait(&command, Awaited::Login);
            }
            "STARTTLS" => {
                self.log.tls_requested();
                self.wait(&command, Awaited::StartTls);
            }
            "COMPRESS" => {
                self.wait(&command, Awaited::Compress);
                // Without the server's side the client's next bytes tell.
                self.facts.is_compressed = !self.log.server_seen;
            }
            "FETCH" => {
                self.facts.asked_for_messages |= asks_for_messages(&command);
                self.asks_for_whole = cut_fetch::asks_for_whole(&command);
                self.piece_asked = pieces::asked(&command).or(self.piece_asked);
            }
            "LOGOUT" => self.facts.has_left = true,
            "APPEND" => {
                self.note_mailbox(argument(0));
                self.end_append(at, out);
            }
            "SELECT" | "EXAMINE" => {
                self.end_pieces(out);
                self.note_mailbox(argument(0));
            }
            "CREATE" | "DELETE" => self.note_mailbox(argument(0)),
            "RENAME" => {
                self.note_mailbox(argument(0));
                self.note_mailbox(argument(1));
            }
            "COPY" | "MOVE" => self.note_mailbox(argument(1)),
            _ => {}
        }
    }

    fn note_mailbox(&mut self, name: &[u8]) {
        if !name.is_empty() {
            self.log.mailbox(mailbox_name::decode(name));
        }
    }

    fn wait(&mut self, command: &Command, awaited: Awaited) {
        let Some(tag) = command.word(0) else { return };
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((tag.to_vec(), awaited));
    }
}

/// Does a FETCH ask for more than flags and numbers?
fn asks_for_messages(command: &Command) -> bool {
    command.words.iter().skip(2).any(|word| {
        let upper = word.to_ascii_uppercase();
        [
            &b"BODY["[..],
            b"BODY.PEEK[",
            b"RFC822",
            b"ENVELOPE",
            b"BINARY",
            b"ALL",
            b"FULL",
        ]
        .iter()
        .any(|item| {
            memchr::memmem::find(&upper, item).is_some()
                && !upper.ends_with(b"RFC822.SIZE)")
                && upper != b"RFC822.SIZE"
                && upper != b"(RFC822.SIZE"
        })
    })
}
