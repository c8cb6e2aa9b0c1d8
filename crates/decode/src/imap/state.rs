//! The IMAP session: lines with literals from both sides, matched by tags. Each side is read by
//! itself, so that either alone gives what it holds.

use std::collections::VecDeque;

use mailscope_evidence::{At, Span};

use super::command::{self, Command};
use super::pieces::{self, Piece, Pieces};
use super::response::{self, Response};
use super::transfer::{InTransfer, add};
use super::{identify, mailbox_name};
use crate::decoder::{Context, Decoder, End, From, Likeness, Turn};
use crate::lines::LineReader;
use crate::record::{Known, MailProtocol, MailTls, Records};
use crate::sasl::{self, Exchange};
use crate::session_log::{Attempt, Facts, SessionLog};

/// Longest line: answers to FETCH hold whole envelopes and structures.
const LINE_BYTES: usize = 256 << 10;
/// Commands whose results are awaited.
const WAITING: usize = 64;

/// What a tagged result decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Login,
    StartTls,
    Compress,
}

/// Bytes of a counted string.
#[derive(Debug)]
pub(super) struct Literal {
    left: u64,
    has_begun: bool,
    /// They belong to the message in transfer; else to a word, or to nothing.
    is_message: bool,
}

/// One side's reading.
#[derive(Debug, Default)]
pub(super) struct Half {
    lines: LineReader,
    pub(super) literal: Option<Literal>,
    /// After a gap or in mid-stream: nothing until a line that can only be a command or an answer.
    is_lost: bool,
    /// The line read next continues the one before its literal.
    continues: bool,
}

/// Decodes one IMAP session.
#[derive(Debug)]
pub struct ImapDecoder {
    pub(super) log: SessionLog,
    pub(super) client: Half,
    pub(super) server: Half,
    command: Command,
    pub(super) appended: Option<InTransfer>,
    pub(super) fetched: Option<InTransfer>,
    pub(super) in_fetch: bool,
    /// The number of the message that the FETCH answer is about.
    pub(super) fetch_number: u32,
    /// A message that is read in pieces, between two of them.
    pub(super) pieces: Option<Pieces>,
    /// The piece before the one in transfer.
    pub(super) before_piece: Option<Piece>,
    /// Bytes that the client asks for at once.
    pub(super) piece_asked: Option<u64>,
    waiting: VecDeque<(Vec<u8>, Awaited)>,
    login: Option<Attempt>,
    /// The client's next line is a SASL response.
    in_sasl: bool,
    greeted: bool,
    /// What the server's challenge shows of a login whose command was not seen.
    mechanism_alone: &'static str,
    pub(super) facts: Facts,
}

impl ImapDecoder {
    /// A decoder for one session.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let half = || Half {
            is_lost: !context.from_start,
            ..Half::default()
        };
        Self {
            log: SessionLog::new(context, MailProtocol::Imap),
            client: half(),
            server: half(),
            command: Command::default(),
            appended: None,
            fetched: None,
            in_fetch: false,
            fetch_number: 0,
            pieces: None,
            before_piece: None,
            piece_asked: None,
            waiting: VecDeque::new(),
            login: None,
            in_sasl: false,
            greeted: false,
            mechanism_alone: "",
            facts: Facts::default(),
        }
    }

    fn half(&mut self, from: From) -> &mut Half {
        match from {
            From::Client => &mut self.client,
            From::Server => &mut self.server,
        }
    }

    /// Takes bytes of one side. Returns how many were used.
    fn bytes(&mut self, from: From, at: At, data: &[u8], out: &mut Records) -> usize {
        let mut used = 0;
        while let Some(rest) = data.get(used..).filter(|rest| !rest.is_empty()) {
            if self.half(from).literal.is_some() {
                used += self.literal_bytes(from, rest);
                continue;
            }
            let half = self.half(from);
            if half.lines.is_at_start() && !half.continues && is_tls(from, rest) {
                self.log.row.tls = MailTls::StartTls;
                break;
            }
            let mut lines = std::mem::take(&mut self.half(from).lines);
            let (taken, line) = lines.take(rest, LINE_BYTES);
            used += taken;
            if let Some(line) = line {
                if line.is_cut {
                    self.log.limit("line");
                }
                match from {
                    From::Client => self.client_line(at, line.bytes, out),
                    From::Server => self.server_line(at, line.bytes, out),
                }
            }
            self.half(from).lines = lines;
            if self.facts.is_compressed {
                break;
            }
        }
        used
    }

    fn literal_bytes(&mut self, from: From, rest: &[u8]) -> usize {
        let Some(literal) = self.half(from).literal.as_mut() else {
            return 0;
        };
        let taken = usize::try_from(literal.left).map_or(rest.len(), |left| left.min(rest.len()));
        let data = rest.get(..taken).unwrap_or(rest);
        let begins = !std::mem::replace(&mut literal.has_begun, true);
        let is_message = literal.is_message;
        literal.left = literal.left.saturating_sub(taken as u64);
        if literal.left == 0 {
            self.half(from).literal = None;
        }
        match (from, is_message) {
            (From::Client, true) => add(&mut self.appended, data),
            (From::Server, true) => add(&mut self.fetched, data),
            (From::Client, false) => self.command.add_literal(data, begins),
            (From::Server, false) => {}
        }
        taken
    }

    /// A literal of this size follows on this side.
    fn begin_literal(&mut self, from: From, size: u64, is_message: bool) {
        let half = self.half(from);
        half.continues = true;
        half.literal = (size > 0).then_some(Literal {
            left: size,
            has_begun: false,
            is_message,
        });
    }

    fn client_line(&mut self, at: At, line: &[u8], out: &mut Records) {
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

    fn end_command(&mut self, at: At, out: &mut Records) {
        let command = std::mem::take(&mut self.command);
        let Some((verb, first)) = command.verb() else {
            if !command.words.is_empty() {
                self.log.odd("bogus-command");
            }
            return;
        };
        self.log.command(verb);
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

    fn server_line(&mut self, at: At, line: &[u8], out: &mut Records) {
        let continues = std::mem::take(&mut self.server.continues);
        let (text, literal) = match command::literal(line) {
            Some((text, size)) => (text, Some(size)),
            None => (line, None),
        };
        if !continues {
            self.end_fetch(at, out);
            if self.server.is_lost {
                self.server.is_lost =
                    identify::looks_like_server(&[line, b"\r\n"].concat()) < Likeness::Possible;
                if self.server.is_lost {
                    return;
                }
            }
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

    fn response(&mut self, at: At, text: &[u8], has_literal: bool, out: &mut Records) {
        let Some(response) = response::parse(text) else {
            self.log.odd("bad-reply-line");
            return;
        };
        if !std::mem::replace(&mut self.greeted, true)
            && (self.log.context.from_start || response::looks_like_greeting(text))
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

    fn end_login(&mut self, success: Known, out: &mut Records) {
        if let Some(attempt) = self.login.take() {
            self.log.login(attempt, "imap", success, out);
        }
    }

    fn turn(&self) -> Turn {
        if self.log.row.tls == MailTls::StartTls {
            Turn::Tls
        } else if self.facts.is_compressed {
            Turn::Done
        } else {
            Turn::Stay
        }
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

/// A TLS record where a line should begin.
fn is_tls(from: From, rest: &[u8]) -> bool {
    match rest.first() {
        Some(0x16) => true,
        Some(0x80) => from == From::Client,
        _ => false,
    }
}

impl Decoder for ImapDecoder {
    fn data(&mut self, from: From, at: At, data: &[u8], out: &mut Records) -> (usize, Turn) {
        if data.is_empty() {
            return (0, Turn::Stay);
        }
        if self.facts.is_compressed && from == From::Client {
            return (0, Turn::Done);
        }
        self.log.reach(at);
        match from {
            From::Client => self.log.client_seen = true,
            From::Server => self.log.server_seen = true,
        }
        let used = self.bytes(from, at, data, out);
        self.log.took(from, data.get(..used).unwrap_or(data));
        (used, self.turn())
    }

    fn gap(&mut self, from: From, at: At, missing: u64, out: &mut Records) {
        self.log.lost(from, at, missing);
        if from == From::Client {
            self.in_sasl = false;
            if let Some(login) = &mut self.login {
                login.exchange.lose();
            }
        }
        let message = match from {
            From::Client => &mut self.appended,
            From::Server => &mut self.fetched,
        };
        if let Some(message) = message {
            message.content.mark_gap();
        }
        let half = self.half(from);
        half.lines.reset();
        match &mut half.literal {
            Some(literal) if missing > 0 && missing <= literal.left => {
                literal.left -= missing;
                literal.has_begun = true;
                if literal.left == 0 {
                    half.literal = None;
                }
                return;
            }
            _ => {}
        }
        half.literal = None;
        half.continues = false;
        half.is_lost = true;
        match from {
            From::Client => self.end_append(at, out),
            From::Server => {
                self.end_fetch(at, out);
                self.end_pieces(out);
            }
        }
    }

    fn tls_followed(&mut self, at: At) {
        self.log.reach(at);
    }

    fn end(&mut self, end: End, at: At, out: &mut Records) {
        self.end_append(at, out);
        self.end_fetch(at, out);
        self.end_pieces(out);
        self.end_login(Known::Unknown, out);
        let outcome =
            self.log
                .reader_outcome(self.facts, &["LOGOUT", "NOOP", "CAPABILITY", "ID"], end);
        self.log.finish(outcome, at, out);
    }
}
