//! What is inside a mail: header fields, MIME parts, links (RFC 5322, 2045 to 2047, 2231).

use mailscope_evidence::Span;

use crate::limits::Limits;
use crate::record::{Message, Record, Records};

/// How a message came.
#[derive(Clone, Copy, Debug)]
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
}

/// Reads a message and emits its rows.
pub fn read(raw: Vec<u8>, transfer: Transfer, _limits: &Limits, out: &mut Records) {
    out.push(Record::Message(Box::new(Message {
        session: transfer.session,
        message: transfer.message,
        transaction: transfer.transaction,
        span: transfer.span,
        client_is_orig: transfer.client_is_orig,
        transfer: transfer.transfer,
        from_client: transfer.from_client,
        size_bytes: transfer.size_bytes,
        truncated: transfer.is_truncated,
        raw: transfer.keep.then_some(raw),
        ..Message::default()
    })));
}
