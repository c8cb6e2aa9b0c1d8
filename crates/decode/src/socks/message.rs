//! The messages of SOCKS, each read from the start of a buffer.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::layer::text;
use crate::record::Via;

/// Longest name or user kept; the protocol's length byte allows no more in version 5.
const NAME_BYTES: usize = 256;

/// Protocol version of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Four,
    FourA,
    Five,
}

impl Version {
    /// The kind of proxy request.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Four => "socks4",
            Self::FourA => "socks4a",
            Self::Five => "socks5",
        }
    }

    /// How what is inside reached its server.
    pub fn via(self) -> Via {
        match self {
            Self::Four | Self::FourA => Via::Socks4,
            Self::Five => Via::Socks5,
        }
    }

    /// Does this reply code grant the request?
    pub fn is_granted(self, code: u8) -> bool {
        code == if self == Self::Five { 0 } else { 90 }
    }

    /// The name of a reply code (RFC 1928, 6; the SOCKS4 memo).
    pub fn reply_name(self, code: u8) -> &'static str {
        match (self, code) {
            (Self::Five, 0) => "succeeded",
            (Self::Five, 1) => "general SOCKS server failure",
            (Self::Five, 2) => "connection not allowed by ruleset",
            (Self::Five, 3) => "network unreachable",
            (Self::Five, 4) => "host unreachable",
            (Self::Five, 5) => "connection refused",
            (Self::Five, 6) => "TTL expired",
            (Self::Five, 7) => "command not supported",
            (Self::Five, 8) => "address type not supported",
            (Self::Four | Self::FourA, 90) => "request granted",
            (Self::Four | Self::FourA, 91) => "request rejected or failed",
            (Self::Four | Self::FourA, 92) => "request rejected: no identd on the client",
            (Self::Four | Self::FourA, 93) => "request rejected: identd reports another user",
            _ => "unassigned",
        }
    }
}

/// What the client may send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientMessage {
    Start,
    /// A login or a request of version 5.
    AfterGreeting,
}

/// One message of the client.
pub(super) enum Parsed {
    Greeting {
        used: usize,
    },
    Login {
        used: usize,
        user: String,
    },
    Request {
        used: usize,
        version: Version,
        command: &'static str,
        host: String,
        port: u16,
        user: Option<String>,
    },
    Short,
    Malformed,
}

/// Reads the client's next message.
pub(super) fn client(expected: ClientMessage, bytes: &[u8]) -> Parsed {
    match (expected, bytes) {
        (_, []) | (ClientMessage::AfterGreeting, [5]) => Parsed::Short,
        (ClientMessage::Start, [4, ..]) => request_4(bytes),
        (ClientMessage::Start, [5, rest @ ..]) => match rest {
            [count, methods @ ..] if methods.len() >= usize::from(*count) => Parsed::Greeting {
                used: 2 + usize::from(*count),
            },
            _ => Parsed::Short,
        },
        (ClientMessage::AfterGreeting, [1, rest @ ..]) => login(rest).unwrap_or(Parsed::Short),
        (ClientMessage::AfterGreeting, [5, ..]) => request_5(bytes),
        _ => Parsed::Malformed,
    }
}

/// `04 command port address user 00 [ name 00 ]`.
fn request_4(bytes: &[u8]) -> Parsed {
    let Some((&[_, command, p0, p1, a, b, c, d], rest)) = bytes.split_first_chunk::<8>() else {
        return Parsed::Short;
    };
    let Some(user_end) = rest.iter().position(|&byte| byte == 0) else {
        return Parsed::Short;
    };
    let user = rest.get(..user_end).unwrap_or(b"");
    let named = a == 0 && b == 0 && c == 0 && d != 0;
    let mut used = 8 + user_end + 1;
    let host = if named {
        let after = rest.get(user_end + 1..).unwrap_or(b"");
        let Some(end) = after.iter().position(|&byte| byte == 0) else {
            return Parsed::Short;
        };
        used += end + 1;
        text(after.get(..end).unwrap_or(b""), NAME_BYTES)
    } else {
        Ipv4Addr::new(a, b, c, d).to_string()
    };
    Parsed::Request {
        used,
        version: if named { Version::FourA } else { Version::Four },
        command: command_name(command),
        host,
        port: u16::from_be_bytes([p0, p1]),
        user: Some(text(user, NAME_BYTES)),
    }
}

/// `01 ulen uname plen passwd` without its first byte (RFC 1929, 2). The password is not kept.
fn login(bytes: &[u8]) -> Option<Parsed> {
    let (&user_length, rest) = bytes.split_first()?;
    let (user, rest) = rest.split_at_checked(usize::from(user_length))?;
    let (&secret_length, rest) = rest.split_first()?;
    rest.get(..usize::from(secret_length))?;
    let used = 3 + usize::from(user_length) + usize::from(secret_length);
    Some(Parsed::Login {
        used,
        user: text(user, NAME_BYTES),
    })
}

/// `05 command 00 atyp address port` (RFC 1928, 4).
fn request_5(bytes: &[u8]) -> Parsed {
    let &[_, command, _, kind, ref rest @ ..] = bytes else {
        return Parsed::Short;
    };
    match address(kind, rest) {
        Address::Is(host, port, length) => Parsed::Request {
            used: 4 + length,
            version: Version::Five,
            command: command_name(command),
            host,
            port,
            user: None,
        },
        Address::Short => Parsed::Short,
        Address::Malformed => Parsed::Malformed,
    }
}

enum Address {
    Is(String, u16, usize),
    Short,
    Malformed,
}

fn address(kind: u8, bytes: &[u8]) -> Address {
    let parsed = match kind {
        1 => bytes
            .split_first_chunk::<4>()
            .map(|(octets, rest)| (Ipv4Addr::from(*octets).to_string(), 4, rest)),
        4 => bytes
            .split_first_chunk::<16>()
            .map(|(octets, rest)| (Ipv6Addr::from(*octets).to_string(), 16, rest)),
        3 => bytes.split_first().and_then(|(&length, rest)| {
            let (name, rest) = rest.split_at_checked(usize::from(length))?;
            Some((text(name, NAME_BYTES), 1 + usize::from(length), rest))
        }),
        _ => return Address::Malformed,
    };
    match parsed {
        Some((host, length, &[high, low, ..])) => {
            Address::Is(host, u16::from_be_bytes([high, low]), length + 2)
        }
        _ => Address::Short,
    }
}

fn command_name(command: u8) -> &'static str {
    match command {
        1 => "connect",
        2 => "bind",
        3 => "udp-associate",
        0xf0 => "resolve",
        0xf1 => "resolve-ptr",
        _ => "unassigned",
    }
}

/// What the server may send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerMessage {
    Start,
    /// A status of the login when one is due, else the reply.
    AfterMethod {
        login: bool,
    },
}

/// One message of the server.
pub(super) enum Answer {
    Method {
        used: usize,
        method: u8,
    },
    Login {
        used: usize,
        status: u8,
    },
    Reply {
        used: usize,
        version: Version,
        code: u8,
    },
    Short,
    Malformed,
}

/// Reads the server's next message.
pub(super) fn server(expected: ServerMessage, bytes: &[u8]) -> Answer {
    match (expected, bytes) {
        (ServerMessage::Start, [0, code, _, _, _, _, _, _, ..]) => Answer::Reply {
            used: 8,
            version: Version::Four,
            code: *code,
        },
        (ServerMessage::Start, [5, method, ..]) => Answer::Method {
            used: 2,
            method: *method,
        },
        (ServerMessage::Start, [0 | 5, ..] | []) => Answer::Short,
        (ServerMessage::AfterMethod { login: true }, [1 | 5, status, ..]) => Answer::Login {
            used: 2,
            status: *status,
        },
        (ServerMessage::AfterMethod { login: false }, [5, code, _, kind, rest @ ..]) => {
            match address(*kind, rest) {
                Address::Is(_, _, length) => Answer::Reply {
                    used: 4 + length,
                    version: Version::Five,
                    code: *code,
                },
                Address::Short => Answer::Short,
                Address::Malformed => Answer::Malformed,
            }
        }
        (ServerMessage::AfterMethod { .. }, [] | [1 | 5, ..]) => Answer::Short,
        _ => Answer::Malformed,
    }
}
