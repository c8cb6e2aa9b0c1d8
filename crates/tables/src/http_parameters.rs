//! One row a parameter of an HTTP request.

use mailscope_decode::record::HttpParameter;

use crate::address::Address;
use crate::column::{Flag, OptText, OptU64, Text, U8, U16, U32, U64};
use crate::context::FlowContext;
use crate::list::Texts;
use crate::table::table;
use crate::word::{OptWord, Word};

table! {
    /// One parameter of an HTTP request, wherever it stood; at most 200 a request.
    http_parameters {
        /// Number of its exchange on the flow, as in `http_requests`.
        exchange: U32,
        /// HTTP client.
        client_addr: Address,
        /// Client's port.
        client_port: U16,
        /// HTTP server or proxy.
        server_addr: Address,
        /// Server's port.
        server_port: U16,
        /// `path` (the decoded path where decoding changes it, and `;name=value`), `query`, `form`, `multipart`, `json`
        /// (names as `a.b[0]`), `xml` (names as `a/b@c`), `cookie`, `header` (unusual fields only), `body` (one row for
        /// a body that is none of these).
        place: Word,
        /// Name, decoded, at most 128 bytes; empty where there is none.
        name: Text,
        /// Value, decoded, at most 2 KiB, secrets inside replaced by `***`; null for a secret and for a file.
        value: OptText,
        /// Bytes of the decoded value.
        value_bytes: U64,
        /// Equal secrets have the same label (`v1`, `v2`, ... by first use) within one run; null when the value is no secret.
        value_hash: OptText,
        /// True when the value is a secret: it is never kept.
        is_secret: Flag,
        /// Kind of secret: `password`, `pin`, `code`, `card`, `token`.
        secret_kind: OptWord,
        /// True when the name is that of a user's name or mail address.
        is_user: Flag,
        /// Times that percent-encoding was undone: 2 and more is double encoding.
        decodings: U8,
        /// File name of an upload.
        file_name: OptText,
        /// Declared type of an upload, lower case.
        file_type: OptText,
        /// Bytes of an upload, as far as kept.
        file_bytes: OptU64,
        /// SHA-256 of an upload, hex; null when not all of it was kept.
        file_sha256: OptText,
        /// Facts seen in the first 64 KiB of an upload; the closed list is in docs/reference/web.md.
        file_signs: Texts,
        /// Fingerprint of libinjection when value or name is SQL injection, also of secrets.
        sqli: OptText,
        /// True when libinjection takes the value for script injection, also of secrets.
        xss: Flag,
    }
}

impl Builder {
    /// Appends a parameter; `label` names its secret.
    pub fn append(
        &mut self,
        context: &FlowContext<'_>,
        parameter: &HttpParameter,
        label: Option<&str>,
    ) {
        let (client, server) = context.oriented(parameter.client_is_orig);
        let file = parameter.file.as_deref();
        self.push(Row {
            evidence: context.evidence(parameter.span),
            exchange: parameter.exchange,
            client_addr: client.0,
            client_port: client.1,
            server_addr: server.0,
            server_port: server.1,
            place: parameter.place,
            name: &parameter.name,
            value: parameter.value.as_deref(),
            value_bytes: parameter.value_bytes,
            value_hash: label,
            is_secret: parameter.secret_kind.is_some(),
            secret_kind: parameter.secret_kind,
            is_user: parameter.is_user,
            decodings: parameter.decodings,
            file_name: file.and_then(|file| file.name.as_deref()),
            file_type: file.and_then(|file| file.content_type.as_deref()),
            file_bytes: file.map(|file| file.bytes),
            file_sha256: file.and_then(|file| file.sha256.as_deref()),
            file_signs: file.map_or_else(Vec::new, |file| file.signs.clone()),
            sqli: parameter.sqli.as_deref(),
            xss: parameter.xss,
        });
    }
}
