//! The POP3 session: whose turn it is, and what a `+OK` is followed by. Commands and answers are
//! matched by order; without the client's side the answer's own lines say what they are.

use std::collections::VecDeque;

use mailscope_evidence::{At, Span};

use super::command::{self, Answer, Command};
use super::reply::{self, Status};
use crate::decoder::{Context, Decoder, End, From, Turn};
use crate::lines::LineReader;
use crate::mail::{self, Transfer};
use crate::record::{Known, MailProtocol, MailTls, Records};
use crate::sasl::{self, Exchange};
use crate::session_log::{Attempt, Facts, SessionLog};
use crate::smtp::data::{Content, Step};

/// Commands that may wait for their answers.
const WAITING: usize = 1_000;
/// Bytes kept of a listing.
const LISTING_BYTES: usize = 64 << 10;

/// A message whose RETR or TOP was not seen.
const EITHER: &str = "pop3";

/// What the server's next bytes are.
#[derive(Debug)]
enum Server {
    /// A status line.
    Status,
    /// Lines after a `+OK` whose command was not seen: the first shows what they are.
    Unknown,
    /// Lines up to a lone dot.
    Lines {
        answer: Answer,
        content: Box<Content>,
        began: At,
    },
    /// After a gap: nothing until a status line.
    Lost,
}

/// Decodes one POP3 session.
#[derive(Debug)]
pub struct Pop3Decoder {
    log: SessionLog,
    client_lines: LineReader,
    server_lines: LineReader,
    server: Server,
    /// Commands without answer; a challenge's response is none of them.
    waiting: VecDeque<Answer>,
    login: Option<Attempt>,
    /// The client's next line is a SASL response.
    in_sasl: bool,
    /// Commands are missing behind the login that was begun: it may not have been the last.
    login_lost: bool,
    /// The client may be in the middle of a line or of SASL.
    client_lost: bool,
    greeted: bool,
    /// What the server's challenge shows of a login whose command was not seen.
    mechanism_alone: &'static str,
    /// Octets that a `+OK` announced whose command was not seen.
    announced: Option<u64>,
    facts: Facts,
}

impl Pop3Decoder {
    /// A decoder for one session.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            log: SessionLog::new(context, MailProtocol::Pop3),
            client_lines: LineReader::default(),
            server_lines: LineReader::default(),
            server: if context.from_start {
                Server::Status
            } else {
                Server::Lost
            },
            waiting: VecDeque::new(),
            login: None,
            in_sasl: false,
            login_lost: false,
            client_lost: !context.from_start,
            greeted: false,
            mechanism_alone: "",
            announced: None,
            facts: Facts::default(),
        }
    }

    fn client_bytes(&mut self, at: At, data: &[u8], out: &mut Records) -> usize {
        let mut used = 0;
        while let Some(rest) = data.get(used..).filter(|rest| !rest.is_empty()) {
            if self.client_lines.is_at_start() && matches!(rest.first(), Some(0x16 | 0x80)) {
                self.log.row.tls = MailTls::StartTls;
                break;
            }
            let mut lines = std::mem::take(&mut self.client_lines);
            let (taken, line) = lines.take(rest, self.log.context.limits.line_bytes);
            used += taken;
            if let Some(line) = line {
                if line.is_cut {
                    self.log.limit("line");
                }
                self.client_line(at, line.bytes, out);
            }
            self.client_lines = lines;
        }
        used
    }

    fn client_line(&mut self, at: At, line: &[u8], out: &mut Records) {
        if self.in_sasl {
            let is_command = command::parse(line).is_some_and(|c| {
                matches!(
                    c.verb,
                    "STAT" | "LIST" | "UIDL" | "RETR" | "QUIT" | "CAPA" | "USER"
                )
            });
            if !is_command {
                if let Some(login) = &mut self.login {
                    login.span = login.span.to(at);
                    login.exchange.respond(line, None);
                    self.in_sasl =
                        self.log.server_seen || login.exchange.responses_left() != Some(0);
                }
                return;
            }
            self.in_sasl = false;
        }
        let Some(command) = command::parse(line) else {
            if !self.client_lost {
                self.log.odd("bogus-command");
                self.wait(Answer::Line);
            }
            return;
        };
        self.client_lost = false;
        self.log.command(command.verb);
        self.note(at, command, out);
        self.wait(command.answer);
    }

    fn note(&mut self, at: At, command: Command<'_>, out: &mut Records) {
        let attempt = |exchange| Attempt {
            exchange,
            span: Span::at(at),
        };
        match command.verb {
            "USER" => {
                self.give_up_login(out);
                self.login = Some(attempt(Exchange::named("USER", Some(command.argument))));
            }
            "PASS" => match &mut self.login {
                Some(login) => login.span = login.span.to(at),
                None => self.login = Some(attempt(Exchange::named("USER", None))),
            },
            "APOP" => {
                self.give_up_login(out);
                let user = command.argument.split(|&b| b == b' ').next();
                self.login = Some(attempt(Exchange::named("APOP", user)));
            }
            "AUTH" if !command.argument.is_empty() => {
                self.give_up_login(out);
                self.login = Some(attempt(Exchange::begin(command.argument)));
                self.in_sasl = true;
            }
            "STLS" => self.log.tls_requested(),
            "RETR" | "TOP" => self.facts.asked_for_messages = true,
            "QUIT" => self.facts.has_left = true,
            _ => {}
        }
    }

    fn wait(&mut self, answer: Answer) {
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(answer);
    }

    fn server_bytes(&mut self, at: At, data: &[u8], out: &mut Records) -> usize {
        let mut used = 0;
        while let Some(rest) = data.get(used..).filter(|rest| !rest.is_empty()) {
            if let Server::Lines { content, .. } = &mut self.server {
                let (taken, step) = content.read(rest, self.log.context.limits.line_bytes);
                used += taken;
                match step {
                    Step::More => {}
                    Step::End => self.end_lines(at, true, out),
                    Step::Command => {
                        let line = std::mem::take(&mut content.command_line);
                        self.end_lines(at, false, out);
                        self.status_line(at, &line, out);
                    }
                }
                continue;
            }
            if self.server_lines.is_at_start() && rest.first() == Some(&0x16) {
                self.log.row.tls = MailTls::StartTls;
                break;
            }
            let mut lines = std::mem::take(&mut self.server_lines);
            let (taken, line) = lines.take(rest, self.log.context.limits.line_bytes);
            used += taken;
            if let Some(line) = line {
                self.server_line(at, line.bytes, out);
            }
            self.server_lines = lines;
        }
        used
    }

    fn server_line(&mut self, at: At, line: &[u8], out: &mut Records) {
        match self.server {
            Server::Unknown if reply::parse(line).is_none() => self.begin_unknown_lines(at, line),
            Server::Lost if !reply::is_unmistakable(line) => {}
            _ => self.status_line(at, line, out),
        }
    }

    /// The first line after a `+OK` whose command was not seen, and it is no status line.
    fn begin_unknown_lines(&mut self, at: At, line: &[u8]) {
        if line == b"." {
            self.server = Server::Unknown;
            return;
        }
        let answer = if reply::begins_message(line)
            || (self.announced.is_some() && !reply::is_listing(line))
        {
            Answer::Message(EITHER)
        } else if reply::is_capability(line) {
            Answer::Capabilities
        } else {
            Answer::Listing
        };
        self.begin_lines(at, answer);
        if let Server::Lines { content, .. } = &mut self.server {
            content.push(line.strip_prefix(b".").unwrap_or(line));
            content.push(b"\r\n");
        }
    }

    fn begin_lines(&mut self, at: At, answer: Answer) {
        let limit = match answer {
            Answer::Message(_) => self.log.context.limits.message_bytes,
            _ => LISTING_BYTES,
        };
        let mut content = Box::new(
            Content::of_answer(limit, reply::is_unmistakable)
                .sharing(self.log.context.limits.message_room),
        );
        if !matches!(answer, Answer::Message(_)) {
            // A listing whose lone dot is missing ends where the next answer begins.
            content.watch();
        }
        self.server = Server::Lines {
            answer,
            content,
            began: at,
        };
    }

    fn status_line(&mut self, at: At, line: &[u8], out: &mut Records) {
        let Some(status) = reply::parse(line) else {
            self.log.odd("bad-reply-line");
            return;
        };
        self.server = Server::Status;
        if !self.greeted && status != Status::Challenge {
            self.greeted = true;
            if self.log.sees_greeting() || reply::looks_like_greeting(line) {
                self.log.row.banner = Some(String::from_utf8_lossy(line).into_owned());
                return;
            }
        }
        if status == Status::Challenge {
            self.in_sasl = self.login.is_some();
            if self.mechanism_alone.is_empty() {
                self.mechanism_alone = sasl::mechanism_of_challenge(line.get(1..).unwrap_or(b""));
            }
            return;
        }
        self.facts.answers = self.facts.answers.saturating_add(1);
        let mechanism = std::mem::take(&mut self.mechanism_alone);
        self.announced = None;
        let known = self.waiting.pop_front();
        let is_of_user = matches!(
            known,
            Some(Answer::LineOfUser | Answer::Listing | Answer::Message(_))
        );
        if is_of_user && status == Status::Ok && !self.login_lost && self.is_complete() {
            // Nobody but a user who is logged in is answered so: that PASS was accepted is missing.
            self.end_login(Known::Yes, out);
        }
        match (known, status) {
            (Some(Answer::Login), _) => {
                self.in_sasl = false;
                self.end_login(
                    if status == Status::Ok {
                        Known::Yes
                    } else {
                        Known::No
                    },
                    out,
                );
            }
            (
                Some(
                    answer @ (Answer::Capabilities
                    | Answer::Mechanisms
                    | Answer::Listing
                    | Answer::Message(_)),
                ),
                Status::Ok,
            ) => self.begin_lines(at, answer),
            (Some(Answer::Tls), Status::Err) => self.log.odd("starttls-refused"),
            (None, _) if !self.log.client_seen => {
                let success = reply::login_result(line);
                if success != Known::Unknown {
                    self.log.unseen_login(at, "pop3", mechanism, success, out);
                } else if status == Status::Ok {
                    self.announced = reply::announced_octets(line);
                    self.server = Server::Unknown;
                }
            }
            (None, Status::Ok) => self.server = Server::Unknown,
            _ => {}
        }
    }

    /// A status line is cut off: the status stands at its start.
    fn cut_status(&mut self, at: At, out: &mut Records) {
        let begun = self.server_lines.begun();
        let is_known = reply::is_unmistakable(begun) && begun.contains(&b' ');
        if is_known && matches!(self.server, Server::Status | Server::Lost) {
            // The number that stands last may be half of one.
            let end = begun.iter().rposition(|&b| b == b' ').unwrap_or(0);
            let whole = begun.get(..end).unwrap_or(begun).to_vec();
            self.status_line(at, &whole, out);
        }
    }

    fn end_lines(&mut self, at: At, whole: bool, out: &mut Records) {
        let after = if whole { Server::Status } else { Server::Lost };
        let Server::Lines {
            answer,
            mut content,
            began,
        } = std::mem::replace(&mut self.server, after)
        else {
            return;
        };
        content.finish_line();
        match answer {
            Answer::Message(transfer) => {
                self.message(transfer, *content, whole, Span::at(began).to(at), out)
            }
            Answer::Capabilities => {
                for line in content.bytes.split(|&b| b == b'\n') {
                    let text = String::from_utf8_lossy(line.trim_ascii()).into_owned();
                    if text.eq_ignore_ascii_case("STLS") {
                        self.log.tls_offered();
                    }
                    self.log.capability(&text);
                }
            }
            _ => {}
        }
    }

    fn message(
        &mut self,
        transfer: &'static str,
        content: Content,
        whole: bool,
        span: Span,
        out: &mut Records,
    ) {
        self.log.row.messages = self.log.row.messages.saturating_add(1);
        self.facts.whole_messages += u32::from(whole);
        if content.is_over_limit {
            self.log.limit("message");
        }
        // What RETR gives is as long as announced; what TOP gives is not, or nothing is announced.
        let is_announced = self.announced == Some(content.size_bytes) && whole;
        let transfer = match transfer {
            EITHER if is_announced => "pop3-retr",
            known => known,
        };
        let context = &self.log.context;
        let transfer = Transfer {
            session: context.session,
            message: self.log.row.messages,
            transaction: None,
            span,
            client_is_orig: context.client_is_orig,
            transfer,
            from_client: false,
            size_bytes: content.size_bytes,
            // TOP gives the header and some lines of the body.
            is_truncated: content.is_truncated || !whole || transfer == "pop3-top",
            is_start_missing: content.is_start_missing,
            keep: context.keep_messages,
            phrases: context.phrases,
        };
        for limit in mail::read_now_or_later(content.bytes, content.gaps, transfer, context, out) {
            self.log.limit(limit);
        }
    }

    fn end_login(&mut self, success: Known, out: &mut Records) {
        self.login_lost = false;
        if let Some(attempt) = self.login.take() {
            self.log.login(attempt, "pop3", success, out);
        }
    }

    /// The client has said all of its login, and no answer to it is awaited.
    fn is_complete(&self) -> bool {
        let is_asked = |verb: &String| matches!(verb.as_str(), "PASS" | "APOP" | "AUTH");
        self.login.is_some()
            && !self.waiting.contains(&Answer::Login)
            && self.log.row.commands.iter().any(is_asked)
    }

    fn give_up_login(&mut self, out: &mut Records) {
        self.end_login(Known::Unknown, out);
    }
}

impl Decoder for Pop3Decoder {
    fn data(&mut self, from: From, at: At, data: &[u8], out: &mut Records) -> (usize, Turn) {
        if data.is_empty() {
            return (0, Turn::Stay);
        }
        self.log.reach(at);
        let used = match from {
            From::Client => {
                self.log.client_seen = true;
                self.client_bytes(at, data, out)
            }
            From::Server => {
                self.log.server_seen = true;
                self.server_bytes(at, data, out)
            }
        };
        self.log.took(from, data.get(..used).unwrap_or(data));
        (
            used,
            if self.log.row.tls == MailTls::StartTls {
                Turn::Tls
            } else {
                Turn::Stay
            },
        )
    }

    fn gap(&mut self, from: From, at: At, missing: u64, out: &mut Records) {
        if from == From::Server {
            self.cut_status(at, out);
        }
        self.log.lost(from, at, missing);
        self.waiting.clear();
        match from {
            From::Client => {
                self.client_lines.reset();
                self.client_lost = true;
                self.in_sasl = false;
                if let Some(login) = &mut self.login {
                    login.exchange.lose();
                    self.login_lost = true;
                }
            }
            From::Server => {
                self.server_lines.reset();
                match &mut self.server {
                    Server::Lines { content, .. } => content.gap(),
                    other => *other = Server::Lost,
                }
            }
        }
    }

    fn tls_followed(&mut self, at: At) {
        self.log.reach(at);
    }

    fn end(&mut self, end: End, at: At, out: &mut Records) {
        self.end_lines(at, false, out);
        self.give_up_login(out);
        let outcome = self.log.reader_outcome(self.facts, &["QUIT"], end);
        self.log.finish(outcome, at, out);
    }
}
