//! Which decoder owns a flow's streams now.
//!
//! A [`Stack`] is fed the ordered bytes and gaps of one flow. It identifies the application by
//! content, hands the bytes to its decoder, and opens inner decoders where a tunnel or an upgrade
//! begins. It emits one [`Record::Application`] at the end.

use mailscope_evidence::{At, Side};

use crate::identify::App;
use crate::limits::Limits;
use crate::record::{Application, Record, Records};

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
    payload_seen: bool,
}

impl Stack {
    /// A stack for one flow. Nothing is allocated before the first byte is looked at.
    #[must_use]
    pub fn new(_limits: &Limits, _hint: FlowHint) -> Self {
        Self { payload_seen: false }
    }

    /// Ordered bytes of one direction (UDP: one datagram). False: nothing more is to be had.
    pub fn data(&mut self, _side: Side, _at: At, data: &[u8], _out: &mut Records) -> bool {
        self.payload_seen |= !data.is_empty();
        true
    }

    /// `missing` bytes of one direction were not captured (0: number unknown). False: nothing more is to be had.
    pub fn gap(&mut self, _side: Side, _at: At, _missing: u64, _out: &mut Records) -> bool {
        true
    }

    /// This side sent FIN, after all of its data.
    pub fn fin(&mut self, _side: Side, _at: At) {}

    /// The flow is over: emits what is left, and one [`Record::Application`] as the last record.
    pub fn end(&mut self, _end: StreamEnd, _at: At, out: &mut Records) {
        out.push(Record::Application(Box::new(Application {
            app: if self.payload_seen { "unknown" } else { "none" },
            layers: String::new(),
            evidence: "",
            first_bytes: None,
        })));
    }
}
