//! IMAP (RFC 3501, 9051 and extensions), from both sides or from one.

mod identify;

pub use identify::{looks_like_client, looks_like_server};
