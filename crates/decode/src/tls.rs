//! TLS: the hellos and the certificate's names, then opaque.

use mailscope_evidence::{At, Side};

use crate::layer::{Layer, Setting, Sink};
use crate::stack::StreamEnd;

/// One TLS connection.
#[derive(Debug)]
pub(crate) struct Tls {
    began: bool,
}

impl Tls {
    /// TLS that began as `began` says.
    pub fn new(_client: Side, _began: &'static str, _session: Option<u32>, _proxy: Option<u32>) -> Self {
        Self { began: false }
    }

    /// A handshake was seen.
    pub fn began(&self) -> bool {
        self.began
    }

    /// Bytes of a side that still speaks plain text.
    pub fn is_plain_text_before(&self, _side: Side, data: &[u8]) -> bool {
        !matches!(data.first(), Some(0x14..=0x17 | 0x80..))
    }

    /// Ordered bytes.
    pub fn data(&mut self, _side: Side, _at: At, _data: &[u8], _sink: &mut Sink<'_>) -> bool {
        self.began = true;
        false
    }

    /// Missing bytes.
    pub fn gap(&mut self, _side: Side, _missing: u64) {}

    /// The stream is over.
    pub fn end(&mut self, _sink: &mut Sink<'_>) {}
}

/// TLS from the first byte of a stream.
#[derive(Debug)]
pub(crate) struct TlsLayer {
    tls: Tls,
}

impl TlsLayer {
    /// TLS between `client` and the other side.
    pub fn new(client: Side, setting: Setting, _sink: &mut Sink<'_>) -> Self {
        Self { tls: Tls::new(client, "start", None, setting.proxy) }
    }
}

impl Layer for TlsLayer {
    fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        self.tls.data(side, at, data, sink)
    }

    fn gap(&mut self, side: Side, _at: At, missing: u64, _sink: &mut Sink<'_>) -> bool {
        self.tls.gap(side, missing);
        true
    }

    fn end(&mut self, _end: StreamEnd, _at: At, sink: &mut Sink<'_>) {
        self.tls.end(sink);
    }
}
