//! Targets of proxy requests: `host:port` of CONNECT, and absolute URIs.

/// A target as the client named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Name or address, without brackets.
    pub host: String,
    /// Port, the scheme's own when none was named.
    pub port: u16,
    /// No port was named.
    pub port_missing: bool,
}

/// Port of a CONNECT that names none, as squid reads it.
const CONNECT_PORT: u16 = 443;
/// Longest host kept; a name has at most 255 octets.
const HOST_BYTES: usize = 512;

/// The target of a CONNECT: `host:port`, also with a scheme before or a path behind, and with
/// IPv6 addresses with or without brackets.
pub(crate) fn connect_target(word: &[u8]) -> Target {
    let (_, rest) = scheme(word).unwrap_or((b"", word));
    authority(rest, CONNECT_PORT)
}

/// The target of `scheme://authority/path`, when the request target is an absolute URI.
pub(crate) fn absolute_target(target: &[u8]) -> Option<Target> {
    let (scheme, rest) = scheme(target)?;
    let port = match scheme.to_ascii_lowercase().as_slice() {
        b"https" | b"wss" => 443,
        b"ftp" => 21,
        b"smtp" => 25,
        b"gopher" => 70,
        _ => 80,
    };
    let end = rest
        .iter()
        .position(|b| matches!(b, b'/' | b'?' | b'#'))
        .unwrap_or(rest.len());
    let target = authority(rest.get(..end)?, port);
    (!target.host.is_empty()).then_some(target)
}

/// The target that a Host field names.
pub(crate) fn host_target(host: &[u8]) -> Target {
    authority(host, 80)
}

/// `scheme "://"` and what follows.
fn scheme(target: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = target
        .iter()
        .take(16)
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')))?;
    let (scheme, rest) = target.split_at_checked(end)?;
    let rest = rest.strip_prefix(b"://")?;
    scheme
        .first()?
        .is_ascii_alphabetic()
        .then_some((scheme, rest))
}

/// `[ userinfo "@" ] host [ ":" port ]` (RFC 3986, 3.2).
fn authority(bytes: &[u8], default_port: u16) -> Target {
    let end = bytes
        .iter()
        .position(|b| matches!(b, b'/' | b'?' | b'#'))
        .unwrap_or(bytes.len());
    let bytes = bytes.get(..end).unwrap_or(bytes);
    let bytes = memchr::memrchr(b'@', bytes)
        .and_then(|at| bytes.get(at + 1..))
        .unwrap_or(bytes);
    let (host, port) = match bytes.strip_prefix(b"[") {
        Some(rest) => {
            let end = memchr::memchr(b']', rest).unwrap_or(rest.len());
            let (host, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
            (host, number(after.strip_prefix(b"]:").unwrap_or(b"")))
        }
        None => {
            match memchr::memrchr(b':', bytes).and_then(|colon| bytes.split_at_checked(colon)) {
                Some((host, port)) => match number(port.get(1..).unwrap_or(b"")) {
                    Some(port) => (host, Some(port)),
                    None => (if port.len() == 1 { host } else { bytes }, None),
                },
                None => (bytes, None),
            }
        }
    };
    Target {
        host: crate::layer::text(host, HOST_BYTES),
        port: port.unwrap_or(default_port),
        port_missing: port.is_none(),
    }
}

fn number(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(word: &str) -> (String, u16) {
        let target = connect_target(word.as_bytes());
        (target.host, target.port)
    }

    #[test]
    fn connect_targets_are_read_in_all_their_forms() {
        assert_eq!(connect("192.0.2.1:25"), ("192.0.2.1".into(), 25));
        assert_eq!(connect("mx.example.:25"), ("mx.example.".into(), 25));
        assert_eq!(connect("[2001:db8::1]:25"), ("2001:db8::1".into(), 25));
        assert_eq!(connect("2001:db8::1:25"), ("2001:db8::1".into(), 25));
        assert_eq!(connect("http://mx.example:25/"), ("mx.example".into(), 25));
        assert_eq!(
            connect("user:secret@mx.example:25"),
            ("mx.example".into(), 25)
        );
        assert_eq!(connect("mx.example"), ("mx.example".into(), 443));
        assert_eq!(
            connect("mx.example:99999"),
            ("mx.example:99999".into(), 443)
        );
    }

    #[test]
    fn absolute_uris_name_their_authority() {
        let target = absolute_target(b"http://mx.example:25/a?b").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("mx.example", 25));
        assert_eq!(absolute_target(b"https://x/").unwrap().port, 443);
        assert_eq!(absolute_target(b"/path"), None);
    }
}
