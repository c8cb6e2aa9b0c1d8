//! SMTP, ESMTP and LMTP (RFC 5321, 3030, 4954, 3207, 2033), from both sides or from one.

mod after_data;
mod client;
mod client_content;
pub mod command;
pub(crate) mod data;
mod gap;
mod held;
mod identify;
mod login;
mod matching;
mod missing;
mod outcome;
pub mod reply;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod transaction;

pub use identify::{looks_like_client, looks_like_server};
pub use state::SmtpDecoder;
