//! A UDP socket and its thread: receives, checks who sends, and queues. The only Rust that opens sockets.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{getsockopt, setsockopt, sockopt};

use super::prefixes::Prefix;
use super::queue::{Queue, Received};
use crate::Error;

/// Datagrams received before they are queued together.
const AT_ONCE: usize = 256;

/// The longest UDP payload.
const DATAGRAM_BYTES: usize = 65_535;

/// How often a thread without work looks whether it is to stop.
const WAKE_MS: u16 = 200;

/// Senders outside the allow-list whose datagrams are counted one by one.
const COUNTED_STRANGERS: usize = 1000;

/// What one socket has seen.
#[derive(Default)]
pub(super) struct Tally {
    pub datagrams: AtomicU64,
    pub bytes: AtomicU64,
    /// Datagrams from senders that are not allowed.
    pub refused: AtomicU64,
    pub strangers: Mutex<HashMap<IpAddr, u64>>,
    pub errors: AtomicU64,
}

/// A socket that is read by a thread of its own.
pub(super) struct Socket {
    pub address: SocketAddr,
    pub buffer_bytes: usize,
    pub tally: Arc<Tally>,
    inode: Option<u64>,
    thread: Option<JoinHandle<()>>,
}

impl Socket {
    /// Listens on `HOST:PORT` and starts receiving.
    pub(super) fn listen(
        number: usize,
        address: &str,
        buffer_bytes: usize,
        allowed: Arc<[Prefix]>,
        queue: Arc<Queue>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        let refused = |cause: std::io::Error| Error::Input {
            path: format!("udp:{address}"),
            what: format!("cannot listen: {cause}"),
            hint: None,
        };
        let socket = UdpSocket::bind(address).map_err(refused)?;
        socket.set_nonblocking(true).map_err(refused)?;
        let bound = socket.local_addr().map_err(refused)?;
        let buffer_bytes = enlarge(&socket, buffer_bytes);
        let tally = Arc::new(Tally::default());
        let receiver = Receiver {
            number,
            inode: inode(&socket),
            socket,
            allowed,
            queue,
            stop,
            tally: tally.clone(),
        };
        let inode = receiver.inode;
        let thread = std::thread::Builder::new()
            .name(format!("collect-{number}"))
            .spawn(move || receiver.run())
            .map_err(refused)?;
        Ok(Self {
            address: bound,
            buffer_bytes,
            tally,
            inode,
            thread: Some(thread),
        })
    }

    /// Datagrams that the kernel dropped because the receive buffer was full (/proc/net/udp); `None` where it does
    /// not say.
    pub(super) fn kernel_drops(&self) -> Option<u64> {
        let inode = self.inode?;
        ["/proc/net/udp", "/proc/net/udp6"].iter().find_map(|path| {
            let table = std::fs::read_to_string(path).ok()?;
            table.lines().skip(1).find_map(|line| {
                let columns: Vec<_> = line.split_ascii_whitespace().collect();
                let of_ours = columns.get(9)?.parse() == Ok(inode);
                of_ours.then(|| columns.get(12)?.parse().ok()).flatten()
            })
        })
    }

    /// Waits for the thread, which was told to stop.
    pub(super) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Asks for a larger receive buffer, by force where that is allowed; what the kernel gave.
fn enlarge(socket: &UdpSocket, bytes: usize) -> usize {
    let fd = socket.as_fd();
    if setsockopt(&fd, sockopt::RcvBufForce, &bytes).is_err() {
        let _ = setsockopt(&fd, sockopt::RcvBuf, &bytes);
    }
    getsockopt(&fd, sockopt::RcvBuf).unwrap_or(0)
}

fn inode(socket: &UdpSocket) -> Option<u64> {
    let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok()?;
    let name = link.to_str()?;
    name.strip_prefix("socket:[")?
        .strip_suffix(']')?
        .parse()
        .ok()
}

/// What the thread has.
struct Receiver {
    number: usize,
    inode: Option<u64>,
    socket: UdpSocket,
    allowed: Arc<[Prefix]>,
    queue: Arc<Queue>,
    stop: Arc<AtomicBool>,
    tally: Arc<Tally>,
}

impl Receiver {
    fn run(self) {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        let mut received = Vec::with_capacity(AT_ONCE);
        while !self.stop.load(Ordering::Relaxed) {
            match self.socket.recv_from(&mut buffer) {
                Ok((length, sender)) => {
                    let payload = buffer.get(..length).unwrap_or_default();
                    self.take(sender.ip().to_canonical(), payload, &mut received);
                    if received.len() >= AT_ONCE {
                        self.queue.push(&mut received);
                    }
                }
                Err(cause) => {
                    if !received.is_empty() {
                        self.queue.push(&mut received);
                    }
                    match cause.kind() {
                        ErrorKind::WouldBlock | ErrorKind::Interrupted => {}
                        _ => {
                            self.tally.errors.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    let mut waiting = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
                    let _ = poll(&mut waiting, PollTimeout::from(WAKE_MS));
                }
            }
        }
        self.queue.push(&mut received);
    }

    fn take(&self, exporter: IpAddr, payload: &[u8], received: &mut Vec<Received>) {
        if !self.allowed.is_empty() && !self.allowed.iter().any(|prefix| prefix.holds(exporter)) {
            self.tally.refused.fetch_add(1, Ordering::Relaxed);
            let mut strangers = self
                .tally
                .strangers
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if strangers.len() < COUNTED_STRANGERS || strangers.contains_key(&exporter) {
                *strangers.entry(exporter).or_default() += 1;
            }
            return;
        }
        self.tally.datagrams.fetch_add(1, Ordering::Relaxed);
        self.tally
            .bytes
            .fetch_add(payload.len() as u64, Ordering::Relaxed);
        received.push(Received {
            socket: self.number,
            exporter,
            received_us: now_us(),
            payload: payload.into(),
        });
    }
}

/// Microseconds since the epoch.
pub(super) fn now_us() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_micros()).ok())
        .unwrap_or(0)
}
