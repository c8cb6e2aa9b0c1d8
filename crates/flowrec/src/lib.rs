//! Flow records of exporters: NetFlow v5 and v9, IPFIX, sFlow v5, nfcapd files.
//!
//! The promise: any bytes give the records that can be read from them and a named outcome or count for the
//! rest; nothing panics, reads a clock or does I/O; every list, template and table has a named cap.

mod cursor;
mod data_set;
mod decoder;
mod domain;
mod draft;
mod limits;
mod netflow5;
pub mod nfcapd;
mod packet;
mod record;
mod sampling;
mod sequence;
mod sets;
mod sflow;
mod template;

pub use decoder::{Datagram, Decoder, ExporterReport, OnRecord, Refusal};
pub use domain::Counts;
pub use limits::Limits;
pub use record::{Direction, Ended, Event, FlowRecord, Format};
pub use sets::recognised;
