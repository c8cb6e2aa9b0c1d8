//! Joins capture, decoders and tables; `source` is the only Rust that opens captures.

mod carve;
mod copies;
mod error;
mod folder;
mod handler;
mod masking;
mod options;
mod pass;
mod search;

pub mod source;

pub use carve::carve;
pub use error::Error;
pub use folder::Folder;
pub use options::{Options, PortRule, phrases};
pub use pass::{OnProgress, Summary, tables};
pub use search::{Needle, Needles, search};
