//! POP3 (RFC 1939, 2449, 5034, 2595), from both sides or from one.

mod command;
mod identify;
mod reply;
mod state;
#[cfg(test)]
mod tests;

pub use identify::{looks_like_client, looks_like_server};
pub use state::Pop3Decoder;
