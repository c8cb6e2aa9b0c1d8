//! Fingerprints of hellos: JA3 and JA3S (Salesforce), JA4 (FoxIO, TLS client part).

use md5::{Digest, Md5};
use sha2::Sha256;

use super::cursor::values;
use super::hello::{ClientHello, ServerHello, is_grease};
use crate::layer::hex;

/// MD5 of `version,ciphers,extensions,groups,point formats`, GREASE left out.
pub(super) fn ja3(hello: &ClientHello<'_>) -> String {
    let mut text = Vec::with_capacity(512);
    push_decimal(&mut text, hello.version);
    text.push(b',');
    push_list(&mut text, values(hello.ciphers));
    text.push(b',');
    push_list(&mut text, hello.extensions.iter().map(|(kind, _)| *kind));
    text.push(b',');
    push_list(&mut text, values(hello.groups()));
    text.push(b',');
    push_list(
        &mut text,
        hello
            .point_formats()
            .iter()
            .map(|format| u16::from(*format)),
    );
    hex(&Md5::digest(&text))
}

/// MD5 of `version,cipher,extensions`.
pub(super) fn ja3s(hello: &ServerHello<'_>) -> String {
    let mut text = Vec::with_capacity(64);
    push_decimal(&mut text, hello.legacy_version);
    text.push(b',');
    push_decimal(&mut text, hello.cipher);
    text.push(b',');
    push_list(&mut text, hello.extensions.iter().map(|(kind, _)| *kind));
    hex(&Md5::digest(&text))
}

/// JA4: `a_b_c`, where `a` is transport, version, SNI, counts and ALPN, `b` hashes the sorted
/// ciphers, and `c` hashes the sorted extensions (without SNI and ALPN) and the signature
/// algorithms in order.
pub(super) fn ja4(hello: &ClientHello<'_>) -> String {
    let ciphers: Vec<u16> = values(hello.ciphers)
        .filter(|value| !is_grease(*value))
        .collect();
    let extensions: Vec<u16> = hello
        .extensions
        .iter()
        .map(|(kind, _)| *kind)
        .filter(|kind| !is_grease(*kind))
        .collect();
    let version = match hello.highest_version() {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    };
    let name = if extensions.contains(&0) { 'd' } else { 'i' };
    let hashed: Vec<u16> = extensions
        .iter()
        .copied()
        .filter(|kind| !matches!(kind, 0 | 16))
        .collect();
    let algorithms: Vec<u16> = values(hello.signature_algorithms())
        .filter(|value| !is_grease(*value))
        .collect();
    let mut text = String::with_capacity(36);
    text.push('t');
    text.push_str(version);
    text.push(name);
    for count in [ciphers.len(), extensions.len()].map(|count| count.min(99)) {
        text.push(char::from(digit((count / 10) as u16)));
        text.push(char::from(digit((count % 10) as u16)));
    }
    text.push_str(&alpn(hello.first_alpn()));
    text.push('_');
    text.push_str(&sorted_hash(&ciphers, &[]));
    text.push('_');
    text.push_str(&sorted_hash(&hashed, &algorithms));
    text
}

/// First and last character of the first protocol; of its hexadecimal form when either is not
/// alphanumeric; `00` for none.
fn alpn(name: Option<&[u8]>) -> String {
    let ends = |text: &[u8]| match (text.first(), text.last()) {
        (Some(&first), Some(&last)) => String::from_iter([char::from(first), char::from(last)]),
        _ => "00".to_owned(),
    };
    let Some(name) = name else { return ends(b"") };
    let plain = [name.first(), name.last()]
        .into_iter()
        .flatten()
        .all(u8::is_ascii_alphanumeric);
    if plain {
        ends(name)
    } else {
        ends(hex(name).as_bytes())
    }
}

/// First 12 digits of the SHA-256 of the sorted values, then of the ordered ones.
fn sorted_hash(list: &[u16], ordered: &[u16]) -> String {
    if list.is_empty() {
        return "000000000000".to_owned();
    }
    let mut sorted = list.to_vec();
    sorted.sort_unstable();
    let mut text = Vec::with_capacity(5 * (sorted.len() + ordered.len()));
    push_hexadecimal(&mut text, &sorted);
    if !ordered.is_empty() {
        text.push(b'_');
        push_hexadecimal(&mut text, ordered);
    }
    hex(Sha256::digest(&text).get(..6).unwrap_or_default())
}

/// SHA-256, hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Values joined by `-`, GREASE left out.
fn push_list(text: &mut Vec<u8>, list: impl Iterator<Item = u16>) {
    for (place, value) in list.filter(|value| !is_grease(*value)).enumerate() {
        if place > 0 {
            text.push(b'-');
        }
        push_decimal(text, value);
    }
}

/// Divisors are constants: a division by a variable costs more than the rest.
fn push_decimal(text: &mut Vec<u8>, value: u16) {
    let digits = [
        value / 10_000,
        value / 1000 % 10,
        value / 100 % 10,
        value / 10 % 10,
        value % 10,
    ]
    .map(digit);
    let leading_zeros = match value {
        0..10 => 4,
        10..100 => 3,
        100..1000 => 2,
        1000..10_000 => 1,
        _ => 0,
    };
    text.extend_from_slice(digits.get(leading_zeros..).unwrap_or(&digits));
}

/// Values of four digits joined by `,`.
fn push_hexadecimal(text: &mut Vec<u8>, list: &[u16]) {
    for (place, value) in list.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        text.extend_from_slice(&[12, 8, 4, 0].map(|shift| digit(value >> shift & 15)));
    }
}

/// The digit of a value below 16.
fn digit(value: u16) -> u8 {
    b"0123456789abcdef"
        .get(usize::from(value))
        .copied()
        .unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_leading_zeros_and_four_hexadecimal_digits() {
        let mut text = Vec::new();
        push_list(
            &mut text,
            [0, 7, 10, 99, 771, 1000, 9999, 65_281, 0x1a1a].into_iter(),
        );
        assert_eq!(text, b"0-7-10-99-771-1000-9999-65281");
        text.clear();
        push_hexadecimal(&mut text, &[0, 0x1301, 0xc02b]);
        assert_eq!(text, b"0000,1301,c02b");
    }
}
