//! Trace fields: the addresses that Received fields name.

use std::net::IpAddr;

/// Addresses in a Received field, in order: `[192.0.2.1]`, `(192.0.2.1)`, `[IPv6:2001:db8::1]`.
/// Version numbers that look like addresses (after `id`, `v`) are left out.
pub fn addresses(field: &str, mut found: impl FnMut(String)) {
    let is_border = |b: &u8| {
        matches!(
            b,
            b' ' | b'\t'
                | b'['
                | b']'
                | b'('
                | b')'
                | b','
                | b';'
                | b'='
                | b'<'
                | b'>'
                | b'"'
                | b'@'
        )
    };
    let mut before = &b""[..];
    for word in field.as_bytes().split(is_border) {
        // An address begins with a hexadecimal digit, a colon or its tag.
        let may_be = word.len() >= 2
            && word
                .first()
                .is_some_and(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'I' | b'i'));
        if word.is_empty() {
            continue;
        }
        let previous = std::mem::replace(&mut before, word);
        if !may_be {
            continue;
        }
        let Ok(word) = std::str::from_utf8(word) else {
            continue;
        };
        let plain = word
            .strip_prefix("IPv6:")
            .or_else(|| word.strip_prefix("ipv6:"))
            .unwrap_or(word);
        let plain = plain.split_once('%').map_or(plain, |(address, _)| address);
        let is_version = matches!(
            previous,
            b"id" | b"v" | b"version" | b"Server" | b"Postfix" | b"Exim" | b"Sendmail"
        );
        let looks = plain.len() <= 45
            && plain.contains(['.', ':'])
            && plain.ends_with(|c: char| c.is_ascii_hexdigit() || c == ':');
        if looks && !is_version {
            // `192.0.2.1:2525`, unless it is IPv6.
            let host = plain.split_once(':').map_or(plain, |(host, _)| host);
            if let Some(address) = quad(host).filter(|_| plain.matches(':').count() <= 1) {
                found(address);
            } else if let Ok(address) = plain.parse::<IpAddr>() {
                found(address.to_string());
            }
        }
    }
}

/// A dotted quad, leading zeros tolerated.
fn quad(text: &str) -> Option<String> {
    let mut octets = [0u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next().filter(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        })?;
        *octet = part.parse().ok()?;
    }
    parts
        .next()
        .is_none()
        .then(|| std::net::Ipv4Addr::from(octets).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_and_versions_are_not() {
        let field = "from a (b [192.0.2.1]) by c ([IPv6:2001:db8::1]) with Microsoft SMTP Server id 14.3.123.3; \
                     Mon, 1 Jan 2024 10:20:30 +0000 (198.51.100.7:25) [010.000.000.002]";
        let mut found = Vec::new();
        addresses(field, |address| found.push(address));
        assert_eq!(
            found,
            ["192.0.2.1", "2001:db8::1", "198.51.100.7", "10.0.0.2"]
        );
    }
}
