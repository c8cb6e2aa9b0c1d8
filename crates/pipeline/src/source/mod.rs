//! The only Rust that opens captures: paths, folders, standard input; compressed or not; many as one.

mod compression;
mod input;
mod merge;
mod opened;
mod overlap;
mod paths;
mod raw;

pub use input::{InputEnd, InputReport};
pub use merge::{Merge, Progress};
pub(crate) use opened::Opened;
pub(crate) use paths::io_text;
pub use paths::{InputName, named_inputs};
