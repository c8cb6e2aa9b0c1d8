//! One row an HTTP exchange.

use mailscope_decode::record::HttpRequest;

use crate::address::Address;
use crate::column::{OptText, OptTime, OptU16, OptU64, U16, U32, U64};
use crate::context::{FlowContext, texts};
use crate::flow_id::OptProxyIdText;
use crate::list::Texts;
use crate::table::table;
use crate::word::OptWord;

table! {
    /// One HTTP exchange: request, answer, or both.
    http_requests {
        /// Number on its flow, from 0.
        exchange: U32,
        /// Proxy request around or of it.
        proxy_id: OptProxyIdText,
        /// HTTP client.
        client_addr: Address,
        /// Client's port.
        client_port: U16,
        /// HTTP server or proxy.
        server_addr: Address,
        /// Server's port.
        server_port: U16,
        /// Method; null when only the answer was seen.
        method: OptText,
        /// Request target as on the wire, credentials redacted.
        uri: OptText,
        /// Host field, else the authority of an absolute URI.
        host: OptText,
        /// Version text, such as `HTTP/1.1`.
        version: OptText,
        /// User-Agent.
        user_agent: OptText,
        /// Referer.
        referrer: OptText,
        /// Content-Type of the request.
        request_content_type: OptText,
        /// User of Basic or Digest authentication (the password is never kept).
        auth_user: OptText,
        /// Via field of the request.
        via: OptText,
        /// X-Forwarded-For or Forwarded of the request.
        forwarded_for: OptText,
        /// Request body bytes.
        request_body_bytes: U64,
        /// First bytes of the decoded request body as text, credential-like values replaced by `***`.
        request_body_prefix: OptText,
        /// Request body bytes with its content codings (gzip, deflate, br, zstd) undone; null when not all was kept.
        request_decoded_bytes: OptU64,
        /// Names of the request's cookies, in order, distinct.
        cookie_names: Texts,
        /// Follows the session cookie of the request without its value: 64 bits of SHA-256, hex.
        session_token: OptText,
        /// Status; null when the answer was not seen.
        status: OptU16,
        /// Reason phrase.
        status_text: OptText,
        /// Content-Type of the answer.
        content_type: OptText,
        /// Server field of the answer.
        server: OptText,
        /// Location field of the answer.
        location: OptText,
        /// Answer body bytes.
        response_body_bytes: U64,
        /// What the answer says it was made with: X-Powered-By, X-Generator, X-AspNet-Version and others, and the
        /// page's generator, joined by `; `.
        powered_by: OptText,
        /// Names of the cookies that the answer sets, in order, distinct.
        set_cookies: Texts,
        /// As `session_token`, for the session cookie that the answer sets; null when it only deletes one.
        set_session_token: OptText,
        /// Content-Encoding of the answer, lower case.
        content_encoding: OptWord,
        /// Answer body bytes with its content codings undone; null when a coded body is damaged,
        /// has more than 32 KiB, or more than 64 KiB decoded.
        response_decoded_bytes: OptU64,
        /// XXH64 (seed 0) of the first 8 KiB of the decoded answer, hex: with `response_decoded_bytes` it tells equal
        /// answers; null for images, audio, video and fonts.
        response_body_hash: OptText,
        /// First 512 bytes of the decoded answer as text, credential-like values replaced by `***`; all of it where the
        /// request was SQL injection or the answer holds a dump, code, a configuration or a key; null for binary answers.
        response_body_prefix: OptText,
        /// Title of the page.
        response_title: OptText,
        /// Facts seen in the first 8 KiB of the decoded answer; the closed list is in docs/reference/web.md.
        response_signs: Texts,
        /// When the answer's head was seen.
        answered: OptTime,
        /// Packet in which the answer's head was complete.
        answered_packet: OptU64,
        /// Named oddities, each once.
        oddities: Texts,
    }
}

impl Builder {
    /// Appends an exchange.
    pub fn append(&mut self, context: &FlowContext<'_>, http: &HttpRequest) {
        let (client, server) = context.oriented(http.client_is_orig);
        self.push(Row {
            evidence: context.evidence(http.span),
            exchange: http.exchange,
            proxy_id: (context.flow_id, http.proxy),
            client_addr: client.0,
            client_port: client.1,
            server_addr: server.0,
            server_port: server.1,
            method: http.method.as_deref(),
            uri: http.uri.as_deref(),
            host: http.host.as_deref(),
            version: http.version.as_deref(),
            user_agent: http.user_agent.as_deref(),
            referrer: http.referrer.as_deref(),
            request_content_type: http.request_content_type.as_deref(),
            auth_user: http.auth_user.as_deref(),
            via: http.via.as_deref(),
            forwarded_for: http.forwarded_for.as_deref(),
            request_body_bytes: http.request_body_bytes,
            request_body_prefix: http.request_body_prefix.as_deref(),
            request_decoded_bytes: http.request_decoded_bytes,
            cookie_names: texts(&http.cookie_names),
            session_token: http.session_token.as_deref(),
            status: http.status,
            status_text: http.status_text.as_deref(),
            content_type: http.content_type.as_deref(),
            server: http.server.as_deref(),
            location: http.location.as_deref(),
            response_body_bytes: http.response_body_bytes,
            powered_by: http.powered_by.as_deref(),
            set_cookies: texts(&http.set_cookies),
            set_session_token: http.set_session_token.as_deref(),
            content_encoding: http.content_encoding.as_deref(),
            response_decoded_bytes: http.response_decoded_bytes,
            response_body_hash: http.response_body_hash.as_deref(),
            response_body_prefix: http.response_body_prefix.as_deref(),
            response_title: http.response_title.as_deref(),
            response_signs: http.response_signs.clone(),
            answered: http.answered.map(|at| at.ts_us),
            answered_packet: http.answered.map(|at| at.packet),
            oddities: http.oddities.clone(),
        });
    }
}
