//! The search pass: where given bytes occur in any stream or datagram, inside tunnels too, since a
//! tunnel's bytes are its carrier's bytes.

mod excerpt;
mod needles;
mod prefilter;
mod stream;

use mailscope_capture::{Endpoints, Engine, Flow, FlowRef, Handler, Interest};
use mailscope_evidence::{At, Side};
use mailscope_tables::sightings::{self, Sighting};
use mailscope_tables::{Batches, FlowContext, FlowId, hand_on, hand_on_if_full};

use arrow_schema::ArrowError;

pub use needles::{Needle, Needles};
use stream::{Seen, StreamSearch};

use crate::pass::OnProgress;
use crate::source::{InputReport, Merge, named_inputs};
use crate::{Error, Options};

/// Sightings reported per direction of a flow; the last one is marked, further ones are passed over.
const SIGHTINGS_PER_STREAM: u32 = 1000;

/// Searches captures for needles and hands the table `sightings` on.
///
/// # Errors
/// An input that is no capture or cannot be read; what `out` or `progress` says.
pub fn search<B: Batches>(
    arguments: &[String],
    needles: &Needles,
    options: &Options,
    out: B,
    progress: OnProgress<'_>,
) -> Result<(Vec<InputReport>, B), Error> {
    // What the inputs are was said, with their hashes, by the pass that made the tables.
    let options = &Options {
        hash_mb: 0,
        ..options.clone()
    };
    let mut merge = Merge::open(named_inputs(arguments)?, options)?;
    let handler = SearchHandler {
        needles,
        inputs: merge.names(),
        table: sightings::Builder::default(),
        out,
        streams: Vec::new(),
        work: Vec::new(),
        failure: None,
    };
    let mut engine = Engine::new(handler, options.capture_limits());
    merge.run(
        |input, number, packet| {
            engine.packet(packet, u32::try_from(input).unwrap_or(u32::MAX), number);
            engine
                .handler()
                .failure
                .take()
                .map_or(Ok(()), |failure| Err(failure.into()))
        },
        progress,
    )?;
    let mut handler = engine.into_handler();
    if let Some(failure) = handler.failure {
        return Err(failure.into());
    }
    hand_on(&mut handler.table, &mut handler.out)?;
    Ok((merge.reports(), handler.out))
}

struct SearchHandler<'n, B> {
    needles: &'n Needles,
    inputs: Vec<String>,
    table: sightings::Builder,
    out: B,
    /// Both directions of open flows, by slot.
    streams: Vec<Option<Box<FlowSearch>>>,
    work: Vec<u8>,
    failure: Option<ArrowError>,
}

#[derive(Default)]
struct FlowSearch {
    orig: StreamSearch,
    resp: StreamSearch,
}

impl FlowSearch {
    fn side(&mut self, side: Side) -> &mut StreamSearch {
        match side {
            Side::Orig => &mut self.orig,
            Side::Resp => &mut self.resp,
        }
    }
}

impl<B: Batches> SearchHandler<'_, B> {
    /// Runs `step` on one direction and makes rows of what it sees.
    fn step(
        &mut self,
        slot: u32,
        flow: Named<'_>,
        side: Side,
        step: impl FnOnce(&mut StreamSearch, &mut Vec<u8>, &mut dyn FnMut(&Seen<'_>)),
    ) {
        let slot = slot as usize;
        if slot >= self.streams.len() {
            self.streams.resize_with(slot + 1, || None);
        }
        let Some(place) = self.streams.get_mut(slot) else {
            return;
        };
        let stream = place.get_or_insert_default().side(side);
        let (table, out, failure) = (&mut self.table, &mut self.out, &mut self.failure);
        let inputs = &self.inputs;
        step(stream, &mut self.work, &mut |seen| {
            let context = FlowContext {
                flow_id: FlowId::of(flow.ends, flow.vlan, flow.ts_us),
                ends: flow.ends,
                inputs,
            };
            table.append(&context, &seen.sighting(side));
            if let Err(refused) = hand_on_if_full(table, out) {
                failure.get_or_insert(refused);
            }
        });
    }
}

impl Seen<'_> {
    fn sighting(&self, side: Side) -> Sighting<'_> {
        Sighting {
            needle: self.needle,
            form: self.form,
            side,
            first: self.first,
            last: self.last,
            offset: self.offset,
            matched: &self.matched,
            excerpt: &self.excerpt,
            limit_reached: self.is_last,
        }
    }
}

/// What a flow is known by; its id is worked out only for a find.
#[derive(Clone, Copy)]
struct Named<'f> {
    ends: &'f Endpoints,
    vlan: Option<u16>,
    ts_us: i64,
}

impl<'f> From<&'f FlowRef> for Named<'f> {
    fn from(flow: &'f FlowRef) -> Self {
        Self {
            ends: &flow.ends,
            vlan: flow.vlan,
            ts_us: flow.first.ts_us,
        }
    }
}

impl<B: Batches> Handler for SearchHandler<'_, B> {
    fn tcp_data(&mut self, flow: &FlowRef, side: Side, at: At, data: &[u8]) -> Interest {
        let needles = self.needles;
        self.step(flow.slot, flow.into(), side, |stream, work, seen| {
            stream.data(needles, (at, data), work, seen);
        });
        Interest::Follow
    }

    fn tcp_gap(&mut self, flow: &FlowRef, side: Side, _: At, missing: u64) -> Interest {
        let needles = self.needles;
        self.step(flow.slot, flow.into(), side, |stream, _, seen| {
            stream.gap(needles, missing, seen);
        });
        Interest::Follow
    }

    fn tcp_fin(&mut self, _: &FlowRef, _: Side, _: At) {}

    fn udp_data(&mut self, flow: &FlowRef, side: Side, at: At, data: &[u8]) -> Interest {
        let needles = self.needles;
        self.step(flow.slot, flow.into(), side, |stream, work, seen| {
            stream.data(needles, (at, data), work, seen);
            stream.gap(needles, 0, seen);
        });
        Interest::Follow
    }

    fn flow(&mut self, slot: u32, flow: &Flow) {
        if self.streams.get(slot as usize).is_some_and(Option::is_some) {
            let named = Named {
                ends: &flow.ends,
                vlan: flow.vlan,
                ts_us: flow.first.ts_us,
            };
            let needles = self.needles;
            for side in [Side::Orig, Side::Resp] {
                self.step(slot, named, side, |stream, _, seen| {
                    stream.gap(needles, 0, seen);
                });
            }
        }
        if let Some(place) = self.streams.get_mut(slot as usize) {
            *place = None;
        }
    }
}
