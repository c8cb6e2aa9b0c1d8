//! One row an attachment of a message.

use mailscope_decode::record::Attachment;

use crate::column::{Flag, OptText, Text, U32, U64};
use crate::context::FlowContext;
use crate::flow_id::SessionIdText;
use crate::table::table;
use crate::word::{OptWord, Word};

table! {
    /// One attachment of a message: a part with a file name, or neither text nor a container.
    attachments {
        /// Session of its message.
        session_id: SessionIdText,
        /// Number of its message in the session.
        message: U32,
        /// File name, decoded (RFC 2231, RFC 2047).
        name: OptText,
        /// Declared type, lower case.
        content_type: Word,
        /// Type by the first bytes (`pdf`, `zip`, `exe`, ...), where known.
        magic: OptWord,
        /// Decoded size.
        size_bytes: U64,
        /// MD5 of the decoded part, hex.
        md5: Text,
        /// SHA-1 of the decoded part, hex.
        sha1: Text,
        /// SHA-256 of the decoded part, hex.
        sha256: Text,
        /// True when bytes are missing.
        truncated: Flag,
    }
}

impl Builder {
    /// Appends an attachment.
    pub fn append(&mut self, context: &FlowContext<'_>, attachment: &Attachment) {
        self.push(Row {
            evidence: context.evidence(attachment.span),
            session_id: (context.flow_id, attachment.session),
            message: attachment.message,
            name: attachment.name.as_deref(),
            content_type: &attachment.content_type,
            magic: attachment.magic,
            size_bytes: attachment.size_bytes,
            md5: &attachment.md5,
            sha1: &attachment.sha1,
            sha256: &attachment.sha256,
            truncated: attachment.truncated,
        });
    }
}
