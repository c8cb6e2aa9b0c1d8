//! TLS from the first byte of a stream, mail in it or not.

use mailscope_evidence::{At, Side, Span};

use super::Tls;
use crate::layer::{Layer, Setting, Sink};
use crate::mail_layer;
use crate::outcome;
use crate::record::{MailProtocol, MailTls, Record, Sides};
use crate::stack::StreamEnd;

/// TLS from the first byte.
#[derive(Debug)]
pub(crate) struct TlsLayer {
    tls: Tls,
    client: Side,
    setting: Setting,
}

impl TlsLayer {
    /// TLS between `client` and the other side.
    pub fn new(client: Side, setting: Setting) -> Self {
        let began = match (setting.depth, setting.from_start) {
            (0, true) => "start",
            (0, false) => "mid-stream",
            _ => "tunnel",
        };
        Self {
            tls: Tls::new(client, began, None, setting.proxy),
            client,
            setting,
        }
    }

    /// Mail by the port that RFC 8314 gives it, or by the name the client offers.
    fn mail_protocol(&self) -> Option<MailProtocol> {
        match (self.tls.alpn(), self.setting.port) {
            (Some("imap"), _) => Some(MailProtocol::Imap),
            (Some("pop3"), _) => Some(MailProtocol::Pop3),
            (Some("smtp" | "lmtp"), _) => Some(MailProtocol::Smtp),
            (Some("h2" | "http/1.1"), _) => None,
            (_, 465) => Some(MailProtocol::Smtp),
            (_, 993) => Some(MailProtocol::Imap),
            (_, 995) => Some(MailProtocol::Pop3),
            _ => None,
        }
    }

    /// The session that runs inside, of which nothing but its being there is visible.
    fn mail_session(&mut self, protocol: MailProtocol, at: At, sink: &mut Sink<'_>) {
        let context = mail_layer::context(self.client, &self.setting, sink);
        self.tls.belongs_to(context.session);
        let mut session = context.blank_session(protocol, at);
        session.span = self.tls.span().unwrap_or_else(|| Span::at(at));
        session.span.last = session.span.last.max(at);
        session.tls = MailTls::Implicit;
        session.outcome = outcome::IMPLICIT_TLS;
        session.sides = match self.tls.sides() {
            (true, false) => Sides::Client,
            (false, true) => Sides::Server,
            _ => Sides::Both,
        };
        sink.flow
            .recognised(protocol.slug(), "TLS on a port of mail");
        sink.out.push(Record::MailSession(Box::new(session)));
    }
}

impl Layer for TlsLayer {
    fn data(&mut self, side: Side, at: At, data: &[u8], _sink: &mut Sink<'_>) -> bool {
        self.tls.data(side, at, data)
    }

    fn gap(&mut self, side: Side, _at: At, _missing: u64, _sink: &mut Sink<'_>) -> bool {
        self.tls.gap(side)
    }

    fn end(&mut self, _end: StreamEnd, at: At, sink: &mut Sink<'_>) {
        if self.tls.began()
            && let Some(protocol) = self.mail_protocol()
        {
            self.mail_session(protocol, at, sink);
        }
        self.tls.end(sink);
    }

    /// A mail session's row has the flow's last packet; a handshake's has its own.
    fn settle(&mut self, sink: &mut Sink<'_>) -> bool {
        let is_settled = self.mail_protocol().is_none();
        if is_settled {
            self.tls.end(sink);
        }
        is_settled
    }
}
