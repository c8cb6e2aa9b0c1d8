//! What is inside a mail: header fields, MIME parts, links (RFC 5322, 2045 to 2047, 2231).
//!
//! [`read`] takes a message's bytes as transferred and emits one [`Message`], then its URLs and
//! attachments. An attached message adds links and attachments, never header fields.

mod address;
mod attachment;
mod base64;
mod date;
pub(crate) mod encoding;
pub(crate) mod gaps;
mod header;
pub(crate) mod html;
mod leaf;
mod links;
mod lost_header;
mod marks;
mod md5_lanes;
mod mime;
mod received;
mod several;
pub mod spot;
mod summary;
mod uuencode;
mod words;

#[cfg(test)]
pub(crate) use attachment::magic_names;
pub(crate) use attachment::{magic, sha256_hex};

#[cfg(test)]
mod tests;

use mailscope_evidence::Span;

use crate::decoder::Context;
use crate::limits::Limits;
use crate::record::{Message, Record, Records};
use gaps::Gaps;
pub use several::{Read, Several};

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its session.
    pub session: u32,
    /// Its number in the session.
    pub message: u32,
    /// Its SMTP transaction.
    pub transaction: Option<u32>,
    /// Its packets.
    pub span: Span,
    /// The flow's originator is the mail client.
    pub client_is_orig: bool,
    /// `smtp-data`, ...
    pub transfer: &'static str,
    /// The mail client sent it.
    pub from_client: bool,
    /// Bytes as transferred, kept or not.
    pub size_bytes: u64,
    /// Bytes are missing.
    pub is_truncated: bool,
    /// The start is missing: there is no header.
    pub is_start_missing: bool,
    /// Keep the message and its text.
    pub keep: bool,
    /// Phrases to look for.
    pub phrases: spot::Phrases,
}

/// A message that waits to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its bytes as far as kept.
    pub raw: Vec<u8>,
    /// Where in them some are missing, ascending.
    pub gaps: Vec<usize>,
    /// How it came.
    pub transfer: Transfer,
}

/// Reads a message, or hands it on unread where that is asked for; then its limits are not known yet.
pub(crate) fn read_now_or_later(
    raw: Vec<u8>,
    gaps: Vec<usize>,
    transfer: Transfer,
    context: &Context,
    out: &mut Records,
) -> Vec<&'static str> {
    if context.defer_messages {
        let unread = Unread {
            raw,
            gaps,
            transfer,
        };
        out.push(Record::Unread(Box::new(unread)));
        return Vec::new();
    }
    read_around(raw, &gaps, transfer, &context.limits, out)
}

/// Fields kept of a message's header; later ones are not looked at (`header`).
const FIELDS: usize = 20_000;

/// Reads a message and emits its rows. Returns the names of limits that were hit.
pub fn read(
    raw: Vec<u8>,
    transfer: Transfer,
    limits: &Limits,
    out: &mut Records,
) -> Vec<&'static str> {
    read_around(raw, &[], transfer, limits, out)
}

/// The same for a message with gaps at these ascending offsets: a field that one cuts is left out,
/// the text of a part is read up to the first, and behind each from where it is whole again.
pub fn read_around(
    raw: Vec<u8>,
    gaps: &[usize],
    transfer: Transfer,
    limits: &Limits,
    out: &mut Records,
) -> Vec<&'static str> {
    let mut several = Several::default();
    several.read(0, raw, gaps, transfer, limits);
    let mut limits_hit = Vec::new();
    for read in several.finish() {
        out.extend(read.records);
        limits_hit.extend(read.limits_hit);
    }
    limits_hit
}

/// Reads a message; `unhashed` takes each attachment whose MD5 is left open, with its number in the message.
fn read_unhashed(
    raw: Vec<u8>,
    gaps: &[usize],
    transfer: Transfer,
    limits: &Limits,
    out: &mut Records,
    unhashed: &mut dyn FnMut(usize, Vec<u8>),
) -> Vec<&'static str> {
    let mut limits_hit = Vec::new();
    let mut message = Message {
        session: transfer.session,
        message: transfer.message,
        transaction: transfer.transaction,
        span: transfer.span,
        client_is_orig: transfer.client_is_orig,
        transfer: transfer.transfer,
        from_client: transfer.from_client,
        size_bytes: transfer.size_bytes,
        truncated: transfer.is_truncated,
        ..Message::default()
    };
    let mut links = links::Links::new(limits.urls);
    let head = if transfer.is_start_missing {
        message.oddities.push("start-missing");
        header::Head {
            body: &raw,
            gaps: Gaps::new(gaps),
            is_terminated: true,
            is_holed: true,
            ..header::Head::default()
        }
    } else {
        header::Head::split(&raw, FIELDS, Gaps::new(gaps))
    };
    if head.is_cut {
        limits_hit.push("header");
    }
    summary::header(&head, &mut message, limits.list_items);
    summary::defects(&raw, &head, &mut message);
    // RETR or TOP, where neither was seen: whether this is the whole body is open.
    if !transfer.is_truncated && transfer.transfer != "pop3" {
        message.body_sha256 = Some(attachment::sha256_hex(head.body));
    }
    let mut plain = words::Words::new(transfer.keep);
    let mut shown = words::Words::new(transfer.keep);
    let mut spotted = spot::Spotted::new(transfer.phrases);
    spotted.look(message.subject.as_deref().unwrap_or(""));
    let mut attachments = Vec::new();
    let mut walk = mime::Walk::default();
    walk.entity(&head, limits.parts, transfer.is_truncated, &mut |leaf| {
        let is_text = leaf.content_type.starts_with("text/");
        links.marks.part(&leaf.content_type);
        if is_text {
            charset(&mut message.charsets, leaf.charset.as_deref());
            let begins_html = leaf.content_type == "text/html"
                || (leaf.content_type != "text/plain" && looks_like_html(leaf.text()));
            for (is_html, bytes) in leaf.texts(begins_html) {
                let text = encoding::text(bytes, leaf.charset.as_deref());
                if is_html {
                    let visible = links.in_html(&text, &transfer);
                    spotted.look(&visible);
                    links.marks.text(&visible);
                    if plain.is_empty() && leaf.name.is_none() {
                        shown.feed(&visible);
                    }
                } else {
                    links.in_text(&text, "text", &transfer);
                    spotted.look(&text);
                    links.marks.text(&text);
                    if leaf.name.is_none() {
                        plain.feed(&text);
                    }
                }
            }
        }
        if !is_text || leaf.name.is_some() || leaf.is_attachment {
            let row = attachment::row(&leaf, &transfer);
            if row.md5.is_empty() {
                unhashed(attachments.len(), leaf.content.into_owned());
            }
            attachments.push(Record::Attachment(Box::new(row)));
        }
    });
    if walk.is_cut {
        limits_hit.push("parts");
    }
    if walk.is_too_deep {
        message.oddities.push("nested-too-deep");
    }
    let words = if plain.is_empty() { shown } else { plain };
    message.text_simhash = words.simhash();
    message.text = words.into_excerpt();
    message.spotted = spotted.into_phrases();
    let marks = std::mem::take(&mut links.marks);
    message.hidden_chars = marks.hidden_chars;
    (message.marks, message.structure_hash) = marks.finish();
    for field in [
        "List-Unsubscribe",
        "List-Help",
        "X-Report-Abuse",
        "Content-Location",
    ] {
        if let Some(value) = head.first(field) {
            links.in_text(&header::text(value, None), "header", &transfer);
        }
    }
    if links.is_cut {
        limits_hit.push("urls");
    }
    if transfer.keep {
        message.raw = Some(raw);
    }
    out.push(Record::Message(Box::new(message)));
    links.emit(out);
    out.extend(attachments);
    limits_hit
}

/// Charsets of text parts kept.
const CHARSETS: usize = 8;

fn charset(known: &mut Vec<String>, declared: Option<&str>) {
    let Some(name) = declared.map(str::to_ascii_lowercase) else {
        return;
    };
    if known.len() < CHARSETS && !known.contains(&name) {
        known.push(words::up_to(&name, 40).to_owned());
    }
}

fn looks_like_html(text: &[u8]) -> bool {
    let start = text.trim_ascii_start();
    [&b"<html"[..], b"<!doctype"].iter().any(|begin| {
        let front = start.get(..begin.len());
        front.is_some_and(|front| front.eq_ignore_ascii_case(begin))
    })
}

/// A header field's value as text, for values that do not stand in a message (IMAP ENVELOPE).
#[must_use]
pub fn field_text(value: &[u8]) -> String {
    header::text(value, None)
}

/// A date in microseconds UTC.
#[must_use]
pub fn date_us(value: &[u8]) -> Option<i64> {
    date::date_us(value)
}
