//! Addresses as text, written straight into the column.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringBuilder;
use arrow_schema::{ArrowError, DataType};

use crate::column::Column;

/// An IPv4 or IPv6 address in canonical text (RFC 5952).
#[derive(Default)]
pub struct Address(StringBuilder);

impl Column for Address {
    type Value<'a> = IpAddr;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        DataType::Utf8
    }
    fn push(&mut self, value: IpAddr) {
        match value {
            IpAddr::V4(addr) => {
                let (text, len) = dotted_quad(addr);
                self.0.append_value(
                    text.get(..len)
                        .and_then(|text| std::str::from_utf8(text).ok())
                        .unwrap_or_default(),
                );
            }
            IpAddr::V6(addr) => {
                let _ = write!(self.0, "{addr}");
                self.0.append_value("");
            }
        }
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}

/// `a.b.c.d` and its length.
fn dotted_quad(addr: Ipv4Addr) -> ([u8; 15], usize) {
    let mut text = [0; 15];
    let mut len = 0;
    let mut put = |byte: u8| {
        if let Some(place) = text.get_mut(len) {
            *place = byte;
            len += 1;
        }
    };
    for (index, octet) in addr.octets().into_iter().enumerate() {
        if index > 0 {
            put(b'.');
        }
        if octet >= 100 {
            put(b'0' + octet / 100);
        }
        if octet >= 10 {
            put(b'0' + octet / 10 % 10);
        }
        put(b'0' + octet % 10);
    }
    (text, len)
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
