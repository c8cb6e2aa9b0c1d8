//! The exchange of requests and answers on one connection.

use std::collections::VecDeque;

use mailscope_evidence::{At, Side};

use super::body::{BodyReader, Framing};
use super::connect_tunnel::ConnectTunnel;
use super::exchange::Exchange;
use crate::layer::{Layer, Setting, Sink};
use crate::stack::StreamEnd;
use crate::stream::Stream;

/// Unanswered requests kept; beyond, the oldest is emitted without its answer.
pub(super) const PENDING: usize = 256;

/// HTTP/1.x on one connection.
#[derive(Debug)]
pub(crate) struct Http {
    pub(super) client: Side,
    pub(super) setting: Setting,
    pub(super) requests: Half,
    pub(super) answers: Half,
    /// In order; those at the front that are over on both sides are emitted and removed.
    pub(super) exchanges: VecDeque<Exchange>,
    /// Answers still to come for requests that were emitted already.
    pub(super) forgotten: u64,
    pub(super) client_seen: bool,
    pub(super) connect: Option<Box<ConnectTunnel>>,
    pub(super) upgraded: Option<Box<Stream>>,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Half {
    pub phase: Phase,
    pub buffer: Vec<u8>,
    pub scanned: usize,
    pub began: At,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// At or in a head.
    Head,
    /// In a body.
    Body(BodyReader),
    /// In the first bytes of an answer's body that may be something else.
    Peek(Framing),
    /// Inside a tunnel or an upgraded stream.
    Inside,
    /// Looking for the next head.
    Lost,
    /// Bytes of an answer without any head.
    Raw,
    /// Given up.
    Dead,
}

impl Half {
    fn new(from_start: bool) -> Self {
        let phase = if from_start { Phase::Head } else { Phase::Lost };
        Self {
            phase,
            buffer: Vec::new(),
            scanned: 0,
            began: At::default(),
        }
    }

    pub fn take_buffer(&mut self) -> Vec<u8> {
        self.scanned = 0;
        std::mem::take(&mut self.buffer)
    }
}

impl Layer for Http {
    fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        if side == self.client {
            self.client_data(at, data, sink);
        } else {
            self.server_data(at, data, sink);
        }
        self.is_wanted()
    }

    fn gap(&mut self, side: Side, at: At, missing: u64, sink: &mut Sink<'_>) -> bool {
        if side == self.client {
            self.client_gap(at, missing, sink);
        } else {
            self.server_gap(at, missing, sink);
        }
        self.is_wanted()
    }

    fn fin(&mut self, side: Side) {
        if let Some(connect) = &mut self.connect {
            connect.fin(side);
        }
    }

    fn end(&mut self, end: StreamEnd, at: At, sink: &mut Sink<'_>) {
        self.cut_heads(at, sink);
        if end == StreamEnd::Fin {
            self.close_answer();
        }
        while let Some(exchange) = self.exchanges.pop_front() {
            exchange.emit(end, at, sink);
        }
        if let Some(connect) = self.connect.take() {
            connect.end(end, at, sink);
        }
        if let Some(mut stream) = self.upgraded.take() {
            stream.end(end, at, sink);
        }
    }
}

impl Http {
    /// HTTP between `client` and the other side.
    pub fn new(client: Side, setting: Setting) -> Self {
        Self {
            client,
            setting,
            requests: Half::new(setting.from_start),
            answers: Half::new(setting.from_start),
            exchanges: VecDeque::new(),
            forgotten: 0,
            client_seen: false,
            connect: None,
            upgraded: None,
        }
    }

    fn is_wanted(&self) -> bool {
        if let Some(connect) = &self.connect {
            return connect.is_wanted();
        }
        !(matches!(self.requests.phase, Phase::Dead) && matches!(self.answers.phase, Phase::Dead))
    }

    /// The stream is over: heads and first bytes of bodies that still wait are taken as they are.
    fn cut_heads(&mut self, at: At, sink: &mut Sink<'_>) {
        if matches!(self.requests.phase, Phase::Head) {
            self.cut_request_head("head-cut", at, sink);
        }
        match self.answers.phase {
            Phase::Head => self.cut_answer_head("head-cut", at, sink),
            Phase::Peek(framing) => {
                let held = self.answers.take_buffer();
                self.answers.phase = Phase::Body(BodyReader::new(framing));
                self.server_data(at, &held, sink);
            }
            _ => {}
        }
    }

    /// A body that ends with the connection is whole where the connection was closed (RFC 9112, 6.3).
    fn close_answer(&mut self) {
        if matches!(&self.answers.phase, Phase::Body(body) if body.is_until_close())
            && let Some(exchange) = self
                .exchanges
                .iter_mut()
                .find(|exchange| !exchange.answer_done)
        {
            exchange.answer_done = true;
        }
    }

    /// Emits the exchanges that are over on both sides, in order.
    pub(super) fn emit_finished(&mut self, at: At, sink: &mut Sink<'_>) {
        while self
            .exchanges
            .front()
            .is_some_and(|exchange| exchange.answer_done && exchange.request_done)
        {
            if let Some(exchange) = self.exchanges.pop_front() {
                exchange.emit(StreamEnd::Fin, at, sink);
            }
        }
    }
}

/// Bytes of one line kept while looking for the next head.
pub(super) const RESYNC_BYTES: usize = 8 << 10;
/// First bytes of a body that are looked at.
pub(super) const PEEK_BYTES: usize = 12;

impl Half {
    /// Notes when the head begins; empty lines before it are skipped (RFC 9112, 2.2).
    pub fn begin<'a>(&mut self, at: At, data: &'a [u8]) -> &'a [u8] {
        if !self.buffer.is_empty() {
            return data;
        }
        self.began = at;
        let blank = data
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .count();
        data.get(blank..).unwrap_or(b"")
    }

    /// Notes when the head begins.
    pub fn start<'a>(&mut self, at: At, data: &'a [u8]) -> &'a [u8] {
        if self.buffer.is_empty() {
            self.began = at;
        }
        data
    }
}
