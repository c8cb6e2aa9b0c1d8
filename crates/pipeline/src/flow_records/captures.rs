//! Export datagrams in captures, on whatever port: recognised by their structure.

use arrow_schema::ArrowError;
use mailscope_capture::{Engine, Flow, FlowRef, Handler, Interest};
use mailscope_evidence::{At, Side};
use mailscope_flowrec::{Datagram, Decoder, FlowRecord, Limits, recognised};
use mailscope_tables::flow_records::{Builder, Place};
use mailscope_tables::{Batches, hand_on_if_full};

use super::{FlowInput, FlowSummary};
use crate::pass::OnProgress;
use crate::source::{InputName, InputReport, Merge};
use crate::{Error, Options};

/// Bits of a datagram's number that are the packet's; those above are the input's.
const PACKET_BITS: u32 = 40;

/// Reads the captures, merged by time, so that a template of one file serves the next.
pub(super) fn read<B: Batches>(
    names: Vec<InputName>,
    options: &Options,
    builder: &mut Builder,
    out: &mut B,
    progress: OnProgress<'_>,
    summary: &mut FlowSummary,
) -> Result<(), Error> {
    let mut merge = Merge::open(names, options)?;
    let inputs = merge.names();
    let handler = ExportHandler {
        counts: vec![(0, 0); inputs.len()],
        inputs,
        decoder: Decoder::new(Limits::default()),
        builder,
        out,
        failure: None,
    };
    let mut engine = Engine::new(handler, options.capture_limits());
    merge
        .run(
            |input, number, packet| {
                engine.packet(packet, u32::try_from(input).unwrap_or(u32::MAX), number);
                match &engine.handler().failure {
                    Some(_) => Err(Error::Stopped),
                    None => Ok(()),
                }
            },
            progress,
        )
        .or_else(|stopped| match engine.handler().failure.is_some() {
            true => Ok(()),
            false => Err(stopped),
        })?;
    let mut handler = engine.into_handler();
    if let Some(failure) = handler.failure.take() {
        return Err(failure.into());
    }
    summary.exporters = handler.decoder.exporters();
    let refused = handler.decoder.refused().iter();
    summary.refused = refused.map(|(why, count)| (why.slug(), *count)).collect();
    let counts = std::mem::take(&mut handler.counts);
    for (report, (datagrams, records)) in merge.reports().into_iter().zip(counts) {
        summary
            .inputs
            .push(capture_input(report, datagrams, records));
    }
    Ok(())
}

fn capture_input(report: InputReport, datagrams: u64, records: u64) -> FlowInput {
    FlowInput {
        path: report.path,
        name: report.name,
        format: report.format,
        compression: report.compression,
        bytes: report.bytes,
        sha256: report.sha256,
        packets: report.packets,
        datagrams,
        records,
        end: report.end.as_ref().map_or("stopped", |end| end.kind),
        end_detail: report.end.and_then(|end| end.detail),
    }
}

struct ExportHandler<'b, B> {
    inputs: Vec<String>,
    /// Datagrams and records of each input.
    counts: Vec<(u64, u64)>,
    decoder: Decoder,
    builder: &'b mut Builder,
    out: &'b mut B,
    failure: Option<ArrowError>,
}

impl<B: Batches> ExportHandler<'_, B> {
    fn decode(&mut self, datagram: &Datagram<'_>) {
        let (inputs, counts) = (&self.inputs, &mut self.counts);
        let (builder, out, failure) = (&mut *self.builder, &mut *self.out, &mut self.failure);
        let mut append = |number: u64, record: &FlowRecord| {
            let input = (number >> PACKET_BITS) as usize;
            let Some((_, records)) = counts.get_mut(input) else {
                return;
            };
            *records += 1;
            let place = Place {
                input: inputs.get(input).map_or("", String::as_str),
                datagram: number & ((1 << PACKET_BITS) - 1),
                record: *records,
            };
            builder.append(place, record);
            if let Err(refused) = hand_on_if_full(builder, out) {
                failure.get_or_insert(refused);
            }
        };
        // A refusal is counted by the decoder.
        let _ = self.decoder.datagram(datagram, &mut append);
    }
}

impl<B: Batches> Handler for ExportHandler<'_, B> {
    fn tcp_data(&mut self, _: &FlowRef, _: Side, _: At, _: &[u8]) -> Interest {
        Interest::Ignore
    }

    fn tcp_gap(&mut self, _: &FlowRef, _: Side, _: At, _: u64) -> Interest {
        Interest::Ignore
    }

    fn tcp_fin(&mut self, _: &FlowRef, _: Side, _: At) {}

    fn udp_data(&mut self, flow: &FlowRef, side: Side, at: At, data: &[u8]) -> Interest {
        if recognised(data).is_none() {
            // One that begins as an export does may be a damaged one among others.
            return match data {
                [0, 5 | 9 | 10, ..] | [0, 0, 0, 5, ..] => Interest::Follow,
                _ => Interest::Ignore,
            };
        }
        if let Some((datagrams, _)) = self.counts.get_mut(at.file as usize) {
            *datagrams += 1;
        }
        let exporter = match side {
            Side::Orig => flow.ends.orig_addr,
            Side::Resp => flow.ends.resp_addr,
        };
        self.decode(&Datagram {
            exporter,
            number: u64::from(at.file) << PACKET_BITS | at.packet,
            received_us: at.ts_us,
            payload: data,
        });
        Interest::Follow
    }

    fn flow(&mut self, _: u32, _: &Flow) {}
}
