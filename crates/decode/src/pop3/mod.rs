//! POP3 (RFC 1939, 2449, 5034, 2595), from both sides or from one.

mod identify;

pub use identify::{looks_like_client, looks_like_server};
