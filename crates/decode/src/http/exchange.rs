//! One request with its answer, on the way to its records.

use mailscope_evidence::{At, Side, Span};

use super::authorization::{self, Credentials};
use super::body::Framing;
use super::facts::{self, Body};
use super::head::{self, RequestLine, StatusLine};
use super::parameters::Parameters;
use super::session::{self, Cookies};
use super::{bodies, form, redact};
use crate::connect::{self, Target};
use crate::identify;
use crate::layer::{Layer, Setting, Sink, note, text};
use crate::limits::Limits;
use crate::record::{HttpRequest, Known, Login, ProxyRequest, Record, Via};
use crate::stack::StreamEnd;
use crate::tunnel::{Tunnel, blank_request};

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

/// What a request head says about what follows it.
pub(super) struct Opened {
    pub exchange: Exchange,
    pub framing: Framing,
    /// Target of a CONNECT.
    pub connect: Option<Box<ProxyRequest>>,
}

/// Fields of a head that steer the framing.
#[derive(Default)]
struct Lengths {
    length: Option<u64>,
    conflict: bool,
    chunked: bool,
}

impl Lengths {
    fn content_length(&mut self, value: &[u8]) {
        let first = value
            .split(|b| *b == b',')
            .next()
            .unwrap_or(value)
            .trim_ascii();
        let length = std::str::from_utf8(first)
            .ok()
            .and_then(|digits| digits.parse().ok());
        self.conflict |= length.is_none() || self.length.is_some_and(|held| Some(held) != length);
        self.length = self.length.or(length);
    }

    fn transfer_encoding(&mut self, value: &[u8]) {
        let end = value.get(value.len().saturating_sub(7)..).unwrap_or(value);
        self.chunked |= end.eq_ignore_ascii_case(b"chunked");
    }

    fn framing(&self, otherwise: Framing) -> Framing {
        match (self.chunked, self.length) {
            (true, _) => Framing::Chunked,
            (false, Some(length)) => Framing::Length(length),
            (false, None) => otherwise,
        }
    }

    fn oddities(&self, oddities: &mut Vec<&'static str>) {
        if self.conflict || (self.chunked && self.length.is_some()) {
            note(oddities, "conflicting-length");
        }
    }
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

    /// Reads a request head. `None` when its first line is no request line.
    pub fn open(
        request_head: &[u8],
        client: Side,
        setting: &Setting,
        span: Span,
        sink: &mut Sink<'_>,
    ) -> Option<Opened> {
        let (line, fields) = head::first_line(request_head);
        let parts = head::request_line(line)?;
        let limit = sink.flow.limits.line_bytes;
        let mut exchange = Self::blank(client, setting, span, sink);
        let mut lengths = Lengths::default();
        let clean = exchange.request_fields(fields, &sink.flow.limits, &mut lengths);
        if !parts.method.eq_ignore_ascii_case(b"CONNECT") {
            exchange.parameters.target(parts.target, &sink.flow.limits);
        }
        let record = &mut exchange.record;
        record.method = Some(text(parts.method, limit));
        record.uri = Some(text(&redact::uri(parts.target), limit));
        record.version = (!parts.version.is_empty()).then(|| text(parts.version, limit));
        lengths.oddities(&mut record.oddities);
        if parts.malformed {
            note(&mut record.oddities, "malformed-request-line");
        }
        if !clean {
            note(&mut record.oddities, "malformed-field");
        }
        exchange.is_head = parts.method.eq_ignore_ascii_case(b"HEAD");
        exchange.is_connect = parts.method.eq_ignore_ascii_case(b"CONNECT");
        exchange.request_done = false;
        exchange.query_login(&parts);
        let framing = if exchange.is_connect {
            Framing::None
        } else {
            lengths.framing(Framing::None)
        };
        let connect = exchange.proxy_request(line, &parts, framing, client, setting, sink);
        Some(Opened {
            exchange,
            framing,
            connect,
        })
    }

    fn request_fields(&mut self, fields: &[u8], limits: &Limits, lengths: &mut Lengths) -> bool {
        let limit = limits.line_bytes;
        let (record, parameters) = (&mut self.record, &mut self.parameters);
        let (mut cookies, mut coding) = (Cookies::default(), None);
        let (mut logins, mut expects) = (Vec::new(), false);
        let keep = |place: &mut Option<String>, value: &[u8]| {
            if place.is_none() {
                *place = Some(head::unfold(value, limit));
            }
        };
        let clean = head::fields(fields, |name, value| {
            match head::ShortName::lower(name).as_slice() {
                b"host" => keep(&mut record.host, value),
                b"user-agent" => keep(&mut record.user_agent, value),
                b"referer" => keep(&mut record.referrer, &redact::uri(value)),
                b"content-type" => keep(&mut record.request_content_type, value),
                b"via" => keep(&mut record.via, value),
                b"x-forwarded-for" | b"forwarded" => keep(&mut record.forwarded_for, value),
                b"content-length" => lengths.content_length(value),
                b"transfer-encoding" => lengths.transfer_encoding(value),
                b"expect" => expects |= value.eq_ignore_ascii_case(b"100-continue"),
                b"authorization" => logins.push(("http", authorization::credentials(value))),
                b"proxy-authorization" => {
                    logins.push(("http-proxy", authorization::credentials(value)))
                }
                b"cookie" => {
                    parameters.cookies(value, limits);
                    session::pairs(value).for_each(|(name, value)| cookies.add(name, value));
                }
                b"content-encoding" => {
                    coding = Some(head::unfold(value, limit).to_ascii_lowercase())
                }
                _ => {}
            }
            if !bodies::is_credential(name) {
                parameters.header(name, value, limits);
            }
        });
        (record.cookie_names, record.session_token) = cookies.token();
        self.body_coding = coding;
        self.expects_continue = expects;
        for (service, credentials) in logins {
            if let Some(credentials) = credentials {
                self.login(service, credentials);
            }
        }
        clean
    }

    fn login(&mut self, service: &'static str, credentials: Credentials) {
        if self.record.auth_user.is_none() {
            self.record.auth_user.clone_from(&credentials.user);
        }
        self.push_login(service, credentials.mechanism, credentials.user);
    }

    pub fn push_login(&mut self, service: &'static str, mechanism: &str, user: Option<String>) {
        self.logins.push(Login {
            session: None,
            span: self.record.span,
            client_is_orig: self.record.client_is_orig,
            service,
            mechanism: mechanism.to_owned(),
            user,
            success: Known::Unknown,
            reply_code: None,
        });
    }

    fn query_login(&mut self, parts: &RequestLine<'_>) {
        if let Some(user) = form::query_login(parts.target) {
            self.push_login("http-form", "QUERY", user);
        }
    }

    /// Notes the proxy request that this is: a CONNECT (handed back), an absolute URI, or a body
    /// for a mail port.
    fn proxy_request(
        &mut self,
        line: &[u8],
        parts: &RequestLine<'_>,
        framing: Framing,
        client: Side,
        setting: &Setting,
        sink: &mut Sink<'_>,
    ) -> Option<Box<ProxyRequest>> {
        let (kind, target) = if self.is_connect {
            ("http-connect", connect::connect_target(parts.target))
        } else {
            let host = || {
                self.record
                    .host
                    .as_deref()
                    .map(|host| connect::host_target(host.as_bytes()))
            };
            let to_mail =
                |target: &Target| framing != Framing::None && identify::is_mail_port(target.port);
            (
                "http-absolute-uri",
                connect::absolute_target(parts.target).or_else(|| host().filter(to_mail))?,
            )
        };
        let mut request = blank_request(kind, client, self.record.span, setting, sink);
        request.method.clone_from(self.record.method.as_ref()?);
        request.request_line = Some(text(
            &redact::uri_in_line(line, parts.target),
            sink.flow.limits.line_bytes,
        ));
        request.target_host = target.host;
        request.target_port = target.port;
        request.auth_user.clone_from(&self.record.auth_user);
        request.user_agent.clone_from(&self.record.user_agent);
        request.via.clone_from(&self.record.via);
        request.oddities.clone_from(&self.record.oddities);
        if target.port_missing && self.is_connect {
            note(&mut request.oddities, "port-missing");
        }
        self.record.proxy = Some(request.proxy);
        if self.is_connect {
            return Some(Box::new(request));
        }
        request.inner_app = "http";
        self.relays =
            framing != Framing::None && !matches!(request.target_port, 80 | 443 | 8000 | 8080);
        self.proxied = Some(Box::new(Tunnel::new(
            request,
            Via::HttpPost,
            client,
            setting,
            sink,
        )));
        None
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

    /// The final answer's head: notes it, and says how its body ends.
    pub fn answer(
        &mut self,
        line: &StatusLine<'_>,
        fields: &[u8],
        at: At,
        limit: usize,
    ) -> Framing {
        let (mut lengths, mut cookies) = (Lengths::default(), Cookies::default());
        let record = &mut self.record;
        let clean = head::fields(fields, |name, value| {
            match head::ShortName::lower(name).as_slice() {
                b"content-type" => record.content_type = Some(head::unfold(value, limit)),
                b"server" => record.server = Some(head::unfold(value, limit)),
                b"location" => record.location = Some(head::unfold(&redact::uri(value), limit)),
                b"content-encoding" => {
                    record.content_encoding = bodies::coding(head::unfold(value, limit));
                }
                b"set-cookie" => {
                    if let Some((name, value)) = session::pair(value) {
                        cookies.add(name, value);
                    }
                }
                b"x-powered-by"
                | b"x-generator"
                | b"x-aspnet-version"
                | b"x-aspnetmvc-version"
                | b"x-powered-cms"
                | b"x-drupal-cache"
                | b"x-runtime"
                | b"x-owa-version"
                | b"x-pingback" => {
                    facts::powered(&mut record.powered_by, &bodies::powered(name, value));
                }
                b"content-length" => lengths.content_length(value),
                b"transfer-encoding" => lengths.transfer_encoding(value),
                _ => {}
            }
        });
        (record.set_cookies, record.set_session_token) = cookies.token();
        self.answer_line = record.method.is_none().then(|| text(line.line, limit));
        record.status = Some(line.status);
        record.status_text = (!line.reason.is_empty()).then(|| text(line.reason, limit));
        record.answered = Some(at);
        record.span.last = record.span.last.max(at);
        lengths.oddities(&mut record.oddities);
        if !clean {
            note(&mut record.oddities, "malformed-field");
        }
        for login in &mut self.logins {
            login.reply_code = Some(line.status);
            login.success = match login.service {
                "http" => {
                    if line.status == 401 {
                        Known::No
                    } else {
                        Known::Yes
                    }
                }
                "http-proxy" => {
                    if line.status == 407 {
                        Known::No
                    } else {
                        Known::Yes
                    }
                }
                _ => Known::Unknown,
            };
            login.span.last = at;
        }
        if let Some(tunnel) = &mut self.proxied {
            reply(&mut tunnel.request, line, limit, |status| {
                !matches!(status, 400 | 403 | 405 | 407 | 501..=504)
            });
        }
        match line.status {
            100..=199 | 204 | 304 => Framing::None,
            _ if self.is_head => Framing::None,
            200..=299 if self.is_connect => Framing::None,
            _ => lengths.framing(Framing::Close),
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

/// Notes the proxy's answer.
pub(super) fn reply(
    request: &mut ProxyRequest,
    line: &StatusLine<'_>,
    limit: usize,
    is_granted: impl Fn(u16) -> bool,
) {
    request.reply_code = Some(line.status);
    request.reply_text = Some(text(line.line, limit));
    request.granted = if is_granted(line.status) {
        Known::Yes
    } else {
        Known::No
    };
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
