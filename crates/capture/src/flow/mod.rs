//! The flow table: a small index into dense entries, and a wheel of idle time-outs.

mod entry;
mod index;
mod key;
mod orientation;
mod table;
mod wheel;

pub(crate) use entry::{Entry, Half, State};
pub(crate) use key::Key;
pub(crate) use orientation::originator_by_port;
pub(crate) use table::Table;
