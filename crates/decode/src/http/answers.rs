//! The server's direction: heads, bodies, and what is no HTTP any more.

use mailscope_evidence::{At, Span};

use super::body::{BodyReader, Framing, Progress};
use super::connect_tunnel::ConnectTunnel;
use super::exchange::{self, Exchange};
use super::head;
use super::state::{Http, PEEK_BYTES, PENDING, Phase, RESYNC_BYTES};
use crate::layer::{Setting, Sink, note};
use crate::record::{Known, Via};
use crate::stack::StreamEnd;
use crate::stream::Stream;
use crate::tunnel::{Tunnel, blank_request};

impl Http {
    pub(super) fn server_data(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
        let mut rest = data;
        while !rest.is_empty() {
            rest = match &mut self.answers.phase {
                Phase::Head => self.answer_head(at, rest, sink),
                Phase::Lost => self.answer_resync(at, rest, sink),
                Phase::Body(_) => self.answer_body(at, rest, sink),
                Phase::Peek(_) => self.peek(at, rest, sink),
                Phase::Raw => {
                    if let Some(exchange) = self
                        .exchanges
                        .iter_mut()
                        .find(|exchange| !exchange.answer_done)
                    {
                        exchange.raw_answer(self.client, at, rest, sink);
                    }
                    return;
                }
                Phase::Inside => return self.server_inside(at, rest, sink),
                Phase::Dead => return,
            };
        }
    }

    pub(super) fn server_inside(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
        if let Some(connect) = &mut self.connect {
            connect.server_data(at, data, sink);
        } else if let Some(stream) = &mut self.upgraded
            && !stream.data(self.client.other(), at, data, sink)
        {
            self.requests.phase = Phase::Dead;
            self.answers.phase = Phase::Dead;
        }
    }

    /// Gathers an answer's head; gives back what lies behind it.
    pub(super) fn answer_head<'a>(
        &mut self,
        at: At,
        data: &'a [u8],
        sink: &mut Sink<'_>,
    ) -> &'a [u8] {
        let limit = sink.flow.limits.http_head_bytes;
        let data = if self.connect.is_some() {
            self.answers.start(at, data)
        } else {
            self.answers.begin(at, data)
        };
        let held = self.answers.buffer.len();
        if held == 0
            && let (Some(true), Ok(end)) = (is_answer_start(data), head::head_end(data, 0))
            && end <= limit
        {
            let (head, rest) = data.split_at_checked(end).unwrap_or((data, b""));
            self.answered(head, at, sink);
            return rest;
        }
        let room = limit.saturating_sub(held).max(1);
        self.answers
            .buffer
            .extend_from_slice(data.get(..room.min(data.len())).unwrap_or(data));
        match is_answer_start(&self.answers.buffer) {
            None => return b"",
            Some(false) => {
                let held_bytes = self.answers.take_buffer();
                self.no_answer(&held_bytes, at, sink);
                return data.get(room.min(data.len())..).unwrap_or(b"");
            }
            Some(true) => {}
        }
        match head::head_end(&self.answers.buffer, self.answers.scanned) {
            Ok(end) => {
                let head = self.answers.take_buffer();
                self.answered(head.get(..end).unwrap_or(&head), at, sink);
                data.get(end.saturating_sub(held)..).unwrap_or(b"")
            }
            Err(scanned) => {
                self.answers.scanned = scanned;
                if self.answers.buffer.len() >= limit {
                    self.cut_answer_head("limit-head", at, sink);
                    self.answers.phase = Phase::Dead;
                }
                b""
            }
        }
    }

    /// The server's bytes are no HTTP answer.
    pub(super) fn no_answer(&mut self, data: &[u8], at: At, sink: &mut Sink<'_>) {
        self.request_cut_by_answer(at, sink);
        if self.connect.is_some() {
            self.answers.phase = Phase::Inside;
        } else if let Some(exchange) = self
            .exchanges
            .iter_mut()
            .find(|exchange| !exchange.answer_done)
        {
            if exchange.relays {
                self.answers.phase = Phase::Raw;
            } else if exchange.record.version.is_none() && !exchange.is_ghost {
                // HTTP/0.9: the answer is a body.
                self.answers.phase = Phase::Body(BodyReader::new(Framing::Close));
            } else {
                self.answers.phase = Phase::Lost;
            }
        } else {
            self.answers.phase = Phase::Lost;
        }
        self.server_data(at, data, sink);
    }

    pub(super) fn answered(&mut self, answer_head: &[u8], at: At, sink: &mut Sink<'_>) {
        let (line, fields) = head::first_line(answer_head);
        let Some(line) = head::status_line(line) else {
            self.answers.phase = Phase::Lost;
            return;
        };
        self.answers.phase = Phase::Head;
        if (100..200).contains(&line.status) && line.status != 101 {
            return;
        }
        self.request_cut_by_answer(at, sink);
        if self.exchanges.iter().all(|exchange| exchange.answer_done) {
            if self.forgotten > 0 {
                self.forgotten -= 1;
            }
            if self.exchanges.len() >= PENDING
                && let Some(oldest) = self.exchanges.pop_front()
            {
                oldest.emit(StreamEnd::Cut, at, sink);
            }
            let span = Span {
                first: self.answers.began,
                last: at,
            };
            let mut exchange = Exchange::blank(self.client, &self.setting, span, sink);
            // Where the client was heard before, its request may have been captured late.
            exchange.request_done =
                !self.client_seen || !matches!(self.requests.phase, Phase::Head);
            self.exchanges.push_back(exchange);
        }
        let limit = sink.flow.limits.line_bytes;
        let Some(exchange) = self
            .exchanges
            .iter_mut()
            .find(|exchange| !exchange.answer_done)
        else {
            return;
        };
        let framing = exchange.answer(&line, fields, at, limit);
        let (is_connect, is_known) = (exchange.is_connect, exchange.record.method.is_some());
        if line.status == 101 {
            return self.upgrade(fields, at, sink);
        }
        if is_connect {
            return self.connect_replied(&line, framing, at, sink);
        }
        let established = says_established(line.reason);
        self.answers.phase = match framing {
            Framing::Close if !is_known && line.status == 200 && established => {
                return self.open_unseen("http-connect", at, sink);
            }
            Framing::Close if !is_known && line.status == 200 => Phase::Peek(framing),
            Framing::Length(1..) if !is_known => Phase::Peek(framing),
            Framing::None | Framing::Length(0) => return self.answer_over(at, sink),
            framing => Phase::Body(BodyReader::new(framing)),
        };
    }

    /// An answer to a request whose head is not over yet: the head is taken as far as it is there.
    pub(super) fn request_cut_by_answer(&mut self, at: At, sink: &mut Sink<'_>) {
        let waiting = self.exchanges.iter().any(|exchange| !exchange.answer_done);
        if !waiting
            && matches!(self.requests.phase, Phase::Head)
            && !self.requests.buffer.is_empty()
        {
            self.cut_request_head("head-cut", at, sink);
            if !matches!(self.requests.phase, Phase::Inside) {
                self.requests.phase = Phase::Lost;
            }
        }
    }

    pub(super) fn connect_replied(
        &mut self,
        line: &head::StatusLine<'_>,
        framing: Framing,
        at: At,
        sink: &mut Sink<'_>,
    ) {
        let is_open = self
            .connect
            .as_ref()
            .is_some_and(|connect| connect.is_pending());
        let requests = match &mut self.connect {
            Some(connect) if is_open => connect.replied(line, sink),
            _ => None,
        };
        match framing {
            Framing::None | Framing::Length(0) => {
                self.answers.phase = if (200..300).contains(&line.status) && is_open {
                    Phase::Inside
                } else {
                    Phase::Head
                };
                self.answer_over(at, sink);
            }
            Framing::Close => self.answers.phase = Phase::Peek(framing),
            framing => self.answers.phase = Phase::Body(BodyReader::new(framing)),
        }
        if let Some(requests) = requests {
            self.resume(requests, at, sink);
        }
    }

    /// A tunnel of which only the answer is seen.
    pub(super) fn open_unseen(&mut self, kind: &'static str, at: At, sink: &mut Sink<'_>) {
        let Some(exchange) = self
            .exchanges
            .iter_mut()
            .find(|exchange| !exchange.answer_done)
        else {
            return;
        };
        let mut request =
            blank_request(kind, self.client, exchange.record.span, &self.setting, sink);
        request.reply_code = exchange.record.status;
        request.reply_text.clone_from(&exchange.answer_line);
        request.granted = Known::Yes;
        exchange.record.proxy = Some(request.proxy);
        let via = if kind == "http-connect" {
            Via::HttpConnect
        } else {
            Via::UnseenTunnel
        };
        let tunnel = Tunnel::new(request, via, self.client, &self.setting, sink);
        self.connect = Some(Box::new(ConnectTunnel::granted(tunnel, self.client)));
        self.answer_over(at, sink);
        self.answers.phase = Phase::Inside;
        self.requests.phase = Phase::Inside;
    }

    pub(super) fn upgrade(&mut self, fields: &[u8], at: At, sink: &mut Sink<'_>) {
        let mut protocol = Vec::new();
        head::fields(fields, |name, value| {
            if name.eq_ignore_ascii_case(b"upgrade") {
                protocol = value.to_ascii_lowercase();
            }
        });
        self.answer_over(at, sink);
        let named = match protocol.as_slice() {
            b"websocket" => Some("websocket"),
            b"h2c" => Some("http2"),
            _ => None,
        };
        if let Some(name) = named {
            sink.flow.recognised(name, "HTTP upgrade");
            self.requests.phase = Phase::Dead;
            self.answers.phase = Phase::Dead;
            return;
        }
        let setting = Setting {
            depth: self.setting.depth + 1,
            client: Some(self.client),
            ..self.setting
        };
        let deep = setting.depth > sink.flow.limits.depth;
        self.upgraded = Some(Box::new(if deep {
            Stream::opaque(setting)
        } else {
            Stream::new(setting)
        }));
        self.requests.phase = Phase::Inside;
        self.answers.phase = Phase::Inside;
    }

    pub(super) fn answer_body<'a>(
        &mut self,
        at: At,
        data: &'a [u8],
        sink: &mut Sink<'_>,
    ) -> &'a [u8] {
        let Phase::Body(reader) = &mut self.answers.phase else {
            return data;
        };
        let (used, content, progress) = reader.take(data);
        if let Some(exchange) = self
            .exchanges
            .iter_mut()
            .find(|exchange| !exchange.answer_done)
        {
            exchange.answer_content(self.client, at, content, sink);
            if progress == Progress::Lost {
                note(&mut exchange.record.oddities, "malformed-chunk");
            }
        }
        match progress {
            Progress::More => {}
            Progress::Done => self.answer_over(at, sink),
            Progress::Lost => {
                self.answer_over(at, sink);
                self.answers.phase = Phase::Lost;
            }
        }
        data.get(used..).unwrap_or(b"")
    }

    /// The answer's body is over: its exchange is, and the next head may come.
    pub(super) fn answer_over(&mut self, at: At, sink: &mut Sink<'_>) {
        if let Some(exchange) = self
            .exchanges
            .iter_mut()
            .find(|exchange| !exchange.answer_done)
        {
            exchange.answer_done = true;
        }
        if !matches!(self.answers.phase, Phase::Inside) {
            self.answers.phase = Phase::Head;
        }
        self.emit_finished(at, sink);
    }

    /// The first bytes of a body that may be no body: mail although the proxy refused, mail or TLS
    /// in a tunnel whose request was not captured, or the next head when the request was a HEAD.
    pub(super) fn peek<'a>(&mut self, at: At, data: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        let Phase::Peek(framing) = self.answers.phase else {
            return data;
        };
        let half = &mut self.answers;
        let held = half.buffer.len();
        let room = PEEK_BYTES.saturating_sub(held).min(data.len());
        half.buffer
            .extend_from_slice(data.get(..room).unwrap_or(data));
        let seen = &half.buffer[..];
        let is_answer = is_answer_start(seen);
        let is_mail = exchange::begins_as_mail_server(seen);
        let is_tls = match seen {
            [0x16, 3, ..] => Some(true),
            [0x16] => None,
            _ => Some(false),
        };
        let full = seen.len() >= PEEK_BYTES
            || matches!(framing, Framing::Length(length) if seen.len() as u64 >= length);
        let undecided = [is_answer, is_mail, is_tls].contains(&None) && !full;
        if undecided && ![is_answer, is_mail, is_tls].contains(&Some(true)) {
            return b"";
        }
        let held_bytes = self.answers.take_buffer();
        let closes = framing == Framing::Close;
        let opens = closes && (is_mail == Some(true) || is_tls == Some(true));
        if opens && self.connect.is_some() {
            self.answer_over(at, sink);
            self.answers.phase = Phase::Inside;
        } else if opens {
            self.open_unseen("unseen", at, sink);
        } else if is_answer == Some(true) && !closes {
            self.answer_over(at, sink);
        } else {
            self.answers.phase = Phase::Body(BodyReader::new(framing));
        }
        self.server_data(at, &held_bytes, sink);
        data.get(room..).unwrap_or(b"")
    }

    /// Looks for `HTTP/1.` at the start of a line, or for mail in a tunnel.
    pub(super) fn answer_resync<'a>(
        &mut self,
        at: At,
        data: &'a [u8],
        sink: &mut Sink<'_>,
    ) -> &'a [u8] {
        let half = &mut self.answers;
        if half.buffer.is_empty() {
            half.began = at;
        }
        let end = memchr::memchr(b'\n', data).map_or(data.len(), |line| line + 1);
        let (line, rest) = data.split_at_checked(end).unwrap_or((data, b""));
        if half.buffer.len() < RESYNC_BYTES {
            half.buffer
                .extend_from_slice(line.get(..line.len().min(RESYNC_BYTES)).unwrap_or(line));
        }
        if !line.ends_with(b"\n") {
            return rest;
        }
        let start = memchr::memmem::find(&half.buffer, b"HTTP/1.");
        let status = start.and_then(|start| half.buffer.get(start..));
        let is_status =
            status.is_some_and(|line| head::status_line(head::first_line(line).0).is_some());
        let line = half.take_buffer();
        if is_status {
            half.phase = Phase::Head;
            half.buffer = line.get(start.unwrap_or(0)..).unwrap_or(b"").to_vec();
            self.answer_given_up_by_next(at, sink);
        } else if self.connect.is_some() {
            half.phase = Phase::Inside;
            self.server_data(at, &line, sink);
        }
        rest
    }

    /// The answer in whose body the stream was lost is over when the next head is found.
    pub(super) fn answer_given_up_by_next(&mut self, at: At, sink: &mut Sink<'_>) {
        let begun = self
            .exchanges
            .iter()
            .find(|exchange| !exchange.answer_done)
            .is_some_and(|e| e.record.status.is_some());
        if begun {
            self.answer_over(at, sink);
        }
    }

    pub(super) fn server_gap(&mut self, at: At, missing: u64, sink: &mut Sink<'_>) {
        match &mut self.answers.phase {
            Phase::Inside => {
                if let Some(connect) = &mut self.connect {
                    connect.gap(self.client.other(), at, missing, sink);
                } else if let Some(stream) = &mut self.upgraded {
                    stream.gap(self.client.other(), at, missing, sink);
                }
            }
            Phase::Body(reader) => {
                let beyond = reader.skip(missing);
                let done = reader.is_done();
                if let Some(exchange) = self
                    .exchanges
                    .iter_mut()
                    .find(|exchange| !exchange.answer_done)
                {
                    exchange.answer_gap();
                }
                if done {
                    self.answer_over(at, sink);
                }
                if beyond != Some(0) {
                    self.answers.phase = Phase::Lost;
                }
            }
            Phase::Peek(framing) => {
                let framing = *framing;
                let held = self.answers.take_buffer();
                self.answers.phase = Phase::Body(BodyReader::new(framing));
                self.server_data(at, &held, sink);
                self.server_gap(at, missing, sink);
            }
            Phase::Head => {
                self.cut_answer_head("gap-in-head", at, sink);
                if !matches!(self.answers.phase, Phase::Inside) {
                    self.answers.phase = Phase::Lost;
                }
            }
            Phase::Lost => {
                self.answers.take_buffer();
            }
            Phase::Raw | Phase::Dead => {}
        }
    }

    /// Takes what is there of an answer's head as all there will be.
    pub(super) fn cut_answer_head(&mut self, oddity: &'static str, at: At, sink: &mut Sink<'_>) {
        let cut = self.answers.take_buffer();
        let is_whole = memchr::memchr(b'\n', &cut).is_some();
        // A cut status line still says whether the tunnel is open.
        let is_reply = head::status_line(&cut).is_some_and(|line| {
            line.status >= 100 && (self.connect.is_some() || says_established(line.reason))
        });
        if !is_whole && !is_reply || is_answer_start(&cut) != Some(true) {
            return;
        }
        self.answered(&cut, at, sink);
        if let Some(exchange) = self
            .exchanges
            .iter_mut()
            .find(|exchange| !exchange.answer_done)
        {
            note(&mut exchange.record.oddities, oddity);
        }
    }
}

/// `Connection established`, also with its end cut off: the answer to a CONNECT.
fn says_established(reason: &[u8]) -> bool {
    let reason = reason.to_ascii_lowercase();
    reason.starts_with(b"connection est") || reason.windows(11).any(|word| word == b"established")
}

/// `HTTP/` as the start of an answer: `None` until enough bytes are there.
fn is_answer_start(bytes: &[u8]) -> Option<bool> {
    const START: &[u8] = b"HTTP/";
    match bytes.get(..START.len()) {
        Some(start) => Some(start == START),
        None if START.starts_with(bytes) => None,
        None => Some(false),
    }
}
