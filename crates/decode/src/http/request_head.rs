//! A request head: what it says of the request, of a login, and of what is asked of a proxy.

use mailscope_evidence::{Side, Span};

use super::authorization::{self, Credentials};
use super::body::Framing;
use super::exchange::Exchange;
use super::head::{self, RequestLine};
use super::lengths::Lengths;
use super::session::{self, Cookies};
use super::{bodies, form, redact};
use crate::connect::{self, Target};
use crate::identify;
use crate::layer::{Setting, Sink, note, text};
use crate::limits::Limits;
use crate::record::{Known, Login, ProxyRequest, Via};
use crate::tunnel::{Tunnel, blank_request};

/// What a request head says about what follows it.
pub(super) struct Opened {
    pub exchange: Exchange,
    pub framing: Framing,
    /// Target of a CONNECT.
    pub connect: Option<Box<ProxyRequest>>,
}

impl Exchange {
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
        // A line that was cut is as it should be as far as it goes.
        if parts.malformed && request_head.contains(&b'\n') {
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
}
