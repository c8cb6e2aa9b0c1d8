//! Datagrams between the threads that receive and the one that decodes: bounded, and its loss counted.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes that a waiting datagram costs beside its payload.
const OVERHEAD_BYTES: usize = 64;

/// One datagram as it came.
pub(super) struct Received {
    /// Which socket.
    pub socket: usize,
    pub exporter: IpAddr,
    pub received_us: i64,
    pub payload: Box<[u8]>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Received>,
    bytes: usize,
    dropped: u64,
    most_bytes: usize,
    is_closed: bool,
}

/// The queue.
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    limit_bytes: usize,
}

/// How full the queue is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fill {
    pub datagrams: usize,
    pub bytes: usize,
    pub most_bytes: usize,
    pub dropped: u64,
    /// When the oldest datagram came.
    pub oldest_us: Option<i64>,
}

impl Queue {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            limit_bytes,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes datagrams in; what finds no room is counted and gone.
    pub(super) fn push(&self, received: &mut Vec<Received>) {
        let mut state = self.state();
        for datagram in received.drain(..) {
            let bytes = datagram.payload.len() + OVERHEAD_BYTES;
            if state.bytes + bytes > self.limit_bytes {
                state.dropped += 1;
                continue;
            }
            state.bytes += bytes;
            state.waiting.push_back(datagram);
        }
        state.most_bytes = state.most_bytes.max(state.bytes);
        drop(state);
        self.arrived.notify_one();
    }

    /// The oldest datagrams, at most `count`; waits for the first. Empty after `patience` without one.
    pub(super) fn pop(&self, count: usize, patience: Duration) -> Vec<Received> {
        let state = self.state();
        let (mut state, _) = self
            .arrived
            .wait_timeout_while(state, patience, |state| {
                state.waiting.is_empty() && !state.is_closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        let count = count.min(state.waiting.len());
        let taken: Vec<_> = state.waiting.drain(..count).collect();
        let bytes: usize = taken
            .iter()
            .map(|datagram| datagram.payload.len() + OVERHEAD_BYTES)
            .sum();
        state.bytes -= bytes;
        taken
    }

    pub(super) fn fill(&self) -> Fill {
        let state = self.state();
        Fill {
            datagrams: state.waiting.len(),
            bytes: state.bytes,
            most_bytes: state.most_bytes,
            dropped: state.dropped,
            oldest_us: state.waiting.front().map(|oldest| oldest.received_us),
        }
    }

    /// Nobody waits any longer.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.arrived.notify_all();
    }
}
