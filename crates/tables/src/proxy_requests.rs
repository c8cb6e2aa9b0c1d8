//! One row a request to a proxy.

use mailscope_decode::record::ProxyRequest;

use crate::address::Address;
use crate::column::{OptText, OptU16, Text, Time, U16, U64};
use crate::context::FlowContext;
use crate::flow_id::{OptProxyIdText, ProxyIdText};
use crate::list::{Texts, U64s};
use crate::table::table;
use crate::word::Word;

table! {
    /// One request to a proxy to reach somebody else: CONNECT, absolute URI, SOCKS, PROXY protocol.
    proxy_requests {
        /// Key of the request: flow id, `/p`, number on the flow.
        proxy_id: ProxyIdText,
        /// Who asked.
        client_addr: Address,
        /// Its port.
        client_port: U16,
        /// The proxy asked.
        proxy_addr: Address,
        /// Its port.
        proxy_port: U16,
        /// `http-connect`, `http-absolute-uri`, `socks4`, `socks4a`, `socks5`, `proxy-protocol`, `unseen`.
        kind: Word,
        /// Proxy request around this one, when tunnels nest.
        outer_proxy_id: OptProxyIdText,
        /// HTTP method or SOCKS command (`connect`, `bind`, `udp-associate`).
        method: Text,
        /// HTTP request line as sent, credentials redacted; null for binary protocols.
        request_line: OptText,
        /// First packet of the request itself.
        request_first_packet: U64,
        /// Last packet of the request itself.
        request_last_packet: U64,
        /// Time at which the request was complete.
        request_end: Time,
        /// Target host as sent: name or address.
        target_host: Text,
        /// Target port.
        target_port: U16,
        /// User given to the proxy.
        auth_user: OptText,
        /// Address and port of the true client, as a PROXY protocol header declares them.
        declared_client: OptText,
        /// User-Agent.
        user_agent: OptText,
        /// Via field.
        via: OptText,
        /// HTTP status or SOCKS reply number; null when not visible.
        reply_code: OptU16,
        /// Reply in words: status line or the SOCKS reply's name.
        reply_text: OptText,
        /// Did the proxy say it connected: `yes`, `no`, `unknown`. `no` does not prove that nothing passed.
        granted: Word,
        /// What was recognised inside: `smtp`, `pop3`, `imap`, `tls`, `http`, `socks`, `unknown`, `none`.
        inner_app: Word,
        /// Bytes that went to the target.
        client_bytes: U64,
        /// Bytes that came back.
        server_bytes: U64,
        /// Sketch of what went to the target: smallest chunk hashes, ascending.
        client_sketch: U64s,
        /// Sketch of what came back.
        server_sketch: U64s,
        /// Named oddities, each once.
        oddities: Texts,
    }
}

impl Builder {
    /// Appends a proxy request.
    pub fn append(&mut self, context: &FlowContext<'_>, proxy: &ProxyRequest) {
        let (client, server) = context.oriented(proxy.client_is_orig);
        self.push(Row {
            evidence: context.evidence(proxy.span),
            proxy_id: (context.flow_id, proxy.proxy),
            client_addr: client.0,
            client_port: client.1,
            proxy_addr: server.0,
            proxy_port: server.1,
            kind: proxy.kind,
            outer_proxy_id: (context.flow_id, proxy.outer),
            method: &proxy.method,
            request_line: proxy.request_line.as_deref(),
            request_first_packet: proxy.request_span.first.packet,
            request_last_packet: proxy.request_span.last.packet,
            request_end: proxy.request_span.last.ts_us,
            target_host: &proxy.target_host,
            target_port: proxy.target_port,
            auth_user: proxy.auth_user.as_deref(),
            declared_client: proxy.declared_client.as_deref(),
            user_agent: proxy.user_agent.as_deref(),
            via: proxy.via.as_deref(),
            reply_code: proxy.reply_code,
            reply_text: proxy.reply_text.as_deref(),
            granted: proxy.granted.slug(),
            inner_app: proxy.inner_app,
            client_bytes: proxy.client_sketch.bytes,
            server_bytes: proxy.server_sketch.bytes,
            client_sketch: &proxy.client_sketch.hashes,
            server_sketch: &proxy.server_sketch.hashes,
            oddities: proxy.oddities.clone(),
        });
    }
}
