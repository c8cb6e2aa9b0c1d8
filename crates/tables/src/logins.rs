//! One row a login attempt.

use mailscope_decode::record::Login;

use crate::address::Address;
use crate::column::{OptText, OptU16, Text, U16};
use crate::context::FlowContext;
use crate::flow_id::OptSessionIdText;
use crate::table::table;
use crate::word::Word;

table! {
    /// One login attempt, any protocol. Passwords are never kept.
    logins {
        /// Its mail session, for mail protocols.
        session_id: OptSessionIdText,
        /// Who tried.
        client_addr: Address,
        /// Its port.
        client_port: U16,
        /// Where.
        server_addr: Address,
        /// Its port.
        server_port: U16,
        /// `smtp`, `pop3`, `imap`, `http`, `http-proxy`, `http-form`, `socks5`, `socks4`.
        service: Word,
        /// SASL mechanism or scheme, upper case.
        mechanism: Text,
        /// User, when it can be read.
        user: OptText,
        /// Did it succeed: `yes`, `no`, `unknown`.
        success: Word,
        /// Reply code where the protocol has one.
        reply_code: OptU16,
    }
}

impl Builder {
    /// Appends a login attempt.
    pub fn append(&mut self, context: &FlowContext<'_>, login: &Login) {
        let (client, server) = context.oriented(login.client_is_orig);
        self.push(Row {
            evidence: context.evidence(login.span),
            session_id: (context.flow_id, login.session),
            client_addr: client.0,
            client_port: client.1,
            server_addr: server.0,
            server_port: server.1,
            service: login.service,
            mechanism: &login.mechanism,
            user: login.user.as_deref(),
            success: login.success.slug(),
            reply_code: login.reply_code,
        });
    }
}
