//! What follows a CONNECT: the tunnel, or, when the proxy refused, the next request.

use mailscope_evidence::{At, Side};

use super::answer_head;
use super::head::{self, StatusLine};
use crate::connect::{self, Target};
use crate::decoder::Likeness;
use crate::identify::is_http_request_start;
use crate::layer::{Layer, Sink, note};
use crate::record::Known;
use crate::stack::StreamEnd;
use crate::tunnel::Tunnel;

/// Client bytes held back while it is open whether they belong to the tunnel.
const HELD_BYTES: usize = 16 << 10;

/// A tunnel asked for with CONNECT.
#[derive(Debug)]
pub(super) struct ConnectTunnel {
    client: Side,
    target: Target,
    tunnel: Tunnel,
    reply: Reply,
    /// Client bytes went into the tunnel already.
    passed: bool,
    /// Server bytes went into the tunnel already.
    server_passed: bool,
    /// Bytes are missing: what follows may be the rest of a page of refusal, or of a request.
    has_gap: bool,
    held: Vec<u8>,
    held_pieces: Vec<(At, usize)>,
    wanted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    Pending,
    /// The server's bytes come without any reply to the CONNECT.
    Unseen,
    Granted,
    Refused,
}

/// Client bytes that turned out to be further requests: pieces with their time.
pub(super) type Requests = Vec<(At, Vec<u8>)>;

impl ConnectTunnel {
    /// A tunnel whose reply is still to come.
    pub fn new(tunnel: Tunnel, client: Side) -> Self {
        let target = Target {
            host: tunnel.request.target_host.clone(),
            port: tunnel.request.target_port,
            port_missing: false,
        };
        Self {
            client,
            target,
            tunnel,
            reply: Reply::Pending,
            passed: false,
            server_passed: false,
            has_gap: false,
            held: Vec::new(),
            held_pieces: Vec::new(),
            wanted: true,
        }
    }

    /// A tunnel of which only the server's side was captured.
    pub fn granted(tunnel: Tunnel, client: Side) -> Self {
        Self {
            reply: Reply::Granted,
            ..Self::new(tunnel, client)
        }
    }

    /// True while the proxy's final answer has not come.
    pub fn is_pending(&self) -> bool {
        self.reply == Reply::Pending
    }

    /// False: nothing more is to be had inside.
    pub fn is_wanted(&self) -> bool {
        self.wanted || matches!(self.reply, Reply::Pending | Reply::Refused)
    }

    /// Bytes of the client. They are given back when they are requests to the proxy itself.
    pub fn client_data(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) -> Option<Requests> {
        let data = if self.passed || !self.held.is_empty() {
            data
        } else {
            skip_blank(data)
        };
        if data.is_empty() {
            return None;
        }
        if self.passed || matches!(self.reply, Reply::Granted | Reply::Unseen) {
            self.passed = true;
            self.wanted &= self.tunnel.data(self.client, at, data, sink);
            return None;
        }
        self.held.extend_from_slice(data);
        match self.held_pieces.last_mut() {
            Some((held_at, length)) if *held_at == at => *length += data.len(),
            _ => self.held_pieces.push((at, data.len())),
        }
        self.decide_held(sink)
    }

    /// The proxy's answer. Client bytes are given back when they are further requests.
    pub fn replied(&mut self, line: &StatusLine<'_>, sink: &mut Sink<'_>) -> Option<Requests> {
        answer_head::reply(
            &mut self.tunnel.request,
            line,
            sink.flow.limits.line_bytes,
            |status| (200..300).contains(&status),
        );
        if self.passed || !self.held.is_empty() {
            note(&mut self.tunnel.request.oddities, "data-before-reply");
        }
        if self.tunnel.request.granted == Known::Yes {
            self.reply = Reply::Granted;
            self.release(sink);
            return None;
        }
        self.reply = Reply::Refused;
        self.decide_held(sink)
    }

    /// Bytes of the server that belong to the tunnel.
    pub fn server_data(&mut self, at: At, data: &[u8], sink: &mut Sink<'_>) {
        let data = if self.server_passed {
            data
        } else {
            skip_blank(data)
        };
        if data.is_empty() {
            return;
        }
        self.server_passed = true;
        match self.reply {
            Reply::Pending => {
                self.reply = Reply::Unseen;
                note(&mut self.tunnel.request.oddities, "no-reply");
                self.release(sink);
            }
            Reply::Refused => self.note_data_despite_refusal(),
            Reply::Granted | Reply::Unseen => {}
        }
        self.wanted &= self.tunnel.data(self.client.other(), at, data, sink);
    }

    /// Missing bytes inside the tunnel.
    pub fn gap(&mut self, side: Side, at: At, missing: u64, sink: &mut Sink<'_>) {
        self.has_gap = true;
        if side == self.client && !self.held.is_empty() {
            self.release(sink);
        }
        self.wanted &= self.tunnel.gap(side, at, missing, sink);
    }

    /// This side sent FIN.
    pub fn fin(&mut self, side: Side) {
        self.tunnel.fin(side);
    }

    /// The flow is over.
    pub fn end(mut self, end: StreamEnd, at: At, sink: &mut Sink<'_>) {
        self.release(sink);
        self.tunnel.end(end, at, sink);
    }

    fn note_data_despite_refusal(&mut self) {
        if !self.has_gap {
            note(&mut self.tunnel.request.oddities, "data-despite-refusal");
        }
    }

    fn decide_held(&mut self, sink: &mut Sink<'_>) -> Option<Requests> {
        match is_http_request_start(&self.held) {
            Likeness::Unlike => {
                if self.reply == Reply::Refused {
                    self.note_data_despite_refusal();
                }
                self.release(sink);
                None
            }
            Likeness::Sure if self.reply == Reply::Refused || self.is_same_connect() => {
                Some(self.give_back())
            }
            _ if self.held.len() > HELD_BYTES => {
                self.release(sink);
                None
            }
            _ => None,
        }
    }

    /// A CONNECT to the same target: the client tries again, with credentials perhaps.
    fn is_same_connect(&self) -> bool {
        if memchr::memchr(b'\n', &self.held).is_none() {
            return false;
        }
        let (line, _) = head::first_line(&self.held);
        head::request_line(line).is_some_and(|line| {
            let target = connect::connect_target(line.target);
            line.method.eq_ignore_ascii_case(b"CONNECT")
                && (target.host == self.target.host && target.port == self.target.port)
        })
    }

    fn release(&mut self, sink: &mut Sink<'_>) {
        if self.held.is_empty() {
            return;
        }
        self.passed = true;
        for (at, data) in self.give_back() {
            self.wanted &= self.tunnel.data(self.client, at, &data, sink);
        }
    }

    fn give_back(&mut self) -> Requests {
        let held = std::mem::take(&mut self.held);
        let mut rest = &held[..];
        let mut pieces = Vec::new();
        for (at, length) in std::mem::take(&mut self.held_pieces) {
            let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, b""));
            pieces.push((at, piece.to_vec()));
            rest = after;
        }
        pieces
    }
}

/// Some clients and proxies end their head with one line end too many.
fn skip_blank(data: &[u8]) -> &[u8] {
    let blank = data
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count();
    data.get(blank..).unwrap_or(b"")
}
