//! What an exchange keeps of its two bodies, and the facts drawn from them at its end.

use mailscope_evidence::Span;

use super::exchange::Exchange;
use super::{facts, form, redact};
use crate::layer::{note, text};
use crate::limits::Limits;
use crate::record::{HttpParameter, Record};

/// Body bytes looked at for a login and masked for the prefix; forms of some frameworks carry long fields before it.
const FORM_BYTES: usize = 8 << 10;

impl Exchange {
    /// Keeps the first bytes of an answer that may have text.
    pub fn keep_answer(&mut self, content: &[u8], limits: &Limits) {
        let limit = match (&self.record.content_encoding, &self.record.content_type) {
            (_, Some(kind)) if facts::is_media(kind) => 0,
            (Some(_), _) => limits.http_coded_bytes,
            (None, _) => limits.http_answer_scan_bytes,
        };
        self.answer.take(content, limit);
    }

    /// Part of the answer's body is missing.
    pub fn answer_gap(&mut self) {
        self.answer.gap();
        note(&mut self.record.oddities, "gap-in-body");
    }

    /// Draws all facts from both bodies.
    pub fn finish_bodies(&mut self, limits: &Limits) {
        let holds_mail = self
            .proxied
            .as_ref()
            .is_some_and(|tunnel| tunnel.holds_mail());
        // A mail session in the body has records of its own, and its AUTH lines are no key and value.
        if !self.body.is_empty() && !holds_mail && !self.relays {
            self.read_body(limits);
        }
        if self.parameters.limited {
            note(&mut self.record.oddities, "limit-parameters");
        }
        if !self.relays {
            facts::answer(
                &mut self.record,
                &self.answer,
                self.answer_done,
                &self.parameters,
                limits,
            );
        }
    }

    fn read_body(&mut self, limits: &Limits) {
        let kind = self.record.request_content_type.clone().unwrap_or_default();
        let decoded = self.body.decoded(
            self.body_coding.as_deref(),
            self.request_done,
            limits.http_decoded_bytes,
        );
        let body = &decoded.bytes;
        let record = &mut self.record;
        record.request_decoded_bytes = decoded.whole.then_some(body.len() as u64);
        if let Some(oddity) = decoded.oddity {
            note(&mut record.oddities, oddity);
        }
        if self.body.is_cut() {
            note(&mut record.oddities, "limit-body");
        }
        let start = body.get(..FORM_BYTES).unwrap_or(body);
        record.request_body_prefix =
            Some(text(&redact::body(start), limits.http_body_prefix_bytes));
        self.parameters.body(body, &kind, decoded.whole, limits);
        if let Some(user) = form::login(start, &kind.to_ascii_lowercase()) {
            self.push_login("http-form", "FORM", user);
        }
    }

    /// The parameters as records, with the packets of the request.
    pub fn take_parameters(&mut self) -> impl Iterator<Item = Record> + use<> {
        let rows = std::mem::take(&mut self.parameters.rows);
        let (exchange, client_is_orig) = (self.record.exchange, self.record.client_is_orig);
        let span = Span {
            first: self.record.span.first,
            last: self.requested,
        };
        rows.into_iter().map(move |parameter| {
            Record::HttpParameter(Box::new(HttpParameter {
                exchange,
                client_is_orig,
                span,
                ..parameter
            }))
        })
    }
}

/// Fields whose values are credentials: they are read as logins and never kept.
pub(super) fn is_credential(name: &[u8]) -> bool {
    [
        &b"authorization"[..],
        b"proxy-authorization",
        b"cookie",
        b"cookie2",
    ]
    .iter()
    .any(|field| name.eq_ignore_ascii_case(field))
}

/// A Content-Encoding that changes something, lower case.
pub(super) fn coding(named: String) -> Option<String> {
    Some(named.to_ascii_lowercase()).filter(|name| !name.is_empty() && name != "identity")
}

/// What a field says the answer was made with; a version alone is said with the field's name.
pub(super) fn powered(name: &[u8], value: &[u8]) -> String {
    let value = text(value, 256);
    let is_product = name.eq_ignore_ascii_case(b"x-powered-by")
        || name.eq_ignore_ascii_case(b"x-generator")
        || name.eq_ignore_ascii_case(b"x-powered-cms");
    if is_product {
        value
    } else {
        format!("{}: {value}", text(name, 64))
    }
}
