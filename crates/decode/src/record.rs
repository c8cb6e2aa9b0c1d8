//! The records decoders emit: plain facts, one struct a table row, without flow id or addresses
//! (the pipeline adds those). Text from the wire is decoded to UTF-8 with replacement, control
//! characters kept; whoever shows it neutralises it. Secrets never enter a record.

use std::borrow::Cow;

use mailscope_evidence::{At, Span};

pub use crate::mail::Unread;

/// Yes, no, or not visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Known {
    /// Seen to be so.
    Yes,
    /// Seen not to be so.
    No,
    /// Not visible in what was captured.
    #[default]
    Unknown,
}

impl Known {
    /// The word used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Which sides of a session were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sides {
    /// Payload from both.
    Both,
    /// Only the client's.
    Client,
    /// Only the server's.
    Server,
}

impl Sides {
    /// The word used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// Mail protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailProtocol {
    /// RFC 5321 (and LMTP, RFC 2033: its greeting verb is LHLO).
    Smtp,
    /// RFC 1939.
    Pop3,
    /// RFC 3501, RFC 9051.
    Imap,
}

impl MailProtocol {
    /// The word used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
        }
    }
}

/// TLS as a mail session shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MailTls {
    /// Neither offered nor asked for.
    #[default]
    None,
    /// Offered by the server, not asked for.
    Offered,
    /// Asked for; no TLS handshake followed (refused, or not visible).
    Requested,
    /// A TLS handshake followed the plain-text start.
    StartTls,
    /// TLS from the first byte.
    Implicit,
}

impl MailTls {
    /// The word used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Offered => "offered",
            Self::Requested => "requested",
            Self::StartTls => "starttls",
            Self::Implicit => "implicit",
        }
    }
}

/// How a session reached its server: directly or inside which tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Via {
    /// The flow itself.
    #[default]
    Direct,
    /// Inside an HTTP CONNECT tunnel.
    HttpConnect,
    /// Inside the body of a POST (or another method) whose target is a mail port.
    HttpPost,
    /// Inside SOCKS4 or SOCKS4a.
    Socks4,
    /// Inside SOCKS5.
    Socks5,
    /// After a PROXY protocol header (HAProxy, versions 1 and 2).
    ProxyProtocol,
    /// Inside a tunnel whose request was not captured: mail found on a proxy's flow.
    UnseenTunnel,
}

impl Via {
    /// The word used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::HttpConnect => "http-connect",
            Self::HttpPost => "http-post",
            Self::Socks4 => "socks4",
            Self::Socks5 => "socks5",
            Self::ProxyProtocol => "proxy-protocol",
            Self::UnseenTunnel => "unseen-tunnel",
        }
    }
}

/// Content-defined sketch of a byte stream: lets two legs of one conversation be recognised as
/// carrying the same bytes although starts, ends, gaps and segment borders differ.
///
/// The first 16 KiB of the stream are cut where a gear hash of the last 32 bytes has its high 5 bits
/// zero; each chunk of at least 16 bytes is hashed to 64 bits (fixed key, so that runs compare); the
/// `SKETCH_LEN` smallest distinct hashes are kept. Shared values over the smaller set estimate
/// containment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Smallest chunk hashes, ascending, at most [`SKETCH_LEN`].
    pub hashes: Vec<u64>,
    /// Stream bytes seen, sketched or not.
    pub bytes: u64,
    /// Chunks seen.
    pub chunks: u32,
}

/// Hashes kept in a [`Sketch`].
pub const SKETCH_LEN: usize = 32;

/// One SMTP, POP3 or IMAP session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSession {
    /// Number of the session on its flow, from 0: the key for the other records.
    pub session: u32,
    /// First and last packet.
    pub span: Span,
    /// Protocol.
    pub protocol: MailProtocol,
    /// True when the flow's originator is the mail client.
    pub client_is_orig: bool,
    /// How it reached the server.
    pub via: Via,
    /// Key of the [`ProxyRequest`] that opened the tunnel around it.
    pub proxy: Option<u32>,
    /// Sides seen.
    pub sides: Sides,
    /// False when the session was picked up in mid-stream.
    pub from_start: bool,
    /// First line of the server's greeting, code included.
    pub banner: Option<String>,
    /// Last HELO, EHLO or LHLO argument.
    pub helo: Option<String>,
    /// All HELO, EHLO, LHLO arguments in order, distinct.
    pub helos: Vec<String>,
    /// EHLO keywords, POP3 CAPA or IMAP CAPABILITY items.
    pub capabilities: Vec<String>,
    /// Client verbs in order, upper case.
    pub commands: Vec<String>,
    /// Server reply codes in order (SMTP only), one per reply.
    pub reply_codes: Vec<u16>,
    /// SASL mechanisms tried, upper case (POP3 `USER`, IMAP `LOGIN` count as such).
    pub auth_mechanisms: Vec<String>,
    /// Login names tried.
    pub auth_users: Vec<String>,
    /// Did a login succeed?
    pub authenticated: Known,
    /// Mailboxes named by the client (IMAP).
    pub mailboxes: Vec<String>,
    /// TLS.
    pub tls: MailTls,
    /// Mail transactions begun (SMTP).
    pub transactions: u32,
    /// Messages seen in transfer.
    pub messages: u32,
    /// Why the session was, was partly or was not decoded: a slug of `outcome`.
    pub outcome: &'static str,
    /// Named oddities, each once.
    pub oddities: Vec<&'static str>,
    /// Names of limits hit, each once.
    pub limits_hit: Vec<&'static str>,
    /// Missing bytes, client to server.
    pub client_gap_bytes: u64,
    /// Missing bytes, server to client.
    pub server_gap_bytes: u64,
    /// What the client sent.
    pub client_sketch: Sketch,
    /// What the server sent.
    pub server_sketch: Sketch,
}

/// One recipient of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Address without `<>`, as sent.
    pub address: String,
    /// Reply code; `None` when not visible.
    pub code: Option<u16>,
    /// Reply text, first line.
    pub text: Option<String>,
}

/// One SMTP mail transaction (RFC 5321, 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailTransaction {
    /// Its [`MailSession`].
    pub session: u32,
    /// Number in the session, from 1.
    pub transaction: u32,
    /// First and last packet.
    pub span: Span,
    /// True when the flow's originator is the mail client.
    pub client_is_orig: bool,
    /// HELO in force.
    pub helo: Option<String>,
    /// Reverse-path without `<>`; empty for the null path; `None` when the command was not seen.
    pub mail_from: Option<String>,
    /// ESMTP parameters of MAIL.
    pub mail_parameters: Vec<String>,
    /// Reply to MAIL.
    pub mail_code: Option<u16>,
    /// Recipients in order.
    pub recipients: Vec<Recipient>,
    /// Recipients in all, kept or not.
    pub recipient_count: u32,
    /// `DATA` or `BDAT`.
    pub data_command: Option<&'static str>,
    /// Reply to DATA (354 expected).
    pub data_code: Option<u16>,
    /// Reply to the message itself.
    pub final_code: Option<u16>,
    /// Its text, first line.
    pub final_text: Option<String>,
    /// Did the server take the message? Taken is not yet delivered to a reader.
    pub delivered: Known,
    /// `complete`, `rset`, `quit`, `new-mail`, `starttls`, `rejected`, `connection-lost`, `capture-end`.
    pub ended_by: &'static str,
    /// Message bytes as transferred, dots unstuffed.
    pub message_bytes: u64,
}

/// One message seen in transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its [`MailSession`].
    pub session: u32,
    /// Number in the session, from 1.
    pub message: u32,
    /// SMTP transaction it belongs to; `None` for POP3, IMAP.
    pub transaction: Option<u32>,
    /// First and last packet.
    pub span: Span,
    /// True when the flow's originator is the mail client.
    pub client_is_orig: bool,
    /// `smtp-data`, `smtp-bdat`, `pop3-retr`, `pop3-top`, `pop3` (either, its command not seen), `imap-fetch`, `imap-append`.
    pub transfer: &'static str,
    /// True when the message came from the mail client (SMTP, APPEND).
    pub from_client: bool,
    /// Addresses of From.
    pub from_addrs: Vec<String>,
    /// Display names of From, same order, empty when none.
    pub from_names: Vec<String>,
    /// Sender address.
    pub sender: Option<String>,
    /// Addresses of To.
    pub to_addrs: Vec<String>,
    /// Addresses of Cc.
    pub cc_addrs: Vec<String>,
    /// Addresses of Reply-To.
    pub reply_to: Vec<String>,
    /// Subject, RFC 2047 decoded, unfolded.
    pub subject: Option<String>,
    /// Date in microseconds UTC.
    pub date_us: Option<i64>,
    /// Date field as sent.
    pub date_text: Option<String>,
    /// Message-ID without `<>`.
    pub message_id: Option<String>,
    /// First In-Reply-To id without `<>`.
    pub in_reply_to: Option<String>,
    /// User-Agent, else X-Mailer.
    pub user_agent: Option<String>,
    /// X-Originating-IP, brackets stripped.
    pub x_originating_ip: Option<String>,
    /// Return-Path.
    pub return_path: Option<String>,
    /// Received fields, unfolded, top first.
    pub received: Vec<String>,
    /// Addresses in Received fields, in order, distinct.
    pub received_ips: Vec<String>,
    /// Authentication-Results fields, unfolded.
    pub authentication_results: Vec<String>,
    /// Domains (d=) of DKIM-Signature fields.
    pub dkim_domains: Vec<String>,
    /// List-Id.
    pub list_id: Option<String>,
    /// List-Unsubscribe.
    pub list_unsubscribe: Option<String>,
    /// Auto-Submitted or Precedence, as `name: value`.
    pub bulk_marks: Vec<String>,
    /// Content-Type of the whole message, lower case, without parameters.
    pub content_type: Option<String>,
    /// Names of all header fields in order, lower case: the mailer's fingerprint.
    pub header_names: Vec<String>,
    /// Bytes as transferred.
    pub size_bytes: u64,
    /// SHA-256 of the body as transferred (after the header), hex.
    pub body_sha256: Option<String>,
    /// 64-bit simhash over the words of the decoded text; `None` when there is no text.
    pub text_simhash: Option<u64>,
    /// Hash of the structure: types of the parts and names of the HTML tags, in order.
    pub structure_hash: Option<u64>,
    /// Charsets declared by text parts, lower case, distinct.
    pub charsets: Vec<String>,
    /// What the parts look like (`form`, `password-input`, ...), each once.
    pub marks: Vec<&'static str>,
    /// Characters of HTML text that is not displayed.
    pub hidden_chars: u32,
    /// Phrases asked for that occur in the subject or the shown text.
    pub spotted: Vec<String>,
    /// Text parts decoded to at most 4 KiB of plain text, whitespace folded; only with kept messages.
    pub text: Option<String>,
    /// True when bytes of the message are missing (cut, gap, limit).
    pub truncated: bool,
    /// Named oddities (bare-lf, header-unterminated, nested-too-deep, ...), each once.
    pub oddities: Vec<&'static str>,
    /// The message as transferred; only when kept on request.
    pub raw: Option<Vec<u8>>,
}

/// One URL in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Its [`MailSession`].
    pub session: u32,
    /// Its [`Message`].
    pub message: u32,
    /// Packets of the message.
    pub span: Span,
    /// `text`, `html-href`, `html-src`, `html-text`, `header`.
    pub place: &'static str,
    /// The URL as written, entities resolved.
    pub url: String,
    /// Text shown for a link.
    pub visible_text: Option<String>,
    /// Host, lower case, as written (IDNA forms kept).
    pub host: Option<String>,
}

/// One attachment of a message (a part with a file name, or not text and not a container).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its [`MailSession`].
    pub session: u32,
    /// Its [`Message`].
    pub message: u32,
    /// Packets of the message.
    pub span: Span,
    /// File name, RFC 2231 and RFC 2047 decoded.
    pub name: Option<String>,
    /// Declared type, lower case.
    pub content_type: String,
    /// Type by the first bytes (`pdf`, `zip`, `exe`, ...), where known.
    pub magic: Option<&'static str>,
    /// Decoded size.
    pub size_bytes: u64,
    /// MD5 of the decoded part, hex.
    pub md5: String,
    /// SHA-1 of the decoded part, hex.
    pub sha1: String,
    /// SHA-256 of the decoded part, hex.
    pub sha256: String,
    /// True when bytes are missing.
    pub truncated: bool,
}

/// One HTTP exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// Number on its flow, from 0.
    pub exchange: u32,
    /// First and last packet.
    pub span: Span,
    /// True when the flow's originator is the HTTP client.
    pub client_is_orig: bool,
    /// Key of the [`ProxyRequest`] around or of it.
    pub proxy: Option<u32>,
    /// Method; `None` when only the answer was seen.
    pub method: Option<String>,
    /// Request target as on the wire, credentials redacted.
    pub uri: Option<String>,
    /// Host field, else the authority of an absolute URI.
    pub host: Option<String>,
    /// Version text, such as `HTTP/1.1`.
    pub version: Option<String>,
    /// User-Agent.
    pub user_agent: Option<String>,
    /// Referer.
    pub referrer: Option<String>,
    /// Content-Type of the request.
    pub request_content_type: Option<String>,
    /// User of Basic or Digest authentication (password never kept).
    pub auth_user: Option<String>,
    /// Via field of the request.
    pub via: Option<String>,
    /// X-Forwarded-For or Forwarded of the request.
    pub forwarded_for: Option<String>,
    /// Request body bytes.
    pub request_body_bytes: u64,
    /// First bytes of the decoded request body as text, credential-like values replaced by `***`.
    pub request_body_prefix: Option<String>,
    /// Request body bytes with its content codings undone; `None` when not all of it was kept.
    pub request_decoded_bytes: Option<u64>,
    /// Names of the request's cookies, in order, distinct.
    pub cookie_names: Vec<String>,
    /// Follows the session cookie of the request without its value: 64 bits of SHA-256, hex.
    pub session_token: Option<String>,
    /// Status; `None` when the answer was not seen.
    pub status: Option<u16>,
    /// Reason phrase.
    pub status_text: Option<String>,
    /// Content-Type of the answer.
    pub content_type: Option<String>,
    /// Server field of the answer.
    pub server: Option<String>,
    /// Location field of the answer.
    pub location: Option<String>,
    /// Answer body bytes.
    pub response_body_bytes: u64,
    /// X-Powered-By, X-Generator, X-AspNet-Version and others of the answer, joined by `; `.
    pub powered_by: Option<String>,
    /// Names of the cookies that the answer sets, in order, distinct.
    pub set_cookies: Vec<String>,
    /// As `session_token`, for the session cookie that the answer sets.
    pub set_session_token: Option<String>,
    /// Content-Encoding of the answer, lower case.
    pub content_encoding: Option<String>,
    /// Answer body bytes with its content codings undone; `None` when that is not known.
    pub response_decoded_bytes: Option<u64>,
    /// XXH64 of the first bytes of the decoded answer, hex.
    pub response_body_hash: Option<String>,
    /// First bytes of the decoded answer as text, credential-like values replaced by `***`.
    pub response_body_prefix: Option<String>,
    /// Title of the page.
    pub response_title: Option<String>,
    /// Facts seen in the first bytes of the decoded answer: slugs of a closed list.
    pub response_signs: Vec<&'static str>,
    /// When the answer's head was seen.
    pub answered: Option<At>,
    /// Named oddities, each once.
    pub oddities: Vec<&'static str>,
}

/// One parameter of an HTTP request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpParameter {
    /// Its [`HttpRequest`].
    pub exchange: u32,
    /// Packets of the request.
    pub span: Span,
    /// True when the flow's originator is the HTTP client.
    pub client_is_orig: bool,
    /// `path`, `query`, `form`, `multipart`, `json`, `xml`, `cookie`, `header`, `body`.
    pub place: &'static str,
    /// Name, decoded; empty where there is none.
    pub name: String,
    /// Value, decoded; `None` for a secret.
    pub value: Option<String>,
    /// Bytes of the decoded value.
    pub value_bytes: u64,
    /// Tells equal secrets without keeping them.
    pub guess: Option<Guess>,
    /// Kind of secret that the name tells of: `password`, `pin`, `code`, `card`, `token`.
    pub secret_kind: Option<&'static str>,
    /// True when the name is that of a user's name or mail address.
    pub is_user: bool,
    /// Times that percent-encoding was undone.
    pub decodings: u8,
    /// The file, when the parameter is an upload.
    pub file: Option<Box<UploadedFile>>,
    /// Fingerprint of libinjection when the value, or the name, is SQL injection.
    pub sqli: Option<String>,
    /// libinjection takes the value for script injection.
    pub xss: bool,
}

/// A file sent in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadedFile {
    /// File name as sent.
    pub name: Option<String>,
    /// Declared type, lower case.
    pub content_type: Option<String>,
    /// Bytes, as far as kept.
    pub bytes: u64,
    /// SHA-256, hex; `None` when not all of it was kept.
    pub sha256: Option<String>,
    /// Facts seen in its first bytes: slugs of a closed list.
    pub signs: Vec<&'static str>,
}

/// Equal for equal secrets within one run of the program, and nothing else: the key is random and
/// never leaves the process, so the number must not be stored; tables number guesses by first use.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guess(u64);

impl Guess {
    /// The mark of this secret.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        use std::hash::{BuildHasher, RandomState};
        static KEY: std::sync::OnceLock<RandomState> = std::sync::OnceLock::new();
        Self(KEY.get_or_init(RandomState::new).hash_one(secret))
    }
}

impl std::fmt::Debug for Guess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// One request to a proxy to reach somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyRequest {
    /// Number on its flow, from 0: the key for the other records.
    pub proxy: u32,
    /// First packet of the request to the last packet of what ran inside.
    pub span: Span,
    /// Packets of the request itself.
    pub request_span: Span,
    /// True when the flow's originator is the proxy's client.
    pub client_is_orig: bool,
    /// `http-connect`, `http-absolute-uri`, `socks4`, `socks4a`, `socks5`, `proxy-protocol`, `unseen`.
    pub kind: &'static str,
    /// Key of the [`ProxyRequest`] around this one, when tunnels nest.
    pub outer: Option<u32>,
    /// HTTP method or SOCKS command (`connect`, `bind`, `udp-associate`).
    pub method: String,
    /// HTTP request line as sent (credentials redacted); `None` for binary protocols.
    pub request_line: Option<String>,
    /// Target host as sent: name or address.
    pub target_host: String,
    /// Target port.
    pub target_port: u16,
    /// User given to the proxy.
    pub auth_user: Option<String>,
    /// Address and port of the true client, as a PROXY protocol header declares them.
    pub declared_client: Option<String>,
    /// User-Agent.
    pub user_agent: Option<String>,
    /// Via field.
    pub via: Option<String>,
    /// HTTP status or SOCKS reply number; `None` when not visible.
    pub reply_code: Option<u16>,
    /// Reply in words: status line or the SOCKS reply's name.
    pub reply_text: Option<String>,
    /// Did the proxy say it connected? Not proof that mail did not pass when `No`.
    pub granted: Known,
    /// What was recognised inside: `smtp`, `pop3`, `imap`, `tls`, `http`, `socks`, `unknown`, `none`.
    pub inner_app: &'static str,
    /// What went to the target.
    pub client_sketch: Sketch,
    /// What came back.
    pub server_sketch: Sketch,
    /// Named oddities (malformed-request-line, data-before-reply, ...), each once.
    pub oddities: Vec<&'static str>,
}

/// One login attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its [`MailSession`], for mail protocols.
    pub session: Option<u32>,
    /// First and last packet.
    pub span: Span,
    /// True when the flow's originator is the client.
    pub client_is_orig: bool,
    /// `smtp`, `pop3`, `imap`, `http`, `http-proxy`, `http-form`, `socks5`, `socks4`.
    pub service: &'static str,
    /// SASL mechanism or scheme, upper case.
    pub mechanism: String,
    /// User, when it can be read.
    pub user: Option<String>,
    /// Did it succeed?
    pub success: Known,
    /// Reply code where the protocol has one.
    pub reply_code: Option<u16>,
}

/// One DNS answer record of type A, AAAA, MX, CNAME, NS, PTR, TXT, or an empty answer (`rtype` empty).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsAnswer {
    /// Packet of the answer.
    pub at: At,
    /// True when the flow's originator asked.
    pub client_is_orig: bool,
    /// Question name, lower case, no final dot.
    pub query: String,
    /// Question type.
    pub qtype: Cow<'static, str>,
    /// Response code.
    pub rcode: u8,
    /// Owner of the answer record.
    pub name: String,
    /// Type of the answer record.
    pub rtype: Cow<'static, str>,
    /// Answer: address, host name (MX: without preference), text.
    pub answer: String,
    /// Time to live, seconds.
    pub ttl: u32,
}

/// One TLS handshake, from either or both hellos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsHandshake {
    /// First and last packet.
    pub span: Span,
    /// True when the flow's originator is the TLS client.
    pub client_is_orig: bool,
    /// Its [`MailSession`], when it came after STARTTLS or is implicit TLS of mail.
    pub session: Option<u32>,
    /// Key of the [`ProxyRequest`] around it.
    pub proxy: Option<u32>,
    /// `start`, `starttls`, `tunnel`, `mid-stream`.
    pub began: &'static str,
    /// Server name.
    pub sni: Option<String>,
    /// Version chosen by the server, else the highest the client offered: `TLS 1.3`, ...
    pub version: Option<&'static str>,
    /// ALPN offered, first entry.
    pub alpn: Option<String>,
    /// JA3 of the client, MD5 hex.
    pub ja3: Option<String>,
    /// JA4 of the client.
    pub ja4: Option<String>,
    /// JA3S of the server, MD5 hex.
    pub ja3s: Option<String>,
    /// JA4S of the server.
    pub ja4s: Option<String>,
    /// Subject names of the server's certificate, where visible (TLS 1.2 and older).
    pub certificate_names: Vec<String>,
    /// SHA-256 of the server's certificate, hex.
    pub certificate_sha256: Option<String>,
}

/// What a flow was recognised as; emitted once, at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// `smtp`, `pop3`, `imap`, `http`, `socks`, `tls`, `ssh`, `ftp`, `dns`, ..., `unknown`, `none` (no payload).
    pub app: &'static str,
    /// Everything seen on the flow, outermost first, joined by `+`: `http+smtp`, `smtp+tls`.
    pub layers: Cow<'static, str>,
    /// Why: which bytes of which side.
    pub evidence: &'static str,
    /// First bytes of an unknown flow, at most 16, hex, originator's else responder's; never of a login.
    pub first_bytes: Option<String>,
}

/// Anything a decoder says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A mail session ended.
    MailSession(Box<MailSession>),
    /// A transaction ended.
    MailTransaction(Box<MailTransaction>),
    /// A message was seen.
    Message(Box<Message>),
    /// A message was seen and is to be read by who takes the records
    /// ([`crate::stack::FlowHint::defer_messages`]); what that gives stands in its place.
    Unread(Box<Unread>),
    /// A URL in a message.
    Url(Box<Url>),
    /// An attachment of a message.
    Attachment(Box<Attachment>),
    /// An HTTP exchange ended.
    HttpRequest(Box<HttpRequest>),
    /// A parameter of an HTTP request, after its exchange.
    HttpParameter(Box<HttpParameter>),
    /// A proxy request ended.
    ProxyRequest(Box<ProxyRequest>),
    /// A login was tried.
    Login(Box<Login>),
    /// A DNS answer.
    DnsAnswer(Box<DnsAnswer>),
    /// A TLS handshake.
    TlsHandshake(Box<TlsHandshake>),
    /// The flow's application.
    Application(Box<Application>),
}

/// Where decoders put their records.
pub type Records = Vec<Record>;
