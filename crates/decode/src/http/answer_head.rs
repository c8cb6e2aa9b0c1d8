//! The head of an answer: what it says of the answer, of the logins before it, and of the proxy.

use mailscope_evidence::At;

use super::body::Framing;
use super::exchange::Exchange;
use super::head::{self, StatusLine};
use super::lengths::Lengths;
use super::session::{self, Cookies};
use super::{bodies, facts, redact};
use crate::layer::{note, text};
use crate::record::{Known, ProxyRequest};

impl Exchange {
    /// The final answer's head: notes it, and says how its body ends.
    pub fn answer(
        &mut self,
        line: &StatusLine<'_>,
        fields: &[u8],
        at: At,
        limit: usize,
    ) -> Framing {
        let (mut lengths, mut cookies) = (Lengths::default(), Cookies::default());
        let mut proxy_agent = None; // how a proxy names itself in its answer to CONNECT
        let record = &mut self.record;
        let clean = head::fields(fields, |name, value| {
            match head::ShortName::lower(name).as_slice() {
                b"content-type" => record.content_type = Some(head::unfold(value, limit)),
                b"server" => record.server = Some(head::unfold(value, limit)),
                b"proxy-agent" => proxy_agent = Some(head::unfold(value, limit)),
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
        record.server = record.server.take().or(proxy_agent);
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
