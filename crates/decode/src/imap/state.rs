//! The IMAP session: lines with literals from both sides, matched by tags. Each side is read by
//! itself, so that either alone gives what it holds.

use std::collections::VecDeque;

use mailscope_evidence::At;

use super::command::Command;
use super::pieces::{Piece, Pieces};
use super::transfer::{InTransfer, add};
use crate::decoder::{Context, Decoder, End, From, Turn};
use crate::lines::LineReader;
use crate::record::{Known, MailProtocol, MailTls, Records};
use crate::session_log::{Attempt, Facts, SessionLog};

/// Longest line: answers to FETCH hold whole envelopes and structures.
const LINE_BYTES: usize = 256 << 10;

/// What a tagged result decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Login,
    StartTls,
    Compress,
    /// A command that only a user who is logged in may give (RFC 9051, section 6.3 and 6.4).
    OfUser,
}

/// Bytes of a counted string.
#[derive(Debug)]
pub(super) struct Literal {
    pub(super) left: u64,
    pub(super) has_begun: bool,
    /// They belong to the message in transfer; else to a word, or to nothing.
    is_message: bool,
    /// They are part of a message of which no more is seen.
    is_part: bool,
}

/// One side's reading.
#[derive(Debug, Default)]
pub(super) struct Half {
    pub(super) lines: LineReader,
    pub(super) literal: Option<Literal>,
    /// After a gap or in mid-stream: nothing until a line that can only be a command or an answer.
    pub(super) is_lost: bool,
    /// The line read next continues the one before its literal.
    pub(super) continues: bool,
}

impl Half {
    /// Bytes of the literal that was just begun are missing.
    pub(super) fn skip(&mut self, missing: u64) {
        if let Some(literal) = &mut self.literal {
            literal.has_begun |= missing > 0;
            literal.left = literal.left.saturating_sub(missing);
            if literal.left == 0 {
                self.literal = None;
            }
        }
    }
}

/// Decodes one IMAP session.
#[derive(Debug)]
pub struct ImapDecoder {
    pub(super) log: SessionLog,
    pub(super) client: Half,
    pub(super) server: Half,
    pub(super) command: Command,
    pub(super) appended: Option<InTransfer>,
    pub(super) fetched: Option<InTransfer>,
    pub(super) in_fetch: bool,
    /// The next literal is part of a message whose other parts are not asked for.
    pub(super) part_follows: bool,
    /// The number of the message that the FETCH answer is about.
    pub(super) fetch_number: u32,
    /// A message that is read in pieces, between two of them.
    pub(super) pieces: Option<Pieces>,
    /// The piece before the one in transfer.
    pub(super) before_piece: Option<Piece>,
    /// Bytes that the client asks for at once.
    pub(super) piece_asked: Option<u64>,
    /// The client's last FETCH asks for whole messages or their headers.
    pub(super) asks_for_whole: bool,
    pub(super) waiting: VecDeque<(Vec<u8>, Awaited)>,
    pub(super) login: Option<Attempt>,
    /// Commands are missing behind the login that was begun: it may not have been the last.
    pub(super) login_lost: bool,
    /// The client's next line is a SASL response.
    pub(super) in_sasl: bool,
    pub(super) greeted: bool,
    /// What the server's challenge shows of a login whose command was not seen.
    pub(super) mechanism_alone: &'static str,
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
            part_follows: false,
            fetch_number: 0,
            pieces: None,
            before_piece: None,
            piece_asked: None,
            asks_for_whole: false,
            waiting: VecDeque::new(),
            login: None,
            login_lost: false,
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
        let (is_message, is_part) = (literal.is_message, literal.is_part);
        literal.left = literal.left.saturating_sub(taken as u64);
        if literal.left == 0 {
            self.half(from).literal = None;
            self.facts.parts_read += u32::from(is_part);
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
    pub(super) fn begin_literal(&mut self, from: From, size: u64, is_message: bool) {
        let is_part = from == From::Server && !is_message && std::mem::take(&mut self.part_follows);
        let half = self.half(from);
        half.continues = true;
        half.literal = (size > 0).then_some(Literal {
            left: size,
            has_begun: false,
            is_message,
            is_part,
        });
    }

    pub(super) fn end_login(&mut self, success: Known, out: &mut Records) {
        self.login_lost = false;
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
        let is_in_line = from == From::Server && self.server.literal.is_none();
        let cut_fetch = if is_in_line {
            self.cut_line(at, out)
        } else {
            None
        };
        self.log.lost(from, at, missing);
        if from == From::Client {
            self.in_sasl = false;
            if let Some(login) = &mut self.login {
                login.exchange.lose();
                self.login_lost = true;
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
        let was_lost = std::mem::replace(&mut half.is_lost, true);
        match from {
            From::Client => self.end_append(at, out),
            // More of a message whose FETCH line was cut is missing.
            From::Server if was_lost && self.fetched.is_some() => {}
            From::Server => {
                self.end_fetch(at, out);
                match cut_fetch {
                    Some(cut) => self.begin_cut_fetch(at, cut, missing, out),
                    None => self.end_pieces(out),
                }
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
