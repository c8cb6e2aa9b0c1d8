//! A tunnel through a proxy: the request that opened it, and the stream inside.

use mailscope_evidence::{At, Side, Span};

use crate::identify::App;
use crate::layer::{Layer, Setting, Sink, note};
use crate::record::{Known, ProxyRequest, Record, Via};
use crate::sketch::SketchBuilder;
use crate::stack::StreamEnd;
use crate::stream::Stream;

/// A proxy request and what runs inside.
#[derive(Debug)]
pub(crate) struct Tunnel {
    /// The record, emitted at the end.
    pub request: Box<ProxyRequest>,
    stream: Stream,
    client: Side,
    to_target: SketchBuilder,
    from_target: SketchBuilder,
}

impl Tunnel {
    /// A tunnel opened by `request`. Beyond the nesting limit what is inside stays unread.
    pub fn new(
        request: ProxyRequest,
        via: Via,
        client: Side,
        outer: &Setting,
        sink: &Sink<'_>,
    ) -> Self {
        let setting = Setting {
            via,
            proxy: Some(request.proxy),
            from_start: outer.from_start,
            depth: outer.depth.saturating_add(1),
            client: Some(client),
            port: request.target_port,
        };
        let mut request = Box::new(request);
        let stream = if setting.depth > sink.flow.limits.depth {
            note(&mut request.oddities, "limit-depth");
            Stream::opaque(setting)
        } else {
            Stream::new(setting)
        };
        Self {
            request,
            stream,
            client,
            to_target: SketchBuilder::default(),
            from_target: SketchBuilder::default(),
        }
    }

    /// A tunnel whose request was not captured: mail picked up in mid-stream on a proxy's port.
    pub fn unseen(
        app: App,
        client: Side,
        evidence: &'static str,
        at: At,
        outer: &Setting,
        sink: &mut Sink<'_>,
    ) -> Self {
        let request = Box::new(blank_request("unseen", client, Span::at(at), outer, sink));
        let setting = Setting {
            via: Via::UnseenTunnel,
            proxy: Some(request.proxy),
            depth: outer.depth.saturating_add(1),
            client: Some(client),
            port: 0,
            ..*outer
        };
        Self {
            stream: Stream::of(setting, app, client, evidence, sink),
            request,
            client,
            to_target: SketchBuilder::default(),
            from_target: SketchBuilder::default(),
        }
    }

    fn sketch(&mut self, side: Side) -> &mut SketchBuilder {
        if side == self.client {
            &mut self.to_target
        } else {
            &mut self.from_target
        }
    }

    /// True when a layer inside was recognised as mail.
    pub fn holds_mail(&self) -> bool {
        matches!(self.stream.app(), Some("smtp" | "pop3" | "imap"))
    }
}

impl Layer for Tunnel {
    fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        self.request.span.last = self.request.span.last.max(at);
        self.sketch(side).update(data);
        self.stream.data(side, at, data, sink);
        // The sketches are compared with other flows': they cover all that went through.
        true
    }

    fn gap(&mut self, side: Side, at: At, missing: u64, sink: &mut Sink<'_>) -> bool {
        self.sketch(side).gap();
        self.stream.gap(side, at, missing, sink);
        true
    }

    fn fin(&mut self, side: Side) {
        self.stream.fin(side);
    }

    fn end(&mut self, end: StreamEnd, at: At, sink: &mut Sink<'_>) {
        self.stream.end(end, at, sink);
        self.request.client_sketch = std::mem::take(&mut self.to_target).finish();
        self.request.server_sketch = std::mem::take(&mut self.from_target).finish();
        self.request.inner_app = inner_app(&self.stream, self.request.inner_app);
        sink.out.push(Record::ProxyRequest(self.request.clone()));
    }
}

fn inner_app(stream: &Stream, otherwise: &'static str) -> &'static str {
    match stream.app() {
        Some(app) => app,
        None if stream.carried_bytes() => "unknown",
        None => otherwise,
    }
}

/// A request record with nothing but its place filled in.
pub(crate) fn blank_request(
    kind: &'static str,
    client: Side,
    span: Span,
    outer: &Setting,
    sink: &mut Sink<'_>,
) -> ProxyRequest {
    ProxyRequest {
        proxy: sink.flow.next_proxy(),
        span,
        request_span: span,
        client_is_orig: client == Side::Orig,
        kind,
        outer: outer.proxy,
        method: String::new(),
        request_line: None,
        target_host: String::new(),
        target_port: 0,
        auth_user: None,
        declared_client: None,
        user_agent: None,
        via: None,
        reply_code: None,
        reply_text: None,
        granted: Known::Unknown,
        inner_app: "none",
        client_sketch: crate::record::Sketch::default(),
        server_sketch: crate::record::Sketch::default(),
        oddities: Vec::new(),
    }
}
