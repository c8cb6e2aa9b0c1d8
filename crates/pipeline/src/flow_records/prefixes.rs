//! Address prefixes: who may export.

use std::net::IpAddr;

use crate::Error;

/// A prefix such as `192.0.2.0/24`; an address alone is a prefix of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    network: u128,
    mask: u128,
    is_v6: bool,
}

impl Prefix {
    /// Reads `ADDRESS` or `ADDRESS/LENGTH`.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let refused = || Error::Usage(format!("`{text}` is no address or prefix"));
        let (addr, length) = match text.split_once('/') {
            Some((addr, length)) => (addr, Some(length)),
            None => (text, None),
        };
        let addr: IpAddr = addr.parse().map_err(|_| refused())?;
        let (bits, width, is_v6) = wide(addr);
        let length = match length {
            Some(length) => length
                .parse()
                .ok()
                .filter(|length| *length <= width)
                .ok_or_else(refused)?,
            None => width,
        };
        let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
        Ok(Self {
            network: bits & mask,
            mask,
            is_v6,
        })
    }

    /// Does the address lie in it? IPv4 in IPv6 (`::ffff:...`) counts as IPv4.
    pub(super) fn holds(&self, addr: IpAddr) -> bool {
        let (bits, _, is_v6) = wide(addr.to_canonical());
        is_v6 == self.is_v6 && bits & self.mask == self.network
    }
}

fn wide(addr: IpAddr) -> (u128, u32, bool) {
    match addr {
        IpAddr::V4(addr) => (addr.to_bits().into(), 32, false),
        IpAddr::V6(addr) => (addr.to_bits(), 128, true),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn prefixes_hold_their_addresses_and_no_others() {
        let holds =
            |prefix: &str, addr: &str| Prefix::parse(prefix).unwrap().holds(addr.parse().unwrap());
        assert!(holds("192.0.2.0/24", "192.0.2.255") && holds("192.0.2.0/24", "::ffff:192.0.2.1"));
        assert!(!holds("192.0.2.0/24", "192.0.3.0") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && holds("2001:db8::/32", "2001:db8:1::1"));
        assert!(holds("198.51.100.7", "198.51.100.7") && !holds("198.51.100.7", "198.51.100.8"));
        assert!(Prefix::parse("192.0.2.0/33").is_err() && Prefix::parse("router").is_err());
    }
}
