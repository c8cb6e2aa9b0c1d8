//! What every stream decoder has in common.

use mailscope_evidence::{At, Span};

use crate::limits::Limits;
use crate::mail::spot::Phrases;
use crate::outcome;
use crate::record::{Known, MailProtocol, MailSession, MailTls, Records, Sides, Sketch, Via};

/// What the stack tells a mail decoder (SMTP, POP3, IMAP) when it makes it.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Number of the session on its flow, from 0.
    pub session: u32,
    /// True when the flow's originator is the mail client.
    pub client_is_orig: bool,
    /// How the session reached its server.
    pub via: Via,
    /// Key of the proxy request that opened the tunnel around it.
    pub proxy: Option<u32>,
    /// False when the streams were picked up in mid-stream.
    pub from_start: bool,
    /// True when messages and their text are to be kept.
    pub keep_messages: bool,
    /// Phrases to look for in messages.
    pub phrases: Phrases,
    /// True when whole messages are handed on unread.
    pub defer_messages: bool,
    /// Caps.
    pub limits: Limits,
}

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
pub trait Decoder: Send {
    /// Ordered bytes of one direction. Returns how many were consumed and what comes next;
    /// with [`Turn::Stay`] all were consumed.
    fn data(&mut self, from: From, at: At, data: &[u8], out: &mut Records) -> (usize, Turn);
    /// Bytes of one direction are missing; `missing` is 0 when their number is unknown.
    fn gap(&mut self, from: From, at: At, missing: u64, out: &mut Records);
    /// A TLS handshake did follow the [`Turn::Tls`] that this decoder returned. Called before `end`;
    /// bytes of a side that come late, from before its TLS began, may still be handed to `data`.
    fn tls_followed(&mut self, at: At) {
        let _ = at;
    }
    /// This side sent FIN, after all of its data; the other may go on.
    fn fin(&mut self, from: From) {
        let _ = from;
    }
    /// The stream is over: emit what is left.
    fn end(&mut self, end: End, at: At, out: &mut Records);
}

impl Context {
    /// A session in which nothing was decoded yet; the stack uses it as it is for sessions that no
    /// decoder can read (implicit TLS, a mail port without payload) after setting `outcome`.
    #[must_use]
    pub fn blank_session(&self, protocol: MailProtocol, at: At) -> MailSession {
        MailSession {
            session: self.session,
            span: Span::at(at),
            protocol,
            client_is_orig: self.client_is_orig,
            via: self.via,
            proxy: self.proxy,
            sides: Sides::Both,
            from_start: self.from_start,
            banner: None,
            helo: None,
            helos: Vec::new(),
            capabilities: Vec::new(),
            commands: Vec::new(),
            reply_codes: Vec::new(),
            auth_mechanisms: Vec::new(),
            auth_users: Vec::new(),
            authenticated: Known::Unknown,
            mailboxes: Vec::new(),
            tls: MailTls::None,
            transactions: 0,
            messages: 0,
            outcome: outcome::UNKNOWN,
            oddities: Vec::new(),
            limits_hit: Vec::new(),
            client_gap_bytes: 0,
            server_gap_bytes: 0,
            client_sketch: Sketch::default(),
            server_sketch: Sketch::default(),
        }
    }
}

/// How sure first bytes make a protocol; ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// These bytes are not of the protocol.
    Unlike,
    /// Too few bytes to say.
    Short,
    /// They could be (mid-stream, or a form that other protocols share).
    Possible,
    /// They are.
    Sure,
}
