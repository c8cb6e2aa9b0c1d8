//! One row an SMTP mail transaction.

use mailscope_decode::record::{MailTransaction, Recipient};

use crate::address::Address;
use crate::column::{OptText, OptU16, U16, U32, U64};
use crate::context::{FlowContext, texts};
use crate::flow_id::SessionIdText;
use crate::list::{OptTexts, OptU16s, Texts};
use crate::table::table;
use crate::word::{OptWord, Word};

table! {
    /// One SMTP mail transaction (RFC 5321, 3.3): from MAIL to the reply to its message, or to what ended it before.
    mail_transactions {
        /// Its session.
        session_id: SessionIdText,
        /// Number in the session, from 1.
        transaction: U32,
        /// Mail client.
        client_addr: Address,
        /// Client's port.
        client_port: U16,
        /// Mail server; inside a tunnel, the proxy.
        server_addr: Address,
        /// Server's port.
        server_port: U16,
        /// HELO in force.
        helo: OptText,
        /// Reverse-path without `<>`; empty for the null path; null when the command was not seen.
        mail_from: OptText,
        /// ESMTP parameters of MAIL.
        mail_parameters: Texts,
        /// Reply to MAIL.
        mail_code: OptU16,
        /// Recipients in order.
        rcpt_to: Texts,
        /// Reply code to each recipient, same order.
        rcpt_codes: OptU16s,
        /// First line of the reply to each recipient, same order.
        rcpt_texts: OptTexts,
        /// Recipients in all, kept in the lists or not.
        rcpt_count: U32,
        /// Recipients kept that the server accepted (2xx).
        rcpt_accepted: U32,
        /// Recipients kept that the server rejected (4xx, 5xx).
        rcpt_rejected: U32,
        /// `DATA` or `BDAT`.
        data_command: OptWord,
        /// Reply to DATA (354 expected).
        data_code: OptU16,
        /// Reply to the message itself.
        final_code: OptU16,
        /// First line of that reply.
        final_text: OptText,
        /// Did the server take the message: `yes`, `no`, `unknown`. Taken is not yet delivered to a reader.
        delivered: Word,
        /// `complete`, `rset`, `quit`, `new-mail`, `starttls`, `rejected`, `connection-lost`, `capture-end`.
        ended_by: Word,
        /// Message bytes as transferred, dots unstuffed.
        message_bytes: U64,
    }
}

impl Builder {
    /// Appends a transaction.
    pub fn append(&mut self, context: &FlowContext<'_>, transaction: &MailTransaction) {
        let (client, server) = context.oriented(transaction.client_is_orig);
        let recipients = &transaction.recipients;
        self.push(Row {
            evidence: context.evidence(transaction.span),
            session_id: (context.flow_id, transaction.session),
            transaction: transaction.transaction,
            client_addr: client.0,
            client_port: client.1,
            server_addr: server.0,
            server_port: server.1,
            helo: transaction.helo.as_deref(),
            mail_from: transaction.mail_from.as_deref(),
            mail_parameters: texts(&transaction.mail_parameters),
            mail_code: transaction.mail_code,
            rcpt_to: recipients
                .iter()
                .map(|recipient| recipient.address.as_str())
                .collect(),
            rcpt_codes: recipients.iter().map(|recipient| recipient.code).collect(),
            rcpt_texts: recipients
                .iter()
                .map(|recipient| recipient.text.as_deref())
                .collect(),
            rcpt_count: transaction.recipient_count,
            rcpt_accepted: answered(recipients, 200..300),
            rcpt_rejected: answered(recipients, 400..600),
            data_command: transaction.data_command,
            data_code: transaction.data_code,
            final_code: transaction.final_code,
            final_text: transaction.final_text.as_deref(),
            delivered: transaction.delivered.slug(),
            ended_by: transaction.ended_by,
            message_bytes: transaction.message_bytes,
        });
    }
}

fn answered(recipients: &[Recipient], codes: std::ops::Range<u16>) -> u32 {
    let count = recipients
        .iter()
        .filter(|recipient| recipient.code.is_some_and(|code| codes.contains(&code)))
        .count();
    u32::try_from(count).unwrap_or(u32::MAX)
}
