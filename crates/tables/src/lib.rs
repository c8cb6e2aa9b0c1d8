//! Records become Arrow: one file a table, each column with its meaning.
//!
//! The promise: a table's schema, builder and documentation are one definition; every row cites
//! its flow, captures and packets; memory is bounded, since batches are handed on as they fill.

mod address;
mod column;
mod community_id;
mod context;
mod flow_id;
mod guesses;
mod list;
mod parquet;
mod strings;
mod table;
mod tables;
mod word;

pub mod attachments;
pub mod dns_answers;
pub mod flow_records;
pub mod flows;
pub mod http_parameters;
pub mod http_requests;
pub mod logins;
pub mod mail_sessions;
pub mod mail_transactions;
pub mod messages;
pub mod proxy_requests;
pub mod sightings;
pub mod tls_handshakes;
pub mod urls;

pub use community_id::community_id;
pub use context::FlowContext;
pub use flow_id::FlowId;
pub use parquet::TableWriter;
pub use table::{ColumnSchema, Evidence, Table, TableSchema};
pub use tables::{Batches, Tables, hand_on, hand_on_if_full, schemas};
