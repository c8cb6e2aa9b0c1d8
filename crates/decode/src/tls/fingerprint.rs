//! Fingerprints of hellos: JA3 and JA3S (Salesforce), JA4 and JA4S (FoxIO).

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
    let mut ciphers: Vec<u16> = values(hello.ciphers)
        .filter(|value| !is_grease(*value))
        .collect();
    let kinds = || {
        let kinds = hello.extensions.iter().map(|(kind, _)| *kind);
        kinds.filter(|kind| !is_grease(*kind))
    };
    let mut text = Vec::with_capacity(36);
    text.push(b't');
    text.extend_from_slice(version_digits(hello.highest_version()));
    text.push(if kinds().any(|kind| kind == 0) {
        b'd'
    } else {
        b'i'
    });
    push_count(&mut text, ciphers.len());
    push_count(&mut text, kinds().count());
    text.extend_from_slice(&alpn(hello.first_alpn()));
    let mut hashed = Vec::with_capacity(512);
    text.push(b'_');
    push_sorted_hash(&mut text, &mut hashed, &mut ciphers, b"");
    text.push(b'_');
    let mut extensions = ciphers;
    extensions.clear();
    extensions.extend(kinds().filter(|kind| !matches!(kind, 0 | 16)));
    push_sorted_hash(
        &mut text,
        &mut hashed,
        &mut extensions,
        hello.signature_algorithms(),
    );
    String::from_utf8(text).unwrap_or_default()
}

/// JA4S: `a_b_c`, where `a` is transport, version, count of extensions and the ALPN chosen, `b` is
/// the cipher chosen, and `c` hashes the extensions in order.
pub(super) fn ja4s(hello: &ServerHello<'_>) -> String {
    let mut text = Vec::with_capacity(25);
    text.push(b't');
    text.extend_from_slice(version_digits(hello.version));
    push_count(&mut text, hello.extensions.len());
    text.extend_from_slice(&alpn(hello.chosen_alpn()));
    text.push(b'_');
    push_hexadecimal(&mut text, [hello.cipher].into_iter());
    text.push(b'_');
    let mut listed = Vec::with_capacity(64);
    push_hexadecimal(&mut listed, hello.extensions.iter().map(|(kind, _)| *kind));
    push_hash(&mut text, &listed);
    String::from_utf8(text).unwrap_or_default()
}

/// The two characters for a version.
fn version_digits(version: u16) -> &'static [u8; 2] {
    match version {
        0x0304 => b"13",
        0x0303 => b"12",
        0x0302 => b"11",
        0x0301 => b"10",
        0x0300 => b"s3",
        0x0002 => b"s2",
        _ => b"00",
    }
}

/// Two digits; 99 for more.
fn push_count(text: &mut Vec<u8>, count: usize) {
    let count = count.min(99) as u16;
    text.extend_from_slice(&[digit(count / 10), digit(count % 10)]);
}

/// The first 12 digits of the SHA-256; zeros for nothing.
fn push_hash(out: &mut Vec<u8>, listed: &[u8]) {
    if listed.is_empty() {
        out.extend_from_slice(b"000000000000");
        return;
    }
    for byte in Sha256::digest(listed).iter().take(6) {
        out.extend_from_slice(&[digit(u16::from(byte >> 4)), digit(u16::from(byte & 15))]);
    }
}

/// First and last character of the first protocol; of its hexadecimal form when either is not
/// alphanumeric; `00` for none.
fn alpn(name: Option<&[u8]>) -> [u8; 2] {
    match name {
        Some(&[first, .., last])
            if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() =>
        {
            [first, last]
        }
        Some(&[only]) if only.is_ascii_alphanumeric() => [only, only],
        Some(&[first, .., last]) => [digit(u16::from(first >> 4)), digit(u16::from(last & 15))],
        Some(&[only]) => [digit(u16::from(only >> 4)), digit(u16::from(only & 15))],
        _ => *b"00",
    }
}

/// Appends the first 12 digits of the SHA-256 of the sorted values, then of the ordered ones without GREASE.
/// `text` is room to write them in.
fn push_sorted_hash(out: &mut Vec<u8>, text: &mut Vec<u8>, list: &mut [u16], ordered: &[u8]) {
    list.sort_unstable();
    text.clear();
    push_hexadecimal(text, list.iter().copied());
    let mut ordered = values(ordered)
        .filter(|value| !is_grease(*value))
        .peekable();
    if ordered.peek().is_some() && !list.is_empty() {
        text.push(b'_');
        push_hexadecimal(text, ordered);
    }
    push_hash(out, text);
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
    let [tens_of_thousands, thousands, hundreds, tens, ones] = [
        value / 10_000,
        value / 1000 % 10,
        value / 100 % 10,
        value / 10 % 10,
        value % 10,
    ]
    .map(|value| b'0' + value as u8);
    match value {
        0..10 => text.push(ones),
        10..100 => text.extend_from_slice(&[tens, ones]),
        100..1000 => text.extend_from_slice(&[hundreds, tens, ones]),
        1000..10_000 => text.extend_from_slice(&[thousands, hundreds, tens, ones]),
        _ => text.extend_from_slice(&[tens_of_thousands, thousands, hundreds, tens, ones]),
    }
}

/// Values of four digits joined by `,`.
fn push_hexadecimal(text: &mut Vec<u8>, list: impl Iterator<Item = u16>) {
    for (place, value) in list.enumerate() {
        let [a, b, c, d] = [12, 8, 4, 0].map(|shift| digit(value >> shift & 15));
        if place > 0 {
            text.extend_from_slice(&[b',', a, b, c, d]);
        } else {
            text.extend_from_slice(&[a, b, c, d]);
        }
    }
}

/// The digit of a value below 16.
#[inline(always)]
fn digit(value: u16) -> u8 {
    let value = value as u8;
    value + if value < 10 { b'0' } else { b'a' - 10 }
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
        push_hexadecimal(&mut text, [0, 0x1301, 0xc02b].into_iter());
        assert_eq!(text, b"0000,1301,c02b");
    }

    #[test]
    fn protocols_are_named_by_their_ends_in_letters_or_in_hexadecimal() {
        for (name, ends) in [
            (None, b"00"),
            (Some(&b"h2"[..]), b"h2"),
            (Some(b"http/1.1"), b"h1"),
            (Some(b"x"), b"xx"),
            (Some(b"\xab\xcd"), b"ad"),
            (Some(b"a\xcd"), b"6d"),
            (Some(b"\xab"), b"ab"),
            (Some(b""), b"00"),
        ] {
            assert_eq!(&alpn(name), ends, "{name:?}");
        }
    }

    /// Two bytes each, as on the wire.
    fn wire(values: &[u16]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_be_bytes())
            .collect()
    }

    /// A list behind its length in so many bytes.
    fn vector(length_bytes: usize, list: &[u8]) -> Vec<u8> {
        let length = (list.len() as u16).to_be_bytes();
        [length.get(2 - length_bytes..).unwrap_or(&length), list].concat()
    }

    fn hello<'a>(
        version: u16,
        ciphers: &'a [u8],
        kinds: &[u16],
        contents: &'a [(u16, Vec<u8>)],
    ) -> ClientHello<'a> {
        let content = |kind: u16| {
            let found = contents.iter().find(|(k, _)| *k == kind);
            found.map_or(&b""[..], |(_, bytes)| bytes.as_slice())
        };
        ClientHello {
            version,
            ciphers,
            extensions: kinds.iter().map(|&kind| (kind, content(kind))).collect(),
        }
    }

    /// The worked example of FoxIO's technical details of JA4.
    #[test]
    fn ja4_gives_the_published_value() {
        let ciphers = wire(&[
            0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
            0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
        ]);
        let kinds = [
            0x0a0a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023,
            0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
        ];
        let algorithms = wire(&[
            0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601,
        ]);
        let contents = [
            (0x000d, vector(2, &algorithms)),
            (0x0010, vector(2, b"\x02h2\x08http/1.1")),
            (0x002b, vector(1, &wire(&[0x3a3a, 0x0304, 0x0303]))),
        ];
        assert_eq!(
            ja4(&hello(0x0303, &ciphers, &kinds, &contents)),
            "t13d1516h2_8daaf6152771_e5627efa2ab1"
        );
    }

    /// The worked examples of Salesforce's JA3: with extensions, and without any.
    #[test]
    fn ja3_gives_the_published_values() {
        let ciphers = wire(&[47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4]);
        let contents = [(10, vector(2, &wire(&[23, 24, 25]))), (11, vector(1, &[0]))];
        assert_eq!(
            ja3(&hello(769, &ciphers, &[0, 10, 11], &contents)),
            "ada70206e40642a3e4461f35503241d5"
        );
        let ciphers = wire(&[4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99]);
        assert_eq!(
            ja3(&hello(769, &ciphers, &[], &[])),
            "de350869b8c85de67a350c8d186f11e6"
        );
    }

    /// The worked example of FoxIO's technical details of JA4S, and a hello with ALPN.
    #[test]
    fn ja4s_gives_the_published_value() {
        let hello = |extensions| ServerHello {
            version: 0x0303,
            legacy_version: 0x0303,
            cipher: 0xc030,
            extensions,
        };
        let kinds = [0x0005, 0x0017, 0xff01, 0x0000];
        assert_eq!(
            ja4s(&hello(kinds.map(|kind| (kind, &b""[..])).to_vec())),
            "t120400_c030_4e8089b08790"
        );
        assert_eq!(ja4s(&hello(Vec::new())), "t120000_c030_000000000000");
        let chosen = ja4s(&hello(vec![(16, &b"\x00\x03\x02h2"[..])]));
        assert!(chosen.starts_with("t1201h2_c030_"), "{chosen}");
    }
}
