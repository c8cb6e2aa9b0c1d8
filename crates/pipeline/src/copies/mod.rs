//! Copies of one packet: seen twice at a mirror port, or at two capture points. They are recognised, counted
//! once, and the clocks of two capture points that saw the same packets are put right by them.

mod clocks;
mod filter;

pub(crate) use clocks::{Clocks, Samples, measured};
pub(crate) use filter::Filter;
