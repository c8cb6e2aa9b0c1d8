//! One two-way byte stream: a flow's own, or one inside a tunnel. It is identified first; then a
//! layer owns it.

use mailscope_evidence::{At, Side};

use crate::dns::DnsStream;
use crate::http::Http;
use crate::identify::{self, App, Verdict};
use crate::layer::{Layer, Setting, Sink};
use crate::mail_layer::MailLayer;
use crate::proxy_protocol::ProxyHeader;
use crate::socks::Socks;
use crate::stack::StreamEnd;
use crate::tls::TlsLayer;
use crate::tunnel::Tunnel;
use crate::undecided::{self, Piece, Undecided};

/// A stream and what owns it.
#[derive(Debug)]
pub(crate) struct Stream {
    setting: Setting,
    state: State,
    app: Option<App>,
    carried: bool,
    first_bytes: Option<String>,
}

#[derive(Debug)]
enum State {
    Undecided(Option<Box<Undecided>>),
    Layer(Box<dyn Layer>),
    Opaque,
}

impl Stream {
    /// A stream to be identified.
    pub fn new(setting: Setting) -> Self {
        Self {
            setting,
            state: State::Undecided(None),
            app: None,
            carried: false,
            first_bytes: None,
        }
    }

    /// A stream that nobody reads.
    pub fn opaque(setting: Setting) -> Self {
        Self {
            state: State::Opaque,
            ..Self::new(setting)
        }
    }

    /// A stream whose application is known already.
    pub fn of(
        setting: Setting,
        app: App,
        client: Side,
        evidence: &'static str,
        sink: &mut Sink<'_>,
    ) -> Self {
        let mut stream = Self::new(setting);
        stream.open(app, client, evidence, At::default(), sink);
        stream
    }

    /// The application recognised.
    pub fn app(&self) -> Option<&'static str> {
        self.app.map(App::slug)
    }

    /// True when any byte went through.
    pub fn carried_bytes(&self) -> bool {
        self.carried
    }

    /// First bytes of an unidentified stream, hex; never of text that could be a login.
    pub fn first_bytes(&self) -> Option<String> {
        self.first_bytes.clone()
    }

    /// Ordered bytes of one direction. False: nothing more is to be had.
    pub fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        self.carried = true;
        match &mut self.state {
            State::Opaque => false,
            State::Layer(layer) => layer.data(side, at, data, sink),
            State::Undecided(_) => self.identify(side, at, data, sink),
        }
    }

    /// Missing bytes. False: nothing more is to be had.
    pub fn gap(&mut self, side: Side, at: At, missing: u64, sink: &mut Sink<'_>) -> bool {
        match &mut self.state {
            State::Opaque => false,
            State::Layer(layer) => layer.gap(side, at, missing, sink),
            State::Undecided(undecided) => {
                let undecided = undecided
                    .get_or_insert_with(|| Box::new(Undecided::new(self.setting.from_start)));
                let ports = (sink.flow.hint.orig_port, self.setting.port);
                let verdict = undecided.before_gap(side, ports);
                if matches!(verdict, Verdict::Is(..)) {
                    self.settle(verdict, at, sink);
                    return self.gap(side, at, missing, sink);
                }
                if undecided.gap(side, at, missing) {
                    return true;
                }
                self.give_up();
                false
            }
        }
    }

    /// True when nothing more is to be had and the end will add nothing.
    pub fn settled(&mut self, sink: &mut Sink<'_>) -> bool {
        if let State::Layer(layer) = &mut self.state
            && layer.settle(sink)
        {
            self.state = State::Opaque;
        }
        matches!(self.state, State::Opaque)
    }

    /// This side sent FIN, after all of its data.
    pub fn fin(&mut self, side: Side) {
        if let State::Layer(layer) = &mut self.state {
            layer.fin(side);
        }
    }

    /// The stream is over.
    pub fn end(&mut self, end: StreamEnd, at: At, sink: &mut Sink<'_>) {
        if let State::Undecided(Some(undecided)) = &mut self.state {
            let verdict = undecided.at_end((sink.flow.hint.orig_port, self.setting.port));
            self.settle(verdict, at, sink);
        }
        if let State::Layer(layer) = &mut self.state {
            layer.end(end, at, sink);
        }
    }

    fn identify(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        if self.setting.depth == 0
            && let Some(app) = sink.flow.hint.decode_as
        {
            self.open(
                app,
                self.setting.client.unwrap_or(Side::Orig),
                "told by the user",
                at,
                sink,
            );
            return self.data(side, at, data, sink);
        }
        let ports = (sink.flow.hint.orig_port, self.setting.port);
        if matches!(self.state, State::Undecided(None))
            && let Verdict::Is(app, client, evidence) =
                undecided::at_once(side, data, self.setting.from_start, ports)
        {
            self.open(app, client, evidence, at, sink);
            return self.data(side, at, data, sink);
        }
        let mut rest = data;
        while !rest.is_empty() {
            let State::Undecided(undecided) = &mut self.state else {
                return self.data(side, at, rest, sink);
            };
            let undecided =
                undecided.get_or_insert_with(|| Box::new(Undecided::new(self.setting.from_start)));
            let verdict = match undecided.turn(side, ports) {
                Verdict::Wait => {
                    let taken;
                    (taken, rest) = rest
                        .split_at_checked(undecided.next_stop(side, rest))
                        .unwrap_or((rest, b""));
                    undecided.push(side, at, taken, ports)
                }
                verdict => verdict,
            };
            self.settle(verdict, at, sink);
        }
        !matches!(self.state, State::Opaque)
    }

    /// Opens what was recognised and gives it what was held back.
    fn settle(&mut self, verdict: Verdict, at: At, sink: &mut Sink<'_>) {
        let (app, client, evidence) = match verdict {
            Verdict::Wait => return,
            Verdict::Nothing => return self.give_up(),
            Verdict::Is(app, client, evidence) => (app, client, evidence),
        };
        let State::Undecided(held) = std::mem::replace(&mut self.state, State::Opaque) else {
            return;
        };
        let mid = held.as_ref().is_some_and(|held| held.is_mid());
        self.setting.from_start &= !mid;
        self.open(
            app,
            client,
            evidence,
            held.as_ref().map_or(at, |held| held.first_at(at)),
            sink,
        );
        if let Some(held) = held {
            held.replay(|piece| match piece {
                Piece::Data(side, at, data) => {
                    self.data(side, at, data, sink);
                }
                Piece::Gap(side, at, missing) => {
                    self.gap(side, at, missing, sink);
                }
            });
        }
    }

    fn open(
        &mut self,
        app: App,
        client: Side,
        evidence: &'static str,
        at: At,
        sink: &mut Sink<'_>,
    ) {
        let setting = self.setting;
        let hidden = app.is_mail()
            && setting.depth == 0
            && !setting.from_start
            && sink.flow.hint.decode_as.is_none()
            && identify::is_proxy_port(setting.port);
        self.app = Some(app);
        if hidden {
            self.state = State::Layer(Box::new(Tunnel::unseen(
                app, client, evidence, at, &setting, sink,
            )));
            return;
        }
        sink.flow.recognised(app.slug(), evidence);
        self.state = match app {
            App::Smtp | App::Pop3 | App::Imap => {
                State::Layer(Box::new(MailLayer::new(app, client, &setting, sink)))
            }
            App::Http => State::Layer(Box::new(Http::new(client, setting))),
            App::Socks => State::Layer(Box::new(Socks::new(client, setting))),
            App::ProxyProtocol => State::Layer(Box::new(ProxyHeader::new(client, setting))),
            App::Tls => State::Layer(Box::new(TlsLayer::new(client, setting))),
            App::Dns => State::Layer(Box::new(DnsStream::default())),
            App::Named(_) => State::Opaque,
        };
    }

    fn give_up(&mut self) {
        if let State::Undecided(Some(held)) = &self.state {
            self.first_bytes = held.first_bytes();
        }
        self.state = State::Opaque;
    }
}
