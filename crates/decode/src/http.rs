//! HTTP/1.x (RFC 9110, 9112) from both sides or from one, with the tunnels that it opens.

mod answer_head;
mod answers;
mod authorization;
mod bodies;
mod body;
mod connect_tunnel;
mod content;
mod exchange;
mod facts;
mod form;
mod head;
mod injection;
mod lengths;
mod page;
mod parameters;
mod redact;
mod request_end;
mod request_head;
mod requests;
mod secret;
mod session;
pub mod sign_list;
mod signs;
mod state;
mod upload;

pub(crate) use state::Http;
