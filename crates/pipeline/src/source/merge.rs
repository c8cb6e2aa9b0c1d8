//! Many captures as one: packets in the order of time, each file read once, few of them open.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use mailscope_capture::file::{LinkType, Packet};

use super::input::{Input, InputReport, Refused};
use super::overlap;
use super::paths::InputName;
use crate::copies::{Clocks, Filter};
use crate::{Error, Options};

/// Captures open at one time; more overlapping in time than this are refused.
const OPEN_INPUTS: usize = 200;

/// The bytes of a pass so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Stored bytes read.
    pub bytes: u64,
    /// Stored bytes in all; `None` when standard input is among the inputs.
    pub total_bytes: Option<u64>,
    /// Packets read.
    pub packets: u64,
}

/// Packets between two reports of progress.
const PROGRESS_PACKETS: u64 = 1 << 14;

/// A packet that waits because another input's packet is older.
struct Waiting {
    number: u64,
    ts_ns: i64,
    wire_len: u32,
    link: LinkType,
    interface: u32,
    data: Vec<u8>,
}

/// Inputs merged by packet time, clocks put right, copies left out. Packets of one input keep their order;
/// ties go to the input that began first, then by name, so that the order of arguments does not matter.
pub struct Merge {
    names: Vec<InputName>,
    hash_bytes: u64,
    total_bytes: Option<u64>,
    /// Inputs not yet open, latest first packet first: `(its time, rank of the input)`.
    pending: Vec<(i64, usize)>,
    /// Inputs by rank.
    by_rank: Vec<usize>,
    clocks: Clocks,
    /// None where copies count.
    filter: Option<Filter>,
    open: Vec<Option<Input>>,
    reports: Vec<Option<InputReport>>,
    finished_bytes: u64,
    packets: u64,
}

impl Merge {
    /// Looks at the head of every input, so that what is no capture is known before the pass begins.
    ///
    /// # Errors
    /// An input that cannot be read or is no capture (a folder's other files are passed over).
    pub fn open(names: Vec<InputName>, options: &Options) -> Result<Self, Error> {
        let count = names.len();
        let mut merge = Self {
            total_bytes: total_bytes(&names),
            names,
            hash_bytes: options.hash_mb.saturating_mul(1 << 20),
            pending: Vec::new(),
            by_rank: Vec::new(),
            clocks: Clocks::unknown(count),
            filter: (!options.count_copies).then(|| Filter::new(count)),
            open: (0..count).map(|_| None).collect(),
            reports: vec![None; count],
            finished_bytes: 0,
            packets: 0,
        };
        for index in 0..count {
            merge.look_at(index, count == 1)?;
        }
        merge.settle();
        Ok(merge)
    }

    /// Puts the clocks right and gives every input its rank.
    fn settle(&mut self) {
        let mut firsts = vec![None; self.names.len()];
        for &(first_ns, index) in &self.pending {
            if let Some(first) = firsts.get_mut(index).filter(|_| first_ns > i64::MIN) {
                *first = Some(first_ns);
            }
        }
        self.clocks = overlap::clocks(&self.names, &firsts);
        let mut order: Vec<(i64, usize)> = std::mem::take(&mut self.pending);
        for (first_ns, index) in &mut order {
            *first_ns = first_ns.saturating_sub(self.clocks.correction(*index));
        }
        let name = |index: usize| self.names.get(index).map(|name| &name.name);
        order.sort_by(|one, other| {
            let times = one.0.cmp(&other.0);
            times.then_with(|| name(one.1).cmp(&name(other.1)))
        });
        self.by_rank = order.iter().map(|&(_, index)| index).collect();
        self.pending = order
            .iter()
            .enumerate()
            .map(|(rank, &(first_ns, _))| (first_ns, rank))
            .rev()
            .collect();
    }

    fn input_of(&self, rank: usize) -> usize {
        self.by_rank.get(rank).copied().unwrap_or(usize::MAX)
    }

    /// Learns the time of an input's first packet. An only input needs no time, and standard input cannot
    /// be opened twice: both stay open.
    fn look_at(&mut self, index: usize, only: bool) -> Result<(), Error> {
        let Some(name) = self.names.get(index) else {
            return Ok(());
        };
        let stays = only || name.path.is_none();
        match Input::open(name, if stays { self.hash_bytes } else { 0 }) {
            Ok(input) if stays => {
                self.pending.push((i64::MIN, index));
                self.put(index, Some(input));
            }
            Ok(mut input) => {
                let first_ns = input.next().map_or(i64::MIN, |(_, packet)| packet.ts_ns);
                self.pending.push((first_ns, index));
            }
            Err(refused) => self.refused(index, *refused)?,
        }
        Ok(())
    }

    fn refused(&mut self, index: usize, refused: Refused) -> Result<(), Error> {
        let passed_over = self.names.get(index).is_some_and(|name| name.from_folder);
        let report = match refused {
            Refused::Outcome(report) => *report,
            Refused::Error(Error::Input { what, .. }) if passed_over => {
                let Some(name) = self.names.get(index) else {
                    return Ok(());
                };
                let end = super::InputEnd {
                    kind: "unknown-format",
                    packets: 0,
                    offset: 0,
                    detail: Some(what),
                };
                InputReport {
                    end: Some(end),
                    ..InputReport::named(name)
                }
            }
            Refused::Error(error) => return Err(error),
        };
        if let Some(place) = self.reports.get_mut(index) {
            *place = Some(report);
        }
        Ok(())
    }

    fn put(&mut self, index: usize, input: Option<Input>) {
        if let Some(place) = self.open.get_mut(index) {
            *place = input;
        }
    }

    /// Names of the inputs by number, as rows call them.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.names.iter().map(|name| name.name.clone()).collect()
    }

    /// What is to be said of the inputs, in order. Inputs still open were not read to their end.
    #[must_use]
    pub fn reports(mut self) -> Vec<InputReport> {
        for index in 0..self.names.len() {
            self.close(index);
        }
        let unread = |(report, name): (Option<InputReport>, &InputName)| {
            report.unwrap_or_else(|| InputReport::named(name))
        };
        let mut reports: Vec<InputReport> = self
            .reports
            .into_iter()
            .zip(&self.names)
            .map(unread)
            .collect();
        for (index, report) in reports.iter_mut().enumerate() {
            report.duplicates = self
                .filter
                .as_ref()
                .and_then(|filter| filter.counts().get(index).copied())
                .unwrap_or(0);
            if let Some((offset_ns, reference)) = self.clocks.offset(index) {
                let name = self.names.get(reference).map(|name| name.name.clone());
                report.clock = name.map(|name| (offset_ns.div_euclid(1000), name));
            }
        }
        reports
    }

    /// Hands every packet, oldest first, to `packet(input, number, packet)`; reports progress now and then.
    ///
    /// # Errors
    /// What `packet` or `progress` says, or too many inputs overlap in time.
    pub fn run(
        &mut self,
        mut packet: impl FnMut(usize, u64, &Packet<'_>) -> Result<(), Error>,
        progress: &mut dyn FnMut(Progress) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut queue = BinaryHeap::new();
        let mut waiting: Vec<Option<Waiting>> = (0..self.names.len()).map(|_| None).collect();
        loop {
            self.open_next(&mut queue)?;
            let Some(Reverse((_, rank))) = queue.pop() else {
                return progress(self.progress());
            };
            let index = self.input_of(rank);
            if let Some(held) = waiting.get_mut(index).and_then(Option::take)
                && !is_copy(&mut self.filter, &held.packet(), index, &self.clocks)
            {
                packet(index, held.number, &held.packet())?;
            }
            let until = self.next_turn(&queue);
            match self.read_until(rank, until, &mut packet, progress)? {
                Some(held) => {
                    queue.push(Reverse((held.ts_ns, rank)));
                    if let Some(place) = waiting.get_mut(index) {
                        *place = Some(held);
                    }
                }
                None => self.close(index),
            }
        }
    }

    /// Opens the inputs whose first packet is due: not later than the oldest packet in the queue.
    fn open_next(&mut self, queue: &mut BinaryHeap<Reverse<(i64, usize)>>) -> Result<(), Error> {
        while let Some(&(first_ns, rank)) = self.pending.last() {
            let index = self.input_of(rank);
            if queue
                .peek()
                .is_some_and(|Reverse((ts_ns, _))| *ts_ns < first_ns)
            {
                break;
            }
            self.pending.pop();
            if self.open.get(index).is_some_and(Option::is_none) {
                let Some(name) = self.names.get(index) else {
                    continue;
                };
                if queue.len() >= OPEN_INPUTS {
                    let what = format!("more than {OPEN_INPUTS} captures overlap in time here");
                    let hint = Some("merge some of them first, with `mergecap`");
                    return Err(Error::Input {
                        path: name.name.clone(),
                        what,
                        hint,
                    });
                }
                match Input::open(name, self.hash_bytes) {
                    Ok(input) => self.put(index, Some(input)),
                    Err(refused) => {
                        self.refused(index, *refused)?;
                        continue;
                    }
                }
            }
            queue.push(Reverse((first_ns, rank)));
        }
        Ok(())
    }

    /// When another input's turn comes: `(time, rank)`.
    fn next_turn(&self, queue: &BinaryHeap<Reverse<(i64, usize)>>) -> (i64, usize) {
        let queued = queue
            .peek()
            .map_or((i64::MAX, usize::MAX), |Reverse(turn)| *turn);
        self.pending.last().map_or(queued, |&turn| turn.min(queued))
    }

    /// Hands on an input's packets until another's turn; the packet that must wait, if not at the end.
    fn read_until(
        &mut self,
        rank: usize,
        until: (i64, usize),
        packet: &mut impl FnMut(usize, u64, &Packet<'_>) -> Result<(), Error>,
        progress: &mut dyn FnMut(Progress) -> Result<(), Error>,
    ) -> Result<Option<Waiting>, Error> {
        let index = self.input_of(rank);
        let correction = self.clocks.correction(index);
        loop {
            let Some(Some(input)) = self.open.get_mut(index) else {
                return Ok(None);
            };
            for _ in 0..PROGRESS_PACKETS {
                let Some((number, mut next)) = input.next() else {
                    return Ok(None);
                };
                self.packets += 1;
                next.ts_ns = next.ts_ns.saturating_sub(correction);
                if (next.ts_ns, rank) > until {
                    return Ok(Some(Waiting::new(number, &next)));
                }
                if !is_copy(&mut self.filter, &next, index, &self.clocks) {
                    packet(index, number, &next)?;
                }
            }
            progress(self.progress())?;
        }
    }

    fn progress(&self) -> Progress {
        let open: u64 = self.open.iter().flatten().map(Input::bytes).sum();
        Progress {
            bytes: self.finished_bytes + open,
            total_bytes: self.total_bytes,
            packets: self.packets,
        }
    }

    fn close(&mut self, index: usize) {
        let Some(input) = self.open.get_mut(index).and_then(Option::take) else {
            return;
        };
        self.finished_bytes += input.bytes();
        if let (Some(name), Some(place)) = (self.names.get(index), self.reports.get_mut(index)) {
            *place = Some(input.report(name));
        }
    }
}

fn total_bytes(names: &[InputName]) -> Option<u64> {
    names
        .iter()
        .map(|name| Some(name.path.as_ref()?.metadata().ok()?.len()))
        .sum()
}

impl Waiting {
    fn new(number: u64, packet: &Packet<'_>) -> Self {
        let Packet {
            ts_ns,
            wire_len,
            link,
            interface,
            data,
        } = *packet;
        Self {
            number,
            ts_ns,
            wire_len,
            link,
            interface,
            data: data.to_vec(),
        }
    }

    fn packet(&self) -> Packet<'_> {
        let Self {
            ts_ns,
            wire_len,
            link,
            interface,
            ref data,
            ..
        } = *self;
        Packet {
            ts_ns,
            wire_len,
            link,
            interface,
            data,
        }
    }
}

fn is_copy(
    filter: &mut Option<Filter>,
    packet: &Packet<'_>,
    index: usize,
    clocks: &Clocks,
) -> bool {
    filter
        .as_mut()
        .is_some_and(|filter| filter.is_copy(packet, index, clocks))
}
