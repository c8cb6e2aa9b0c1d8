//! What one UDP datagram is.

use super::{App, Candidates, text};
use crate::dns;

/// The application of one datagram; `ports` are those of its originator and its responder.
pub(crate) fn judge(data: &[u8], ports: (u16, u16)) -> Option<(App, &'static str)> {
    let on = |port: u16| ports.0 == port || ports.1 == port;
    if dns::is_message(data)
        && (on(53) || on(5353) || on(5355) || ports.0 > 1023 && ports.1 > 1023 || ports.1 == 53)
    {
        return Some(match () {
            () if on(5353) => (
                App::Named("mdns"),
                "DNS message on the port of multicast DNS",
            ),
            () if on(5355) => (App::Named("llmnr"), "DNS message on the port of LLMNR"),
            () => (App::Dns, "DNS message"),
        });
    }
    binary(data, &on).or_else(|| {
        let mut found = Candidates::default();
        text::judge_datagram(data, &mut found);
        found.proven().map(|c| match c.app {
            App::Http => (App::Named("ssdp"), "HTTP message in a datagram"),
            app => (app, c.evidence),
        })
    })
}

fn binary(data: &[u8], on: &impl Fn(u16) -> bool) -> Option<(App, &'static str)> {
    let named = |name, why| Some((App::Named(name), why));
    match data {
        [0x80..=0xff, 0, 0, 0, 0..=2, length, ..] if *length <= 20 && data.len() >= 20 => {
            named("quic", "QUIC long header")
        }
        [0xc0..=0xff, 0x6b, 0x33, 0x43, 0xcf, ..] => named("quic", "QUIC version 2 long header"),
        [0xc0..=0xff, 0xff, 0, 0, 1..=34, ..] => named("quic", "QUIC draft long header"),
        [_, b'Q' | 0x0d.., ..] if data.get(9..12).is_some_and(|v| v == b"Q04" || v == b"Q03") => {
            named("quic", "Google QUIC version")
        }
        [0..=3, _, _, _, 0x21, 0x12, 0xa4, 0x42, ..] if data.len() >= 20 => {
            named("stun", "STUN magic cookie")
        }
        [22 | 20 | 21 | 23 | 25, 0xfe, 0xfd | 0xff, ..] if data.len() >= 13 => {
            named("dtls", "DTLS record")
        }
        [b'd', b'1' | b'2', b':', b'a' | b'r' | b'i' | b'q', ..] => {
            named("bittorrent", "BitTorrent DHT dictionary")
        }
        [1, 0, 0, 0, ..] if data.len() == 148 => {
            named("wireguard", "WireGuard handshake initiation")
        }
        [first, ..]
            if on(123) && matches!(data.len(), 12 | 48 | 68) && (1..=7).contains(&(first & 7)) =>
        {
            named("ntp", "NTP header on its port")
        }
        [0x30, ..] if (on(161) || on(162)) && data.get(2..6).is_some_and(|b| b.contains(&2)) => {
            named("snmp", "SNMP sequence on its port")
        }
        [1 | 2, 1, 6, ..] if data.get(236..240) == Some(b"\x63\x82\x53\x63") => {
            named("dhcp", "DHCP magic cookie")
        }
        [_, _, _, _, 0, 1, 0, 0 | 1, ..] if on(137) => {
            named("netbios", "NetBIOS name message on its port")
        }
        [0x10 | 0x11, _, ..] if on(138) => named("netbios", "NetBIOS datagram on its port"),
        [0, 5 | 9 | 10, ..] if on(2055) || on(9995) || on(9996) || on(4739) => {
            named("netflow", "flow export header on its port")
        }
        [0, 0, 0, 5, 0, 0, 0, 1 | 2, ..] if on(6343) => named("sflow", "sFlow header on its port"),
        [b'<', b'0'..=b'9', ..] if on(514) => named("syslog", "syslog priority on its port"),
        [0, 1 | 2, ..] if on(69) => named("tftp", "TFTP request on its port"),
        [0x38 | 0x40, ..] if data.len() >= 14 && on(1194) => {
            named("openvpn", "OpenVPN hard reset on its port")
        }
        _ => None,
    }
}
