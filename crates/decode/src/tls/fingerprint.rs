//! Fingerprints of hellos: JA3 and JA3S (Salesforce), JA4 (FoxIO, TLS client part).

use md5::{Digest, Md5};
use sha2::Sha256;

use super::cursor::values;
use super::hello::{ClientHello, ServerHello, is_grease};
use crate::layer::hex;

/// MD5 of `version,ciphers,extensions,groups,point formats`, GREASE left out.
pub(super) fn ja3(hello: &ClientHello<'_>) -> String {
    let formats: Vec<u16> = hello.point_formats().iter().map(|format| u16::from(*format)).collect();
    let text = format!(
        "{},{},{},{},{}",
        hello.version,
        decimal(values(hello.ciphers)),
        decimal(hello.extensions.iter().map(|(kind, _)| *kind)),
        decimal(values(hello.groups())),
        decimal(formats.into_iter()),
    );
    hex(&Md5::digest(text.as_bytes()))
}

/// MD5 of `version,cipher,extensions`.
pub(super) fn ja3s(hello: &ServerHello<'_>) -> String {
    let extensions = decimal(hello.extensions.iter().map(|(kind, _)| *kind));
    hex(&Md5::digest(format!("{},{},{}", hello.legacy_version, hello.cipher, extensions).as_bytes()))
}

/// JA4: `a_b_c`, where `a` is transport, version, SNI, counts and ALPN, `b` hashes the sorted
/// ciphers, and `c` hashes the sorted extensions (without SNI and ALPN) and the signature
/// algorithms in order.
pub(super) fn ja4(hello: &ClientHello<'_>) -> String {
    let ciphers: Vec<u16> = values(hello.ciphers).filter(|value| !is_grease(*value)).collect();
    let extensions: Vec<u16> = hello.extensions.iter().map(|(kind, _)| *kind).filter(|kind| !is_grease(*kind)).collect();
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
    let count = |list: &[u16]| list.len().min(99);
    let hashed: Vec<u16> = extensions.iter().copied().filter(|kind| !matches!(kind, 0 | 16)).collect();
    let algorithms: Vec<u16> = values(hello.signature_algorithms()).filter(|value| !is_grease(*value)).collect();
    format!(
        "t{version}{name}{:02}{:02}{}_{}_{}",
        count(&ciphers),
        count(&extensions),
        alpn(hello.first_alpn()),
        sorted_hash(&ciphers, &[]),
        sorted_hash(&hashed, &algorithms),
    )
}

/// First and last character of the first protocol; of its hexadecimal form when either is not
/// alphanumeric; `00` for none.
fn alpn(name: Option<&[u8]>) -> String {
    let ends = |text: &[u8]| match (text.first(), text.last()) {
        (Some(&first), Some(&last)) => String::from_iter([char::from(first), char::from(last)]),
        _ => "00".to_owned(),
    };
    let Some(name) = name else { return ends(b"") };
    let plain = [name.first(), name.last()].into_iter().flatten().all(u8::is_ascii_alphanumeric);
    if plain { ends(name) } else { ends(hex(name).as_bytes()) }
}

/// First 12 digits of the SHA-256 of the sorted values, then of the ordered ones.
fn sorted_hash(list: &[u16], ordered: &[u16]) -> String {
    if list.is_empty() {
        return "000000000000".to_owned();
    }
    let mut sorted = list.to_vec();
    sorted.sort_unstable();
    let mut text = hexadecimal(&sorted);
    if !ordered.is_empty() {
        text = format!("{text}_{}", hexadecimal(ordered));
    }
    let mut digest = sha256(text.as_bytes());
    digest.truncate(12);
    digest
}

/// SHA-256, hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn decimal(list: impl Iterator<Item = u16>) -> String {
    let words: Vec<String> = list.filter(|value| !is_grease(*value)).map(|value| value.to_string()).collect();
    words.join("-")
}

fn hexadecimal(list: &[u16]) -> String {
    let words: Vec<String> = list.iter().map(|value| format!("{value:04x}")).collect();
    words.join(",")
}
