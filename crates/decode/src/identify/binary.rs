//! Applications whose first bytes are not text.

use mailscope_evidence::Side;

use super::{App, Candidates, Conversation, Speaker, Verdict, ports};
use crate::dns;

/// Starts that need nothing but themselves: name, who speaks, bytes, why.
const STARTS: &[(&str, Speaker, &[u8], &str)] = &[
    (
        "bittorrent",
        Speaker::Either,
        b"\x13BitTorrent protocol",
        "BitTorrent handshake",
    ),
    (
        "postgres",
        Speaker::Client,
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        "PostgreSQL request for TLS",
    ),
    ("amqp", Speaker::Client, b"AMQP\0", "AMQP header"),
    (
        "dcerpc",
        Speaker::Client,
        b"\x05\0\x0b\x03\x10\0\0\0",
        "DCE/RPC bind",
    ),
    (
        "dcerpc",
        Speaker::Server,
        b"\x05\0\x0c\x03\x10\0\0\0",
        "DCE/RPC bind acknowledged",
    ),
    ("bgp", Speaker::Either, &[0xff; 16], "BGP marker"),
];

const PROXY_V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Adds what the bytes of one direction allow.
pub(super) fn judge(bytes: &[u8], found: &mut Candidates) {
    let &[first, ..] = bytes else { return };
    match first {
        0x14..=0x17 => tls(bytes, found),
        0x80..=0xbf => tls_version_2_hello(bytes, found),
        b'\r' => start(
            bytes,
            PROXY_V2,
            App::ProxyProtocol,
            Speaker::Client,
            "PROXY protocol v2 signature",
            found,
        ),
        0x03 => tpkt(bytes, found),
        0x04 => socks4(bytes, found),
        0xff => telnet(bytes, found),
        0x30 => ldap(bytes, found),
        _ => {}
    }
    if first < b' ' || first == 0xff || first == b'A' {
        for &(name, speaker, pattern, why) in STARTS {
            start(bytes, pattern, App::Named(name), speaker, why, found);
        }
        length_prefixed(bytes, found);
    }
}

/// What only both directions together show: the SOCKS5 greeting and its answer.
pub(super) fn conversation(seen: &Conversation<'_>) -> Option<Verdict> {
    if seen.mid {
        return None;
    }
    let (orig, resp) = (seen.orig.0, seen.resp.0);
    socks5(orig, resp, Side::Orig, seen).or_else(|| socks5(resp, orig, Side::Resp, seen))
}

/// RFC 1928, 3: `05 nmethods methods`, answered by `05 method`. The greeting alone is three weak
/// bytes, so it takes the answer, the request after it, or the port.
fn socks5(client: &[u8], server: &[u8], side: Side, seen: &Conversation<'_>) -> Option<Verdict> {
    let found = |why| Some(Verdict::Is(App::Socks, side, why));
    if client.is_empty() {
        return match server {
            [5, 0, 5, 0..=8, 0, 1 | 3 | 4, ..] | [5, 2, 1, _, 5, 0..=8, 0, 1 | 3 | 4, ..] => {
                found("SOCKS5 method and reply of the server")
            }
            [0, 0x5a..=0x5d, _, _, _, _, _, _, rest @ ..]
                if side == Side::Orig
                    && (is_greeting(rest)
                        || (seen.over && ports::is_usual(App::Socks, seen.ports.1))) =>
            {
                found("SOCKS4 reply of the server")
            }
            _ => None,
        };
    }
    let [5, count, rest @ ..] = client else {
        return None;
    };
    if !(1..=32).contains(count) {
        return None;
    }
    let (methods, after) = rest.split_at_checked(usize::from(*count))?;
    if !methods.iter().all(|&m| m <= 9 || (0x80..0xff).contains(&m)) {
        return None;
    }
    match (after, server) {
        (_, [5, chosen, ..]) if methods.contains(chosen) || *chosen == 0xff => {
            found("SOCKS5 greeting and the server's method")
        }
        ([5, 1..=3, 0, 1 | 3 | 4, ..], []) => found("SOCKS5 greeting and request"),
        ([1, length, name @ ..], []) if name.len() > usize::from(*length) => {
            found("SOCKS5 greeting and login")
        }
        ([], []) if side == Side::Orig && ports::is_usual(App::Socks, seen.ports.1) => {
            found("SOCKS5 greeting on a SOCKS port")
        }
        _ => None,
    }
}

/// A mail server's greeting, behind the reply of the proxy that leads to it.
fn is_greeting(bytes: &[u8]) -> bool {
    [&b"220 "[..], b"220-", b"+OK", b"* OK"]
        .iter()
        .any(|start| bytes.starts_with(start))
}

/// SOCKS4: `04 command port address user 00`.
fn socks4(bytes: &[u8], found: &mut Candidates) {
    let (head, user) = bytes.split_at_checked(8).unwrap_or((bytes, b""));
    match head {
        [4] | [4, 1 | 2] | [4, 1 | 2, _] | [4, 1 | 2, _, _] => found.short = true,
        [4, 1 | 2, high, low, rest @ ..] if (*high, *low) != (0, 0) => {
            match user.iter().take(256).position(|&b| b == 0) {
                Some(end)
                    if user
                        .iter()
                        .take(end)
                        .all(|b| b.is_ascii_graphic() || *b == b' ')
                        && !rest.is_empty() =>
                {
                    found.prove(App::Socks, Speaker::Client, "SOCKS4 request");
                }
                None if user.len() < 256
                    && user.iter().all(|b| b.is_ascii_graphic() || *b == b' ') =>
                {
                    found.short = true
                }
                _ => {}
            }
        }
        _ => {}
    }
}

/// A TLS record (RFC 8446, 5.1): `type 03 minor length`.
fn tls(bytes: &[u8], found: &mut Candidates) {
    match bytes {
        [0x16, 3, 0..=4, high, _, kind, ..] if *high <= 0x48 => match kind {
            1 => found.prove(App::Tls, Speaker::Client, "TLS ClientHello"),
            2 => found.prove(App::Tls, Speaker::Server, "TLS ServerHello"),
            _ => found.prove(App::Tls, Speaker::Either, "TLS handshake record"),
        },
        [0x14 | 0x15 | 0x17, 3, 0..=4, high, low, _, ..]
            if *high <= 0x48 && (*high, *low) != (0, 0) =>
        {
            found.prove(App::Tls, Speaker::Either, "TLS record");
        }
        [_] | [_, 3] | [_, 3, 0..=4] | [_, 3, 0..=4, 0..=0x48] | [_, 3, 0..=4, 0..=0x48, _] => {
            found.short = true
        }
        _ => {}
    }
}

/// The hello of SSL 2.0 (and of old clients that offer TLS in it).
fn tls_version_2_hello(bytes: &[u8], found: &mut Candidates) {
    match bytes {
        [_, length, 1, 0, 2, 0, ciphers, 0, session, 0, challenge, ..]
        | [
            _,
            length,
            1,
            3,
            0..=3,
            0,
            ciphers,
            0,
            session,
            0,
            challenge,
            ..,
        ] if ciphers % 3 == 0
            && u32::from(*length)
                == 9 + u32::from(*ciphers) + u32::from(*session) + u32::from(*challenge) =>
        {
            found.prove(App::Tls, Speaker::Client, "SSL 2.0 style hello");
        }
        [_] | [_, _] => found.short = true,
        [_, _, 1, ..] if bytes.len() < 11 => found.short = true,
        _ => {}
    }
}

/// TPKT with an X.224 connection request or confirmation: RDP.
fn tpkt(bytes: &[u8], found: &mut Candidates) {
    match bytes {
        [3, 0, 0, length, x224, 0xe0, ..] if x224.wrapping_add(5) == *length => {
            found.prove(
                App::Named("rdp"),
                Speaker::Client,
                "X.224 connection request",
            );
        }
        [3, 0, 0, length, x224, 0xd0, ..] if x224.wrapping_add(5) == *length => {
            found.prove(
                App::Named("rdp"),
                Speaker::Server,
                "X.224 connection confirm",
            );
        }
        [3, ..] if bytes.len() < 6 => found.short = true,
        _ => {}
    }
}

fn telnet(bytes: &[u8], found: &mut Candidates) {
    match bytes {
        [0xff, 0xfb..=0xfe, 0..=49, ..] => found.prove(
            App::Named("telnet"),
            Speaker::Either,
            "Telnet option negotiation",
        ),
        [0xff] | [0xff, 0xfb..=0xfe] => found.short = true,
        _ => {}
    }
}

/// LDAP: a sequence with a message id and a bind request.
fn ldap(bytes: &[u8], found: &mut Candidates) {
    match bytes {
        [0x30, 0..=0x7f, 2, 1, _, 0x60, ..]
        | [0x30, 0x84, 0, 0, _, _, 2, 1, _, 0x60 | 0x63, ..] => {
            found.prove(
                App::Named("ldap"),
                Speaker::Client,
                "LDAP bind or search request",
            );
        }
        [0x30, ..] if bytes.len() < 10 => found.short = true,
        _ => {}
    }
}

/// Protocols that begin with a length.
fn length_prefixed(bytes: &[u8], found: &mut Candidates) {
    match bytes {
        [0, _, _, _, 0xff | 0xfe, b'S', b'M', b'B', ..] => {
            found.prove(App::Named("smb"), Speaker::Either, "SMB header")
        }
        [0, 0, _, _, 0, 3, 0, 0, b'u' | b'd' | b'a' | b'r', ..] => {
            found.prove(
                App::Named("postgres"),
                Speaker::Client,
                "PostgreSQL startup message",
            );
        }
        [_, _, 0, 0, 10, b'3'..=b'9' | b'1', ..] => {
            found.prove(App::Named("mysql"), Speaker::Server, "MySQL greeting")
        }
        [0x10, _, 0, 4, b'M', b'Q', b'T', b'T', ..] => {
            found.prove(App::Named("mqtt"), Speaker::Client, "MQTT CONNECT")
        }
        [0, 14..=60, 0x38, _, _, _, _, _, _, _, _, ..] => {
            found.allow(App::Named("openvpn"), Speaker::Client, "OpenVPN hard reset")
        }
        [0, 26..=60, 0x40, _, _, _, _, _, _, _, _, ..] => {
            found.allow(App::Named("openvpn"), Speaker::Server, "OpenVPN hard reset")
        }
        _ => {
            if bytes.len() < 12 {
                found.short = true;
            }
        }
    }
    match dns::over_tcp(bytes) {
        dns::Likeness::Like(true) => found.prove(App::Dns, Speaker::Server, "DNS answer over TCP"),
        dns::Likeness::Like(false) => {
            found.prove(App::Dns, Speaker::Client, "DNS question over TCP")
        }
        dns::Likeness::Short => found.short = true,
        dns::Likeness::Unlike => {}
    }
}

/// A fixed start: proven when whole, short while it can still become one.
fn start(
    bytes: &[u8],
    pattern: &[u8],
    app: App,
    speaker: Speaker,
    why: &'static str,
    found: &mut Candidates,
) {
    if bytes.starts_with(pattern) {
        found.prove(app, speaker, why);
    } else if pattern.starts_with(bytes) {
        found.short = true;
    }
}
