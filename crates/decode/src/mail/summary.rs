//! A message's header as the columns of its row.

use super::header::{self, Head};
use super::{address, date, mime, received};
use crate::record::Message;

/// Fills the row from the header.
pub fn header(head: &Head<'_>, message: &mut Message, cap: usize) {
    let content_type = head
        .first("Content-Type")
        .and_then(|value| mime::parameters(value, None));
    let charset = content_type
        .as_ref()
        .and_then(|parsed| parsed.attribute("charset"))
        .map(str::to_owned);
    let charset = charset.as_deref();
    let text = |name: &str| {
        head.first(name)
            .map(|value| header::text(value, charset))
            .filter(|text| !text.is_empty())
    };
    let list = |name: &str| {
        let all = head
            .all(name)
            .flat_map(|value| address::mailboxes(value, charset, cap));
        all.take(cap)
            .map(|mailbox| mailbox.address)
            .collect::<Vec<_>>()
    };
    if let Some(value) = head.first("From") {
        for mailbox in address::mailboxes(value, charset, cap) {
            message.from_addrs.push(mailbox.address);
            message.from_names.push(mailbox.name);
        }
    }
    message.sender = list("Sender").into_iter().next();
    message.to_addrs = list("To");
    message.cc_addrs = list("Cc");
    message.reply_to = list("Reply-To");
    message.subject = head
        .first("Subject")
        .map(|value| header::text(value, charset));
    message.date_us = head.first("Date").and_then(date::date_us);
    message.date_text = text("Date");
    message.message_id = head.first("Message-ID").and_then(message_id);
    message.in_reply_to = head.first("In-Reply-To").and_then(message_id);
    message.user_agent = text("User-Agent").or_else(|| text("X-Mailer"));
    message.x_originating_ip =
        text("X-Originating-IP").map(|ip| ip.trim_matches(['[', ']', ' ']).to_owned());
    message.return_path = list("Return-Path").into_iter().next();
    message.received = head
        .all("Received")
        .take(cap)
        .map(|value| header::text(value, None))
        .collect();
    for field in &message.received {
        received::addresses(field, |address| {
            if message.received_ips.len() < cap && !message.received_ips.contains(&address) {
                message.received_ips.push(address);
            }
        });
    }
    message.authentication_results = head
        .all("Authentication-Results")
        .take(cap)
        .map(|value| header::text(value, None))
        .collect();
    message.dkim_domains = head
        .all("DKIM-Signature")
        .take(cap)
        .filter_map(dkim_domain)
        .collect();
    message.list_id = text("List-Id");
    message.list_unsubscribe = text("List-Unsubscribe");
    for name in ["Auto-Submitted", "Precedence"] {
        if let Some(value) = text(name) {
            message.bulk_marks.push(format!("{name}: {value}"));
        }
    }
    message.content_type = content_type.as_ref().and_then(mime::full_type);
    message.header_names = mime::names(&head.fields, cap);
}

/// Names what is wrong with the message.
pub fn defects(raw: &[u8], head: &Head<'_>, message: &mut Message) {
    if !head.is_terminated && !head.body.is_empty() {
        message.oddities.push("header-unterminated");
    }
    if has_bare_lf(raw) {
        message.oddities.push("bare-lf");
    }
    if memchr::memchr(0, raw).is_some() {
        message.oddities.push("nul-byte");
    }
    if head.fields.iter().any(|field| !field.value.is_ascii()) {
        message.oddities.push("eight-bit-header");
    }
    for (name, oddity) in [
        ("From", "repeated-from"),
        ("Subject", "repeated-subject"),
        ("Message-ID", "repeated-message-id"),
    ] {
        if head.all(name).nth(1).is_some() {
            message.oddities.push(oddity);
        }
    }
}

/// A LF without CR before it, among the first lines: a mailer that mixes them does so early.
fn has_bare_lf(raw: &[u8]) -> bool {
    let start = raw.get(..raw.len().min(4096)).unwrap_or(raw);
    memchr::memchr_iter(b'\n', start).any(|at| at == 0 || start.get(at - 1) != Some(&b'\r'))
}

/// `msg-id = "<" id-left "@" id-right ">"`: the first, without `<>`; a bare word where there is none.
fn message_id(value: &[u8]) -> Option<String> {
    let text = header::text(value, None);
    let inner = match text.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest),
        None => &text,
    };
    let id: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
    (!id.is_empty()).then_some(id)
}

/// The `d=` tag (RFC 6376, 3.5).
fn dkim_domain(value: &[u8]) -> Option<String> {
    let text = header::text(value, None);
    let tag = text.split(';').find_map(|tag| {
        tag.trim()
            .strip_prefix("d=")
            .map(|d| d.trim().to_lowercase())
    });
    tag.filter(|domain| !domain.is_empty())
}
