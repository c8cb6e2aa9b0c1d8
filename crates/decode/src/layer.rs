//! What the layers of a flow share: the records' sink, the flow's counters, the setting of a layer.

use std::sync::Arc;

use mailscope_evidence::{At, Side};

use crate::decoder::From;
use crate::limits::Limits;
use crate::record::{Records, Via};
use crate::stack::{FlowHint, StreamEnd};

/// One protocol on a flow: it owns both directions until it hands them to a layer inside it.
pub(crate) trait Layer: std::fmt::Debug + Send {
    /// Ordered bytes of one direction. False: nothing more is to be had.
    fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool;
    /// Missing bytes of one direction (0: number unknown). False: nothing more is to be had.
    fn gap(&mut self, side: Side, at: At, missing: u64, sink: &mut Sink<'_>) -> bool;
    /// This side sent FIN, after all of its data.
    fn fin(&mut self, side: Side) {
        let _ = side;
    }
    /// The flow is over: emit what is left.
    fn end(&mut self, end: StreamEnd, at: At, sink: &mut Sink<'_>);
    /// Nothing more is to be had: emits what is left now if the flow's end would add nothing to it. False: it
    /// waits for the end.
    fn settle(&mut self, _sink: &mut Sink<'_>) -> bool {
        false
    }
}

/// Where layers put what they found.
#[derive(Debug)]
pub(crate) struct Sink<'a> {
    /// The flow's own state.
    pub flow: &'a mut Shared,
    /// Records.
    pub out: &'a mut Records,
}

/// Different layers named of one flow beside the outermost; the nesting limit allows few more.
const INNER_LAYERS: usize = 5;

/// State of the whole flow, whatever the nesting.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Caps.
    pub limits: Arc<Limits>,
    /// What was known before the first byte.
    pub hint: FlowHint,
    outermost: Option<&'static str>,
    inner: Vec<&'static str>,
    /// Why the outermost layer was recognised.
    pub evidence: &'static str,
    sessions: u32,
    proxies: u32,
    exchanges: u32,
}

impl Shared {
    /// State of a fresh flow.
    pub fn new(limits: Arc<Limits>, hint: FlowHint) -> Self {
        Self {
            limits,
            hint,
            outermost: None,
            inner: Vec::new(),
            evidence: "",
            sessions: 0,
            proxies: 0,
            exchanges: 0,
        }
    }

    /// Number of the next mail session.
    pub fn next_session(&mut self) -> u32 {
        next(&mut self.sessions)
    }

    /// Number of the next proxy request.
    pub fn next_proxy(&mut self) -> u32 {
        next(&mut self.proxies)
    }

    /// Number of the next HTTP exchange.
    pub fn next_exchange(&mut self) -> u32 {
        next(&mut self.exchanges)
    }

    /// Layers recognised, outermost first, each once.
    pub fn layers(&self) -> impl Iterator<Item = &'static str> {
        self.outermost.into_iter().chain(self.inner.iter().copied())
    }

    /// Notes a recognised layer; the first one's evidence is the flow's.
    pub fn recognised(&mut self, layer: &'static str, evidence: &'static str) {
        if self.outermost.is_none() {
            self.evidence = evidence;
            self.outermost = Some(layer);
        } else if self.layers().all(|held| held != layer) && self.inner.len() < INNER_LAYERS {
            self.inner.push(layer);
        }
    }
}

fn next(counter: &mut u32) -> u32 {
    let number = *counter;
    *counter = counter.saturating_add(1);
    number
}

/// What surrounds a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// How the layer is reached.
    pub via: Via,
    /// The proxy request around it.
    pub proxy: Option<u32>,
    /// True when both directions are followed from their first byte.
    pub from_start: bool,
    /// Tunnels around it.
    pub depth: usize,
    /// The client of the tunnel around it.
    pub client: Option<Side>,
    /// Port of the server: the tunnel's target, else the responder's.
    pub port: u16,
}

impl Setting {
    /// The setting of a flow's own stream.
    pub fn of_flow(hint: &FlowHint) -> Self {
        Self {
            via: Via::Direct,
            proxy: None,
            from_start: hint.from_start,
            depth: 0,
            client: None,
            port: hint.resp_port,
        }
    }
}

/// The direction of `side` when `client` is the client.
pub(crate) fn from(side: Side, client: Side) -> From {
    if side == client {
        From::Client
    } else {
        From::Server
    }
}

/// Adds a named oddity once.
pub(crate) fn note(oddities: &mut Vec<&'static str>, oddity: &'static str) {
    if !oddities.contains(&oddity) {
        oddities.push(oddity);
    }
}

/// Text from the wire: UTF-8 with replacement, cut at `limit` bytes.
pub(crate) fn text(bytes: &[u8], limit: usize) -> String {
    String::from_utf8_lossy(bytes.get(..limit).unwrap_or(bytes)).into_owned()
}

/// The two digits of every byte.
#[allow(clippy::indexing_slicing)] // evaluated by the compiler, which checks the place
static HEX: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let pair = HEX.get(usize::from(*byte)).copied().unwrap_or_default();
        text.extend_from_slice(&pair);
    }
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_two_lower_case_digits() {
        for byte in 0..=255u8 {
            assert_eq!(hex(&[byte]), format!("{byte:02x}"));
        }
        assert_eq!(hex(b""), "");
    }
}
