//! UDP flows: datagrams are identified one by one; DNS answers are read.

use mailscope_evidence::{At, Side};

use crate::dns;
use crate::identify::{self, App};
use crate::layer::Sink;

/// Datagrams of one flow that nothing recognised before the flow is given up.
const TRIES: u8 = 3;

/// State of a UDP flow.
#[derive(Debug, Default)]
pub(crate) struct Datagrams {
    app: Option<App>,
    tries: u8,
    first: Option<Box<[u8]>>,
}

impl Datagrams {
    /// One datagram. False: nothing more is to be had.
    pub fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        if self.app.is_none() {
            let ports = (sink.flow.hint.orig_port, sink.flow.hint.resp_port);
            let Some((app, evidence)) = identify::datagram::judge(data, ports) else {
                self.tries += 1;
                self.first
                    .get_or_insert_with(|| data.iter().take(16).copied().collect());
                return self.tries < TRIES;
            };
            sink.flow.recognised(app.slug(), evidence);
            self.app = Some(app);
        }
        if self.app != Some(App::Dns) {
            return false;
        }
        dns::answers(data, at, side == Side::Resp, sink.out);
        true
    }

    /// The first bytes of an unknown flow, hex.
    pub fn first_bytes(&self) -> Option<String> {
        self.first.as_ref().map(|bytes| crate::layer::hex(bytes))
    }
}
