//! SOCKS 4, 4a and 5 (RFC 1928, 1929), from both sides or from one.
//!
//! Each side is read by itself, for its messages follow from its own bytes; so one side alone is
//! enough. The tunnel begins behind the request on one side and behind the reply on the other.

mod message;

use mailscope_evidence::{At, Side, Span};

use crate::layer::{Layer, Setting, Sink, note};
use crate::record::{Known, Login, ProxyRequest, Record, Via};
use crate::stack::StreamEnd;
use crate::tunnel::{Tunnel, blank_request};
use message::{ClientMessage, Parsed, ServerMessage, Version};

/// Longest handshake of one side that is waited for.
const HANDSHAKE_BYTES: usize = 1024;

/// One SOCKS conversation.
#[derive(Debug)]
pub(crate) struct Socks {
    client: Side,
    setting: Setting,
    client_side: Half<ClientMessage>,
    server_side: Half<ServerMessage>,
    version: Option<Version>,
    login: Option<Box<Login>>,
    tunnel: Option<Box<Tunnel>>,
    wanted: bool,
    /// The handshake makes no sense.
    lost: bool,
}

#[derive(Debug)]
struct Half<M> {
    buffer: Vec<u8>,
    began: Option<At>,
    expected: Option<M>,
}

impl Socks {
    /// SOCKS between `client` and the other side.
    pub fn new(client: Side, setting: Setting) -> Self {
        Self {
            client,
            setting,
            client_side: Half {
                buffer: Vec::new(),
                began: None,
                expected: Some(ClientMessage::Start),
            },
            server_side: Half {
                buffer: Vec::new(),
                began: None,
                expected: Some(ServerMessage::Start),
            },
            version: None,
            login: None,
            tunnel: None,
            wanted: true,
            lost: false,
        }
    }

    fn client_data(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
        let began = *self.client_side.began.get_or_insert(at);
        self.client_side.buffer.extend_from_slice(data);
        while let Some(expected) = self.client_side.expected {
            match message::client(expected, &self.client_side.buffer) {
                Parsed::Short if self.client_side.buffer.len() < HANDSHAKE_BYTES => return,
                Parsed::Short | Parsed::Malformed => return self.lose(),
                Parsed::Greeting { used } => self
                    .client_side
                    .advance(used, Some(ClientMessage::AfterGreeting)),
                Parsed::Login { used, user } => {
                    self.client_side
                        .advance(used, Some(ClientMessage::AfterGreeting));
                    self.push_login(
                        "socks5",
                        "USERNAME",
                        user,
                        Span {
                            first: began,
                            last: at,
                        },
                    );
                }
                Parsed::Request {
                    used,
                    version,
                    command,
                    host,
                    port,
                    user,
                } => {
                    self.client_side.advance(used, None);
                    let span = Span {
                        first: began,
                        last: at,
                    };
                    if let Some(user) = user.filter(|user| !user.is_empty()) {
                        self.push_login("socks4", "USERID", user, span);
                    }
                    self.version = Some(version);
                    self.open(version, command, host, port, span, sink);
                }
            }
        }
        let rest = std::mem::take(&mut self.client_side.buffer);
        if !rest.is_empty() {
            self.inside(self.client, at, &rest, sink);
        }
    }

    fn open(
        &mut self,
        version: Version,
        command: &'static str,
        host: String,
        port: u16,
        span: Span,
        sink: &mut Sink<'_>,
    ) {
        // The server's side may have opened the tunnel already, when it was captured first.
        if let Some(tunnel) = &mut self.tunnel {
            let request = &mut tunnel.request;
            (request.target_host, request.target_port, request.method) =
                (host, port, command.to_owned());
            request.kind = version.slug();
            request.request_span = span;
            request.auth_user = self.login.as_ref().and_then(|login| login.user.clone());
            return;
        }
        let mut request = self.blank(version, span, sink);
        (request.target_host, request.target_port, request.method) =
            (host, port, command.to_owned());
        request.auth_user = self.login.as_ref().and_then(|login| login.user.clone());
        self.tunnel = Some(Box::new(Tunnel::new(
            request,
            version.via(),
            self.client,
            &self.setting,
            sink,
        )));
    }

    fn blank(&self, version: Version, span: Span, sink: &mut Sink<'_>) -> ProxyRequest {
        blank_request(version.slug(), self.client, span, &self.setting, sink)
    }

    fn server_data(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
        let began = *self.server_side.began.get_or_insert(at);
        self.server_side.buffer.extend_from_slice(data);
        while let Some(expected) = self.server_side.expected {
            match message::server(expected, &self.server_side.buffer) {
                message::Answer::Short if self.server_side.buffer.len() < HANDSHAKE_BYTES => return,
                message::Answer::Short | message::Answer::Malformed => return self.lose(),
                message::Answer::Method { used, method } => {
                    let next = if method == 0xff {
                        None
                    } else {
                        Some(ServerMessage::AfterMethod { login: method == 2 })
                    };
                    self.server_side.advance(used, next);
                }
                message::Answer::Login { used, status } => {
                    self.server_side
                        .advance(used, Some(ServerMessage::AfterMethod { login: false }));
                    self.login_answered(status, at);
                }
                message::Answer::Reply {
                    used,
                    version,
                    code,
                } => {
                    self.server_side.advance(used, None);
                    self.replied(
                        version,
                        code,
                        Span {
                            first: began,
                            last: at,
                        },
                        sink,
                    );
                }
            }
        }
        let rest = std::mem::take(&mut self.server_side.buffer);
        if !rest.is_empty() {
            self.inside(self.client.other(), at, &rest, sink);
        }
    }

    fn replied(&mut self, version: Version, code: u8, span: Span, sink: &mut Sink<'_>) {
        if self.tunnel.is_none() {
            let request = self.blank(version, span, sink);
            self.tunnel = Some(Box::new(Tunnel::new(
                request,
                version.via(),
                self.client,
                &self.setting,
                sink,
            )));
        }
        let Some(tunnel) = &mut self.tunnel else {
            return;
        };
        let granted = version.is_granted(code);
        tunnel.request.span.last = span.last;
        tunnel.request.reply_code = Some(u16::from(code));
        tunnel.request.reply_text = Some(version.reply_name(code).to_owned());
        tunnel.request.granted = if granted { Known::Yes } else { Known::No };
        if let Some(login) = self
            .login
            .as_mut()
            .filter(|login| login.service == "socks4")
        {
            login.reply_code = Some(u16::from(code));
            login.success = if granted { Known::Yes } else { Known::No };
            login.span.last = span.last;
        }
        // BIND answers twice: when it listens, and when somebody came.
        if tunnel.request.method == "bind"
            && granted
            && self.server_side.expected.is_none()
            && !tunnel.request.oddities.contains(&"bound")
        {
            tunnel.request.oddities.push("bound");
            self.server_side.expected = Some(ServerMessage::AfterMethod { login: false });
            if version != Version::Five {
                self.server_side.expected = Some(ServerMessage::Start);
            }
        }
    }

    fn push_login(&mut self, service: &'static str, mechanism: &str, user: String, span: Span) {
        self.login = Some(Box::new(Login {
            session: None,
            span,
            client_is_orig: self.client == Side::Orig,
            service,
            mechanism: mechanism.to_owned(),
            user: Some(user),
            success: Known::Unknown,
            reply_code: None,
        }));
    }

    fn login_answered(&mut self, status: u8, at: At) {
        if let Some(login) = &mut self.login {
            login.success = if status == 0 { Known::Yes } else { Known::No };
            login.reply_code = Some(u16::from(status));
            login.span.last = at;
        }
    }

    fn inside(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) {
        let Some(tunnel) = &mut self.tunnel else {
            return;
        };
        if tunnel.request.granted == Known::No {
            note(&mut tunnel.request.oddities, "data-despite-refusal");
        }
        self.wanted &= tunnel.data(side, at, data, sink);
    }

    /// The handshake of one side can't be followed any more.
    fn lose(&mut self) {
        self.lost = true;
        self.client_side.buffer = Vec::new();
        self.server_side.buffer = Vec::new();
    }
}

impl<M> Half<M> {
    fn advance(&mut self, used: usize, next: Option<M>) {
        self.buffer.drain(..used.min(self.buffer.len()));
        self.expected = next;
    }
}

impl Layer for Socks {
    fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        if self.lost {
            return false;
        }
        let handshake_over = if side == self.client {
            self.client_side.expected.is_none()
        } else {
            self.server_side.expected.is_none()
        };
        match (handshake_over, side == self.client) {
            (true, _) => self.inside(side, at, data, sink),
            (false, true) => self.client_data(at, data, sink),
            (false, false) => self.server_data(at, data, sink),
        }
        !self.lost && (self.wanted || self.server_side.expected.is_some())
    }

    fn gap(&mut self, side: Side, at: At, missing: u64, sink: &mut Sink<'_>) -> bool {
        if self.lost {
            return false;
        }
        let is_client = side == self.client;
        let handshake_over = if is_client {
            self.client_side.expected.is_none()
        } else {
            self.server_side.expected.is_none()
        };
        match (&mut self.tunnel, handshake_over) {
            (Some(tunnel), true) => {
                tunnel.gap(side, at, missing, sink);
            }
            // The rest of the handshake is taken for lost; what follows is inside.
            (tunnel, false) => {
                if tunnel.is_none() {
                    let request = self.blank(Version::Five, Span::at(at), sink);
                    self.tunnel = Some(Box::new(Tunnel::new(
                        request,
                        Via::Socks5,
                        self.client,
                        &self.setting,
                        sink,
                    )));
                }
                if is_client {
                    self.client_side.expected = None;
                } else {
                    self.server_side.expected = None;
                }
                if let Some(tunnel) = &mut self.tunnel {
                    note(&mut tunnel.request.oddities, "gap-in-handshake");
                    tunnel.gap(side, at, missing, sink);
                }
            }
            (None, true) => {}
        }
        self.wanted
    }

    fn fin(&mut self, side: Side) {
        if let Some(tunnel) = &mut self.tunnel {
            tunnel.fin(side);
        }
    }

    fn end(&mut self, end: StreamEnd, at: At, sink: &mut Sink<'_>) {
        if let Some(login) = self.login.take() {
            sink.out.push(Record::Login(login));
        }
        if let Some(mut tunnel) = self.tunnel.take() {
            tunnel.request.oddities.retain(|oddity| *oddity != "bound");
            tunnel.end(end, at, sink);
        }
    }
}
