//! IMAP (RFC 3501, 9051 and extensions), from both sides or from one.

mod client_lines;
mod command;
mod cut_fetch;
mod envelope;
mod identify;
#[cfg(test)]
mod loss_tests;
mod mailbox_name;
mod pieces;
mod response;
mod server_lines;
mod state;
#[cfg(test)]
mod tests;
mod transfer;

pub use identify::{looks_like_client, looks_like_server};
pub use state::ImapDecoder;
