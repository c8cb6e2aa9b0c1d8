//! Joins capture, decoders and tables; `source` is the only Rust that opens files.

mod options;

pub use options::Options;
