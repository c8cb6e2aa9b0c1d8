//! HTTP/1.x (RFC 9110, 9112) from both sides or from one, with the tunnels that it opens.

mod answers;
mod authorization;
mod body;
mod connect_tunnel;
mod exchange;
mod form;
mod head;
mod redact;
mod requests;
mod state;

pub(crate) use state::Http;
