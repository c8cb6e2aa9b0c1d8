//! Reads numbers and slices off the front of bytes; big-endian unless the name says otherwise.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is left to read. Every method takes from the front, or takes nothing and gives `None`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    #[inline]
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    pub(crate) fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }

    #[inline]
    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn v4(&mut self) -> Option<IpAddr> {
        self.array::<4>()
            .map(|octets| Ipv4Addr::from(octets).into())
    }

    pub(crate) fn v6(&mut self) -> Option<IpAddr> {
        self.array::<16>()
            .map(|octets| Ipv6Addr::from(octets).into())
    }
}

/// A big-endian number of up to eight bytes; of a longer one, its last eight.
#[inline]
pub(crate) fn unsigned(bytes: &[u8]) -> u64 {
    match bytes {
        [a] => u64::from(*a),
        [a, b] => u64::from(u16::from_be_bytes([*a, *b])),
        [a, b, c, d] => u64::from(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => bytes
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte)),
    }
}

/// An address of 4 or 16 bytes.
pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => Cursor(bytes).v4(),
        16 => Cursor(bytes).v6(),
        _ => None,
    }
}
