//! The server's lines: answers, capabilities, and the results of commands by their tags.

use mailscope_evidence::At;

use super::command;
use super::cut_fetch::{self, CutFetch};
use super::identify;
use super::pieces;
use super::response::{self, Response};
use super::state::{Awaited, ImapDecoder};
use crate::decoder::{From, Likeness};
use crate::record::{Known, Records};
use crate::sasl;

impl ImapDecoder {
    pub(super) fn server_line(&mut self, at: At, line: &[u8], out: &mut Records) {
        let continues = std::mem::take(&mut self.server.continues);
        let (text, literal) = match command::literal(line) {
            Some((text, size)) => (text, Some(size)),
            None => (line, None),
        };
        if !continues {
            if self.server.is_lost {
                self.server.is_lost =
                    identify::looks_like_server(&[line, b"\r\n"].concat()) < Likeness::Possible;
                if self.server.is_lost {
                    self.cut_fetch_line(line);
                    return;
                }
            }
            self.end_fetch(at, out);
            self.response(at, text, literal.is_some(), out);
        }
        match literal {
            Some(size) => {
                let is_message = self.in_fetch && self.expect_section(at, text, size, out);
                self.begin_literal(From::Server, size, is_message);
            }
            None => self.end_fetch(at, out),
        }
    }

    /// A line is cut off: of a command's result, the tag and the status stand at its start; of a FETCH answer,
    /// what is returned.
    pub(super) fn cut_line(&mut self, at: At, out: &mut Records) -> Option<CutFetch> {
        let lines = &self.server.lines;
        let begun = lines.begun();
        if self.server.continues || self.server.is_lost {
            return None;
        }
        if let Some(cut) = cut_fetch::read(begun, lines.is_after_cr()) {
            return Some(cut);
        }
        // A code in brackets may be cut in the middle of a word.
        let whole = begun.split(|&b| b == b'[').next().unwrap_or(begun).to_vec();
        if let Some(Response::Tagged { tag, .. }) = response::parse(&whole)
            && whole
                .get(tag.len() + 1..)
                .is_some_and(|rest| rest.contains(&b' '))
        {
            self.end_fetch(at, out);
            self.response(at, &whole, false, out);
        }
        None
    }

    fn response(&mut self, at: At, text: &[u8], has_literal: bool, out: &mut Records) {
        let Some(response) = response::parse(text) else {
            self.log.odd("bad-reply-line");
            return;
        };
        if !std::mem::replace(&mut self.greeted, true)
            && (self.log.sees_greeting() || response::looks_like_greeting(text))
        {
            self.log.row.banner = Some(String::from_utf8_lossy(text).into_owned());
        } else {
            self.facts.answers = self.facts.answers.saturating_add(1);
        }
        match response {
            Response::Fetch { number, data } => {
                self.in_fetch = true;
                self.fetch_number = number;
                if !has_literal {
                    self.envelope(at, data, out);
                    self.facts.parts_read += u32::from(response::quotes_part(data));
                    if let Some(origin) = pieces::ends_at(data) {
                        self.no_more_pieces(origin, out);
                    }
                }
            }
            Response::Capability(list) => self.capabilities(list),
            Response::Untagged(text) => {
                if let Some(list) = response::capability_code(text) {
                    self.capabilities(list);
                }
                if response::renumbers(text) {
                    self.end_pieces(out);
                }
            }
            Response::Tagged { tag, is_ok, text } => {
                if let Some(list) = response::capability_code(text) {
                    self.capabilities(list);
                }
                self.result(at, tag, is_ok, out);
                if !self.log.client_seen {
                    self.unseen_result(at, is_ok, text, out);
                }
            }
            Response::Continuation(challenge) => {
                self.mechanism_alone = sasl::mechanism_of_challenge(challenge);
                self.in_sasl = self.login.is_some()
                    && self
                        .waiting
                        .iter()
                        .any(|(_, awaited)| *awaited == Awaited::Login)
                    && self.is_authenticating();
            }
        }
    }

    fn is_authenticating(&self) -> bool {
        self.login
            .as_ref()
            .is_some_and(|login| login.exchange.mechanism != "LOGIN" || self.in_sasl)
    }

    fn capabilities(&mut self, list: &[u8]) {
        for word in list.split(|&b| b == b' ') {
            if word.eq_ignore_ascii_case(b"STARTTLS") {
                self.log.tls_offered();
            }
            self.log.capability(&String::from_utf8_lossy(word));
        }
    }

    /// A command's result.
    fn result(&mut self, at: At, tag: &[u8], is_ok: bool, out: &mut Records) {
        // The literal that the server refused does not come.
        if !is_ok
            && self.command.word(0) == Some(tag)
            && self.client.literal.as_ref().is_some_and(|l| !l.has_begun)
        {
            self.client.literal = None;
            self.client.continues = false;
            self.appended = None;
            self.end_command(at, out);
        }
        let Some(place) = self.waiting.iter().position(|(waiting, _)| waiting == tag) else {
            return;
        };
        let Some((_, awaited)) = self.waiting.remove(place) else {
            return;
        };
        match awaited {
            Awaited::Login => {
                self.in_sasl = false;
                self.end_login(if is_ok { Known::Yes } else { Known::No }, out);
            }
            // That the login was accepted is missing.
            Awaited::OfUser if is_ok && !self.login_lost => {
                self.waiting
                    .retain(|(_, awaited)| *awaited != Awaited::Login);
                self.end_login(Known::Yes, out);
            }
            Awaited::OfUser => {}
            Awaited::StartTls if !is_ok => self.log.odd("starttls-refused"),
            Awaited::StartTls => {}
            Awaited::Compress => self.facts.is_compressed = is_ok,
        }
    }

    /// A result whose command was not captured: its words may tell of a login.
    fn unseen_result(&mut self, at: At, is_ok: bool, text: &[u8], out: &mut Records) {
        let mechanism = std::mem::take(&mut self.mechanism_alone);
        let success = response::login_result(is_ok, text);
        if success != Known::Unknown {
            self.log.unseen_login(at, "imap", mechanism, success, out);
        }
    }
}
