//! The PROXY protocol of HAProxy, versions 1 and 2: a header that names the true client, then the
//! stream itself.

use std::net::{Ipv4Addr, Ipv6Addr};

use mailscope_evidence::{At, Side, Span};

use crate::layer::{Layer, Setting, Sink, text};
use crate::record::Via;
use crate::stack::StreamEnd;
use crate::tunnel::{Tunnel, blank_request};

/// Longest header of version 1 (section 2.1); version 2 names its length.
const LINE_BYTES: usize = 107;
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The header and the stream behind it.
#[derive(Debug)]
pub(crate) struct ProxyHeader {
    client: Side,
    setting: Setting,
    buffer: Vec<u8>,
    began: Option<At>,
    tunnel: Option<Box<Tunnel>>,
    early: Vec<(At, Vec<u8>)>,
}

struct Header {
    used: usize,
    line: Option<String>,
    /// Source and destination, when the header names them.
    ends: Option<(String, String, u16)>,
}

impl ProxyHeader {
    /// A header sent by `client`.
    pub fn new(client: Side, setting: Setting) -> Self {
        Self {
            client,
            setting,
            buffer: Vec::new(),
            began: None,
            tunnel: None,
            early: Vec::new(),
        }
    }

    fn open(&mut self, header: Header, at: At, sink: &mut Sink<'_>) {
        let span = Span {
            first: self.began.unwrap_or(at),
            last: at,
        };
        let mut request = blank_request("proxy-protocol", self.client, span, &self.setting, sink);
        request.method = "proxy".to_owned();
        request.request_line = header.line;
        request.granted = crate::record::Known::Yes;
        match header.ends {
            Some((source, host, port)) => {
                request.declared_client = Some(source);
                (request.target_host, request.target_port) = (host, port);
            }
            None => request.target_port = self.setting.port,
        }
        let mut tunnel = Box::new(Tunnel::new(
            request,
            Via::ProxyProtocol,
            self.client,
            &self.setting,
            sink,
        ));
        for (at, data) in std::mem::take(&mut self.early) {
            tunnel.data(self.client.other(), at, &data, sink);
        }
        self.tunnel = Some(tunnel);
    }
}

impl Layer for ProxyHeader {
    fn data(&mut self, side: Side, at: At, data: &[u8], sink: &mut Sink<'_>) -> bool {
        if let Some(tunnel) = &mut self.tunnel {
            return tunnel.data(side, at, data, sink);
        }
        if side != self.client {
            // The server's greeting may be captured before the header.
            let held: usize = self.early.iter().map(|(_, data)| data.len()).sum();
            if held < 4096 {
                self.early.push((at, data.to_vec()));
            }
            return true;
        }
        self.began.get_or_insert(at);
        self.buffer.extend_from_slice(data);
        match header(&self.buffer) {
            Ok(Some(header)) => {
                let rest = self.buffer.split_off(header.used.min(self.buffer.len()));
                self.open(header, at, sink);
                rest.is_empty() || self.data(side, at, &rest, sink)
            }
            Ok(None) => true,
            Err(()) => false,
        }
    }

    fn gap(&mut self, side: Side, at: At, missing: u64, sink: &mut Sink<'_>) -> bool {
        match &mut self.tunnel {
            Some(tunnel) => tunnel.gap(side, at, missing, sink),
            None => side != self.client,
        }
    }

    fn fin(&mut self, side: Side) {
        if let Some(tunnel) = &mut self.tunnel {
            tunnel.fin(side);
        }
    }

    fn end(&mut self, end: StreamEnd, at: At, sink: &mut Sink<'_>) {
        if let Some(tunnel) = &mut self.tunnel {
            tunnel.end(end, at, sink);
        }
    }
}

fn header(bytes: &[u8]) -> Result<Option<Header>, ()> {
    if bytes.starts_with(b"PROXY ") {
        version_1(bytes)
    } else {
        version_2(bytes)
    }
}

/// `PROXY TCP4 source destination source-port destination-port CRLF`.
fn version_1(bytes: &[u8]) -> Result<Option<Header>, ()> {
    let Some(end) = memchr::memchr(
        b'\n',
        bytes.get(..bytes.len().min(LINE_BYTES)).unwrap_or(bytes),
    ) else {
        return if bytes.len() < LINE_BYTES {
            Ok(None)
        } else {
            Err(())
        };
    };
    let line = text(bytes.get(..end).unwrap_or(b"").trim_ascii_end(), LINE_BYTES);
    let words: Vec<&str> = line.split(' ').collect();
    let ends = match words.as_slice() {
        [
            _,
            "TCP4" | "TCP6",
            source,
            destination,
            source_port,
            port,
            ..,
        ] => port.parse().ok().map(|port| {
            (
                endpoint(source, source_port),
                (*destination).to_owned(),
                port,
            )
        }),
        _ => None,
    };
    Ok(Some(Header {
        used: end + 1,
        line: Some(line),
        ends,
    }))
}

/// `signature version-command family length addresses` (section 2.2).
fn version_2(bytes: &[u8]) -> Result<Option<Header>, ()> {
    let Some(rest) = bytes.strip_prefix(SIGNATURE) else {
        return if SIGNATURE.starts_with(bytes) {
            Ok(None)
        } else {
            Err(())
        };
    };
    let Some((&[_, family, l0, l1], rest)) = rest.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    let Some(addresses) = rest.get(..length) else {
        return Ok(None);
    };
    let ends = match (family >> 4, addresses) {
        (1, &[a, b, c, d, e, f, g, h, s0, s1, d0, d1, ..]) => Some((
            endpoint(
                &Ipv4Addr::new(a, b, c, d).to_string(),
                &u16::from_be_bytes([s0, s1]).to_string(),
            ),
            Ipv4Addr::new(e, f, g, h).to_string(),
            u16::from_be_bytes([d0, d1]),
        )),
        (2, addresses) => version_2_ipv6(addresses),
        _ => None,
    };
    Ok(Some(Header {
        used: SIGNATURE.len() + 4 + length,
        line: None,
        ends,
    }))
}

fn version_2_ipv6(addresses: &[u8]) -> Option<(String, String, u16)> {
    let (source, rest) = addresses.split_first_chunk::<16>()?;
    let (destination, rest) = rest.split_first_chunk::<16>()?;
    let &[s0, s1, d0, d1] = rest.first_chunk::<4>()?;
    let source = endpoint(
        &Ipv6Addr::from(*source).to_string(),
        &u16::from_be_bytes([s0, s1]).to_string(),
    );
    Some((
        source,
        Ipv6Addr::from(*destination).to_string(),
        u16::from_be_bytes([d0, d1]),
    ))
}

fn endpoint(address: &str, port: &str) -> String {
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}
