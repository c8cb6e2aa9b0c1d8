//! A capture that does not end: bytes in as they come, rows out whenever somebody asks.
//!
//! What a pass over files keeps between its packets is kept here between calls: flows, streams and decoders go on
//! over chunks and from one input to the next. Nothing here reads a clock or opens a file.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use mailscope_capture::Engine;
use mailscope_capture::file::{EndKind, Reader};
use mailscope_tables::Batches;

use crate::copies::{Clocks, Filter};
use crate::handler::TablesHandler;
use crate::{Error, Options};

/// Length of a pcap file's header.
const HEADER_BYTES: usize = 24;

/// Magic numbers of pcap as a capturing program writes it to a pipe.
const MAGICS: [[u8; 4]; 4] = [
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
];

/// Time-outs of flows that somebody waits for, in seconds: shorter than those of a pass over files.
#[derive(Clone, Copy, Debug)]
pub struct LiveTimes {
    /// How long a flow stays known after FIN or RST.
    pub linger_s: u32,
    /// How long an attempt waits for an answer.
    pub attempt_idle_s: u32,
}

/// What one piece of the capture held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fed {
    /// Bytes of whole records, which were decoded; the rest is to be fed again, with what follows it.
    pub bytes: usize,
    /// Records in them.
    pub packets: u64,
    /// Time of the last, microseconds.
    pub last_us: Option<i64>,
    /// The furthest that a packet's time lies before that of the packet before it, microseconds.
    pub back_us: i64,
}

/// Counts so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveStatus {
    /// Packets decoded.
    pub packets: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Flows that are open.
    pub open_flows: usize,
    /// Flows closed before their end to stay inside the memory budget.
    pub evicted_flows: u64,
    /// Packets of which the snap length cut something off.
    pub cut_packets: u64,
    /// Packets left out as copies of others.
    pub duplicates: u64,
    /// Packets that gave no flow, by reason.
    pub undecoded: BTreeMap<&'static str, u64>,
}

/// Decodes a capture that is still going on.
pub struct Live<B> {
    engine: Engine<TablesHandler<B>>,
    filter: Option<Filter>,
    clocks: Clocks,
    header: Vec<u8>,
    input: u32,
    /// Packets of the input so far.
    packets: u64,
    last_us: Option<i64>,
}

impl<B: Batches + Default> Live<B> {
    /// A decoder that has seen nothing.
    #[must_use]
    pub fn new(options: &Options, times: LiveTimes) -> Self {
        let mut limits = options.capture_limits();
        limits.linger_s = times.linger_s;
        limits.attempt_idle_s = times.attempt_idle_s;
        let handler = TablesHandler::new(options.clone(), Vec::new(), B::default());
        Self {
            engine: Engine::new(handler, limits),
            filter: (!options.count_copies).then(|| Filter::new(1)),
            clocks: Clocks::unknown(1),
            header: Vec::new(),
            input: 0,
            packets: 0,
            last_us: None,
        }
    }

    /// Records that follow are of an input of this name, numbered from 1, and of the kind that this header of a
    /// pcap file tells. Flows go on.
    ///
    /// # Errors
    /// It is no such header.
    pub fn begin(&mut self, name: &str, header: &[u8]) -> Result<(), Error> {
        let known =
            header.len() == HEADER_BYTES && MAGICS.iter().any(|magic| header.starts_with(magic));
        if !known {
            return Err(Error::input(
                name,
                "this is not the header of a pcap capture",
            ));
        }
        self.header = header.to_vec();
        self.input = self.engine.handler().add_input(name.to_owned());
        self.packets = 0;
        Ok(())
    }

    /// Decodes the whole records at the beginning of these bytes.
    ///
    /// # Errors
    /// They are no records, or no input was begun.
    pub fn feed(&mut self, bytes: Vec<u8>) -> Result<Fed, Error> {
        if self.header.is_empty() {
            return Err(Error::Usage("no input was begun".into()));
        }
        let mut fed = Fed::default();
        let source = Cursor::new(self.header.clone()).chain(Cursor::new(bytes));
        let mut reader = Reader::open(Box::new(source))
            .map_err(|end| Error::input("the capture", end.kind.slug()))?;
        while let Some(packet) = reader.next() {
            let at_us = packet.ts_ns.div_euclid(1000);
            fed.packets += 1;
            fed.back_us = fed.back_us.max(self.last_us.unwrap_or(at_us) - at_us);
            self.last_us = Some(at_us);
            self.packets += 1;
            let is_copy = self
                .filter
                .as_mut()
                .is_some_and(|filter| filter.is_copy(&packet, 0, &self.clocks));
            if !is_copy {
                self.engine.packet(&packet, self.input, self.packets);
            }
        }
        fed.last_us = self.last_us;
        let end = reader.end();
        let is_whole =
            end.is_none_or(|end| matches!(end.kind, EndKind::Complete | EndKind::CutOffRecord));
        if !is_whole || reader.info().damage_count > 0 {
            return Err(Error::input("the capture", "a record cannot be read"));
        }
        let until = end.map_or(0, |end| usize::try_from(end.offset).unwrap_or(0));
        fed.bytes = until.saturating_sub(HEADER_BYTES);
        match self.engine.handler().failure() {
            Some(failure) => Err(failure.into()),
            None => Ok(fed),
        }
    }

    /// Lets time pass without a packet, so that idle flows end.
    pub fn advance(&mut self, now_us: i64) {
        self.engine.advance(now_us);
    }

    /// Ends all flows, as at the end of a capture.
    pub fn cut(&mut self) {
        self.engine.finish();
        self.last_us = None;
    }

    /// The rows since the last time.
    ///
    /// # Errors
    /// Arrow refuses what was built.
    pub fn take(&mut self) -> Result<B, Error> {
        Ok(self.engine.handler().take()?)
    }

    /// Counts so far.
    #[must_use]
    pub fn status(&self) -> LiveStatus {
        let stats = self.engine.stats();
        LiveStatus {
            packets: stats.packets,
            wire_bytes: stats.wire_bytes,
            open_flows: self.engine.open_flows(),
            evicted_flows: stats.evicted,
            cut_packets: stats.cut_packets,
            duplicates: self
                .filter
                .as_ref()
                .map_or(0, |filter| filter.counts().iter().sum()),
            undecoded: stats
                .undecoded
                .iter()
                .map(|(reason, count)| (reason.slug(), count))
                .filter(|(_, count)| *count > 0)
                .collect(),
        }
    }
}
