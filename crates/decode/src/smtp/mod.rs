//! SMTP, ESMTP and LMTP (RFC 5321, 3030, 4954, 3207, 2033), from both sides or from one.

pub mod command;
mod identify;
pub mod reply;

pub use identify::{looks_like_client, looks_like_server};
