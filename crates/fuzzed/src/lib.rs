//! What fuzzing holds of each part of the core.
//!
//! Each target is one function from any bytes to nothing that panics when a promise is broken. The
//! libFuzzer programs in `fuzz/` call them for hours; `tests/seeded.rs` calls them with the kept
//! corpus, the kept regressions and a bounded number of seeded mutations in every test run.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]

pub mod datagrams;
pub mod engine;
pub mod exports;
pub mod mutate;
pub mod pathological;
pub mod reader;
pub mod script;
pub mod streams;
pub mod web;
#[cfg(feature = "tables")]
pub mod whole;

/// A target: its name (of the corpus folder and the libFuzzer program) and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("reader", reader::reader),
    ("engine", engine::engine),
    ("packets", engine::packets),
    #[cfg(feature = "tables")]
    ("whole", whole::whole),
    ("dns", datagrams::dns),
    ("mail", datagrams::mail),
    ("stack", streams::stack),
    ("smtp", streams::smtp),
    ("smtp_client", streams::smtp_client),
    ("smtp_server", streams::smtp_server),
    ("pop3", streams::pop3),
    ("imap", streams::imap),
    ("http", streams::http),
    ("web", web::web),
    ("socks", streams::socks),
    ("tls", streams::tls),
    ("netflow5", exports::netflow5),
    ("netflow9", exports::netflow9),
    ("ipfix", exports::ipfix),
    ("sflow", exports::sflow),
    ("nfcapd", exports::nfcapd),
];
