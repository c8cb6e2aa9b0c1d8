//! Capture bytes become packets, flows and ordered streams.
//!
//! The promise: any byte sequence read as a capture gives the packets that precede the first
//! damage, and a named [`ReadEnd`]; any packet gives counters in a flow or a named [`Undecoded`];
//! every TCP stream is handed out in order as data and gaps, each once. Memory is bounded by
//! [`Limits`]; what goes over is cut and marked on its flow. Nothing here knows an application
//! protocol, opens a file or reads a clock: time comes from the packets.

mod conversation;
mod engine;
pub mod file;
mod flow;
mod limits;
mod packet;
mod rare;
mod reassembly;
mod secret;
mod types;

pub use conversation::Conversation;
pub use engine::{Engine, Stats};
pub use limits::Limits;
pub use packet::{Undecoded, UndecodedCounts};
pub use types::*;
