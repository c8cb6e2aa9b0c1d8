//! Ordered streams become records of what was said.
//!
//! The promise: decoders see bytes and gaps only; they open nothing, know no clock, hold no
//! `unsafe`, never panic, and give the same records however the bytes are cut. Memory and work are
//! bounded by [`limits::Limits`]; a limit that was hit is named in the record it touched.

mod connect;
mod datagram;
pub mod decoder;
mod dns;
mod encoding;
pub mod http;
pub mod identify;
pub mod imap;
mod layer;
pub mod limits;
pub mod lines;
pub mod mail;
mod mail_layer;
pub mod outcome;
#[cfg(test)]
mod played;
pub mod pop3;
mod proxy_protocol;
pub mod record;
pub mod room;
pub mod sasl;
mod session_log;
pub mod sketch;
mod skipped;
pub mod smtp;
mod socks;
pub mod stack;
mod stream;
mod tls;
mod tunnel;
mod undecided;
