//! Ordered streams become records of what was said.
//!
//! The promise: decoders see bytes and gaps only; they open nothing, know no clock, hold no
//! `unsafe`, never panic, and give the same records however the bytes are cut. Memory and work are
//! bounded by [`limits::Limits`]; a limit that was hit is named in the record it touched.

pub mod decoder;
pub mod identify;
pub mod imap;
pub mod limits;
pub mod lines;
pub mod mail;
pub mod outcome;
pub mod pop3;
pub mod record;
pub mod sasl;
pub mod sketch;
pub mod smtp;
pub mod stack;
