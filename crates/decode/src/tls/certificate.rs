//! Names in a certificate: common name and subject alternative names, by a small walk over its
//! DER (RFC 5280, 4.1). Nothing is verified.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Names kept of one certificate.
const NAMES: usize = 100;
/// Longest name kept.
const NAME_BYTES: usize = 255;

const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// The first certificate of a Certificate message of TLS 1.2 or older: `length(3) length(3) DER`.
pub(super) fn first(body: &[u8]) -> Option<&[u8]> {
    let (_, list) = body.split_first_chunk::<3>()?;
    let (&[a, b, c], rest) = list.split_first_chunk::<3>()?;
    rest.get(..u32::from_be_bytes([0, a, b, c]) as usize)
}

/// Its names, distinct, the common name first.
pub(super) fn names(certificate: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    collect(certificate, &mut names);
    names
}

fn collect(certificate: &[u8], names: &mut Vec<String>) -> Option<()> {
    let (_, certificate, _) = element(certificate)?;
    let (_, signed, _) = element(certificate)?;
    // version? serial signature issuer validity subject key extensions?
    let mut rest = signed;
    if rest.first() == Some(&VERSION) {
        (_, _, rest) = element(rest)?;
    }
    for _ in 0..4 {
        (_, _, rest) = element(rest)?;
    }
    let (_, subject, mut rest) = element(rest)?;
    common_names(subject, names);
    while let Some((tag, content, after)) = element(rest) {
        if tag == EXTENSIONS {
            let (_, list, _) = element(content)?;
            alternative_names(list, names);
        }
        rest = after;
    }
    Some(())
}

/// `tag length content` and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => rest
            .split_first()
            .map(|(&length, rest)| (usize::from(length), rest))?,
        0x82 => rest
            .split_first_chunk::<2>()
            .map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        0x83 => rest
            .split_first_chunk::<3>()
            .map(|(&[a, b, c], rest)| (u32::from_be_bytes([0, a, b, c]) as usize, rest))?,
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

/// `RDNSequence`: sets of `type value`.
fn common_names(mut sets: &[u8], names: &mut Vec<String>) {
    while let Some((_, mut set, after)) = element(sets) {
        while let Some((SEQUENCE, pair, rest)) = element(set) {
            if let Some((_, kind, value)) = element(pair)
                && kind == COMMON_NAME
                && let Some((tag, name, _)) = element(value)
            {
                push(names, &string(tag, name));
            }
            set = rest;
        }
        sets = after;
    }
}

/// BMPString is UTF-16; the others are read as UTF-8.
fn string(tag: u8, bytes: &[u8]) -> String {
    if tag == 0x1e {
        let units: Vec<u16> = bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| u16::from_be_bytes(*pair))
            .collect();
        return String::from_utf16_lossy(&units);
    }
    crate::layer::text(bytes, NAME_BYTES)
}

/// `Extension`: `id critical? OCTET STRING`.
fn alternative_names(mut list: &[u8], names: &mut Vec<String>) {
    while let Some((_, extension, after)) = element(list) {
        if let Some((_, id, mut rest)) = element(extension)
            && id == ALTERNATIVE_NAMES
        {
            while let Some((tag, content, after)) = element(rest) {
                if let (OCTET_STRING, Some((SEQUENCE, general, _))) = (tag, element(content)) {
                    general_names(general, names);
                }
                rest = after;
            }
        }
        list = after;
    }
}

/// `dNSName [2]` and `iPAddress [7]`.
fn general_names(mut list: &[u8], names: &mut Vec<String>) {
    while let Some((tag, content, after)) = element(list) {
        match tag {
            0x82 => push(names, &crate::layer::text(content, NAME_BYTES)),
            0x87 => {
                if let Ok(octets) = <[u8; 4]>::try_from(content) {
                    push(names, &Ipv4Addr::from(octets).to_string());
                } else if let Ok(octets) = <[u8; 16]>::try_from(content) {
                    push(names, &Ipv6Addr::from(octets).to_string());
                }
            }
            _ => {}
        }
        list = after;
    }
}

fn push(names: &mut Vec<String>, name: &str) {
    if names.len() < NAMES && !name.is_empty() && !names.iter().any(|held| held == name) {
        names.push(name.to_owned());
    }
}
