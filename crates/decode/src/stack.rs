//! The decoders of one flow, behind one interface.
//!
//! A [`Stack`] is fed the ordered bytes and gaps of one flow. It identifies the application by
//! content, hands the bytes to its decoder, and lets inner decoders take over where a tunnel or an
//! upgrade begins. It emits one [`Record::Application`] at the end.

use std::borrow::Cow;
use std::sync::Arc;

use mailscope_evidence::{At, Side};

use crate::datagram::Datagrams;
use crate::identify::App;
use crate::layer::{Setting, Shared, Sink};
use crate::limits::Limits;
use crate::mail::spot::Phrases;
use crate::record::{Application, Record, Records};
use crate::stream::Stream;

/// What is known of a flow before its first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowHint {
    /// Port of the originator.
    pub orig_port: u16,
    /// Port of the responder.
    pub resp_port: u16,
    /// True when the SYN was seen: the streams start at their first byte.
    pub from_start: bool,
    /// Datagrams, not a stream.
    pub udp: bool,
    /// True when messages and their text are to be kept.
    pub keep_messages: bool,
    /// Phrases to look for in messages.
    pub phrases: Phrases,
    /// True when whole messages are to be handed on unread, as [`Record::Unread`], for the caller to read.
    pub defer_messages: bool,
    /// The user's word for what runs here (`--decode-as`), which overrides identification.
    pub decode_as: Option<App>,
}

/// How a flow came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamEnd {
    /// FIN from every side that was seen.
    Fin,
    /// RST by the originator.
    ResetByOrig,
    /// RST by the responder.
    ResetByResp,
    /// Idle, evicted, or the capture ended.
    Cut,
}

/// The decoders of one flow.
#[derive(Debug)]
pub struct Stack {
    shared: Shared,
    root: Root,
    payload_seen: bool,
    over: bool,
}

#[derive(Debug)]
enum Root {
    Stream(Stream),
    Datagrams(Datagrams),
}

impl Stack {
    /// A stack for one flow. Nothing is allocated before the first byte is looked at.
    #[must_use]
    pub fn new(limits: &Limits, hint: FlowHint) -> Self {
        Self::sharing(Arc::new(*limits), hint)
    }

    /// As [`Stack::new`]; the caps are shared by all flows of a pass.
    #[must_use]
    pub fn sharing(limits: Arc<Limits>, hint: FlowHint) -> Self {
        let root = if hint.udp {
            Root::Datagrams(Datagrams::default())
        } else {
            Root::Stream(Stream::new(Setting::of_flow(&hint)))
        };
        Self {
            shared: Shared::new(limits, hint),
            root,
            payload_seen: false,
            over: false,
        }
    }

    /// Ordered bytes of one direction (UDP: one datagram). False: nothing more is to be had.
    pub fn data(&mut self, side: Side, at: At, data: &[u8], out: &mut Records) -> bool {
        if self.over || data.is_empty() {
            return !self.over;
        }
        self.payload_seen = true;
        let mut sink = Sink {
            flow: &mut self.shared,
            out,
        };
        match &mut self.root {
            Root::Stream(stream) => stream.data(side, at, data, &mut sink),
            Root::Datagrams(datagrams) => datagrams.data(side, at, data, &mut sink),
        }
    }

    /// `missing` bytes of one direction were not captured (0: number unknown). False: nothing more is to be had.
    pub fn gap(&mut self, side: Side, at: At, missing: u64, out: &mut Records) -> bool {
        if self.over {
            return false;
        }
        let mut sink = Sink {
            flow: &mut self.shared,
            out,
        };
        match &mut self.root {
            Root::Stream(stream) => stream.gap(side, at, missing, &mut sink),
            Root::Datagrams(_) => true,
        }
    }

    /// This side sent FIN, after all of its data.
    pub fn fin(&mut self, side: Side) {
        if let Root::Stream(stream) = &mut self.root {
            stream.fin(side);
        }
    }

    /// The flow is over: emits what is left, and one [`Record::Application`] as the last record.
    pub fn end(&mut self, end: StreamEnd, at: At, out: &mut Records) {
        if let Some(application) = self.finish(end, at, out) {
            out.push(Record::Application(Box::new(application)));
        }
    }

    /// As [`Stack::end`], with the application given back, once.
    pub fn finish(&mut self, end: StreamEnd, at: At, out: &mut Records) -> Option<Application> {
        if std::mem::replace(&mut self.over, true) {
            return None;
        }
        if let Root::Stream(stream) = &mut self.root {
            let mut sink = Sink {
                flow: &mut self.shared,
                out,
            };
            stream.end(end, at, &mut sink);
        }
        Some(self.application())
    }

    /// After [`Stack::data`] or [`Stack::gap`] said that nothing more is to be had: the application, if the
    /// flow's end would add nothing to it. The stack may go then; what was left of records is emitted.
    pub fn settled(&mut self, out: &mut Records) -> Option<Application> {
        let mut sink = Sink {
            flow: &mut self.shared,
            out,
        };
        let is_settled = match &mut self.root {
            Root::Stream(stream) => stream.settled(&mut sink),
            Root::Datagrams(datagrams) => datagrams.is_over(),
        };
        if self.over || !is_settled {
            return None;
        }
        self.over = true;
        Some(self.application())
    }

    fn application(&self) -> Application {
        let first_bytes = match &self.root {
            Root::Stream(stream) => stream.first_bytes(),
            Root::Datagrams(datagrams) => datagrams.first_bytes(),
        };
        let first = self.shared.layers().next();
        let app = first.unwrap_or(if self.payload_seen { "unknown" } else { "none" });
        let mut layers = Cow::Borrowed(app);
        for layer in self.shared.layers().skip(1) {
            let layers = layers.to_mut();
            layers.push('+');
            layers.push_str(layer);
        }
        Application {
            app,
            layers,
            evidence: self.shared.evidence,
            first_bytes: if first.is_some() { None } else { first_bytes },
        }
    }
}
