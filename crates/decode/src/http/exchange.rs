//! One request with its answer, on the way to its records.

use mailscope_evidence::{At, Side, Span};

use super::facts::Body;
use super::parameters::Parameters;
use crate::layer::{Layer, Setting, Sink, note};
use crate::record::{HttpRequest, Known, Login, Record};
use crate::stack::StreamEnd;
use crate::tunnel::Tunnel;

/// A request, its answer, and what was sent through it.
#[derive(Debug)]
pub(super) struct Exchange {
    pub record: Box<HttpRequest>,
    pub logins: Vec<Login>,
    pub parameters: Parameters,
    pub body: Body,
    pub body_coding: Option<String>,
    /// Packet of the request's last byte so far.
    pub requested: At,
    pub answer: Body,
    /// The proxy request that this exchange is, with what ran in its bodies.
    pub proxied: Option<Box<Tunnel>>,
    /// The bodies are the two directions of an inner stream.
    pub relays: bool,
    answer_start: Vec<u8>,
    relays_answer: Option<bool>,
    pub is_head: bool,
    pub is_connect: bool,
    pub expects_continue: bool,
    pub request_done: bool,
    pub answer_done: bool,
    /// Stands for a request that was lost in a gap.
    pub is_ghost: bool,
    /// The status line of an answer whose request was not seen.
    pub answer_line: Option<String>,
}

impl Exchange {
    /// An exchange of which nothing is known yet.
    pub fn blank(client: Side, setting: &Setting, span: Span, sink: &mut Sink<'_>) -> Self {
        let record = HttpRequest {
            exchange: sink.flow.next_exchange(),
            span,
            client_is_orig: client == Side::Orig,
            proxy: setting.proxy,
            ..HttpRequest::default()
        };
        Self {
            record: Box::new(record),
            logins: Vec::new(),
            parameters: Parameters::default(),
            body: Body::new(sink.flow.limits.message_room),
            body_coding: None,
            requested: span.last,
            answer: Body::new(sink.flow.limits.message_room),
            proxied: None,
            relays: false,
            answer_start: Vec::new(),
            relays_answer: None,
            is_head: false,
            is_connect: false,
            expects_continue: false,
            request_done: true,
            answer_done: false,
            is_ghost: false,
            answer_line: None,
        }
    }

    /// An answer whose request may still come.
    pub fn awaits_request(&self) -> bool {
        !self.request_done && self.record.method.is_none() && !self.is_ghost
    }

    /// Takes over what was seen of its answer, which was captured before it.
    pub fn join_answer(&mut self, early: &mut Self) {
        let early_record = std::mem::take(&mut early.record);
        let record = &mut self.record;
        record.exchange = early_record.exchange;
        record.span.first = record.span.first.min(early_record.span.first);
        (record.status, record.status_text) = (early_record.status, early_record.status_text);
        (record.content_type, record.server, record.location) = (
            early_record.content_type,
            early_record.server,
            early_record.location,
        );
        (record.response_body_bytes, record.answered) =
            (early_record.response_body_bytes, early_record.answered);
        (record.set_cookies, record.set_session_token) =
            (early_record.set_cookies, early_record.set_session_token);
        (record.powered_by, record.content_encoding) =
            (early_record.powered_by, early_record.content_encoding);
        std::mem::swap(&mut self.answer, &mut early.answer);
        note(&mut record.oddities, "answer-before-request");
        self.answer_done = early.answer_done;
    }

    /// The answer refused the request before its body began, which the client may have kept back.
    pub fn may_lack_its_body(&self) -> bool {
        self.expects_continue && self.answer_done && self.record.request_body_bytes == 0
    }

    /// Content of the request body.
    pub fn request_content(&mut self, client: Side, at: At, content: &[u8], sink: &mut Sink<'_>) {
        self.record.span.last = self.record.span.last.max(at);
        self.requested = self.requested.max(at);
        self.record.request_body_bytes += content.len() as u64;
        if !self.relays {
            self.body
                .take(content, sink.flow.limits.http_request_body_bytes);
        }
        if self.relays
            && !content.is_empty()
            && let Some(tunnel) = &mut self.proxied
        {
            tunnel.data(client, at, content, sink);
        }
    }

    /// Part of the request body is missing.
    pub fn request_gap(&mut self, client: Side, at: At, missing: u64, sink: &mut Sink<'_>) {
        self.body.gap();
        note(&mut self.record.oddities, "gap-in-body");
        if let (true, Some(tunnel)) = (self.relays, &mut self.proxied) {
            tunnel.gap(client, at, missing, sink);
        }
    }

    /// Content of the answer's body.
    pub fn answer_content(&mut self, client: Side, at: At, content: &[u8], sink: &mut Sink<'_>) {
        self.record.span.last = self.record.span.last.max(at);
        self.record.response_body_bytes += content.len() as u64;
        if !self.relays {
            self.keep_answer(content, &sink.flow.limits);
        }
        if self.relays && self.relays_answer != Some(false) {
            self.relay_answer(client, at, content, sink);
        }
    }

    /// The server's bytes reach the tunnel when they begin as a mail server's: a proxy's own error
    /// page does not.
    fn relay_answer(&mut self, client: Side, at: At, content: &[u8], sink: &mut Sink<'_>) {
        let Some(tunnel) = &mut self.proxied else {
            return;
        };
        if self.relays_answer == Some(true) {
            tunnel.data(client.other(), at, content, sink);
            return;
        }
        self.answer_start.extend_from_slice(content);
        self.relays_answer = begins_as_mail_server(&self.answer_start);
        if self.relays_answer == Some(true) {
            let held = std::mem::take(&mut self.answer_start);
            tunnel.data(client.other(), at, &held, sink);
        }
    }

    /// Bytes of the server that came without any HTTP head.
    pub fn raw_answer(&mut self, client: Side, at: At, data: &[u8], sink: &mut Sink<'_>) {
        note(&mut self.record.oddities, "answer-without-head");
        self.relays_answer = Some(true);
        self.answer_content(client, at, data, sink);
    }

    /// Emits the records of this exchange.
    pub fn emit(mut self, end: StreamEnd, at: At, sink: &mut Sink<'_>) {
        if self.is_ghost && self.record.status.is_none() {
            return;
        }
        let limits = *sink.flow.limits;
        self.finish_bodies(&limits);
        let (status, last) = (self.record.status, self.record.span.last);
        let parameters = self.take_parameters();
        sink.out.push(Record::HttpRequest(self.record));
        sink.out.extend(parameters);
        for mut login in self.logins {
            login.reply_code = login.reply_code.or(status);
            if login.service == "http-form" && matches!(status, Some(401 | 403)) {
                login.success = Known::No;
            }
            login.span.last = last;
            sink.out.push(Record::Login(Box::new(login)));
        }
        if let Some(mut tunnel) = self.proxied {
            tunnel.request.span.last = tunnel.request.span.last.max(last);
            tunnel.end(end, at, sink);
        }
    }
}

/// A reply code, `+OK` or `* `: `None` until enough bytes are there.
pub(super) fn begins_as_mail_server(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..]
        | [b'+', b'O', b'K', ..]
        | [b'*', b' ', b'O' | b'P' | b'B', ..] => Some(true),
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] | [b'1'..=b'5', b'0'..=b'9'] | [b'1'..=b'5'] => {
            None
        }
        [] | [b'+'] | [b'+', b'O'] | [b'*'] | [b'*', b' '] => None,
        _ => Some(false),
    }
}
