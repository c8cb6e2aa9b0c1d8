//! Community ID v1 (seed 0): the flow name that Zeek, Suricata, Arkime and others share.

use std::net::IpAddr;

use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, DataType};
use mailscope_capture::Endpoints;
use sha1::{Digest, Sha1};

use crate::column::Column;
use crate::strings::Strings;

const TEXT_BYTES: usize = 2 + 28;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A Community ID.
#[derive(Default)]
pub struct CommunityId(Strings);

impl Column for CommunityId {
    type Value<'a> = &'a Endpoints;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        DataType::Utf8
    }
    fn push(&mut self, value: &Endpoints) {
        let text = community_id(value);
        self.0.push_with(|out| out.extend_from_slice(&text));
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.0.finish(None)
    }
}

/// `1:` and the base64 of the SHA-1 over seed, ends, protocol and ports.
#[must_use]
pub fn community_id(ends: &Endpoints) -> [u8; TEXT_BYTES] {
    let (ports, both_ways) = ports(ends);
    let forward = !both_ways || (ends.orig_addr, ports.0) <= (ends.resp_addr, ports.1);
    let (from, to, from_port, to_port) = if forward {
        (ends.orig_addr, ends.resp_addr, ports.0, ports.1)
    } else {
        (ends.resp_addr, ends.orig_addr, ports.1, ports.0)
    };
    // seed (2), addresses (up to 32), protocol (1), padding (1), ports (4)
    let mut input = [0; 40];
    let mut len = 2;
    let mut put = |bytes: &[u8]| {
        if let Some(room) = input.get_mut(len..len + bytes.len()) {
            room.copy_from_slice(bytes);
            len += bytes.len();
        }
    };
    for addr in [from, to] {
        match addr {
            IpAddr::V4(addr) => put(&addr.octets()),
            IpAddr::V6(addr) => put(&addr.octets()),
        }
    }
    put(&[ends.proto, 0]);
    if has_ports(ends.proto) {
        put(&from_port.to_be_bytes());
        put(&to_port.to_be_bytes());
    }
    let digest: [u8; 20] = Sha1::digest(input.get(..len).unwrap_or_default()).into();
    encoded(&digest)
}

fn has_ports(proto: u8) -> bool {
    matches!(proto, 1 | 6 | 17 | 58 | 132)
}

/// The ports as the specification wants them, and whether both directions share one id.
/// ICMP has type and code instead; a type that answers another is paired with it.
fn ports(ends: &Endpoints) -> ((u16, u16), bool) {
    let (kind, code) = (ends.orig_port, ends.resp_port);
    let counterpart = match (ends.proto, kind) {
        (1, 0) => Some(8),
        (1, 8) => Some(0),
        (1, 9) => Some(10),
        (1, 10) => Some(9),
        (1, 13) => Some(14),
        (1, 14) => Some(13),
        (1, 15) => Some(16),
        (1, 16) => Some(15),
        (1, 17) => Some(18),
        (1, 18) => Some(17),
        (58, 128) => Some(129),
        (58, 129) => Some(128),
        (58, 130) => Some(131),
        (58, 131) => Some(130),
        (58, 133) => Some(134),
        (58, 134) => Some(133),
        (58, 135) => Some(136),
        (58, 136) => Some(135),
        (58, 139) => Some(140),
        (58, 140) => Some(139),
        (58, 144) => Some(145),
        (58, 145) => Some(144),
        (1 | 58, _) => None,
        _ => Some(code),
    };
    match counterpart {
        Some(other) => ((kind, other), true),
        None => ((kind, code), false),
    }
}

fn encoded(digest: &[u8; 20]) -> [u8; TEXT_BYTES] {
    let mut text = [b'='; TEXT_BYTES];
    let (prefix, body) = text.split_at_mut(2);
    prefix.copy_from_slice(b"1:");
    for (from, to) in digest.chunks(3).zip(body.chunks_mut(4)) {
        let bits = from
            .iter()
            .fold(0u32, |bits, &byte| bits << 8 | u32::from(byte))
            << (8 * (3 - from.len()));
        for (index, place) in to.iter_mut().take(from.len() + 1).enumerate() {
            let digit = bits >> (18 - 6 * index) & 63;
            *place = ALPHABET.get(digit as usize).copied().unwrap_or(b'=');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn id(proto: u8, orig: &str, orig_port: u16, resp: &str, resp_port: u16) -> String {
        let ends = Endpoints {
            orig_addr: orig.parse().unwrap(),
            orig_port,
            resp_addr: resp.parse().unwrap(),
            resp_port,
            proto,
        };
        String::from_utf8(community_id(&ends).to_vec()).unwrap()
    }

    #[test]
    fn ids_agree_with_the_specification_baseline() {
        assert_eq!(
            id(6, "128.232.110.120", 34855, "66.35.250.204", 80),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg="
        );
        assert_eq!(
            id(6, "66.35.250.204", 80, "128.232.110.120", 34855),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg="
        );
        assert_eq!(
            id(17, "192.168.1.52", 54585, "8.8.8.8", 53),
            "1:d/FP5EW3wiY1vCndhwleRRKHowQ="
        );
        assert_eq!(
            id(1, "192.168.0.89", 8, "192.168.0.1", 0),
            "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="
        );
        assert_eq!(
            id(1, "192.168.0.1", 0, "192.168.0.89", 0),
            "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="
        );
    }
}
