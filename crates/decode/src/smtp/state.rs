//! The SMTP session: which bytes of the client are commands, which are content, and what the
//! server's replies make of them.
//!
//! | mode | client bytes are | left by |
//! |---|---|---|
//! | `Command` | command lines | DATA, BDAT, AUTH, STARTTLS |
//! | `Decide` | held until the reply to DATA, else until their first line | 354: `Content`; refusal: by the first line |
//! | `Content` | a message with dot-stuffing | lone dot; after a gap, a command |
//! | `Chunk` | a counted piece of a message | its last byte |
//! | `Auth` | SASL responses, never kept | 235, 4xx, 5xx; a command; their number |
//! | `Lost` | unknown (mid-stream, gap) | a command, or a lone dot: then it was content |
//!
//! A TLS record at the start of a line, from either side, hands the rest over to TLS; a side whose
//! plain text comes late (it was captured out of order) is still read as before.

use mailscope_evidence::{At, Span};

use super::data::Content;
use super::held::{Held, Times};
use super::login::Attempt;
use super::matching::{Matching, Reply};
use super::transaction::Ledger;
use super::{command, outcome as verdict, reply};
use crate::decoder::{Context, Decoder, End, From, Turn};
use crate::lines::LineReader;
use crate::record::{MailProtocol, MailSession, MailTls, Record, Records, Sides};
use crate::sketch::SketchBuilder;

/// What the client's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Command,
    Decide { refused: bool },
    Content,
    Chunk { left: u64, last: bool },
    Auth,
    Lost,
}

/// Decodes one SMTP or LMTP session.
#[derive(Debug)]
pub struct SmtpDecoder {
    pub(super) context: Context,
    pub(super) row: MailSession,
    pub(super) mode: Mode,
    pub(super) ledger: Ledger,
    pub(super) matching: Matching,
    pub(super) login: Option<Attempt>,
    /// The message in transfer: its content, its transaction, where it began.
    pub(super) content: Option<(Content, u32, At)>,
    /// A MAIL within a transaction whose acceptance is not yet known: the transaction before it.
    pub(super) nested_over: Option<u32>,
    /// EHLO, whose acceptance is not yet known, would have ended this transaction.
    pub(super) helo_over: Option<u32>,
    pub(super) client_seen: bool,
    pub(super) server_seen: bool,
    /// What the client said last is missing: the server's next answers are to that.
    pub(super) is_client_missing: bool,
    /// Replies since the last command that nothing seen was waiting for.
    pub(super) unplaced: Unplaced,
    /// The server refused a mail for want of a login (RFC 4954, section 6).
    pub(super) wants_login: bool,
    pub(super) is_lmtp: bool,
    /// One side sent FIN: a mail that is not complete by then will not be.
    has_left: bool,
    /// The server alone is seen, and the SASL mechanism by the challenge it has just sent.
    pub(super) mechanism_alone: &'static str,
    pub(super) greeting: Greeting,
    pub(super) crlf_commands: u32,
    pub(super) bare_lf_commands: u32,
    pub(super) client_lines: LineReader,
    pub(super) server_lines: LineReader,
    /// The reply of several lines that is being read.
    pub(super) reply: Option<Reply>,
    /// What the client sent after DATA, until the reply says what it is.
    pub(super) held: Held,
    client_sketch: SketchBuilder,
    server_sketch: SketchBuilder,
}

/// Replies that no command was seen for.
#[derive(Clone, Debug, Default)]
pub(super) struct Unplaced {
    /// There are some, and among them is a whole reply to each missing command unless `has_lost`.
    pub has_any: bool,
    /// Replies are missing as well.
    pub has_lost: bool,
    /// A command was refused.
    has_refusal: bool,
    /// Replies behind the last refusal that accept something.
    accepted_since: u32,
    /// The last of them, when it is 354: content follows.
    pub go_ahead: Option<Reply>,
}

impl Unplaced {
    /// Counts one more.
    pub fn add(&mut self, reply: &Reply) {
        let code = reply.code;
        self.has_any = true;
        self.go_ahead = (code == 354).then(|| reply.clone());
        // 500 and 502 answer lines that are no command at all.
        if code >= 400 && !matches!(code, 500 | 502) {
            (self.has_refusal, self.accepted_since) = (true, 0);
        } else if code < 300 {
            self.accepted_since = self.accepted_since.saturating_add(1);
        }
    }

    /// The mail seen last may have been refused, and another one begun behind it: that takes two accepted commands,
    /// MAIL and RCPT.
    pub fn may_hold_a_mail(&self) -> bool {
        self.has_refusal && self.accepted_since >= 2
    }
}

/// What the server's greeting was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    Awaited,
    Accepted,
    Refused,
    Unseen,
}

impl SmtpDecoder {
    /// A decoder for one session.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            row: context.blank_session(MailProtocol::Smtp, At::default()),
            mode: if context.from_start {
                Mode::Command
            } else {
                Mode::Lost
            },
            ledger: Ledger::new(&context),
            matching: Matching::default(),
            login: None,
            content: None,
            nested_over: None,
            helo_over: None,
            client_seen: false,
            server_seen: false,
            is_client_missing: false,
            unplaced: Unplaced::default(),
            wants_login: false,
            is_lmtp: false,
            has_left: false,
            mechanism_alone: "",
            greeting: Greeting::Awaited,
            crlf_commands: 0,
            bare_lf_commands: 0,
            client_lines: LineReader::default(),
            server_lines: LineReader::default(),
            reply: None,
            held: Held::default(),
            client_sketch: SketchBuilder::default(),
            server_sketch: SketchBuilder::default(),
            context,
        }
    }

    /// Takes what the client sent. Returns how much was used.
    pub(super) fn client_bytes(&mut self, times: &Times, data: &[u8], out: &mut Records) -> usize {
        let mut used = 0;
        while let Some(rest) = data.get(used..).filter(|rest| !rest.is_empty()) {
            let (at, length) = times.packet_at(used);
            // What a packet brought is read under that packet's time; only the first line after
            // DATA is looked at as a whole.
            let piece = rest.get(..length).unwrap_or(rest);
            used += match self.mode {
                Mode::Command | Mode::Auth | Mode::Lost => {
                    if self.client_lines.is_at_start() && is_tls(piece) {
                        self.begin_tls(out);
                        break;
                    }
                    self.client_line(at, piece, out)
                }
                Mode::Decide { refused } => self.decide(refused, at, times, used, rest),
                Mode::Content => self.content_bytes(at, piece, out),
                Mode::Chunk { left, last } => self.chunk_bytes(left, last, at, piece, out),
            };
        }
        used
    }

    fn client_line(&mut self, at: At, rest: &[u8], out: &mut Records) -> usize {
        let mut lines = std::mem::take(&mut self.client_lines);
        let (used, line) = lines.take(rest, self.context.limits.line_bytes);
        if let Some(line) = line {
            self.note_line(line.bytes, line.is_crlf, line.is_cut);
            match self.mode {
                Mode::Lost => self.lost_line(at, line.bytes, line.is_crlf, out),
                Mode::Auth => self.auth_line(at, line.bytes, out),
                _ => self.command_line(at, line.bytes, out),
            }
        }
        self.client_lines = lines;
        used
    }

    fn note_line(&mut self, line: &[u8], is_crlf: bool, is_cut: bool) {
        if self.mode != Mode::Lost {
            if !is_crlf {
                self.odd("bare-lf");
                self.bare_lf_commands = self.bare_lf_commands.saturating_add(1);
            } else {
                self.crlf_commands = self.crlf_commands.saturating_add(1);
            }
            if memchr::memchr(0, line).is_some() {
                self.odd("nul-byte");
            }
        }
        if is_cut {
            self.odd("long-line");
            self.limit("line");
        }
    }

    /// A line in lost mode: a command ends it, a lone dot shows that content came before.
    fn lost_line(&mut self, at: At, line: &[u8], is_crlf: bool, out: &mut Records) {
        let is_first = self.content.is_none();
        if line == b"." && !is_first {
            self.leave_unseen();
            let number = self.ledger.current_or_new(at, self.row.helo.as_ref());
            if let Some(open) = self.ledger.find(number) {
                open.row.data_command = Some("DATA");
                open.has_begun_content = true;
            }
            if let Some((_, transaction, _)) = &mut self.content {
                *transaction = number;
            }
            self.end_content(at, true, out);
        } else if command::is_recognisable(line) {
            self.content = None;
            self.mode = Mode::Command;
            self.command_line(at, line, out);
        } else {
            let limits = self.context.limits;
            let (content, _, _) = self.content.get_or_insert_with(|| {
                let mut content =
                    Content::new(limits.message_bytes, false).sharing(limits.message_room);
                content.is_truncated = true;
                content.is_start_missing = true;
                (content, 0, at)
            });
            // The first line may be the rest of one, and may be a secret: it is only counted.
            if !is_first {
                content.push(line.strip_prefix(b".").unwrap_or(line));
                content.push(if is_crlf { b"\r\n" } else { b"\n" });
            }
        }
    }

    /// Takes what the server sent. Returns how much was used.
    fn server_bytes(&mut self, at: At, data: &[u8], out: &mut Records) -> usize {
        let mut used = 0;
        while let Some(rest) = data.get(used..).filter(|rest| !rest.is_empty()) {
            if self.server_lines.is_at_start() && is_tls(rest) {
                self.begin_tls(out);
                break;
            }
            let mut lines = std::mem::take(&mut self.server_lines);
            let (taken, line) = lines.take(rest, self.context.limits.line_bytes);
            used += taken;
            if let Some(line) = line {
                if line.is_cut {
                    self.limit("line");
                }
                self.server_line(at, line.bytes, out);
            }
            self.server_lines = lines;
        }
        used
    }

    fn server_line(&mut self, at: At, line: &[u8], out: &mut Records) {
        let Some(line) = reply::parse(line) else {
            if !line.is_empty() {
                self.odd("bad-reply-line");
            }
            return;
        };
        let mut whole = self.reply.take().unwrap_or_default();
        whole.code = line.code;
        whole.at = at;
        whole.is_long |= line.continues;
        if whole.lines.len() < self.context.limits.list_items {
            whole
                .lines
                .push(String::from_utf8_lossy(line.text).into_owned());
        }
        if line.continues {
            self.reply = Some(whole);
        } else {
            self.take_reply(whole, out);
        }
    }

    /// No line of the client's is begun.
    pub(super) fn is_client_at_line_start(&self) -> bool {
        self.client_lines.is_at_start()
    }

    fn begin_tls(&mut self, out: &mut Records) {
        self.row.tls = MailTls::StartTls;
        self.ledger.close_current("starttls");
        self.ledger.flush(out);
    }

    /// Notes an oddity of the session, once.
    pub(super) fn odd(&mut self, name: &'static str) {
        if !self.row.oddities.contains(&name) {
            self.row.oddities.push(name);
        }
    }

    /// Notes a limit that was hit, once.
    pub(super) fn limit(&mut self, name: &'static str) {
        if !self.row.limits_hit.contains(&name) {
            self.row.limits_hit.push(name);
        }
    }

    fn reach(&mut self, at: At) {
        if self.client_seen || self.server_seen || self.row.span != Span::default() {
            self.row.span = self.row.span.to(at);
        } else {
            self.row.span = Span::at(at);
        }
    }
}

impl Decoder for SmtpDecoder {
    fn data(&mut self, from: From, at: At, data: &[u8], out: &mut Records) -> (usize, Turn) {
        if data.is_empty() {
            return (0, Turn::Stay);
        }
        self.reach(at);
        let used = match from {
            From::Client => {
                self.client_seen = true;
                self.is_client_missing = false;
                self.unplaced.go_ahead = None;
                let now = Times::one(at, data.len());
                if self.may_hold(data) {
                    self.held.hold(&now, 0, data)
                } else if matches!(self.mode, Mode::Decide { .. }) && !self.held.is_empty() {
                    let before = self.held.len();
                    self.held.hold(&now, 0, data);
                    let (times, all) = std::mem::take(&mut self.held).into_parts();
                    self.client_bytes(&times, &all, out).saturating_sub(before)
                } else {
                    self.client_bytes(&now, data, out)
                }
            }
            From::Server => {
                self.server_seen = true;
                self.server_bytes(at, data, out)
            }
        };
        let taken = data.get(..used).unwrap_or(data);
        match from {
            From::Client => self.client_sketch.update(taken),
            From::Server => self.server_sketch.update(taken),
        }
        (
            used,
            if self.row.tls == MailTls::StartTls {
                Turn::Tls
            } else {
                Turn::Stay
            },
        )
    }

    fn gap(&mut self, from: From, at: At, missing: u64, out: &mut Records) {
        self.reach(at);
        if from == From::Server {
            self.cut_reply(at, out);
        }
        self.ledger.has_gap = true;
        let early = self.matching.doubt();
        match from {
            From::Client => {
                self.row.client_gap_bytes += missing;
                self.client_sketch.gap();
                self.client_gap(at, missing, out);
                let is_answered = !early.is_empty() || self.unplaced.has_any;
                if !is_answered && self.mode == Mode::Lost {
                    self.matching.lose();
                }
                if self.mode == Mode::Lost
                    && let Some(go_ahead) = self.unplaced.go_ahead.take()
                {
                    self.find_content_behind_gap(&go_ahead);
                }
                self.answered_before(early, out);
            }
            From::Server => {
                self.row.server_gap_bytes += missing;
                self.server_sketch.gap();
                self.server_lines.reset();
                self.reply = None;
                self.server_gap(out);
            }
        }
    }

    fn tls_followed(&mut self, at: At) {
        self.reach(at);
    }

    fn fin(&mut self, _from: From) {
        self.has_left = true;
    }

    fn end(&mut self, end: End, at: At, out: &mut Records) {
        if self.mode == (Mode::Decide { refused: false }) {
            self.server_seen = false;
            self.release(out);
            self.mode = if matches!(self.mode, Mode::Decide { .. }) {
                Mode::Command
            } else {
                self.mode
            };
        }
        self.end_unfinished(at, out);
        self.read_unmatched(out);
        self.give_up_login(out);
        let ended_by = if end == End::Cut && !self.has_left {
            "capture-end"
        } else {
            "connection-lost"
        };
        self.ledger.finish(ended_by, out);
        let tally = self.ledger.tally;
        self.row.transactions = tally.begun.saturating_sub(tally.out_of_sequence);
        self.row.sides = match (self.client_seen, self.server_seen) {
            (true, false) => Sides::Client,
            (false, true) => Sides::Server,
            _ => Sides::Both,
        };
        self.row.outcome = verdict::of(self, end);
        self.row.client_sketch = std::mem::take(&mut self.client_sketch).finish();
        self.row.server_sketch = std::mem::take(&mut self.server_sketch).finish();
        let blank = self.context.blank_session(MailProtocol::Smtp, at);
        out.push(Record::MailSession(Box::new(std::mem::replace(
            &mut self.row,
            blank,
        ))));
    }
}

fn is_tls(rest: &[u8]) -> bool {
    rest.first()
        .is_some_and(|&byte| crate::tls::begins_record(byte))
}
