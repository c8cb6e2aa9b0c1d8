//! Flow records of exporters: NetFlow v5 and v9, IPFIX, sFlow v5, nfcapd files.
//!
//! The promise: any bytes give the records that can be read from them and a named outcome or count for the
//! rest; nothing panics, reads a clock or does I/O; every list, template and table has a named cap.

mod record;

pub use record::{Direction, Ended, Event, FlowRecord, Format};
