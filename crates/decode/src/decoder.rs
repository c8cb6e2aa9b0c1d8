//! What every stream decoder has in common.

use mailscope_evidence::At;

use crate::record::Records;

/// Direction as a decoder sees it, after the client is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum From {
    /// From the client.
    Client,
    /// From the server.
    Server,
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Both sides finished.
    Fin,
    /// The client reset.
    ClientReset,
    /// The server reset.
    ServerReset,
    /// The capture ended, the flow went idle or was evicted.
    Cut,
}

/// What a decoder tells the stack after each input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Go on.
    Stay,
    /// The rest of both directions belongs to TLS from here (STARTTLS accepted, or ClientHello seen).
    Tls,
    /// The rest belongs to an inner stream: a tunnel was opened.
    Tunnel,
    /// Nothing more is to be had from this stream.
    Done,
}

/// A sans-IO decoder of one protocol.
///
/// `data` may come in pieces of any size; the records must not depend on the cutting. A decoder
/// that returns anything but [`Turn::Stay`] has consumed `consumed` bytes of that piece; the stack
/// hands the rest to the next decoder.
pub trait Decoder {
    /// Ordered bytes of one direction. Returns how many were consumed and what comes next;
    /// with [`Turn::Stay`] all were consumed.
    fn data(&mut self, from: From, at: At, data: &[u8], out: &mut Records) -> (usize, Turn);
    /// Bytes of one direction are missing; `missing` is 0 when their number is unknown.
    fn gap(&mut self, from: From, at: At, missing: u64, out: &mut Records);
    /// The stream is over: emit what is left.
    fn end(&mut self, end: End, at: At, out: &mut Records);
}
