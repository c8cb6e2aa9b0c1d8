//! Flow records of captures that hold export datagrams, and of nfcapd files.

mod captures;
mod collector;
mod nfcapd;
mod prefixes;
mod queue;
mod socket;

use std::io::Read;

pub use mailscope_flowrec::ExporterReport;
use mailscope_tables::{Batches, flow_records as table, hand_on};

pub use collector::{Collector, CollectorOptions, CollectorStatus, SocketStatus};

use crate::pass::OnProgress;
use crate::source::{InputName, Opened, named_inputs};
use crate::{Error, Options};

/// What was read of one input.
#[derive(Clone, Debug, Default)]
pub struct FlowInput {
    /// Where it lies: `-` for standard input.
    pub path: String,
    /// What rows call it.
    pub name: String,
    /// `nfcapd-v1`, `nfcapd-v2`, or the capture's format.
    pub format: &'static str,
    /// `none`, `gzip`, `zstd`; nfcapd: of its blocks.
    pub compression: &'static str,
    /// Stored bytes read.
    pub bytes: u64,
    /// SHA-256 of the stored bytes; `None` for an input larger than the limit on hashing.
    pub sha256: Option<String>,
    /// Packets (capture) or blocks (nfcapd) read.
    pub packets: u64,
    /// Export datagrams; nfcapd: none.
    pub datagrams: u64,
    /// Flow records.
    pub records: u64,
    /// How reading ended: `complete`, or a named outcome.
    pub end: &'static str,
    /// More words, where there are any.
    pub end_detail: Option<String>,
}

/// What a pass over flow records has read.
#[derive(Clone, Debug, Default)]
pub struct FlowSummary {
    /// The inputs in order.
    pub inputs: Vec<FlowInput>,
    /// The exporters in the captures.
    pub exporters: Vec<ExporterReport>,
    /// Export datagrams of which nothing could be read, by reason.
    pub refused: Vec<(&'static str, u64)>,
}

/// Reads flow records and hands the table `flow_records` on.
///
/// # Errors
/// An input that is neither nfcapd file nor capture, or cannot be read; what `out` or `progress` says.
pub fn flow_records<B: Batches>(
    arguments: &[String],
    options: &Options,
    mut out: B,
    progress: OnProgress<'_>,
) -> Result<(FlowSummary, B), Error> {
    let names = named_inputs(arguments)?;
    let mut builder = table::Builder::default();
    let mut summary = FlowSummary::default();
    let mut captures = Vec::new();
    for name in &names {
        if is_nfcapd(name)? {
            let report = nfcapd::read(name, options, &mut builder, &mut out, progress)?;
            summary.inputs.push(report);
        } else {
            captures.push(name.clone());
        }
    }
    if !captures.is_empty() {
        captures::read(
            captures,
            options,
            &mut builder,
            &mut out,
            progress,
            &mut summary,
        )?;
    }
    hand_on(&mut builder, &mut out)?;
    let order = |input: &FlowInput| names.iter().position(|name| name.name == input.name);
    summary.inputs.sort_by_key(order);
    Ok((summary, out))
}

/// By its first bytes; standard input is a capture.
fn is_nfcapd(name: &InputName) -> Result<bool, Error> {
    if name.path.is_none() {
        return Ok(false);
    }
    let mut magic = [0; 2];
    let mut opened = Opened::open(name, 0)?;
    // An input shorter than its magic number is for the capture reader to name.
    Ok(
        opened.source.read_exact(&mut magic).is_ok()
            && matches!(magic, [0x0c, 0xa5] | [0xa5, 0x0c]),
    )
}

/// A whole header, or nothing at the end of the input.
fn read_some(source: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match source.read(room) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(filled)
}
