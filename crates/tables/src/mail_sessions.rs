//! One row an SMTP, POP3 or IMAP session.

use mailscope_decode::record::MailSession;

use crate::address::Address;
use crate::column::{Flag, OptText, OptU16, U16, U32, U64};
use crate::context::{FlowContext, texts};
use crate::flow_id::{OptProxyIdText, SessionIdText};
use crate::list::{Texts, U16s, U64s};
use crate::table::table;
use crate::word::Word;

table! {
    /// One SMTP, POP3 or IMAP session.
    mail_sessions {
        /// Key of the session: flow id, `/`, number on the flow.
        session_id: SessionIdText,
        /// Mail client; inside a tunnel, the client of the flow that carries it.
        client_addr: Address,
        /// Client's port.
        client_port: U16,
        /// Mail server; inside a tunnel, the proxy.
        server_addr: Address,
        /// Server's port.
        server_port: U16,
        /// Protocol: `smtp`, `pop3`, `imap`.
        protocol: Word,
        /// How it reached its server: `direct`, `http-connect`, `http-post`, `socks4`, `socks5`, `proxy-protocol`, `unseen-tunnel`.
        via: Word,
        /// Proxy request that opened the tunnel around it.
        proxy_id: OptProxyIdText,
        /// Host that request asked for: the mail server behind the proxy.
        tunnel_host: OptText,
        /// Port that request asked for.
        tunnel_port: OptU16,
        /// Sides whose payload was seen: `both`, `client`, `server`.
        sides: Word,
        /// False when the session was picked up in mid-stream.
        from_start: Flag,
        /// First line of the server's greeting, code included.
        banner: OptText,
        /// Last HELO, EHLO or LHLO argument.
        helo: OptText,
        /// All HELO, EHLO, LHLO arguments in order, distinct.
        helos: Texts,
        /// EHLO keywords, POP3 CAPA or IMAP CAPABILITY items.
        capabilities: Texts,
        /// Client verbs in order, upper case.
        commands: Texts,
        /// Server reply codes in order, one per reply (SMTP).
        reply_codes: U16s,
        /// SASL mechanisms tried; POP3 `USER` and IMAP `LOGIN` count as such.
        auth_mechanisms: Texts,
        /// Login names tried.
        auth_users: Texts,
        /// Did a login succeed: `yes`, `no`, `unknown`.
        authenticated: Word,
        /// Mailboxes named by the client (IMAP).
        mailboxes: Texts,
        /// TLS: `none`, `offered`, `requested`, `starttls`, `implicit`.
        tls: Word,
        /// Mail transactions begun (SMTP).
        transactions: U32,
        /// Messages seen in transfer.
        messages: U32,
        /// Why the session was, was partly or was not decoded.
        outcome: Word,
        /// Named oddities, each once.
        oddities: Texts,
        /// Names of limits hit, each once.
        limits_hit: Texts,
        /// Bytes missing from client to server.
        client_gap_bytes: U64,
        /// Bytes missing from server to client.
        server_gap_bytes: U64,
        /// Stream bytes sent by the client.
        client_bytes: U64,
        /// Stream bytes sent by the server.
        server_bytes: U64,
        /// Sketch of what the client sent: smallest chunk hashes, ascending; equal streams share them.
        client_sketch: U64s,
        /// Sketch of what the server sent.
        server_sketch: U64s,
    }
}

impl Builder {
    /// Appends a session; `tunnel` is the target of the proxy request around it.
    pub fn append(
        &mut self,
        context: &FlowContext<'_>,
        session: &MailSession,
        tunnel: Option<(&str, u16)>,
    ) {
        let (client, server) = context.oriented(session.client_is_orig);
        self.push(Row {
            evidence: context.evidence(session.span),
            session_id: (context.flow_id, session.session),
            client_addr: client.0,
            client_port: client.1,
            server_addr: server.0,
            server_port: server.1,
            protocol: session.protocol.slug(),
            via: session.via.slug(),
            proxy_id: (context.flow_id, session.proxy),
            tunnel_host: tunnel.map(|(host, _)| host),
            tunnel_port: tunnel.map(|(_, port)| port),
            sides: session.sides.slug(),
            from_start: session.from_start,
            banner: session.banner.as_deref(),
            helo: session.helo.as_deref(),
            helos: texts(&session.helos),
            capabilities: texts(&session.capabilities),
            commands: texts(&session.commands),
            reply_codes: &session.reply_codes,
            auth_mechanisms: texts(&session.auth_mechanisms),
            auth_users: texts(&session.auth_users),
            authenticated: session.authenticated.slug(),
            mailboxes: texts(&session.mailboxes),
            tls: session.tls.slug(),
            transactions: session.transactions,
            messages: session.messages,
            outcome: session.outcome,
            oddities: session.oddities.clone(),
            limits_hit: session.limits_hit.clone(),
            client_gap_bytes: session.client_gap_bytes,
            server_gap_bytes: session.server_gap_bytes,
            client_bytes: session.client_sketch.bytes,
            server_bytes: session.server_sketch.bytes,
            client_sketch: &session.client_sketch.hashes,
            server_sketch: &session.server_sketch.hashes,
        });
    }
}
