//! What the first bytes of either direction say about the application, on any port.
//!
//! Each rule gives a candidate with its reason. A rule's verdict never changes when more bytes
//! come, so the cutting of the stream doesn't matter: it is `short` until it is sure or out.
//! No port alone decides; between candidates that the bytes allow, a port may.

mod binary;
pub(crate) mod datagram;
mod ports;
mod text;

use mailscope_evidence::Side;

pub(crate) use ports::{is_mail_port, is_proxy_port};
pub(crate) use text::{is_http_request_start, is_text};

/// An application known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum App {
    /// RFC 5321.
    Smtp,
    /// RFC 1939.
    Pop3,
    /// RFC 9051.
    Imap,
    /// HTTP/1.x.
    Http,
    /// SOCKS 4, 4a, 5.
    Socks,
    /// TLS and SSLv2-style hellos.
    Tls,
    /// DNS over UDP or TCP.
    Dns,
    /// The PROXY protocol of HAProxy, versions 1 and 2.
    ProxyProtocol,
    /// Recognised by name only.
    Named(&'static str),
}

impl App {
    /// The word used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
            Self::Http => "http",
            Self::Socks => "socks",
            Self::Tls => "tls",
            Self::Dns => "dns",
            Self::ProxyProtocol => "proxy-protocol",
            Self::Named(name) => name,
        }
    }

    /// The decodable application of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        [
            Self::Smtp,
            Self::Pop3,
            Self::Imap,
            Self::Http,
            Self::Socks,
            Self::Tls,
            Self::Dns,
            Self::ProxyProtocol,
        ]
        .into_iter()
        .find(|app| app.slug() == name)
    }

    /// True for SMTP, POP3 and IMAP.
    #[must_use]
    pub fn is_mail(self) -> bool {
        matches!(self, Self::Smtp | Self::Pop3 | Self::Imap)
    }
}

/// Who speaks in the bytes that made a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    Client,
    Server,
    Either,
}

/// An application that the bytes of one direction allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub app: App,
    pub speaker: Speaker,
    /// The bytes decide alone.
    pub certain: bool,
    pub evidence: &'static str,
}

/// What the bytes of one direction say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Candidates {
    list: [Option<Candidate>; 4],
    /// More bytes could still add a candidate.
    pub short: bool,
}

impl Candidates {
    /// Adds a candidate the bytes allow; beyond four the later ones are left out.
    pub fn allow(&mut self, app: App, speaker: Speaker, evidence: &'static str) {
        self.add(Candidate {
            app,
            speaker,
            certain: false,
            evidence,
        });
    }

    /// Adds a candidate the bytes prove.
    pub fn prove(&mut self, app: App, speaker: Speaker, evidence: &'static str) {
        self.add(Candidate {
            app,
            speaker,
            certain: true,
            evidence,
        });
    }

    /// Adds what `other` allows.
    pub fn merge(&mut self, other: &Self) {
        for candidate in other.iter() {
            self.add(candidate);
        }
    }

    fn add(&mut self, candidate: Candidate) {
        if self.iter().any(|held| held == candidate) {
            return;
        }
        if candidate.certain {
            self.list.rotate_right(1);
            if let Some(first) = self.list.first_mut() {
                *first = Some(candidate);
            }
        } else if let Some(place) = self.list.iter_mut().find(|place| place.is_none()) {
            *place = Some(candidate);
        }
    }

    fn iter(&self) -> impl Iterator<Item = Candidate> {
        self.list.into_iter().flatten()
    }

    fn proven(&self) -> Option<Candidate> {
        self.iter().find(|candidate| candidate.certain)
    }

    /// Something fits, and nothing is proven.
    pub fn is_open(&self) -> bool {
        !self.is_empty() && self.proven().is_none()
    }

    fn is_empty(&self) -> bool {
        self.list.iter().all(Option::is_none)
    }
}

/// What is known of an unidentified stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversation<'a> {
    /// First bytes of the originator, and what they allow.
    pub orig: (&'a [u8], Candidates),
    /// First bytes of the responder, and what they allow.
    pub resp: (&'a [u8], Candidates),
    /// Either side's bytes are not its first.
    pub mid: bool,
    /// Ports of originator and server.
    pub ports: (u16, u16),
    /// No more bytes will come.
    pub over: bool,
}

/// What a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// More bytes are needed.
    Wait,
    /// Recognised: application, client, evidence.
    Is(App, Side, &'static str),
    /// Nothing known fits.
    Nothing,
}

/// The application of a stream, from the first bytes of both directions.
pub(crate) fn decide(seen: &Conversation<'_>) -> Verdict {
    let (orig, resp) = (&seen.orig.1, &seen.resp.1);
    if let Some(candidate) = orig.proven() {
        return is(candidate, Side::Orig);
    }
    if let Some(candidate) = resp.proven() {
        return is(candidate, Side::Resp);
    }
    if let Some(verdict) = binary::conversation(seen) {
        return verdict;
    }
    if let Some((candidate, side)) = both(orig, resp).or_else(|| by_port(orig, resp, seen.ports)) {
        return is(candidate, side);
    }
    if seen.over {
        return likeliest(orig, resp)
            .map_or(Verdict::Nothing, |(candidate, side)| is(candidate, side));
    }
    let out = |(bytes, found): &(&[u8], Candidates)| {
        !bytes.is_empty() && found.is_empty() && !found.short
    };
    if out(&seen.orig) && out(&seen.resp) {
        Verdict::Nothing
    } else {
        Verdict::Wait
    }
}

/// What the first bytes of one direction allow.
pub(crate) fn judge(bytes: &[u8]) -> Candidates {
    let mut found = Candidates::default();
    binary::judge(bytes, &mut found);
    text::judge(bytes, &mut found);
    found
}

/// What a line in mid-stream allows: mail and HTTP only.
pub(crate) fn judge_line(line: &[u8]) -> Candidates {
    let mut found = Candidates::default();
    text::judge_line(line, &mut found);
    found
}

fn is(candidate: Candidate, side: Side) -> Verdict {
    let client = match candidate.speaker {
        Speaker::Client => side,
        Speaker::Server => side.other(),
        Speaker::Either => Side::Orig,
    };
    Verdict::Is(candidate.app, client, candidate.evidence)
}

/// A candidate that both directions allow, with complementary roles.
fn both(orig: &Candidates, resp: &Candidates) -> Option<(Candidate, Side)> {
    orig.iter()
        .find(|a| {
            resp.iter().any(|b| {
                a.app == b.app
                    && matches!(
                        (a.speaker, b.speaker),
                        (Speaker::Client, Speaker::Server) | (Speaker::Server, Speaker::Client)
                    )
            })
        })
        .map(|candidate| (candidate, Side::Orig))
}

/// A candidate for whose application the port is the usual one.
fn by_port(orig: &Candidates, resp: &Candidates, ports: (u16, u16)) -> Option<(Candidate, Side)> {
    let usual = |c: &Candidate| ports::is_usual(c.app, ports.1) || ports::is_usual(c.app, ports.0);
    let from_orig = orig.iter().find(usual).map(|c| (c, Side::Orig));
    from_orig.or_else(|| resp.iter().find(usual).map(|c| (c, Side::Resp)))
}

/// The one application that is left, when the candidates don't disagree.
fn likeliest(orig: &Candidates, resp: &Candidates) -> Option<(Candidate, Side)> {
    let first = orig
        .iter()
        .next()
        .map(|c| (c, Side::Orig))
        .or_else(|| resp.iter().next().map(|c| (c, Side::Resp)))?;
    orig.iter()
        .chain(resp.iter())
        .all(|c| c.app == first.0.app)
        .then_some(first)
}
