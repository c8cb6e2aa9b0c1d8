//! The exchange of requests and answers on one connection.

use std::collections::VecDeque;

use mailscope_evidence::{At, Side, Span};

use super::body::{BodyReader, Framing, Progress};
use super::connect_tunnel::ConnectTunnel;
use super::exchange::{self, Exchange, Opened};
use super::head;
use crate::decoder::Likeness;
use crate::identify;
use crate::layer::{Layer, Setting, Sink, note};
use crate::record::Via;
use crate::stack::StreamEnd;
use crate::stream::Stream;
use crate::tunnel::{Tunnel, blank_request};

/// Unanswered requests kept; beyond, the oldest is emitted without its answer.
const PENDING: usize = 256;

/// HTTP/1.x on one connection.
#[derive(Debug)]
pub(crate) struct Http {
    client: Side,
    setting: Setting,
    requests: Half,
    answers: Half,
    /// In order; those at the front that are over on both sides are emitted and removed.
    exchanges: VecDeque<Exchange>,
    /// Answers still to come for requests that were emitted already.
    forgotten: u64,
    client_seen: bool,
    connect: Option<Box<ConnectTunnel>>,
    upgraded: Option<Box<Stream>>,
}

/// One direction.
#[derive(Debug)]
struct Half {
    phase: Phase,
    buffer: Vec<u8>,
    scanned: usize,
    began: At,
}

#[derive(Debug)]
enum Phase {
    /// At or in a head.
    Head,
    /// In a body.
    Body(BodyReader),
    /// In the first bytes of an answer's body that may be something else.
    Peek(Framing),
    /// Inside a tunnel or an upgraded stream.
    Inside,
    /// Looking for the next head.
    Lost,
    /// Bytes of an answer without any head.
    Raw,
    /// Given up.
    Dead,
}

impl Half {
    fn new(from_start: bool) -> Self {
        let phase = if from_start { Phase::Head } else { Phase::Lost };
        Self { phase, buffer: Vec::new(), scanned: 0, began: At::default() }
    }

    fn take_buffer(&mut self) -> Vec<u8> {
        self.scanned = 0;
        std::mem::take(&mut self.buffer)
    }
}

impl Layer for Http {
    fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        if side == self.client {
            self.client_data(at, data, sink);
        } else {
            self.server_data(at, data, sink);
        }
        self.is_wanted()
    }

    fn gap(&mut self, side: Side, at: At, missing: u64, sink: &mut Sink<'_>) -> bool {
        if side == self.client {
            self.client_gap(at, missing, sink);
        } else {
            self.server_gap(at, missing, sink);
        }
        self.is_wanted()
    }

    fn end(&mut self, end: StreamEnd, at: At, sink: &mut Sink<'_>) {
        self.cut_heads(at, sink);
        while let Some(exchange) = self.exchanges.pop_front() {
            exchange.emit(end, at, sink);
        }
        if let Some(connect) = self.connect.take() {
            connect.end(end, at, sink);
        }
        if let Some(mut stream) = self.upgraded.take() {
            stream.end(end, at, sink);
        }
    }
}

impl Http {
    /// HTTP between `client` and the other side.
    pub fn new(client: Side, setting: Setting) -> Self {
        Self {
            client,
            setting,
            requests: Half::new(setting.from_start),
            answers: Half::new(setting.from_start),
            exchanges: VecDeque::new(),
            forgotten: 0,
            client_seen: false,
            connect: None,
            upgraded: None,
        }
    }

    fn is_wanted(&self) -> bool {
        if let Some(connect) = &self.connect {
            return connect.is_wanted();
        }
        !(matches!(self.requests.phase, Phase::Dead) && matches!(self.answers.phase, Phase::Dead))
    }

    // ---- requests

    fn client_data(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
        let mut rest = data;
        while !rest.is_empty() {
            rest = match &mut self.requests.phase {
                Phase::Head => self.request_head(at, rest, sink),
                Phase::Lost => self.request_resync(at, rest),
                Phase::Body(_) => self.request_body(at, rest, sink),
                Phase::Inside => return self.client_inside(at, rest, sink),
                Phase::Peek(_) | Phase::Raw | Phase::Dead => return,
            };
        }
    }

    fn client_inside(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
        if let Some(stream) = &mut self.upgraded {
            if !stream.data(self.client, at, data, sink) {
                self.requests.phase = Phase::Dead;
                self.answers.phase = Phase::Dead;
            }
            return;
        }
        let Some(connect) = &mut self.connect else { return };
        if let Some(requests) = connect.client_data(at, data, sink) {
            self.resume(requests, at, sink);
        }
    }

    /// The client goes on with requests after a CONNECT that opened nothing.
    fn resume(&mut self, requests: Vec<(At, Vec<u8>)>, at: At, sink: &mut Sink<'_>) {
        if let Some(connect) = self.connect.take() {
            connect.end(StreamEnd::Cut, at, sink);
        }
        self.requests.phase = Phase::Head;
        for (at, data) in requests {
            self.client_data(at, &data, sink);
        }
    }

    /// Gathers a request head; gives back what lies behind it.
    fn request_head<'a>(&mut self, at: At, data: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        let limit = sink.flow.limits.http_head_bytes;
        let data = self.requests.begin(at, data);
        let held = self.requests.buffer.len();
        if held == 0 {
            match request_head_end(data, 0) {
                HeadEnd::At(end) if end <= limit => {
                    let (head, rest) = data.split_at_checked(end).unwrap_or((data, b""));
                    self.open(head, at, sink);
                    return rest;
                }
                HeadEnd::Junk(end) => return data.get(end..).unwrap_or(b""),
                _ => {}
            }
        }
        let room = limit.saturating_sub(held).max(1);
        self.requests.buffer.extend_from_slice(data.get(..room.min(data.len())).unwrap_or(data));
        match request_head_end(&self.requests.buffer, self.requests.scanned) {
            HeadEnd::At(end) => {
                let head = self.requests.take_buffer();
                self.open(head.get(..end).unwrap_or(&head), at, sink);
                // Bytes that were held to see where the head ends.
                self.client_data(at, head.get(end..held).unwrap_or(b""), sink);
                data.get(end.saturating_sub(held)..).unwrap_or(b"")
            }
            HeadEnd::Junk(end) => {
                self.requests.take_buffer();
                data.get(end.saturating_sub(held)..).unwrap_or(b"")
            }
            HeadEnd::More(scanned) => {
                self.requests.scanned = scanned;
                if self.requests.buffer.len() >= limit {
                    self.cut_request_head("limit-head", at, sink);
                    self.requests.phase = Phase::Dead;
                }
                b""
            }
        }
    }

    fn open(&mut self, request_head: &[u8], at: At, sink: &mut Sink<'_>) {
        let span = Span { first: self.requests.began, last: at };
        let Some(opened) = Exchange::open(request_head, self.client, &self.setting, span, sink) else { return };
        let Opened { mut exchange, framing, connect } = opened;
        self.requests.phase = Phase::Head;
        self.client_seen = true;
        if let Some(request) = connect {
            exchange.request_done = true;
            let tunnel = Tunnel::new(*request, Via::HttpConnect, self.client, &self.setting, sink);
            self.connect = Some(Box::new(ConnectTunnel::new(tunnel, self.client)));
            self.requests.phase = Phase::Inside;
        } else if matches!(framing, Framing::None | Framing::Length(0)) {
            exchange.request_done = true;
        } else {
            self.requests.phase = Phase::Body(BodyReader::new(framing));
        }
        if self.exchanges.len() >= PENDING
            && let Some(oldest) = self.exchanges.pop_front()
        {
            self.forgotten += u64::from(!oldest.answer_done);
            oldest.emit(StreamEnd::Cut, at, sink);
        }
        match self.exchanges.iter_mut().find(|held| held.awaits_request()) {
            Some(early) => {
                exchange.join_answer(early);
                *early = exchange;
                self.emit_finished(at, sink);
            }
            None => self.exchanges.push_back(exchange),
        }
    }

    fn request_body<'a>(&mut self, at: At, data: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        if self.current().is_some_and(|exchange| exchange.may_lack_its_body()) {
            return self.refused_body(at, data, sink);
        }
        let Phase::Body(reader) = &mut self.requests.phase else { return data };
        let current = self.exchanges.iter_mut().rev().find(|exchange| !exchange.request_done && !exchange.awaits_request());
        let Some(exchange) = current else {
            self.requests.phase = Phase::Lost;
            return data;
        };
        let (used, content, progress) = reader.take(data);
        exchange.request_content(self.client, at, content, sink);
        match progress {
            Progress::More => {}
            Progress::Done => {
                exchange.request_done = true;
                self.requests.phase = Phase::Head;
                self.emit_finished(at, sink);
            }
            Progress::Lost => {
                note(&mut exchange.record.oddities, "malformed-chunk");
                exchange.request_done = true;
                self.requests.phase = Phase::Lost;
            }
        }
        data.get(used..).unwrap_or(b"")
    }

    /// Refused before the body was sent (RFC 9110, 10.1.1): the next bytes are it, or a new request.
    fn refused_body<'a>(&mut self, at: At, data: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        let held = self.requests.buffer.len();
        let (piece, rest) = data.split_at_checked(PEEK_BYTES.saturating_sub(held)).unwrap_or((data, b""));
        self.requests.buffer.extend_from_slice(piece);
        let likeness = identify::is_http_request_start(&self.requests.buffer);
        if likeness == Likeness::Short && self.requests.buffer.len() < PEEK_BYTES {
            return rest;
        }
        let start = self.requests.take_buffer();
        if let Some(exchange) = self.current() {
            exchange.expects_continue = false;
            if likeness == Likeness::Sure {
                exchange.request_done = true;
                self.requests.phase = Phase::Head;
                self.emit_finished(at, sink);
            }
        }
        self.client_data(at, &start, sink);
        rest
    }

    /// Skips lines until one is a request line.
    fn request_resync<'a>(&mut self, at: At, data: &'a [u8]) -> &'a [u8] {
        let half = &mut self.requests;
        if half.buffer.is_empty() {
            half.began = at;
        }
        let end = memchr::memchr(b'\n', data).map_or(data.len(), |line| line + 1);
        let (line, rest) = data.split_at_checked(end).unwrap_or((data, b""));
        if half.buffer.len() < RESYNC_BYTES {
            half.buffer.extend_from_slice(line.get(..line.len().min(RESYNC_BYTES)).unwrap_or(line));
        }
        if line.ends_with(b"\n") {
            // A keep-alive probe repeats one byte from before the request.
            let start = half.buffer.iter().take_while(|b| !b.is_ascii_graphic()).count();
            half.buffer.drain(..start);
            let is_request = head::request_line(head::first_line(&half.buffer).0).is_some_and(|line| !line.version.is_empty());
            if is_request {
                half.phase = Phase::Head;
                half.scanned = 0;
            } else {
                half.take_buffer();
            }
        }
        rest
    }

    fn client_gap(&mut self, at: At, missing: u64, sink: &mut Sink<'_>) {
        match &mut self.requests.phase {
            Phase::Inside => {
                if let Some(connect) = &mut self.connect {
                    connect.gap(self.client, at, missing, sink);
                } else if let Some(stream) = &mut self.upgraded {
                    stream.gap(self.client, at, missing, sink);
                }
            }
            Phase::Body(reader) => {
                let beyond = reader.skip(missing);
                let done = reader.is_done();
                let client = self.client;
                if let Some(exchange) = self.current() {
                    exchange.request_gap(client, at, missing, sink);
                    exchange.request_done |= done || beyond.is_none();
                }
                if beyond != Some(0) {
                    self.requests.phase = Phase::Lost;
                } else if done {
                    self.requests.phase = Phase::Head;
                }
                self.emit_finished(at, sink);
            }
            Phase::Head if self.requests.buffer.is_empty() && self.exchanges.iter().any(Exchange::awaits_request) => {
                if let Some(exchange) = self.exchanges.iter_mut().find(|held| held.awaits_request()) {
                    exchange.request_done = true;
                }
                self.requests.phase = Phase::Lost;
                self.emit_finished(at, sink);
            }
            Phase::Head if self.requests.buffer.is_empty() => {
                let mut ghost = Exchange::blank(self.client, &self.setting, Span::at(at), sink);
                ghost.is_ghost = true;
                self.exchanges.push_back(ghost);
                self.requests.phase = Phase::Lost;
            }
            Phase::Head => {
                self.cut_request_head("gap-in-head", at, sink);
                self.requests.phase = Phase::Lost;
            }
            Phase::Lost => {
                self.requests.take_buffer();
            }
            Phase::Peek(_) | Phase::Raw | Phase::Dead => {}
        }
    }

    /// Takes what is there of a head as all there will be.
    fn cut_request_head(&mut self, oddity: &'static str, at: At, sink: &mut Sink<'_>) {
        let cut = self.requests.take_buffer();
        if memchr::memchr(b'\n', &cut).is_none() {
            return;
        }
        let before = self.exchanges.len();
        self.open(&cut, at, sink);
        if self.exchanges.len() > before
            && let Some(exchange) = self.exchanges.back_mut()
        {
            // One line without version may be all of it.
            if exchange.record.version.is_some() || !is_one_line(&cut) {
                note(&mut exchange.record.oddities, oddity);
            }
            exchange.request_done = true;
        }
    }

    /// The exchange whose request is being read.
    fn current(&mut self) -> Option<&mut Exchange> {
        self.exchanges.iter_mut().rev().find(|exchange| !exchange.request_done && !exchange.awaits_request())
    }

    // ---- answers

    fn server_data(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
        let mut rest = data;
        while !rest.is_empty() {
            rest = match &mut self.answers.phase {
                Phase::Head => self.answer_head(at, rest, sink),
                Phase::Lost => self.answer_resync(at, rest, sink),
                Phase::Body(_) => self.answer_body(at, rest, sink),
                Phase::Peek(_) => self.peek(at, rest, sink),
                Phase::Raw => {
                    if let Some(exchange) = self.exchanges.iter_mut().find(|exchange| !exchange.answer_done) {
                        exchange.raw_answer(self.client, at, rest, sink);
                    }
                    return;
                }
                Phase::Inside => return self.server_inside(at, rest, sink),
                Phase::Dead => return,
            };
        }
    }

    fn server_inside(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
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
    fn answer_head<'a>(&mut self, at: At, data: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        let limit = sink.flow.limits.http_head_bytes;
        let data = if self.connect.is_some() { self.answers.start(at, data) } else { self.answers.begin(at, data) };
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
        self.answers.buffer.extend_from_slice(data.get(..room.min(data.len())).unwrap_or(data));
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
    fn no_answer(&mut self, data: &[u8], at: At, sink: &mut Sink<'_>) {
        self.request_cut_by_answer(at, sink);
        if self.connect.is_some() {
            self.answers.phase = Phase::Inside;
        } else if let Some(exchange) = self.exchanges.iter_mut().find(|exchange| !exchange.answer_done) {
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

    fn answered(&mut self, answer_head: &[u8], at: At, sink: &mut Sink<'_>) {
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
            let span = Span { first: self.answers.began, last: at };
            let mut exchange = Exchange::blank(self.client, &self.setting, span, sink);
            // Where the client was heard before, its request may have been captured late.
            exchange.request_done = !self.client_seen || !matches!(self.requests.phase, Phase::Head);
            self.exchanges.push_back(exchange);
        }
        let limit = sink.flow.limits.line_bytes;
        let Some(exchange) = self.exchanges.iter_mut().find(|exchange| !exchange.answer_done) else { return };
        let framing = exchange.answer(&line, fields, at, limit);
        let (is_connect, is_known) = (exchange.is_connect, exchange.record.method.is_some());
        if line.status == 101 {
            return self.upgrade(fields, at, sink);
        }
        if is_connect {
            return self.connect_replied(&line, framing, at, sink);
        }
        let established = line.reason.to_ascii_lowercase().windows(11).any(|window| window == b"established");
        self.answers.phase = match framing {
            Framing::Close if !is_known && line.status == 200 && established => return self.open_unseen("http-connect", at, sink),
            Framing::Close if !is_known && line.status == 200 => Phase::Peek(framing),
            Framing::Length(1..) if !is_known => Phase::Peek(framing),
            Framing::None | Framing::Length(0) => return self.answer_over(at, sink),
            framing => Phase::Body(BodyReader::new(framing)),
        };
    }

    /// An answer to a request whose head is not over yet: the head is taken as far as it is there.
    fn request_cut_by_answer(&mut self, at: At, sink: &mut Sink<'_>) {
        let waiting = self.exchanges.iter().any(|exchange| !exchange.answer_done);
        if !waiting && matches!(self.requests.phase, Phase::Head) && !self.requests.buffer.is_empty() {
            self.cut_request_head("head-cut", at, sink);
            if !matches!(self.requests.phase, Phase::Inside) {
                self.requests.phase = Phase::Lost;
            }
        }
    }

    fn connect_replied(&mut self, line: &head::StatusLine<'_>, framing: Framing, at: At, sink: &mut Sink<'_>) {
        let is_open = self.connect.as_ref().is_some_and(|connect| connect.is_pending());
        let requests = match &mut self.connect {
            Some(connect) if is_open => connect.replied(line, sink),
            _ => None,
        };
        match framing {
            Framing::None | Framing::Length(0) => {
                self.answers.phase = if (200..300).contains(&line.status) && is_open { Phase::Inside } else { Phase::Head };
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
    fn open_unseen(&mut self, kind: &'static str, at: At, sink: &mut Sink<'_>) {
        let Some(exchange) = self.exchanges.iter_mut().find(|exchange| !exchange.answer_done) else { return };
        let mut request = blank_request(kind, self.client, exchange.record.span, &self.setting, sink);
        request.reply_code = exchange.record.status;
        request.reply_text.clone_from(&exchange.answer_line);
        request.granted = crate::record::Known::Yes;
        exchange.record.proxy = Some(request.proxy);
        let via = if kind == "http-connect" { Via::HttpConnect } else { Via::UnseenTunnel };
        let tunnel = Tunnel::new(request, via, self.client, &self.setting, sink);
        self.connect = Some(Box::new(ConnectTunnel::granted(tunnel, self.client)));
        self.answer_over(at, sink);
        self.answers.phase = Phase::Inside;
        self.requests.phase = Phase::Inside;
    }

    fn upgrade(&mut self, fields: &[u8], at: At, sink: &mut Sink<'_>) {
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
        let setting = Setting { depth: self.setting.depth + 1, client: Some(self.client), ..self.setting };
        let deep = setting.depth > sink.flow.limits.depth;
        self.upgraded = Some(Box::new(if deep { Stream::opaque(setting) } else { Stream::new(setting) }));
        self.requests.phase = Phase::Inside;
        self.answers.phase = Phase::Inside;
    }

    fn answer_body<'a>(&mut self, at: At, data: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        let Phase::Body(reader) = &mut self.answers.phase else { return data };
        let (used, content, progress) = reader.take(data);
        if let Some(exchange) = self.exchanges.iter_mut().find(|exchange| !exchange.answer_done) {
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
    fn answer_over(&mut self, at: At, sink: &mut Sink<'_>) {
        if let Some(exchange) = self.exchanges.iter_mut().find(|exchange| !exchange.answer_done) {
            exchange.answer_done = true;
        }
        if !matches!(self.answers.phase, Phase::Inside) {
            self.answers.phase = Phase::Head;
        }
        self.emit_finished(at, sink);
    }

    /// The first bytes of a body that may be no body: mail although the proxy refused, mail or TLS
    /// in a tunnel whose request was not captured, or the next head when the request was a HEAD.
    fn peek<'a>(&mut self, at: At, data: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        let Phase::Peek(framing) = self.answers.phase else { return data };
        let half = &mut self.answers;
        let held = half.buffer.len();
        let room = PEEK_BYTES.saturating_sub(held).min(data.len());
        half.buffer.extend_from_slice(data.get(..room).unwrap_or(data));
        let seen = &half.buffer[..];
        let is_answer = is_answer_start(seen);
        let is_mail = exchange::begins_as_mail_server(seen);
        let is_tls = match seen {
            [0x16, 3, ..] => Some(true),
            [0x16] => None,
            _ => Some(false),
        };
        let full = seen.len() >= PEEK_BYTES || matches!(framing, Framing::Length(length) if seen.len() as u64 >= length);
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
    fn answer_resync<'a>(&mut self, at: At, data: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        let half = &mut self.answers;
        if half.buffer.is_empty() {
            half.began = at;
        }
        let end = memchr::memchr(b'\n', data).map_or(data.len(), |line| line + 1);
        let (line, rest) = data.split_at_checked(end).unwrap_or((data, b""));
        if half.buffer.len() < RESYNC_BYTES {
            half.buffer.extend_from_slice(line.get(..line.len().min(RESYNC_BYTES)).unwrap_or(line));
        }
        if !line.ends_with(b"\n") {
            return rest;
        }
        let start = memchr::memmem::find(&half.buffer, b"HTTP/1.");
        let status = start.and_then(|start| half.buffer.get(start..));
        let is_status = status.is_some_and(|line| head::status_line(head::first_line(line).0).is_some());
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
    fn answer_given_up_by_next(&mut self, at: At, sink: &mut Sink<'_>) {
        let begun = self.exchanges.iter().find(|exchange| !exchange.answer_done).is_some_and(|e| e.record.status.is_some());
        if begun {
            self.answer_over(at, sink);
        }
    }

    fn server_gap(&mut self, at: At, missing: u64, sink: &mut Sink<'_>) {
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
                if let Some(exchange) = self.exchanges.iter_mut().find(|exchange| !exchange.answer_done) {
                    note(&mut exchange.record.oddities, "gap-in-body");
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
                self.answers.phase = Phase::Lost;
            }
            Phase::Lost => {
                self.answers.take_buffer();
            }
            Phase::Raw | Phase::Dead => {}
        }
    }

    /// Takes what is there of an answer's head as all there will be.
    fn cut_answer_head(&mut self, oddity: &'static str, at: At, sink: &mut Sink<'_>) {
        let cut = self.answers.take_buffer();
        if memchr::memchr(b'\n', &cut).is_none() || is_answer_start(&cut) != Some(true) {
            return;
        }
        self.answered(&cut, at, sink);
        if let Some(exchange) = self.exchanges.iter_mut().find(|exchange| !exchange.answer_done) {
            note(&mut exchange.record.oddities, oddity);
        }
    }

    /// The stream is over: heads and first bytes of bodies that still wait are taken as they are.
    fn cut_heads(&mut self, at: At, sink: &mut Sink<'_>) {
        if matches!(self.requests.phase, Phase::Head) {
            self.cut_request_head("head-cut", at, sink);
        }
        match self.answers.phase {
            Phase::Head => self.cut_answer_head("head-cut", at, sink),
            Phase::Peek(framing) => {
                let held = self.answers.take_buffer();
                self.answers.phase = Phase::Body(BodyReader::new(framing));
                self.server_data(at, &held, sink);
            }
            _ => {}
        }
    }

    /// Emits the exchanges that are over on both sides, in order.
    fn emit_finished(&mut self, at: At, sink: &mut Sink<'_>) {
        while self.exchanges.front().is_some_and(|exchange| exchange.answer_done && exchange.request_done) {
            if let Some(exchange) = self.exchanges.pop_front() {
                exchange.emit(StreamEnd::Fin, at, sink);
            }
        }
    }
}

/// Bytes of one line kept while looking for the next head.
const RESYNC_BYTES: usize = 8 << 10;
/// First bytes of a body that are looked at.
const PEEK_BYTES: usize = 12;

impl Half {
    /// Notes when the head begins; empty lines before it are skipped (RFC 9112, 2.2).
    fn begin<'a>(&mut self, at: At, data: &'a [u8]) -> &'a [u8] {
        if !self.buffer.is_empty() {
            return data;
        }
        self.began = at;
        let blank = data.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        data.get(blank..).unwrap_or(b"")
    }

    /// Notes when the head begins.
    fn start<'a>(&mut self, at: At, data: &'a [u8]) -> &'a [u8] {
        if self.buffer.is_empty() {
            self.began = at;
        }
        data
    }
}

fn is_one_line(bytes: &[u8]) -> bool {
    memchr::memchr(b'\n', bytes).is_some_and(|end| end + 1 == bytes.len())
}

/// Where a request head ends.
enum HeadEnd {
    At(usize),
    /// Not in these bytes; look from here when more are there.
    More(usize),
    /// A line that is no request line.
    Junk(usize),
}

fn request_head_end(bytes: &[u8], scanned: usize) -> HeadEnd {
    let Some(line_end) = memchr::memchr(b'\n', bytes) else { return HeadEnd::More(0) };
    let (line, rest) = head::first_line(bytes);
    if scanned <= line_end {
        match head::request_line(line) {
            None => return HeadEnd::Junk(line_end + 1),
            Some(parts) if parts.version.is_empty() => return versionless_head_end(line_end, rest),
            Some(_) => {}
        }
    }
    match head::head_end(bytes, scanned.max(line_end)) {
        Ok(end) => HeadEnd::At(end),
        Err(scanned) => HeadEnd::More(scanned.max(line_end)),
    }
}

/// A request line without version is the whole head (HTTP/0.9), unless fields or an empty line
/// follow: clients that forget the version are more common than old ones.
fn versionless_head_end(line_end: usize, rest: &[u8]) -> HeadEnd {
    match rest {
        [b'\n', ..] => HeadEnd::At(line_end + 2),
        [b'\r', b'\n', ..] => HeadEnd::At(line_end + 3),
        [] | [b'\r'] => HeadEnd::More(0),
        _ => match rest.iter().find(|&&b| !head::is_token(b)) {
            None => HeadEnd::More(0),
            Some(b':') => head::head_end(rest, 0).map_or(HeadEnd::More(0), |end| HeadEnd::At(line_end + 1 + end)),
            Some(_) => HeadEnd::At(line_end + 1),
        },
    }
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
