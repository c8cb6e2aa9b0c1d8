//! Joins capture, decoders and tables; `source` is the only Rust that opens captures, and
//! `flow_records::socket` the only one that opens sockets.

mod carve;
mod copies;
mod error;
mod flow_records;
mod folder;
mod handler;
mod live;
mod masking;
mod options;
mod pass;
mod reading;
mod search;
mod watched;

pub mod source;

pub use carve::carve;
pub use error::Error;
pub use flow_records::{
    Collector, CollectorOptions, CollectorStatus, ExporterReport, FlowInput, FlowSummary,
    SocketStatus, flow_records,
};
pub use folder::Folder;
pub use live::{Fed, Live, LiveStatus, LiveTimes};
pub use options::{Options, PortRule, phrases};
pub use pass::{OnProgress, Summary, tables};
pub use search::{Needle, Needles, search};
