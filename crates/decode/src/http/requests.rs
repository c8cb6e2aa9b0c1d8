//! The client's direction: heads, bodies, and what is no HTTP any more.

use mailscope_evidence::{At, Span};

use super::body::{BodyReader, Framing, Progress};
use super::connect_tunnel::ConnectTunnel;
use super::exchange::Exchange;
use super::head;
use super::request_end::{HeadEnd, request_head_end};
use super::request_head::Opened;
use super::state::{Http, PEEK_BYTES, PENDING, Phase, RESYNC_BYTES};
use crate::decoder::Likeness;
use crate::identify;
use crate::layer::{Sink, note};
use crate::record::Via;
use crate::stack::StreamEnd;
use crate::tunnel::Tunnel;

impl Http {
    pub(super) fn client_data(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
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

    pub(super) fn client_inside(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
        if let Some(stream) = &mut self.upgraded {
            if !stream.data(self.client, at, data, sink) {
                self.requests.phase = Phase::Dead;
                self.answers.phase = Phase::Dead;
            }
            return;
        }
        let Some(connect) = &mut self.connect else {
            return;
        };
        if let Some(requests) = connect.client_data(at, data, sink) {
            self.resume(requests, at, sink);
        }
    }

    /// The client goes on with requests after a CONNECT that opened nothing.
    pub(super) fn resume(&mut self, requests: Vec<(At, Vec<u8>)>, at: At, sink: &mut Sink<'_>) {
        if let Some(connect) = self.connect.take() {
            connect.end(StreamEnd::Cut, at, sink);
        }
        self.requests.phase = Phase::Head;
        for (at, data) in requests {
            self.client_data(at, &data, sink);
        }
    }

    /// Gathers a request head; gives back what lies behind it.
    pub(super) fn request_head<'a>(
        &mut self,
        at: At,
        data: &'a [u8],
        sink: &mut Sink<'_>,
    ) -> &'a [u8] {
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
        self.requests
            .buffer
            .extend_from_slice(data.get(..room.min(data.len())).unwrap_or(data));
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

    pub(super) fn open(&mut self, request_head: &[u8], at: At, sink: &mut Sink<'_>) {
        let span = Span {
            first: self.requests.began,
            last: at,
        };
        let Some(opened) = Exchange::open(request_head, self.client, &self.setting, span, sink)
        else {
            return;
        };
        let Opened {
            mut exchange,
            framing,
            connect,
        } = opened;
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

    pub(super) fn request_body<'a>(
        &mut self,
        at: At,
        data: &'a [u8],
        sink: &mut Sink<'_>,
    ) -> &'a [u8] {
        if self
            .current()
            .is_some_and(|exchange| exchange.may_lack_its_body())
        {
            return self.refused_body(at, data, sink);
        }
        let Phase::Body(reader) = &mut self.requests.phase else {
            return data;
        };
        let current = self
            .exchanges
            .iter_mut()
            .rev()
            .find(|exchange| !exchange.request_done && !exchange.awaits_request());
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
    pub(super) fn refused_body<'a>(
        &mut self,
        at: At,
        data: &'a [u8],
        sink: &mut Sink<'_>,
    ) -> &'a [u8] {
        let held = self.requests.buffer.len();
        let (piece, rest) = data
            .split_at_checked(PEEK_BYTES.saturating_sub(held))
            .unwrap_or((data, b""));
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
    pub(super) fn request_resync<'a>(&mut self, at: At, data: &'a [u8]) -> &'a [u8] {
        let half = &mut self.requests;
        if half.buffer.is_empty() {
            half.began = at;
        }
        let end = memchr::memchr(b'\n', data).map_or(data.len(), |line| line + 1);
        let (line, rest) = data.split_at_checked(end).unwrap_or((data, b""));
        if half.buffer.len() < RESYNC_BYTES {
            half.buffer
                .extend_from_slice(line.get(..line.len().min(RESYNC_BYTES)).unwrap_or(line));
        }
        if line.ends_with(b"\n") {
            // A keep-alive probe repeats one byte from before the request.
            let start = half
                .buffer
                .iter()
                .take_while(|b| !b.is_ascii_graphic())
                .count();
            half.buffer.drain(..start);
            let is_request = head::request_line(head::first_line(&half.buffer).0)
                .is_some_and(|line| !line.version.is_empty());
            if is_request {
                half.phase = Phase::Head;
                half.scanned = 0;
            } else {
                half.take_buffer();
            }
        }
        rest
    }

    pub(super) fn client_gap(&mut self, at: At, missing: u64, sink: &mut Sink<'_>) {
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
            Phase::Head
                if self.requests.buffer.is_empty()
                    && self.exchanges.iter().any(Exchange::awaits_request) =>
            {
                if let Some(exchange) = self.exchanges.iter_mut().find(|held| held.awaits_request())
                {
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
                // What a CONNECT is followed by is the tunnel's, whatever its head lost.
                if !matches!(self.requests.phase, Phase::Inside) {
                    self.requests.phase = Phase::Lost;
                }
            }
            Phase::Lost => {
                self.requests.take_buffer();
            }
            Phase::Peek(_) | Phase::Raw | Phase::Dead => {}
        }
    }

    /// Takes what is there of a head as all there will be.
    pub(super) fn cut_request_head(&mut self, oddity: &'static str, at: At, sink: &mut Sink<'_>) {
        let cut = self.requests.take_buffer();
        let cut = match memchr::memchr(b'\n', &cut) {
            Some(_) => &cut[..],
            None => connect_with_target(&cut),
        };
        if cut.is_empty() {
            return;
        }
        let before = self.exchanges.len();
        self.open(cut, at, sink);
        if self.exchanges.len() > before
            && let Some(exchange) = self.exchanges.back_mut()
        {
            // Whether the gap or the proxy's answer is seen first says nothing of the request.
            let oddity = if exchange.is_connect {
                "head-cut"
            } else {
                oddity
            };
            // One line without version may be all of it.
            if exchange.record.version.is_some() || !is_one_line(cut) {
                note(&mut exchange.record.oddities, oddity);
            }
            exchange.request_done = true;
        }
    }

    /// The exchange whose request is being read.
    pub(super) fn current(&mut self) -> Option<&mut Exchange> {
        self.exchanges
            .iter_mut()
            .rev()
            .find(|exchange| !exchange.request_done && !exchange.awaits_request())
    }
}

/// A request line cut within, when it is a CONNECT whose target is whole; else nothing.
fn connect_with_target(line: &[u8]) -> &[u8] {
    const METHOD: usize = b"CONNECT ".len();
    let is_connect = line
        .get(..METHOD)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"CONNECT "));
    match line
        .get(METHOD..)
        .and_then(|rest| memchr::memchr(b' ', rest))
    {
        Some(length) if is_connect => line.get(..METHOD + length).unwrap_or(b""),
        _ => b"",
    }
}

fn is_one_line(bytes: &[u8]) -> bool {
    memchr::memchr(b'\n', bytes).is_some_and(|end| end + 1 == bytes.len())
}
