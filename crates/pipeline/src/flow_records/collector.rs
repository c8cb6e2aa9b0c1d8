//! Datagrams from the network become batches of flow records.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mailscope_flowrec::{Datagram, Decoder, ExporterReport, FlowRecord, Limits};
use mailscope_tables::flow_records::{Builder, Place};
use mailscope_tables::{Batches, Table as _, hand_on, hand_on_if_full};

use super::prefixes::Prefix;
use super::queue::Queue;
use super::socket::{Socket, now_us};
use crate::Error;

/// Datagrams decoded before it is looked whether the batch is full.
const DECODED_AT_ONCE: usize = 64;

/// Choices for a collector.
#[derive(Clone, Debug)]
pub struct CollectorOptions {
    /// `HOST:PORT` of each socket; none for a collector that is only fed.
    pub listen: Vec<String>,
    /// Prefixes of the exporters that are heard; none hears all.
    pub allow: Vec<String>,
    /// Receive buffer asked of the kernel for each socket.
    pub receive_buffer_bytes: usize,
    /// Memory for datagrams that wait to be decoded; what finds no room is counted and lost.
    pub queue_bytes: usize,
    /// Names this run in what rows cite, since datagrams are counted from 1 in each; may be empty.
    pub run: String,
}

/// What one socket has seen.
#[derive(Clone, Debug, Default)]
pub struct SocketStatus {
    /// What rows call it: `udp:ADDRESS:PORT`, and behind `@` the run.
    pub name: String,
    /// Receive buffer that the kernel gave.
    pub receive_buffer_bytes: usize,
    /// Datagrams from allowed exporters.
    pub datagrams: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Datagrams from others.
    pub refused: u64,
    /// Of whom, and how many; the first thousand.
    pub strangers: BTreeMap<IpAddr, u64>,
    /// Errors of the socket.
    pub errors: u64,
    /// Datagrams dropped by the kernel: its buffer was full.
    pub kernel_drops: Option<u64>,
}

/// What a collector has seen and lost.
#[derive(Clone, Debug, Default)]
pub struct CollectorStatus {
    /// The sockets in the order given.
    pub sockets: Vec<SocketStatus>,
    /// Datagrams waiting.
    pub queued_datagrams: usize,
    /// Their memory.
    pub queued_bytes: usize,
    /// The most memory that waited at once.
    pub most_queued_bytes: usize,
    /// Age of the oldest that waits, microseconds.
    pub queue_age_us: i64,
    /// Datagrams lost because the queue was full.
    pub queue_drops: u64,
    /// Datagrams decoded.
    pub datagrams: u64,
    /// Records given out.
    pub records: u64,
    /// Datagrams of which nothing could be read, by reason.
    pub refused: Vec<(&'static str, u64)>,
    /// The exporters.
    pub exporters: Vec<ExporterReport>,
}

/// Sockets, the queue behind them, and the decoder.
pub struct Collector {
    sockets: Vec<Socket>,
    /// What rows call the sockets; the last name is for datagrams that were fed.
    names: Vec<String>,
    queue: Arc<Queue>,
    stop: Arc<AtomicBool>,
    decoder: Decoder,
    builder: Builder,
    datagrams: u64,
    records: u64,
}

impl Collector {
    /// Opens the sockets and starts receiving.
    ///
    /// # Errors
    /// An address cannot be listened on; a prefix is none.
    pub fn start(options: &CollectorOptions) -> Result<Self, Error> {
        let allowed: Vec<_> = options
            .allow
            .iter()
            .map(|prefix| Prefix::parse(prefix))
            .collect::<Result<_, _>>()?;
        let allowed: Arc<[Prefix]> = allowed.into();
        let mut collector = Self {
            sockets: Vec::new(),
            names: Vec::new(),
            queue: Arc::new(Queue::new(options.queue_bytes)),
            stop: Arc::default(),
            decoder: Decoder::new(Limits::default()),
            builder: Builder::default(),
            datagrams: 0,
            records: 0,
        };
        for (number, address) in options.listen.iter().enumerate() {
            let socket = Socket::listen(
                number,
                address,
                options.receive_buffer_bytes,
                allowed.clone(),
                collector.queue.clone(),
                collector.stop.clone(),
            )?;
            collector
                .names
                .push(named(&format!("udp:{}", socket.address), &options.run));
            collector.sockets.push(socket);
        }
        collector.names.push(named("fed", &options.run));
        Ok(collector)
    }

    /// What rows call the sockets: `udp:ADDRESS:PORT`, and behind `@` the run.
    #[must_use]
    pub fn listening(&self) -> &[String] {
        self.names.get(..self.sockets.len()).unwrap_or_default()
    }

    /// Decodes one datagram that somebody else received.
    ///
    /// # Errors
    /// What `out` says.
    pub fn feed<B: Batches>(
        &mut self,
        exporter: IpAddr,
        payload: &[u8],
        received_us: i64,
        out: &mut B,
    ) -> Result<(), Error> {
        let fed = self.sockets.len();
        self.decode(fed, exporter, payload, received_us, out)
    }

    /// Hands on what was fed and not yet handed on.
    ///
    /// # Errors
    /// What `out` says.
    pub fn flush<B: Batches>(&mut self, out: &mut B) -> Result<(), Error> {
        Ok(hand_on(&mut self.builder, out)?)
    }

    /// Takes records until there are `most`, or `patience` is over, or `interrupted` says so; hands all of them on.
    /// How many there were.
    ///
    /// # Errors
    /// What `out` or `interrupted` says.
    pub fn take<B: Batches>(
        &mut self,
        most: u64,
        patience: Duration,
        out: &mut B,
        interrupted: &mut dyn FnMut() -> Result<bool, Error>,
    ) -> Result<u64, Error> {
        let begun = Instant::now();
        let before = self.records;
        while self.records - before < most && !interrupted()? {
            let Some(left) = patience.checked_sub(begun.elapsed()) else {
                break;
            };
            let received = self
                .queue
                .pop(DECODED_AT_ONCE, left.min(Duration::from_millis(100)));
            if received.is_empty() && self.stop.load(Ordering::Relaxed) {
                break;
            }
            for datagram in received {
                let (socket, exporter) = (datagram.socket, datagram.exporter);
                self.decode(
                    socket,
                    exporter,
                    &datagram.payload,
                    datagram.received_us,
                    out,
                )?;
            }
        }
        if self.builder.rows() > 0 {
            hand_on(&mut self.builder, out)?;
        }
        Ok(self.records - before)
    }

    fn decode<B: Batches>(
        &mut self,
        socket: usize,
        exporter: IpAddr,
        payload: &[u8],
        received_us: i64,
        out: &mut B,
    ) -> Result<(), Error> {
        self.datagrams += 1;
        let datagram = Datagram {
            exporter,
            number: self.datagrams,
            received_us,
            payload,
        };
        let (builder, records) = (&mut self.builder, &mut self.records);
        let input = self.names.get(socket).map_or("", String::as_str);
        let mut failure = None;
        let mut append = |number: u64, record: &FlowRecord| {
            *records += 1;
            let place = Place {
                input,
                datagram: number,
                record: *records,
            };
            builder.append(place, record);
            if let Err(refused) = hand_on_if_full(builder, out) {
                failure.get_or_insert(refused);
            }
        };
        // A refusal is counted by the decoder.
        let _ = self.decoder.datagram(&datagram, &mut append);
        failure.map_or(Ok(()), |refused| Err(refused.into()))
    }

    /// What was seen and lost so far.
    #[must_use]
    pub fn status(&self) -> CollectorStatus {
        let fill = self.queue.fill();
        let refused = self.decoder.refused().iter();
        CollectorStatus {
            sockets: self
                .sockets
                .iter()
                .zip(&self.names)
                .map(|(socket, name)| socket_status(socket, name))
                .collect(),
            queued_datagrams: fill.datagrams,
            queued_bytes: fill.bytes,
            most_queued_bytes: fill.most_bytes,
            queue_age_us: fill
                .oldest_us
                .map_or(0, |oldest| now_us().saturating_sub(oldest)),
            queue_drops: fill.dropped,
            datagrams: self.datagrams,
            records: self.records,
            refused: refused.map(|(why, count)| (why.slug(), *count)).collect(),
            exporters: self.decoder.exporters(),
        }
    }

    /// Closes the sockets; what was received before still waits to be taken.
    pub fn close(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for socket in &mut self.sockets {
            socket.join();
        }
        self.queue.close();
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.close();
    }
}

fn named(socket: &str, run: &str) -> String {
    match run {
        "" => socket.to_owned(),
        run => format!("{socket}@{run}"),
    }
}

fn socket_status(socket: &Socket, name: &str) -> SocketStatus {
    let tally = &socket.tally;
    let strangers = tally
        .strangers
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    SocketStatus {
        name: name.to_owned(),
        receive_buffer_bytes: socket.buffer_bytes,
        datagrams: tally.datagrams.load(Ordering::Relaxed),
        bytes: tally.bytes.load(Ordering::Relaxed),
        refused: tally.refused.load(Ordering::Relaxed),
        strangers: strangers
            .iter()
            .map(|(&addr, &count)| (addr, count))
            .collect(),
        errors: tally.errors.load(Ordering::Relaxed),
        kernel_drops: socket.kernel_drops(),
    }
}
