//! One row a TLS handshake.

use mailscope_decode::record::TlsHandshake;

use crate::address::Address;
use crate::column::{OptText, U16};
use crate::context::{FlowContext, texts};
use crate::flow_id::{OptProxyIdText, OptSessionIdText};
use crate::list::Texts;
use crate::table::table;
use crate::word::{OptWord, Word};

table! {
    /// One TLS handshake, from either or both hellos.
    tls_handshakes {
        /// Its mail session, when it came after STARTTLS or is implicit TLS of mail.
        session_id: OptSessionIdText,
        /// Proxy request around it.
        proxy_id: OptProxyIdText,
        /// TLS client.
        client_addr: Address,
        /// Client's port.
        client_port: U16,
        /// TLS server; inside a tunnel, the proxy.
        server_addr: Address,
        /// Server's port.
        server_port: U16,
        /// `start`, `starttls`, `tunnel`, `mid-stream`.
        began: Word,
        /// Server name.
        sni: OptText,
        /// Version chosen by the server, else the highest the client offered: `TLS 1.3`, ...
        version: OptWord,
        /// First ALPN protocol offered.
        alpn: OptText,
        /// JA3 of the client, MD5 hex.
        ja3: OptText,
        /// JA4 of the client.
        ja4: OptText,
        /// JA3S of the server, MD5 hex.
        ja3s: OptText,
        /// JA4S of the server.
        ja4s: OptText,
        /// Subject names of the server's certificate, where visible (TLS 1.2 and older).
        certificate_names: Texts,
        /// SHA-256 of the server's certificate, hex.
        certificate_sha256: OptText,
    }
}

impl Builder {
    /// Appends a handshake.
    pub fn append(&mut self, context: &FlowContext<'_>, tls: &TlsHandshake) {
        let (client, server) = context.oriented(tls.client_is_orig);
        self.push(Row {
            evidence: context.evidence(tls.span),
            session_id: (context.flow_id, tls.session),
            proxy_id: (context.flow_id, tls.proxy),
            client_addr: client.0,
            client_port: client.1,
            server_addr: server.0,
            server_port: server.1,
            began: tls.began,
            sni: tls.sni.as_deref(),
            version: tls.version,
            alpn: tls.alpn.as_deref(),
            ja3: tls.ja3.as_deref(),
            ja4: tls.ja4.as_deref(),
            ja3s: tls.ja3s.as_deref(),
            ja4s: tls.ja4s.as_deref(),
            certificate_names: texts(&tls.certificate_names),
            certificate_sha256: tls.certificate_sha256.as_deref(),
        });
    }
}
