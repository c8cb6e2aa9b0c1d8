//! Addresses as text, written straight into the column.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, DataType};

use crate::column::Column;
use crate::strings::Strings;

/// An IPv4 or IPv6 address in canonical text (RFC 5952).
#[derive(Default)]
pub struct Address(Strings);

impl Column for Address {
    type Value<'a> = IpAddr;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        DataType::Utf8
    }
    fn push(&mut self, value: IpAddr) {
        self.0.push_with(|out| match value {
            IpAddr::V4(addr) => {
                let (text, len) = dotted_quad(addr);
                out.extend_from_slice(text.get(..len).unwrap_or_default());
            }
            IpAddr::V6(addr) => {
                let _ = write!(out, "{addr}");
            }
        });
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.0.finish(None)
    }
}

/// Each octet's digits, a dot behind them, and how many bytes that is.
#[allow(clippy::indexing_slicing)] // evaluated by the compiler, which checks the place
static OCTETS: [([u8; 4], usize); 256] = {
    let mut octets = [([b'.'; 4], 0); 256];
    let mut value = 0;
    while value < 256 {
        let octet = value as u8;
        let (hundreds, tens, ones) = (
            b'0' + octet / 100,
            b'0' + octet / 10 % 10,
            b'0' + octet % 10,
        );
        octets[value] = match octet {
            0..10 => ([ones, b'.', 0, 0], 2),
            10..100 => ([tens, ones, b'.', 0], 3),
            _ => ([hundreds, tens, ones, b'.'], 4),
        };
        value += 1;
    }
    octets
};

/// `a.b.c.d` and its length.
fn dotted_quad(addr: Ipv4Addr) -> ([u8; 16], usize) {
    let mut text = [0; 16];
    let mut len = 0;
    for octet in addr.octets() {
        let (digits, count) = OCTETS.get(usize::from(octet)).copied().unwrap_or_default();
        if let Some(place) = text.get_mut(len..len + 4) {
            place.copy_from_slice(&digits);
        }
        len += count;
    }
    (text, len - 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use arrow_array::StringArray;

    #[test]
    fn addresses_are_written_in_canonical_form() {
        let texts = [
            "0.0.0.0",
            "10.99.1.4",
            "255.255.255.255",
            "::",
            "2001:db8::1",
            "::ffff:192.0.2.1",
            "fe80::a:0:0:1",
        ];
        let mut column = Address::default();
        for text in texts {
            column.push(text.parse().unwrap());
        }
        let array = column.finish().unwrap();
        let array: &StringArray = array.as_any().downcast_ref().unwrap();
        assert_eq!(array.iter().flatten().collect::<Vec<_>>(), texts);
    }
}
