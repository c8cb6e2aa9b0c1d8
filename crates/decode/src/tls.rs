//! TLS: hellos, their fingerprints and the certificate's names, then opaque.
//!
//! Records and handshake messages are put together across segments and records. As soon as the
//! hellos and the certificate are read nothing more is asked for.

mod certificate;
mod cursor;
mod fingerprint;
mod hello;
mod layer;
mod record;

use mailscope_evidence::{At, Side, Span};

use crate::layer::Sink;
use crate::record::{Record, TlsHandshake};
use hello::{ClientHello, ServerHello};
pub(crate) use layer::TlsLayer;
use record::{Content, Records};

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;

/// One TLS connection.
#[derive(Debug)]
pub(crate) struct Tls {
    client: Side,
    client_half: Half,
    server_half: Half,
    handshake: Option<Box<TlsHandshake>>,
    began_how: &'static str,
    session: Option<u32>,
    proxy: Option<u32>,
    span: Option<Span>,
}

#[derive(Debug, Default)]
struct Half {
    records: Records,
    /// Any record was seen.
    seen: bool,
    hello: bool,
    /// Nothing more is to be learned from this side.
    over: bool,
    /// Encrypted bytes, or none of TLS.
    opaque: bool,
}

/// The first byte of a stream's first record: an alert, a handshake, or an SSLv2-style hello.
pub(crate) fn begins_record(byte: u8) -> bool {
    matches!(byte, 0x15 | 0x16 | 0x80)
}

impl Tls {
    /// TLS that began as `began_how` says.
    pub fn new(
        client: Side,
        began_how: &'static str,
        session: Option<u32>,
        proxy: Option<u32>,
    ) -> Self {
        Self {
            client,
            client_half: Half::default(),
            server_half: Half::default(),
            handshake: None,
            began_how,
            session,
            proxy,
            span: None,
        }
    }

    /// TLS records were seen.
    pub fn began(&self) -> bool {
        self.client_half.seen || self.server_half.seen
    }

    /// Which sides were seen: client, server.
    pub fn sides(&self) -> (bool, bool) {
        (self.client_half.seen, self.server_half.seen)
    }

    /// First and last packet, when there was any.
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    /// The protocol the client offers first, once its hello was read.
    pub fn alpn(&self) -> Option<&str> {
        self.handshake.as_ref()?.alpn.as_deref()
    }

    /// The number of the mail session it belongs to.
    pub fn belongs_to(&mut self, session: u32) {
        self.session = Some(session);
    }

    /// True for bytes of a side that still speaks plain text, before its first record.
    pub fn is_plain_text_before(&self, side: Side, data: &[u8]) -> bool {
        let half = if side == self.client {
            &self.client_half
        } else {
            &self.server_half
        };
        !half.records.has_begun() && !data.first().is_some_and(|&byte| begins_record(byte))
    }

    /// Ordered bytes. False: nothing more is to be had.
    pub fn data(&mut self, side: Side, at: At, data: &[u8]) -> bool {
        self.span = Some(self.span.map_or(Span::at(at), |span| span.to(at)));
        let is_client = side == self.client;
        let half = if is_client {
            &mut self.client_half
        } else {
            &mut self.server_half
        };
        let mut records = std::mem::take(&mut half.records);
        records.feed(data, &mut |content| self.take(is_client, at, &content));
        let half = if is_client {
            &mut self.client_half
        } else {
            &mut self.server_half
        };
        half.records = records;
        self.is_wanted()
    }

    /// Missing bytes: what is left of this side can't be put together.
    pub fn gap(&mut self, side: Side) -> bool {
        let half = if side == self.client {
            &mut self.client_half
        } else {
            &mut self.server_half
        };
        half.records = Records::lost();
        half.over = true;
        half.opaque = true;
        self.is_wanted()
    }

    /// The stream is over, or nothing more is wanted: emits the handshake, once.
    pub fn end(&mut self, sink: &mut Sink<'_>) {
        if let Some(mut handshake) = self.handshake.take() {
            handshake.session = self.session;
            sink.out.push(Record::TlsHandshake(handshake));
        }
    }

    fn is_wanted(&self) -> bool {
        let (client, server) = (&self.client_half, &self.server_half);
        !(client.over || server.opaque || (server.over && client.hello))
    }

    fn take(&mut self, is_client: bool, at: At, content: &Content<'_>) {
        // Nobody asks for what stands behind the last thing wanted, in the same packet or the next.
        if !self.is_wanted() {
            return;
        }
        let half = if is_client {
            &mut self.client_half
        } else {
            &mut self.server_half
        };
        half.seen |= !matches!(content, Content::Garbage);
        match content {
            Content::Handshake(CLIENT_HELLO, body) => {
                if let Some(hello) = ClientHello::parse(body) {
                    half.hello = true;
                    self.client_hello(&hello, at);
                }
            }
            Content::OldHello(version) => {
                half.hello = true;
                let record = self.record(at);
                record.version = record.version.or(hello::version_name(*version));
            }
            Content::Handshake(SERVER_HELLO, body) => {
                if let Some(hello) = ServerHello::parse(body) {
                    half.hello = true;
                    half.over |= hello.version >= 0x0304;
                    self.server_hello(&hello, at);
                }
            }
            Content::Handshake(CERTIFICATE, body) if !is_client => {
                half.over = true;
                self.certificate(body, at);
            }
            Content::Handshake(..) => half.over |= half.hello,
            Content::Opaque | Content::Garbage => (half.over, half.opaque) = (true, true),
            Content::Alert => {}
        }
    }

    fn record(&mut self, at: At) -> &mut TlsHandshake {
        let span = self.span.unwrap_or_else(|| Span::at(at));
        let record = self.handshake.get_or_insert_with(|| {
            Box::new(TlsHandshake {
                span,
                client_is_orig: self.client == Side::Orig,
                session: self.session,
                proxy: self.proxy,
                began: self.began_how,
                sni: None,
                version: None,
                alpn: None,
                ja3: None,
                ja4: None,
                ja3s: None,
                ja4s: None,
                certificate_names: Vec::new(),
                certificate_sha256: None,
            })
        });
        record.span.last = record.span.last.max(at);
        record
    }

    fn client_hello(&mut self, hello: &ClientHello<'_>, at: At) {
        let record = self.record(at);
        if record.ja3.is_some() {
            return;
        }
        record.sni = hello.server_name();
        record.alpn = hello.first_alpn().map(|name| crate::layer::text(name, 255));
        record.version = record
            .version
            .or(hello::version_name(hello.highest_version()));
        record.ja3 = Some(fingerprint::ja3(hello));
        record.ja4 = Some(fingerprint::ja4(hello));
    }

    fn server_hello(&mut self, hello: &ServerHello<'_>, at: At) {
        let record = self.record(at);
        if record.ja3s.is_some() {
            return;
        }
        record.version = hello::version_name(hello.version);
        record.ja3s = Some(fingerprint::ja3s(hello));
        record.ja4s = Some(fingerprint::ja4s(hello));
    }

    fn certificate(&mut self, body: &[u8], at: At) {
        let Some(first) = certificate::first(body) else {
            return;
        };
        let record = self.record(at);
        if record.certificate_sha256.is_none() {
            record.certificate_names = certificate::names(first);
            record.certificate_sha256 = Some(fingerprint::sha256(first));
        }
    }
}
