//! One pass over captures: packets in, tables out.

use std::collections::BTreeMap;

use mailscope_capture::{Engine, UndecodedCounts};
use mailscope_tables::Batches;

use crate::handler::TablesHandler;
use crate::source::{InputReport, Merge, Progress, named_inputs};
use crate::{Error, Options};

/// What a pass has read.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The inputs in order.
    pub inputs: Vec<InputReport>,
    /// Flows closed before their end to stay inside the memory budget.
    pub evicted_flows: u64,
}

/// Called with what was read so far, some times a second; an error stops the pass.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress) -> Result<(), Error>;

/// Reads captures and hands their tables on, batch by batch.
///
/// # Errors
/// An input that is no capture or cannot be read; what `out` or `progress` says.
pub fn tables<B: Batches>(
    arguments: &[String],
    options: &Options,
    out: B,
    progress: OnProgress<'_>,
) -> Result<(Summary, B), Error> {
    let mut merge = Merge::open(named_inputs(arguments)?, options)?;
    let handler = TablesHandler::new(options.clone(), merge.names(), out);
    let mut engine = Engine::new(handler, options.capture_limits());
    let mut undecoded = UndecodedByInput::new();
    merge.run(
        |input, number, packet| {
            undecoded.turn_to(input, &engine.stats().undecoded);
            engine.packet(packet, u32::try_from(input).unwrap_or(u32::MAX), number);
            match engine.handler().failure() {
                Some(failure) => Err(failure.into()),
                None => Ok(()),
            }
        },
        progress,
    )?;
    engine.finish();
    let stats = *engine.stats();
    let mut inputs = merge.reports();
    undecoded.report(&stats.undecoded, &mut inputs);
    let summary = Summary {
        inputs,
        evicted_flows: stats.evicted,
    };
    Ok((summary, engine.into_handler().finish()?))
}

/// Which input the packets without a flow came from: the engine counts them for all together.
struct UndecodedByInput {
    input: usize,
    before: UndecodedCounts,
    counts: Vec<BTreeMap<&'static str, u64>>,
}

impl UndecodedByInput {
    fn new() -> Self {
        Self {
            input: usize::MAX,
            before: UndecodedCounts::default(),
            counts: Vec::new(),
        }
    }

    /// The next packet is from this input.
    #[inline]
    fn turn_to(&mut self, input: usize, now: &UndecodedCounts) {
        if input != self.input {
            self.settle(now);
            self.input = input;
        }
    }

    fn settle(&mut self, now: &UndecodedCounts) {
        let before: BTreeMap<_, _> = self
            .before
            .iter()
            .map(|(reason, count)| (reason.slug(), count))
            .collect();
        self.before = *now;
        for (reason, count) in now.iter() {
            let added = count - before.get(reason.slug()).copied().unwrap_or_default();
            if added > 0 {
                if self.input >= self.counts.len() {
                    self.counts.resize_with(self.input + 1, BTreeMap::new);
                }
                if let Some(counts) = self.counts.get_mut(self.input) {
                    *counts.entry(reason.slug()).or_default() += added;
                }
            }
        }
    }

    fn report(mut self, now: &UndecodedCounts, inputs: &mut [InputReport]) {
        self.settle(now);
        for (report, counts) in inputs.iter_mut().zip(self.counts) {
            report.undecoded = counts;
        }
    }
}
