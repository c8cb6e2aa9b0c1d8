//! UDP flows: datagrams are identified one by one; DNS answers are read.

use mailscope_evidence::{At, Side};

use crate::dns;
use crate::identify::{self, App};
use crate::layer::Sink;

/// Datagrams of one flow that nothing recognised before the flow is given up.
const TRIES: u8 = 3;

/// The first bytes of an unknown flow.
#[derive(Clone, Copy, Debug)]
struct FirstBytes {
    bytes: [u8; 16],
    length: u8,
}

impl FirstBytes {
    fn of(data: &[u8]) -> Self {
        let mut first = Self {
            bytes: [0; 16],
            length: data.len().min(16) as u8,
        };
        for (place, byte) in first.bytes.iter_mut().zip(data) {
            *place = *byte;
        }
        first
    }

    fn bytes(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }
}

/// State of a UDP flow.
#[derive(Debug, Default)]
pub(crate) struct Datagrams {
    app: Option<App>,
    tries: u8,
    first: Option<FirstBytes>,
}

impl Datagrams {
    /// One datagram. False: nothing more is to be had.
    pub fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        if self.app.is_none() {
            let ports = (sink.flow.hint.orig_port, sink.flow.hint.resp_port);
            let Some((app, evidence)) = identify::datagram::judge(data, ports) else {
                self.tries += 1;
                self.first.get_or_insert_with(|| FirstBytes::of(data));
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

    /// True when later datagrams say nothing more.
    pub fn is_over(&self) -> bool {
        match self.app {
            Some(app) => app != App::Dns,
            None => self.tries >= TRIES,
        }
    }

    /// The first bytes of an unknown flow, hex.
    pub fn first_bytes(&self) -> Option<String> {
        self.first.map(|first| crate::layer::hex(first.bytes()))
    }
}
