//! A mail session as a layer: its decoder, and TLS after STARTTLS.

use mailscope_evidence::{At, Side};

use crate::decoder::{Context, Decoder, End, Turn};
use crate::identify::App;
use crate::imap::ImapDecoder;
use crate::layer::{Layer, Setting, Sink, from};
use crate::pop3::Pop3Decoder;
use crate::smtp::SmtpDecoder;
use crate::stack::StreamEnd;
use crate::tls::Tls;

/// SMTP, POP3 or IMAP.
pub(crate) struct MailLayer {
    client: Side,
    session: u32,
    proxy: Option<u32>,
    decoder: Option<Box<dyn Decoder>>,
    owner: Owner,
    /// The side whose plain text stopped inside a line after the other one began TLS.
    mid_line: Option<Side>,
}

/// Whose the bytes are.
#[derive(Debug)]
enum Owner {
    Decoder,
    Tls(Box<Tls>),
    Nobody,
}

impl std::fmt::Debug for MailLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailLayer")
            .field("session", &self.session)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl MailLayer {
    /// The decoder of `app`.
    pub fn new(app: App, client: Side, setting: &Setting, sink: &mut Sink<'_>) -> Self {
        let context = context(client, setting, sink);
        Self {
            client,
            session: context.session,
            proxy: setting.proxy,
            decoder: decoder(app, context),
            owner: Owner::Decoder,
            mid_line: None,
        }
    }

    fn tls(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        let Owner::Tls(tls) = &mut self.owner else {
            return false;
        };
        let began = tls.began();
        let wanted = tls.data(side, at, data);
        if !began && tls.began() {
            sink.flow.recognised("tls", "TLS after STARTTLS");
            if let Some(decoder) = &mut self.decoder {
                decoder.tls_followed(at);
            }
        }
        wanted
    }

    /// TLS has begun, and this side still speaks plain text; records begin where a line does.
    fn is_late(&self, side: Side, data: &[u8]) -> bool {
        match &self.owner {
            Owner::Tls(tls) => self.mid_line == Some(side) || tls.is_plain_text_before(side, data),
            _ => false,
        }
    }
}

impl Layer for MailLayer {
    fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        let mut data = data;
        // Line by line: a record may begin behind each, however the bytes are cut.
        while self.is_late(side, data) {
            let Some(decoder) = &mut self.decoder else {
                return false;
            };
            let line = memchr::memchr(b'\n', data).map_or(data.len(), |end| end + 1);
            let (line, behind) = data.split_at(line);
            let (used, _) = decoder.data(from(side, self.client), at, line, sink.out);
            self.mid_line = (used == line.len() && line.last() != Some(&b'\n')).then_some(side);
            if used < line.len() {
                return self.tls(side, at, data.get(used..).unwrap_or(b""), sink);
            }
            if behind.is_empty() {
                return true;
            }
            data = behind;
        }
        match &mut self.owner {
            Owner::Nobody => false,
            Owner::Tls(_) => self.tls(side, at, data, sink),
            Owner::Decoder => {
                let Some(decoder) = &mut self.decoder else {
                    return false;
                };
                let (used, turn) = decoder.data(from(side, self.client), at, data, sink.out);
                match turn {
                    Turn::Stay => true,
                    Turn::Tls => {
                        self.owner = Owner::Tls(Box::new(Tls::new(
                            self.client,
                            "starttls",
                            Some(self.session),
                            self.proxy,
                        )));
                        let rest = data.get(used..).unwrap_or(b"");
                        rest.is_empty() || self.data(side, at, rest, sink)
                    }
                    Turn::Tunnel | Turn::Done => {
                        self.owner = Owner::Nobody;
                        false
                    }
                }
            }
        }
    }

    fn gap(&mut self, side: Side, at: At, missing: u64, sink: &mut Sink<'_>) -> bool {
        match &mut self.owner {
            Owner::Nobody => return false,
            Owner::Tls(tls) => return tls.gap(side),
            Owner::Decoder => {}
        }
        if let (Owner::Decoder, Some(decoder)) = (&self.owner, &mut self.decoder) {
            decoder.gap(from(side, self.client), at, missing, sink.out);
        }
        true
    }

    fn fin(&mut self, side: Side) {
        if let Some(decoder) = &mut self.decoder {
            decoder.fin(from(side, self.client));
        }
    }

    fn end(&mut self, end: StreamEnd, at: At, sink: &mut Sink<'_>) {
        if let Owner::Tls(tls) = &mut self.owner {
            tls.end(sink);
        }
        if let Some(decoder) = &mut self.decoder {
            decoder.end(end_of(end, self.client), at, sink.out);
        }
    }
}

/// What a mail decoder is told at its start.
pub(crate) fn context(client: Side, setting: &Setting, sink: &mut Sink<'_>) -> Context {
    Context {
        session: sink.flow.next_session(),
        client_is_orig: client == Side::Orig,
        via: setting.via,
        proxy: setting.proxy,
        from_start: setting.from_start,
        keep_messages: sink.flow.hint.keep_messages,
        phrases: sink.flow.hint.phrases,
        defer_messages: sink.flow.hint.defer_messages,
        limits: *sink.flow.limits,
    }
}

fn decoder(app: App, context: Context) -> Option<Box<dyn Decoder>> {
    match app {
        App::Smtp => Some(Box::new(SmtpDecoder::new(context))),
        App::Imap => Some(Box::new(ImapDecoder::new(context))),
        App::Pop3 => Some(Box::new(Pop3Decoder::new(context))),
        _ => None,
    }
}

fn end_of(end: StreamEnd, client: Side) -> End {
    match (end, client) {
        (StreamEnd::Fin, _) => End::Fin,
        (StreamEnd::Cut, _) => End::Cut,
        (StreamEnd::ResetByOrig, Side::Orig) | (StreamEnd::ResetByResp, Side::Resp) => {
            End::ClientReset
        }
        (StreamEnd::ResetByOrig | StreamEnd::ResetByResp, _) => End::ServerReset,
    }
}
