//! One row a URL in a message.

use mailscope_decode::record::Url;

use crate::column::{OptText, Text, U32};
use crate::context::FlowContext;
use crate::flow_id::SessionIdText;
use crate::table::table;
use crate::word::Word;

table! {
    /// One URL in a message.
    urls {
        /// Session of its message.
        session_id: SessionIdText,
        /// Number of its message in the session.
        message: U32,
        /// Where: `text`, `html-href`, `html-src`, `html-text`, `header`.
        place: Word,
        /// The URL as written, entities resolved.
        url: Text,
        /// Text shown for a link.
        visible_text: OptText,
        /// Host, lower case, as written (IDNA forms kept).
        host: OptText,
    }
}

impl Builder {
    /// Appends a URL.
    pub fn append(&mut self, context: &FlowContext<'_>, url: &Url) {
        self.push(Row {
            evidence: context.evidence(url.span),
            session_id: (context.flow_id, url.session),
            message: url.message,
            place: url.place,
            url: &url.url,
            visible_text: url.visible_text.as_deref(),
            host: url.host.as_deref(),
        });
    }
}
