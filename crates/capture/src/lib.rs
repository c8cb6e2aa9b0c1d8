//! Capture bytes become packets, flows and ordered streams.
//!
//! The promise: any byte sequence read as a capture gives the packets that precede the first
//! damage, and a named [`file::ReadEnd`]; any packet gives counters in a flow or a named [`Undecoded`];
//! every TCP stream is handed out in order as data and gaps, each once. Memory is bounded by
//! [`Limits`]; what goes over is cut and marked on its flow. Nothing here knows an application
//! protocol, opens a file or reads a clock: time comes from the packets.
//!
//! [`file::Reader`] gives packets of pcap, pcapng and snoop files; [`Engine`] turns them into calls
//! of a [`Handler`]. Headers are read by views of our own over the borrowed bytes and not by a
//! packet library: at 13 million packets in under two seconds there is no room for a tree of
//! layers, and a header that the snap length cuts must still give what is there.
//!
//! What was decided, and why:
//! - VLAN ids and tunnels do not tell flows apart (`flow::Key` says why); the innermost IP packet
//!   counts, except that one quoted in an ICMP error never does.
//! - A tunnel is opened only where its inside begins as it must; otherwise it is plain UDP or IP.
//! - Overlaps: the first copy of a byte wins, in datagrams and in streams. Conflicts are counted
//!   where both copies are at hand, so for bytes that still wait for others.
//! - A hole in a stream is a gap once the receiver acknowledged it and some packets or
//!   milliseconds passed; else when too much or too long has waited, or the flow ends. Until then
//!   the other direction waits too, so that no reply overtakes the command it answers.
//! - Time-outs run by packet time; one packet with a wrong time moves no clock.
//! - The same packets give the same calls in the same order, whatever the hash key of the run.

mod conversation;
mod engine;
mod facts;
pub mod file;
mod fingerprint;
mod flow;
mod handler;
mod limits;
mod packet;
mod rare;
mod reassembly;
mod secret;

pub use conversation::Conversation;
pub use engine::{Engine, Stats};
pub use facts::{Closed, Endpoints, Flow, FlowRef, OrientedBy, SideCounts};
pub use fingerprint::{Fingerprint, fingerprint};
pub use handler::{Handler, Interest};
pub use limits::Limits;
pub use packet::{Undecoded, UndecodedCounts};
