//! Receives flows and streams from the capture, feeds the decoders, and turns what they say into rows.

use std::sync::Arc;

use arrow_schema::ArrowError;
use mailscope_capture::{Closed, Flow, FlowRef, Handler, Interest};
use mailscope_decode::limits::Limits;
use mailscope_decode::record::{Application, MailSession, ProxyRequest, Record, Records};
use mailscope_decode::stack::{FlowHint, Stack, StreamEnd};
use mailscope_evidence::{At, Side};
use mailscope_tables::{Batches, FlowContext, FlowId, Tables};

use crate::Options;
use crate::masking;
use crate::reading::Reading;

/// Mail sessions of a flow that wait for the proxy request around them; later ones go without its target.
const SESSIONS_HELD: usize = 64;

/// The handler of a pass that makes tables.
pub(crate) struct TablesHandler<B> {
    options: Options,
    limits: Arc<Limits>,
    inputs: Vec<String>,
    tables: Tables,
    out: B,
    reading: Reading,
    /// What became of the payload of open flows, by slot.
    flows: Vec<Payload>,
    records: Records,
    failure: Option<ArrowError>,
}

/// What became of one flow's payload so far.
#[derive(Default)]
enum Payload {
    /// There was none.
    #[default]
    None,
    /// It is being decoded.
    Open(Box<Decoding>),
    /// All is known that will be: most flows come here with their first packets, and need little room.
    Settled(Box<Settled>),
}

/// A flow of which only the end is awaited.
struct Settled {
    flow_id: FlowId,
    app: Application,
}

/// What one flow's payload is being made into.
struct Decoding {
    stack: Stack,
    flow_id: FlowId,
    sessions: Vec<MailSession>,
}

impl<B: Batches> TablesHandler<B> {
    pub(crate) fn new(mut options: Options, inputs: Vec<String>, out: B) -> Self {
        options.decode_limits = options.shared_decode_limits();
        let limits = options.decode_limits;
        Self {
            limits: Arc::new(limits),
            reading: Reading::new(limits),
            options,
            inputs,
            tables: Tables::default(),
            out,
            flows: Vec::new(),
            records: Vec::new(),
            failure: None,
        }
    }

    /// The error that stopped the tables, if one did.
    pub(crate) fn failure(&mut self) -> Option<ArrowError> {
        self.failure.take()
    }

    /// Packets that follow are from an input of this name; its number.
    pub(crate) fn add_input(&mut self, name: String) -> u32 {
        self.inputs.push(name);
        u32::try_from(self.inputs.len() - 1).unwrap_or(u32::MAX)
    }

    /// Hands on the rows so far, and gives out their receiver for an empty one.
    pub(crate) fn take(&mut self) -> Result<B, ArrowError>
    where
        B: Default,
    {
        self.reading
            .finish(&self.inputs, &mut self.tables, &mut self.out)?;
        self.tables.hand_on(&mut self.out)?;
        Ok(std::mem::take(&mut self.out))
    }

    /// Hands on the rows that are left and gives back their receiver.
    pub(crate) fn finish(mut self) -> Result<B, ArrowError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.reading
            .finish(&self.inputs, &mut self.tables, &mut self.out)?;
        self.tables.finish(&mut self.out)?;
        Ok(self.out)
    }

    /// Feeds the decoders of a flow, made now if need be.
    #[inline]
    fn feed(
        &mut self,
        flow: &FlowRef,
        udp: bool,
        feed: impl FnOnce(&mut Stack, &mut Records) -> bool,
    ) -> Interest {
        let slot = flow.slot as usize;
        if slot >= self.flows.len() {
            self.flows.resize_with(slot + 1, Payload::default);
        }
        let Some(place) = self.flows.get_mut(slot) else {
            return Interest::Ignore;
        };
        match place {
            Payload::Open(decoding) => {
                if feed(&mut decoding.stack, &mut self.records) {
                    self.hand_on(flow);
                    return Interest::Follow;
                }
                let settled = decoding.settled(&mut self.records);
                self.hand_on(flow);
                if let (Some(settled), Some(place)) = (settled, self.flows.get_mut(slot)) {
                    *place = Payload::Settled(settled);
                }
                Interest::Ignore
            }
            Payload::None => {
                let defer = self.reading.has_threads();
                let limits = Arc::clone(&self.limits);
                let mut decoding = Decoding::new(&self.options, limits, flow, udp, defer);
                let goes_on = feed(&mut decoding.stack, &mut self.records);
                let settled = if goes_on {
                    None
                } else {
                    decoding.settled(&mut self.records)
                };
                self.begin(flow, decoding, settled);
                if goes_on {
                    Interest::Follow
                } else {
                    Interest::Ignore
                }
            }
            Payload::Settled(_) => Interest::Ignore,
        }
    }

    /// Keeps what is needed of a flow after its first payload.
    fn begin(&mut self, flow: &FlowRef, mut decoding: Decoding, settled: Option<Box<Settled>>) {
        self.rows_of(flow, decoding.flow_id, &mut decoding.sessions);
        if let Some(place) = self.flows.get_mut(flow.slot as usize) {
            *place = match settled {
                Some(settled) => Payload::Settled(settled),
                None => Payload::Open(Box::new(decoding)),
            };
        }
    }

    /// Makes rows of the records of an open flow.
    #[inline]
    fn hand_on(&mut self, flow: &FlowRef) {
        if self.records.is_empty() {
            return;
        }
        let place = self.flows.get_mut(flow.slot as usize);
        if let Some(Payload::Open(decoding)) = place {
            let (flow_id, mut sessions) =
                (decoding.flow_id, std::mem::take(&mut decoding.sessions));
            self.rows_of(flow, flow_id, &mut sessions);
            if let Some(Payload::Open(decoding)) = self.flows.get_mut(flow.slot as usize) {
                decoding.sessions = sessions;
            }
        }
    }

    fn rows_of(&mut self, flow: &FlowRef, flow_id: FlowId, sessions: &mut Vec<MailSession>) {
        if self.records.is_empty() {
            return;
        }
        let context = FlowContext {
            flow_id,
            ends: &flow.ends,
            inputs: &self.inputs,
        };
        let mut rows = Rows {
            tables: &mut self.tables,
            out: &mut self.out,
            reading: &mut self.reading,
            mask_users: self.options.mask_users,
        };
        if let Err(failure) = rows.add(&context, &mut self.records, sessions) {
            self.failure.get_or_insert(failure);
        }
    }

    fn flow_row(&mut self, slot: u32, flow: &Flow) -> Result<(), ArrowError> {
        let place = self.flows.get_mut(slot as usize);
        let payload = place.map(std::mem::take).unwrap_or_default();
        let flow_id = match &payload {
            Payload::Open(decoding) => decoding.flow_id,
            Payload::Settled(settled) => settled.flow_id,
            Payload::None => FlowId::of(&flow.ends, flow.vlan, flow.first.ts_us),
        };
        let context = FlowContext {
            flow_id,
            ends: &flow.ends,
            inputs: &self.inputs,
        };
        let sensor = self.options.sensor.as_deref();
        let app = match payload {
            Payload::None => None,
            Payload::Settled(settled) => Some(settled.app),
            Payload::Open(mut decoding) => {
                let app =
                    decoding
                        .stack
                        .finish(stream_end(flow.closed), flow.last, &mut self.records);
                let mut rows = Rows {
                    tables: &mut self.tables,
                    out: &mut self.out,
                    reading: &mut self.reading,
                    mask_users: self.options.mask_users,
                };
                rows.add(&context, &mut self.records, &mut decoding.sessions)?;
                for session in decoding.sessions.drain(..) {
                    rows.session(&context, Box::new(session), None)?;
                }
                app
            }
        };
        self.tables
            .flow(&context, sensor, flow, app.as_ref(), &mut self.out)
    }
}

impl<B: Batches> Handler for TablesHandler<B> {
    #[inline]
    fn tcp_data(&mut self, flow: &FlowRef, side: Side, at: At, data: &[u8]) -> Interest {
        self.feed(flow, false, |stack, out| stack.data(side, at, data, out))
    }

    fn tcp_gap(&mut self, flow: &FlowRef, side: Side, at: At, missing: u64) -> Interest {
        self.feed(flow, false, |stack, out| stack.gap(side, at, missing, out))
    }

    fn tcp_fin(&mut self, flow: &FlowRef, side: Side, _at: At) {
        if let Some(Payload::Open(decoding)) = self.flows.get_mut(flow.slot as usize) {
            decoding.stack.fin(side);
        }
    }

    fn udp_data(&mut self, flow: &FlowRef, side: Side, at: At, data: &[u8]) -> Interest {
        self.feed(flow, true, |stack, out| stack.data(side, at, data, out))
    }

    fn flow(&mut self, slot: u32, flow: &Flow) {
        if let Err(failure) = self.flow_row(slot, flow) {
            self.failure.get_or_insert(failure);
        }
    }
}

impl Decoding {
    fn new(
        options: &Options,
        limits: Arc<Limits>,
        flow: &FlowRef,
        udp: bool,
        defer_messages: bool,
    ) -> Self {
        let hint = FlowHint {
            orig_port: flow.ends.orig_port,
            resp_port: flow.ends.resp_port,
            from_start: flow.from_start,
            udp,
            keep_messages: options.keep_messages,
            phrases: options.spot,
            defer_messages,
            decode_as: options.decoded_as(flow.ends.orig_port, flow.ends.resp_port),
        };
        Self {
            stack: Stack::sharing(limits, hint),
            flow_id: FlowId::of(&flow.ends, flow.vlan, flow.first.ts_us),
            sessions: Vec::new(),
        }
    }

    /// What is left when the end will add nothing to it; but sessions that wait for a request's target do.
    fn settled(&mut self, records: &mut Records) -> Option<Box<Settled>> {
        if !self.sessions.is_empty() {
            return None;
        }
        let app = self.stack.settled(records)?;
        Some(Box::new(Settled {
            flow_id: self.flow_id,
            app,
        }))
    }
}

/// Where rows go.
struct Rows<'a, B> {
    tables: &'a mut Tables,
    out: &'a mut B,
    reading: &'a mut Reading,
    mask_users: bool,
}

impl<B: Batches> Rows<'_, B> {
    /// Makes rows of records. A mail session inside a tunnel waits in `held` for the request that opened
    /// it, since that ends later and knows the target.
    fn add(
        &mut self,
        context: &FlowContext<'_>,
        records: &mut Records,
        held: &mut Vec<MailSession>,
    ) -> Result<(), ArrowError> {
        for mut record in records.drain(..) {
            if self.mask_users {
                masking::mask(&mut record);
            }
            match record {
                Record::MailSession(session)
                    if session.proxy.is_some() && held.len() < SESSIONS_HELD =>
                {
                    held.push(*session);
                }
                Record::ProxyRequest(proxy) => {
                    let target = Some((proxy.target_host.as_str(), proxy.target_port));
                    for session in inside(held, &proxy) {
                        self.session(context, Box::new(session), target)?;
                    }
                    self.tables
                        .record(context, &Record::ProxyRequest(proxy), self.out)?;
                }
                Record::MailSession(session) => self.session(context, session, None)?,
                Record::Unread(unread) => {
                    self.reading
                        .message(context, *unread, self.tables, self.out)?;
                }
                Record::Message(_) | Record::Url(_) | Record::Attachment(_) => {
                    self.reading
                        .record(context, record, self.tables, self.out)?;
                }
                record => self.tables.record(context, &record, self.out)?,
            }
        }
        Ok(())
    }

    fn session(
        &mut self,
        context: &FlowContext<'_>,
        session: Box<MailSession>,
        target: Option<(&str, u16)>,
    ) -> Result<(), ArrowError> {
        self.reading
            .session(context, session, target, self.tables, self.out)
    }
}

/// Takes the sessions that ran inside this request.
fn inside(held: &mut Vec<MailSession>, proxy: &ProxyRequest) -> Vec<MailSession> {
    let (inside, rest) = std::mem::take(held)
        .into_iter()
        .partition(|session| session.proxy == Some(proxy.proxy));
    *held = rest;
    inside
}

fn stream_end(closed: Closed) -> StreamEnd {
    match closed {
        Closed::Fin => StreamEnd::Fin,
        Closed::ResetByOrig => StreamEnd::ResetByOrig,
        Closed::ResetByResp => StreamEnd::ResetByResp,
        Closed::Idle | Closed::CaptureEnd | Closed::Evicted | Closed::Replaced => StreamEnd::Cut,
    }
}
