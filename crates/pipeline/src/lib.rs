//! Joins capture, decoders and tables; `source` is the only Rust that opens captures.

mod error;
mod folder;
mod handler;
mod masking;
mod options;
mod pass;

pub mod source;

pub use error::Error;
pub use folder::Folder;
pub use options::Options;
pub use pass::{OnProgress, Summary, tables};
