//! One row a message seen in transfer.

use mailscope_decode::record::Message;

use crate::address::Address;
use crate::column::{Flag, OptBytes, OptText, OptTime, OptU32, OptU64, U16, U32, U64};
use crate::context::{FlowContext, texts};
use crate::flow_id::SessionIdText;
use crate::list::Texts;
use crate::table::table;
use crate::word::Word;

table! {
    /// One message seen in transfer: SMTP DATA or BDAT, POP3 RETR or TOP, IMAP FETCH or APPEND.
    messages {
        /// Its session.
        session_id: SessionIdText,
        /// Number in the session, from 1.
        message: U32,
        /// SMTP transaction it belongs to; null for POP3, IMAP.
        transaction: OptU32,
        /// Mail client.
        client_addr: Address,
        /// Client's port.
        client_port: U16,
        /// Mail server; inside a tunnel, the proxy.
        server_addr: Address,
        /// Server's port.
        server_port: U16,
        /// `smtp-data`, `smtp-bdat`, `pop3-retr`, `pop3-top`, `pop3` (either, its command not seen), `imap-fetch`, `imap-append`.
        transfer: Word,
        /// True when the message came from the mail client (SMTP, APPEND).
        from_client: Flag,
        /// Addresses of From.
        from_addrs: Texts,
        /// Display names of From, same order, empty when none.
        from_names: Texts,
        /// Sender address.
        sender: OptText,
        /// Addresses of To.
        to_addrs: Texts,
        /// Addresses of Cc.
        cc_addrs: Texts,
        /// Addresses of Reply-To.
        reply_to: Texts,
        /// Subject, decoded (RFC 2047), unfolded.
        subject: OptText,
        /// Date field.
        date: OptTime,
        /// Date field as sent.
        date_text: OptText,
        /// Message-ID without `<>`.
        message_id: OptText,
        /// First In-Reply-To id without `<>`.
        in_reply_to: OptText,
        /// User-Agent, else X-Mailer.
        user_agent: OptText,
        /// X-Originating-IP, brackets stripped.
        x_originating_ip: OptText,
        /// Return-Path.
        return_path: OptText,
        /// Received fields, unfolded, top first.
        received: Texts,
        /// Addresses in Received fields, in order, distinct.
        received_ips: Texts,
        /// Authentication-Results fields, unfolded.
        authentication_results: Texts,
        /// Domains (d=) of DKIM-Signature fields.
        dkim_domains: Texts,
        /// List-Id.
        list_id: OptText,
        /// List-Unsubscribe.
        list_unsubscribe: OptText,
        /// Auto-Submitted or Precedence, as `name: value`.
        bulk_marks: Texts,
        /// Content-Type of the whole message, lower case, without parameters.
        content_type: OptText,
        /// Names of all header fields in order, lower case: the mailer's fingerprint.
        header_names: Texts,
        /// Bytes as transferred.
        size_bytes: U64,
        /// SHA-256 of the body as transferred (after the header), hex.
        body_sha256: OptText,
        /// 64-bit simhash over the words of the decoded text; null when there is no text.
        text_simhash: OptU64,
        /// Hash of the structure: types of the parts and names of the HTML tags, in order; equal for mails of one template.
        structure_hash: OptU64,
        /// Charsets declared by text parts, lower case, distinct.
        charsets: Texts,
        /// What the parts look like: `base`, `data-link`, `form`, `frame`, `invisible-characters`, `mixed-alphabets`, `password-input`, `pictures-only`, `refresh`, `script`, `script-link`.
        marks: Texts,
        /// Characters of HTML text that is not displayed.
        hidden_chars: U32,
        /// Phrases asked for with the option `spot` that occur in the subject or the shown text.
        spotted: Texts,
        /// Start of the decoded text, whitespace folded; only with kept messages.
        text: OptText,
        /// True when bytes of the message are missing (cut, gap, limit).
        truncated: Flag,
        /// Named oddities, each once.
        oddities: Texts,
        /// The message as transferred; only with kept messages.
        raw: OptBytes,
    }
}

impl Builder {
    /// Appends a message.
    pub fn append(&mut self, context: &FlowContext<'_>, message: &Message) {
        let (client, server) = context.oriented(message.client_is_orig);
        self.push(Row {
            evidence: context.evidence(message.span),
            session_id: (context.flow_id, message.session),
            message: message.message,
            transaction: message.transaction,
            client_addr: client.0,
            client_port: client.1,
            server_addr: server.0,
            server_port: server.1,
            transfer: message.transfer,
            from_client: message.from_client,
            from_addrs: texts(&message.from_addrs),
            from_names: texts(&message.from_names),
            sender: message.sender.as_deref(),
            to_addrs: texts(&message.to_addrs),
            cc_addrs: texts(&message.cc_addrs),
            reply_to: texts(&message.reply_to),
            subject: message.subject.as_deref(),
            date: message.date_us,
            date_text: message.date_text.as_deref(),
            message_id: message.message_id.as_deref(),
            in_reply_to: message.in_reply_to.as_deref(),
            user_agent: message.user_agent.as_deref(),
            x_originating_ip: message.x_originating_ip.as_deref(),
            return_path: message.return_path.as_deref(),
            received: texts(&message.received),
            received_ips: texts(&message.received_ips),
            authentication_results: texts(&message.authentication_results),
            dkim_domains: texts(&message.dkim_domains),
            list_id: message.list_id.as_deref(),
            list_unsubscribe: message.list_unsubscribe.as_deref(),
            bulk_marks: texts(&message.bulk_marks),
            content_type: message.content_type.as_deref(),
            header_names: texts(&message.header_names),
            size_bytes: message.size_bytes,
            body_sha256: message.body_sha256.as_deref(),
            text_simhash: message.text_simhash,
            structure_hash: message.structure_hash,
            charsets: texts(&message.charsets),
            marks: message.marks.clone(),
            hidden_chars: message.hidden_chars,
            spotted: texts(&message.spotted),
            text: message.text.as_deref(),
            truncated: message.truncated,
            oddities: message.oddities.clone(),
            raw: message.raw.as_deref(),
        });
    }
}
