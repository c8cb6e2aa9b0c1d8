//! Every cap: its default, and what happens beyond it.

use crate::room::Room;

/// Caps of all decoders. Beyond each, decoding goes on and the record's `limits_hit` names it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one protocol line kept; the rest of the line is skipped (`line`).
    pub line_bytes: usize,
    /// Commands, replies, capabilities kept per session; later ones are counted only (`list`).
    pub list_items: usize,
    /// Recipients kept per transaction; later ones are counted only (`recipients`).
    pub recipients: usize,
    /// Bytes of one message kept for MIME; a longer one is parsed as far as kept (`message`).
    pub message_bytes: usize,
    /// Bytes kept of begun messages, all flows of a pass together; beyond, they are cut as if too long (`message`).
    pub message_room: Room,
    /// MIME parts looked at per message (`parts`).
    pub parts: usize,
    /// URLs kept per message (`urls`).
    pub urls: usize,
    /// Bytes of an HTTP head; a longer head ends HTTP decoding of that side (`head`).
    pub http_head_bytes: usize,
    /// Bytes of an HTTP request body kept as prefix, after redaction.
    pub http_body_prefix_bytes: usize,
    /// Bytes of an HTTP request body kept for its parameters and files (`body`).
    pub http_request_body_bytes: usize,
    /// Bytes of a coded HTTP answer kept to undo its coding; beyond, only what they hold is looked at.
    pub http_coded_bytes: usize,
    /// Bytes that undoing the codings of one HTTP request body may give (`decoded`).
    pub http_decoded_bytes: usize,
    /// The same of an answer: enough to tell pages by their size.
    pub http_answer_decoded_bytes: usize,
    /// Bytes of a decoded HTTP answer looked at for signs.
    pub http_answer_scan_bytes: usize,
    /// Bytes of a decoded HTTP answer kept as prefix, after redaction.
    pub http_answer_prefix_bytes: usize,
    /// Parameters kept per HTTP request (`parameters`).
    pub http_parameters: usize,
    /// Bytes of one parameter's value kept.
    pub http_value_bytes: usize,
    /// Nested tunnels on one stream (`depth`).
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes: 8 << 10,
            list_items: 1000,
            recipients: 1000,
            message_bytes: 32 << 20,
            message_room: Room::default(),
            parts: 1000,
            urls: 1000,
            http_head_bytes: 64 << 10,
            http_body_prefix_bytes: 1024,
            http_request_body_bytes: 1 << 20,
            http_coded_bytes: 32 << 10,
            http_decoded_bytes: 1 << 20,
            http_answer_decoded_bytes: 64 << 10,
            http_answer_scan_bytes: 8 << 10,
            http_answer_prefix_bytes: 512,
            http_parameters: 200,
            http_value_bytes: 2 << 10,
            depth: 4,
        }
    }
}
