//! Flows: what belongs together, who began, when it ends, and what gives no flow.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use mailscope_capture::{Closed, Limits, OrientedBy, Undecoded};
use mailscope_evidence::Side::{Orig, Resp};
use support::{
    ACK, Bench, CLIENT, FIN, RST, Recorder, SERVER, SYN, ethernet, ipv4, ipv6, segment, tcp, udp,
};

const WHOLE: (u16, u16, bool) = (0, 0, false);

fn bench() -> Bench {
    Bench::new(Limits::default())
}

fn udp_frame(src: ([u8; 4], u16), dst: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    ethernet(
        0x0800,
        &ipv4(src.0, dst.0, 17, WHOLE, &udp(src.1, dst.1, payload)),
    )
}

/// The inner packet of all tunnel tests: client data to the server.
fn inner() -> Vec<u8> {
    ipv4(
        CLIENT.0,
        SERVER.0,
        6,
        WHOLE,
        &tcp(CLIENT.1, SERVER.1, 1, 1, ACK, b"inside"),
    )
}

fn only_flow(link: u32, frame: &[u8]) -> (Recorder, String) {
    let mut bench = bench();
    bench.link_frame(link, frame, frame.len() as u32);
    let seen = bench.done();
    assert_eq!(seen.flows.len(), 1, "{:?}", seen.flows);
    let encapsulation = seen.flows[0].encapsulation.clone();
    (seen, encapsulation)
}

fn holds_inner(link: u32, frame: &[u8], encapsulation: &str) {
    let (seen, found) = only_flow(link, frame);
    assert_eq!(found, encapsulation);
    let flow = &seen.flows[0];
    assert_eq!(
        (flow.ends.orig_port, flow.ends.resp_port),
        (40_000, 25),
        "{encapsulation}"
    );
    assert_eq!(seen.text(0, Orig), "inside", "{encapsulation}");
    assert_eq!(flow.orig.wire_bytes, frame.len() as u64);
    assert_eq!(flow.orig.ip_bytes, 46);
}

#[test]
fn every_link_type_leads_to_the_packet() {
    let ip = inner();
    let with = |head: &[u8]| [head, &ip[..]].concat();
    holds_inner(1, &ethernet(0x0800, &ip), "");
    for raw in [12, 14, 101, 228, 255] {
        holds_inner(raw, &ip, "");
    }
    holds_inner(0, &with(&[2, 0, 0, 0]), "");
    holds_inner(108, &with(&[0, 0, 0, 2]), "");
    holds_inner(9, &with(&[0xff, 3, 0, 0x21]), "");
    holds_inner(9, &with(&[0x21]), "");
    holds_inner(50, &with(&[0x0f, 0, 8, 0]), "");
    holds_inner(104, &with(&[0x0f, 0, 8, 0]), "");
    holds_inner(
        113,
        &with(&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0]),
        "",
    );
    holds_inner(
        276,
        &with(&[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0]),
        "",
    );
    holds_inner(51, &with(&[0x11, 0, 0, 1, 0, 48, 0, 0x21]), "pppoe");
    holds_inner(
        1,
        &ethernet(
            u16::try_from(8 + ip.len()).unwrap(),
            &with(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
        ),
        "",
    );
}

/// A frame of IEEE 802.11 with this control, behind it LLC and the inner packet.
fn wireless(control: [u8; 2], behind_addresses: &[u8]) -> Vec<u8> {
    let mut frame = [&control[..], &[0; 22], behind_addresses].concat();
    frame.extend([0xaa, 0xaa, 3, 0, 0, 0, 8, 0]);
    frame.extend(inner());
    frame
}

#[test]
fn data_frames_of_wireless_networks_lead_to_the_packet() {
    let plain = wireless([0x08, 1], &[]);
    holds_inner(105, &plain, "");
    // QoS; QoS with a high-throughput control; four addresses between access points.
    holds_inner(105, &wireless([0x88, 2], &[0, 0]), "");
    holds_inner(105, &wireless([0x88, 0x82], &[0; 6]), "");
    holds_inner(105, &wireless([0x08, 3], &[0; 6]), "");
    let behind = |head: &[u8], frame: &[u8]| [head, frame].concat();
    // Radiotap without flags; with a time, flags behind it, and two words of presence.
    holds_inner(127, &behind(&[0, 0, 8, 0, 0, 0, 0, 0], &plain), "");
    let mut long = vec![0, 0, 26, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0];
    long.extend([0; 8]);
    long.extend([0x10, 0]);
    holds_inner(127, &behind(&long, &plain), "");
    // The same with its header filled up to four bytes, and a check behind the packet.
    long[24] = 0x30;
    let padded = wireless([0x88, 2], &[0, 0, 0, 0]);
    holds_inner(127, &[&long[..], &padded, b"\x01\x02\x03\x04"].concat(), "");
    let mut prism = vec![0; 144];
    prism[..8].copy_from_slice(&[0x44, 0, 0, 0, 144, 0, 0, 0]);
    holds_inner(119, &behind(&prism, &plain), "");
    let mut avs = vec![0; 64];
    avs[..8].copy_from_slice(&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64]);
    holds_inner(163, &behind(&avs, &plain), "");
    holds_inner(119, &behind(&avs, &plain), "");
    holds_inner(192, &behind(&[0, 0, 8, 0, 105, 0, 0, 0], &plain), "");
}

#[test]
fn wireless_frames_without_a_readable_packet_are_counted_by_their_reason() {
    let broken = [0, 0, 9, 0, 2, 0, 0, 0, 0x50];
    let cases = [
        (105, wireless([0x80, 0], &[]), Undecoded::LinkControl),
        (105, wireless([0x48, 0], &[]), Undecoded::LinkControl),
        (105, wireless([0x08, 0x41], &[]), Undecoded::EncryptedLink),
        (105, wireless([0x08, 0x05], &[]), Undecoded::WirelessPieces),
        (
            105,
            wireless([0x88, 2], &[0x80, 0]),
            Undecoded::WirelessPieces,
        ),
        (
            127,
            [&broken[..], &wireless([0x08, 1], &[])].concat(),
            Undecoded::BadFrameCheck,
        ),
        (105, vec![0x08, 1, 0], Undecoded::Cut),
        (105, vec![0x0b, 1, 0], Undecoded::NotIp),
        (127, vec![0, 0, 200, 0, 0, 0, 0, 0], Undecoded::Cut),
        (
            119,
            vec![0x44, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
            Undecoded::NotIp,
        ),
        (192, vec![0, 0, 7, 0, 105, 0, 0, 0], Undecoded::NotIp),
        (
            192,
            vec![0, 0, 8, 0, 192, 0, 0, 0, 0, 0, 8, 0],
            Undecoded::UnknownLink,
        ),
    ];
    for (link, frame, reason) in cases {
        let mut bench = bench();
        bench.link_frame(link, &frame, frame.len() as u32);
        let found: Vec<_> = bench.engine.stats().undecoded.iter().collect();
        assert_eq!(found, [(reason, 1)], "{link} {frame:02x?}");
    }
}

#[test]
fn headers_of_capturing_systems_are_passed_over() {
    let ip = inner();
    let frame = ethernet(0x0800, &ip);
    let behind = |head: &[u8], rest: &[u8]| [head, rest].concat();
    // Netfilter's log: a hook and a prefix, then the packet; in either byte order.
    let log = [
        2, 0, 0, 7, 8, 0, 1, 0, 8, 0, 1, 0, 9, 0, 10, 0, b'd', b'r', b'o', b'p', 0, 0, 0, 0,
    ];
    let size = u16::try_from(ip.len() + 4).unwrap();
    let little = [&size.to_le_bytes()[..], &[9, 0]].concat();
    holds_inner(239, &[&log[..], &little, &ip, &[0, 0]].concat(), "");
    let log = [2, 0, 0, 7, 0, 8, 0, 1, 8, 0, 1, 0];
    let big = [&size.to_be_bytes()[..], &[0, 9]].concat();
    holds_inner(239, &[&log[..], &big, &ip, &[0, 0]].concat(), "");
    let mut tap = vec![0; 108];
    tap[..12].copy_from_slice(&[108, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
    holds_inner(258, &behind(&tap, &frame), "");
    tap[8] = 12;
    holds_inner(258, &behind(&tap, &ip), "");
    let mut filter = vec![0; 64];
    filter[..2].copy_from_slice(&[61, 2]);
    holds_inner(117, &behind(&filter, &ip), "");
    holds_inner(109, &behind(&[0; 12], &ip), "");
    holds_inner(204, &behind(&[1, 0xff, 3, 0, 0x21], &ip), "");
    holds_inner(166, &behind(&[1, 3, 0, 0x21], &ip), "");
    holds_inner(107, &behind(&[0x18, 0x41, 3, 0xcc], &ip), "");
    holds_inner(
        107,
        &behind(&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], &ip),
        "",
    );
    holds_inner(
        107,
        &behind(&[0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7], &frame),
        "",
    );
    holds_inner(107, &behind(&[0x18, 0x41, 8, 0], &ip), "");
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    holds_inner(10, &[&[0x50; 13][..], &snap, &ip].concat(), "");
    holds_inner(6, &[&[0x10; 14][..], &snap, &ip].concat(), "");
    let routed = [&[0x10; 8][..], &[0x90; 6], &[6, 0x30, 0, 1, 0, 2]].concat();
    holds_inner(6, &[&routed[..], &snap, &ip].concat(), "");
    holds_inner(100, &behind(&snap, &ip), "");
    holds_inner(240, &behind(&[0; 4], &frame), "");
}

#[test]
fn tags_of_switch_fabrics_are_passed_over_and_named() {
    let ip = inner();
    let frame = ethernet(0x0800, &ip);
    let tagged = |kind: u16, head: &[u8], rest: &[u8]| ethernet(kind, &[head, rest].concat());
    holds_inner(1, &tagged(0x8926, &[0x80, 1, 0, 2, 8, 0], &ip), "vntag");
    holds_inner(1, &tagged(0x893f, &[0, 1, 0, 2, 0, 0, 8, 0], &ip), "etag");
    holds_inner(1, &tagged(0x892f, &[0, 46, 0, 2, 8, 0], &ip), "hsr");
    holds_inner(
        1,
        &tagged(0x894f, &[0, 2, 2, 3, 0, 0, 1, 255], &frame),
        "nsh",
    );
    holds_inner(1, &tagged(0x8903, &[0x04, 1], &frame), "fabricpath");
    holds_inner(
        1,
        &tagged(0x22f3, &[0, 0x41, 0, 1, 0, 2, 9, 9, 9, 9], &frame),
        "trill",
    );
    holds_inner(
        1,
        &tagged(0x88e5, &[0, 46, 0, 0, 0, 1, 8, 0], &ip),
        "macsec",
    );
    let mut bench = bench();
    bench.frame(&tagged(0x88e5, &[0x0c, 46, 0, 0, 0, 1], &ip));
    let found: Vec<_> = bench.engine.stats().undecoded.iter().collect();
    assert_eq!(found, [(Undecoded::EncryptedLink, 1)]);
}

#[test]
fn tags_and_labels_are_passed_over_and_named() {
    let ip = inner();
    let with = |head: &[u8]| [head, &ip[..]].concat();
    holds_inner(1, &ethernet(0x8100, &with(&[0, 7, 8, 0])), "vlan");
    holds_inner(
        1,
        &ethernet(0x88a8, &with(&[0, 7, 0x81, 0, 0, 9, 8, 0])),
        "qinq/vlan",
    );
    holds_inner(
        1,
        &ethernet(0x8847, &with(&[0, 0, 0x10, 64, 0, 0, 0x11, 64])),
        "mpls",
    );
    let frame = ethernet(0x0800, &ip);
    holds_inner(
        1,
        &ethernet(
            0x8847,
            &[&[0, 0, 0x11, 64, 0, 0, 0, 0][..], &frame].concat(),
        ),
        "mpls",
    );
    holds_inner(
        1,
        &ethernet(0x88e7, &[&[0, 0, 0, 9][..], &frame].concat()),
        "pbb",
    );
    let mut bench = bench();
    bench.frame(&ethernet(0x8100, &with(&[0x20, 7, 8, 0])));
    assert_eq!(bench.done().flows[0].vlan, Some(7));
}

#[test]
fn tunnels_lead_to_the_inner_packet() {
    let ip = inner();
    let frame = ethernet(0x0800, &ip);
    let outer = |proto: u8, head: &[u8], inner: &[u8]| {
        ethernet(
            0x0800,
            &ipv4(
                [1, 1, 1, 1],
                [2, 2, 2, 2],
                proto,
                WHOLE,
                &[head, inner].concat(),
            ),
        )
    };
    holds_inner(1, &outer(4, &[], &ip), "ipip");
    holds_inner(1, &outer(47, &[0, 0, 8, 0], &ip), "gre");
    holds_inner(
        1,
        &outer(47, &[0x30, 0, 8, 0, 0, 0, 0, 9, 0, 0, 0, 1], &ip),
        "gre",
    );
    holds_inner(
        1,
        &outer(
            47,
            &[0x30, 1, 0x88, 0x0b, 0, 48, 0, 9, 0, 0, 0, 1, 0, 0x21],
            &ip,
        ),
        "gre",
    );
    holds_inner(
        1,
        &outer(
            47,
            &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            &frame,
        ),
        "erspan",
    );
    holds_inner(1, &outer(97, &[0x30, 0], &frame), "etherip");
    holds_inner(
        1,
        &outer(47, &[0x20, 1, 0x64, 0, 0, 60, 9, 0], &frame),
        "eoip",
    );
}

#[test]
fn an_authentication_header_is_passed_over() {
    let mut payload = vec![6, 4, 0, 0];
    payload.extend([1; 20]);
    payload.extend(tcp(40_000, 25, 1, 1, ACK, b"inside"));
    let (seen, _) = only_flow(
        1,
        &ethernet(0x0800, &ipv4(CLIENT.0, SERVER.0, 51, WHOLE, &payload)),
    );
    assert_eq!(seen.text(0, Orig), "inside");
}

#[test]
fn tunnels_over_udp_lead_to_the_inner_packet() {
    let ip = inner();
    let frame = ethernet(0x0800, &ip);
    let over = |port: u16, head: &[u8], inner: &[u8]| {
        udp_frame(
            ([1, 1, 1, 1], 50_000),
            ([2, 2, 2, 2], port),
            &[head, inner].concat(),
        )
    };
    holds_inner(1, &over(4789, &[8, 0, 0, 0, 0, 0, 5, 0], &frame), "vxlan");
    holds_inner(
        1,
        &over(6081, &[1, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 3, 4], &frame),
        "geneve",
    );
    holds_inner(
        1,
        &over(2152, &[0x30, 0xff, 0, 46, 0, 0, 0, 9], &ip),
        "gtpu",
    );
    holds_inner(
        1,
        &over(
            2152,
            &[0x34, 0xff, 0, 54, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0, 5, 0],
            &ip,
        ),
        "gtpu",
    );
    holds_inner(
        1,
        &over(1701, &[0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21], &ip),
        "l2tp",
    );
    holds_inner(1, &over(4341, &[0x80, 0, 0, 0, 0, 0, 0, 1], &ip), "lisp");
    holds_inner(1, &over(4790, &[0x0c, 0, 0, 1, 0, 0, 5, 0], &ip), "vxlan");
    holds_inner(
        1,
        &over(4790, &[0x0c, 0, 0, 3, 0, 0, 5, 0], &frame),
        "vxlan",
    );
    let tags = [1, 0, 0, 1, 10, 1, 0xc0, 0, 1];
    holds_inner(1, &over(37008, &tags, &frame), "tzsp");
    let air = wireless([0x08, 1], &[]);
    holds_inner(1, &over(37008, &[1, 0, 0, 18, 1], &air), "tzsp");
    holds_inner(
        1,
        &over(5247, &[0, 0x10, 0, 0, 0, 0, 0, 0], &frame),
        "capwap",
    );
    holds_inner(
        1,
        &over(5247, &[0, 0x10, 0x03, 0, 0, 0, 0, 0], &air),
        "capwap",
    );
    let swapped = wireless([1, 0x08], &[]);
    holds_inner(
        1,
        &over(5247, &[0, 0x10, 0x03, 0, 0, 0, 0, 0], &swapped),
        "capwap",
    );
}

#[test]
fn a_tunnel_port_without_a_tunnel_is_plain_udp() {
    for port in [4789, 6081, 2152, 3544, 1701, 4341, 4790, 5247, 37008] {
        let mut bench = bench();
        bench.frame(&udp_frame(
            ([1, 1, 1, 1], 50_000),
            ([2, 2, 2, 2], port),
            b"\x40hello there, no tunnel",
        ));
        let seen = bench.done();
        assert_eq!(
            (seen.flows[0].ends.proto, seen.udp.len()),
            (17, 1),
            "{port}"
        );
    }
}

#[test]
fn ipv6_extension_headers_are_passed_over() {
    let tcp = tcp(40_000, 25, 1, 1, ACK, b"inside");
    let mut payload = vec![60, 0, 1, 4, 0, 0, 0, 0];
    payload.extend([6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    payload.extend(&tcp);
    let (seen, _) = only_flow(1, &ethernet(0x86dd, &ipv6(0, &payload)));
    assert_eq!(seen.text(0, Orig), "inside");
    let ends = seen.flows[0].ends;
    assert_eq!(
        (ends.orig_addr.to_string(), ends.resp_addr.to_string()),
        ("2001:db8::1".into(), "2001:db8::2".into())
    );
    assert_eq!(seen.flows[0].orig.ip_bytes, 40 + payload.len() as u64);
}

#[test]
fn padding_is_no_payload() {
    let mut frame = segment(Orig, 1, 1, ACK, b"ab");
    frame.resize(60, 0xee);
    let (seen, _) = only_flow(1, &frame);
    assert_eq!(seen.text(0, Orig), "ab");
    assert_eq!(
        (
            seen.flows[0].orig.payload_bytes,
            seen.flows[0].orig.wire_bytes
        ),
        (2, 60)
    );
}

#[test]
fn an_ip_length_of_zero_is_the_length_of_the_frame() {
    let mut frame = segment(Orig, 1, 1, ACK, &[b'x'; 3000]);
    frame[16..18].fill(0);
    assert_eq!(only_flow(1, &frame).0.text(0, Orig).len(), 3000);
}

#[test]
fn fragments_in_any_order_make_one_datagram() {
    let datagram = udp(1000, 53, &(0..100u8).collect::<Vec<u8>>());
    let piece = |from: usize, to: usize| {
        let more = to < datagram.len();
        ethernet(
            0x0800,
            &ipv4(
                [1, 1, 1, 1],
                [2, 2, 2, 2],
                17,
                (9, from as u16, more),
                &datagram[from..to],
            ),
        )
    };
    let mut bench = bench();
    // The second overlaps the first; the first copy of a byte wins.
    let mut liar = piece(32, 80);
    liar[34..50].fill(0xff);
    bench
        .frame(&piece(64, 108))
        .frame(&piece(0, 48))
        .frame(&liar);
    let seen = bench.done();
    assert_eq!(seen.udp, vec![(Orig, (0..100u8).collect())]);
    let flow = &seen.flows[0].orig;
    assert_eq!((flow.packets, flow.payload_bytes), (3, 100));
    assert_eq!(flow.ip_bytes, (20 + 44) + (20 + 48) + (20 + 48));
}

#[test]
fn a_datagram_that_stays_incomplete_is_counted_as_far_as_it_came() {
    let datagram = udp(1000, 53, &[7; 100]);
    let piece = |from: usize, to: usize, id: u16| {
        ethernet(
            0x0800,
            &ipv4(
                [1, 1, 1, 1],
                [2, 2, 2, 2],
                17,
                (id, from as u16, true),
                &datagram[from..to],
            ),
        )
    };
    let mut bench = bench();
    bench
        .frame(&piece(0, 48, 1))
        .frame(&piece(64, 80, 2))
        .wait_s(60);
    bench.frame(&piece(0, 48, 3));
    let undecoded: Vec<_> = bench.engine.stats().undecoded.iter().collect();
    assert_eq!(undecoded, [(Undecoded::FragmentLost, 1)]);
    let seen = bench.done();
    assert_eq!(
        seen.flows[0].orig.packets + seen.flows.get(1).map_or(0, |f| f.orig.packets),
        2
    );
    assert_eq!(seen.udp[0].1.len(), 40);
}

#[test]
fn an_icmp_error_gives_nothing_to_the_flow_it_quotes() {
    let quoted = inner();
    let mut icmp = vec![3, 1, 0, 0, 0, 0, 0, 0];
    icmp.extend(&quoted);
    let mut bench = bench();
    bench.frame(&ethernet(0x0800, &quoted));
    bench.frame(&ethernet(
        0x0800,
        &ipv4(SERVER.0, CLIENT.0, 1, WHOLE, &icmp),
    ));
    let seen = bench.done();
    assert_eq!(seen.text(0, Orig), "inside");
    let protos: Vec<u8> = seen.flows.iter().map(|f| f.ends.proto).collect();
    assert_eq!(protos, [6, 1]);
    assert_eq!(
        (seen.flows[1].ends.orig_port, seen.flows[1].ends.resp_port),
        (3, 1)
    );
}

#[test]
fn an_echo_and_its_reply_are_one_flow_of_the_asking_side() {
    let echo = |kind: u8, src: [u8; 4], dst: [u8; 4]| {
        ethernet(
            0x0800,
            &ipv4(src, dst, 1, WHOLE, &[kind, 0, 0, 0, 0, 1, 0, 1]),
        )
    };
    let mut bench = bench();
    bench
        .frame(&echo(0, SERVER.0, CLIENT.0))
        .frame(&echo(8, CLIENT.0, SERVER.0));
    let seen = bench.done();
    assert_eq!(seen.flows.len(), 1);
    assert_eq!(seen.flows[0].ends.orig_addr.to_string(), "10.0.0.1");
    assert_eq!(
        (seen.flows[0].ends.orig_port, seen.flows[0].ends.resp_port),
        (8, 0)
    );
    assert_eq!(
        (seen.flows[0].orig.packets, seen.flows[0].resp.packets),
        (1, 1)
    );
}

#[test]
fn tagged_in_one_direction_only_is_one_flow() {
    let plain = segment(Orig, 1, 1, ACK, b"ask");
    let mut tagged = segment(Resp, 1, 4, ACK, b"answer");
    tagged.splice(12..12, [0x81, 0, 0, 5]);
    let mut bench = bench();
    bench.frame(&plain).frame(&tagged);
    let seen = bench.done();
    assert_eq!(seen.flows.len(), 1);
    assert_eq!(seen.dialogue(0), ">ask <answer");
}

#[test]
fn the_originator_is_found_without_a_syn() {
    let mut with_answer = bench();
    with_answer.frame(&segment(Resp, 5000, 1001, SYN | ACK, b""));
    let mut by_port = bench();
    by_port.frame(&segment(Resp, 5000, 1001, ACK, b"220"));
    for (bench, by) in [
        (with_answer, OrientedBy::SynAck),
        (by_port, OrientedBy::Port),
    ] {
        let seen = bench.done();
        assert_eq!(
            (seen.flows[0].oriented_by, seen.flows[0].ends.orig_port),
            (by, 40_000)
        );
        assert_eq!(
            (seen.flows[0].orig.packets, seen.flows[0].resp.packets),
            (0, 1)
        );
    }
    let mut first = bench();
    first.frame(&ethernet(
        0x0800,
        &ipv4(
            [1, 1, 1, 1],
            [2, 2, 2, 2],
            6,
            WHOLE,
            &tcp(50_000, 50_001, 1, 1, ACK, b""),
        ),
    ));
    let seen = first.done();
    assert_eq!(
        (seen.flows[0].oriented_by, seen.flows[0].ends.orig_port),
        (OrientedBy::First, 50_000)
    );
}

#[test]
fn a_syn_captured_late_still_tells_who_began() {
    let mut bench = bench();
    let high = |src: ([u8; 4], u16), dst: ([u8; 4], u16), seq, ack, flags| {
        ethernet(
            0x0800,
            &ipv4(
                src.0,
                dst.0,
                6,
                WHOLE,
                &tcp(src.1, dst.1, seq, ack, flags, b""),
            ),
        )
    };
    let (a, b) = (([1, 1, 1, 1], 50_001), ([2, 2, 2, 2], 50_000));
    bench
        .frame(&high(b, a, 900, 101, SYN | ACK))
        .frame(&high(a, b, 100, 0, SYN))
        .frame(&high(a, b, 101, 901, ACK));
    let seen = bench.done();
    assert_eq!(seen.flows.len(), 1);
    assert_eq!(
        (seen.flows[0].ends.orig_port, seen.flows[0].orig.packets),
        (50_001, 2)
    );
}

#[test]
fn a_new_connection_on_the_same_ports_is_a_new_flow() {
    let mut bench = bench();
    bench
        .frame(&segment(Orig, 1000, 0, SYN, b""))
        .frame(&segment(Orig, 1001, 0, ACK, b"one"));
    bench.frame(&segment(Orig, 1000, 0, SYN, b""));
    bench
        .frame(&segment(Orig, 77_000, 0, SYN, b""))
        .frame(&segment(Orig, 77_001, 0, ACK, b"two"));
    let seen = bench.done();
    assert_eq!(
        seen.flows.iter().map(|f| f.closed).collect::<Vec<_>>(),
        [Closed::Replaced, Closed::CaptureEnd]
    );
    assert_eq!(
        (seen.text(0, Orig), seen.text(1, Orig)),
        ("one".into(), "two".into())
    );
}

#[test]
fn late_packets_of_a_closed_flow_open_no_other() {
    let mut bench = bench();
    bench
        .frame(&segment(Orig, 1000, 0, SYN, b""))
        .frame(&segment(Resp, 5000, 1001, SYN | ACK, b""));
    bench
        .frame(&segment(Orig, 1001, 5001, ACK | FIN, b""))
        .frame(&segment(Resp, 5001, 1002, ACK | FIN, b""));
    bench.wait_s(20).frame(&segment(Orig, 1002, 5002, ACK, b""));
    bench
        .wait_s(100)
        .frame(&segment(Resp, 5001, 1002, RST, b""));
    bench.wait_s(300).frame(&udp_frame(CLIENT, SERVER, b"tick"));
    let flows = &bench.engine.handler().flows;
    assert_eq!(flows.len(), 1);
    assert_eq!(
        (
            flows[0].closed,
            flows[0].orig.packets,
            flows[0].resp.packets
        ),
        (Closed::Fin, 3, 3)
    );
}

#[test]
fn a_half_closed_connection_stays_open() {
    let mut bench = bench();
    bench
        .frame(&segment(Orig, 1000, 0, SYN, b""))
        .frame(&segment(Resp, 5000, 1001, SYN | ACK, b""));
    bench.frame(&segment(Orig, 1001, 5001, ACK | FIN, b""));
    bench
        .wait_s(500)
        .frame(&segment(Resp, 5001, 1002, ACK, b"still here"));
    let seen = bench.done();
    assert_eq!(seen.flows.len(), 1);
    assert_eq!(
        (seen.text(0, Resp), seen.flows[0].closed),
        ("still here".into(), Closed::CaptureEnd)
    );
}

#[test]
fn a_fin_of_the_only_side_seen_closes_and_the_other_side_opens_again() {
    let mut bench = bench();
    bench.frame(&segment(Orig, 1000, 0, ACK | FIN, b"bye"));
    bench
        .wait_s(60)
        .frame(&segment(Resp, 5001, 1004, ACK, b"wait"));
    bench
        .wait_s(500)
        .frame(&segment(Resp, 5005, 1004, ACK, b"..."));
    assert_eq!(bench.engine.stats().flows, 1);
}

#[test]
fn idle_flows_end_by_packet_time() {
    let limits = Limits {
        tcp_idle_s: 100,
        other_idle_s: 10,
        ..Limits::default()
    };
    let mut bench = Bench::new(limits);
    bench
        .frame(&segment(Orig, 1, 1, ACK, b"a"))
        .frame(&udp_frame(CLIENT, SERVER, b"u"));
    for _ in 0..9 {
        bench
            .wait_s(10)
            .frame(&udp_frame(([9, 9, 9, 9], 9), SERVER, b"tick"));
    }
    bench.frame(&segment(Orig, 2, 1, ACK, b"b"));
    bench
        .wait_s(50)
        .frame(&udp_frame(([9, 9, 9, 9], 9), SERVER, b"tick"));
    let ended: Vec<_> = bench
        .engine
        .handler()
        .flows
        .iter()
        .map(|f| (f.ends.proto, f.closed))
        .collect();
    assert_eq!(ended, [(17, Closed::Idle), (17, Closed::Idle)]);
    bench
        .wait_s(59)
        .frame(&udp_frame(([9, 9, 9, 9], 9), SERVER, b"tick"));
    assert_eq!(bench.engine.handler().text(0, Orig), "ab");
    assert_eq!(
        bench
            .engine
            .handler()
            .flows
            .iter()
            .filter(|f| f.ends.proto == 6)
            .count(),
        1
    );
}

#[test]
fn one_packet_with_a_wrong_time_ends_no_flow() {
    let mut bench = bench();
    bench.frame(&segment(Orig, 1, 1, ACK, b"a"));
    let true_us = bench.now_us;
    bench
        .wait_s(10_000_000)
        .frame(&segment(Orig, 2, 1, ACK, b"b"));
    bench.now_us = true_us;
    bench.frame(&segment(Orig, 3, 1, ACK, b"c"));
    let seen = bench.done();
    assert_eq!((seen.flows.len(), seen.text(0, Orig)), (1, "abc".into()));
}

#[test]
fn beyond_the_cap_the_flow_nearest_to_its_time_out_is_evicted() {
    let mut bench = Bench::new(Limits {
        flows: 1000,
        ..Limits::default()
    });
    for port in 0..5000u16 {
        bench.frame(&udp_frame(([1, 1, 1, 1], 10_000 + port), SERVER, b"x"));
        // One flow stays busy and must never be evicted.
        if port % 50 == 0 {
            bench.wait_s(1).frame(&udp_frame(CLIENT, SERVER, b"busy"));
        }
    }
    assert!(bench.engine.stats().peak_flows <= 1000);
    let evicted = bench.engine.stats().evicted;
    assert!((3900..4200).contains(&evicted), "{evicted}");
    let seen = bench.done();
    assert_eq!(seen.flows.len(), 5001);
    let busy = seen
        .flows
        .iter()
        .find(|f| f.ends.orig_port == CLIENT.1)
        .unwrap();
    assert_eq!((busy.orig.packets, busy.closed), (100, Closed::CaptureEnd));
}

#[test]
fn flows_are_told_in_the_same_order_in_every_run() {
    let run = || {
        let mut bench = Bench::new(Limits {
            flows: 100,
            other_idle_s: 3,
            ..Limits::default()
        });
        let mut random = support::Random(42);
        for _ in 0..3000 {
            let port = 1024 + random.below(400) as u16;
            bench.frame(&udp_frame(([1, 1, 1, 1], port), SERVER, b"x"));
            if random.below(100) == 0 {
                bench.wait_s(random.below(5) as i64);
            }
        }
        bench.done().flows
    };
    assert_eq!(run(), run());
}

#[test]
fn what_gives_no_flow_is_counted_by_name() {
    let mut bench = bench();
    bench
        .frame(&ethernet(0x0806, &[0; 28]))
        .frame(&ethernet(0x88cc, &[0; 50]))
        .frame(&ethernet(38, &[0x42; 38]));
    bench
        .frame(&ethernet(0x0800, &[0x45, 0]))
        .frame(&ethernet(0x0800, &[0x61; 40]))
        .frame(&ethernet(0x1234, &[0; 9]));
    bench.frame(&ethernet(
        0x0800,
        &ipv4(CLIENT.0, SERVER.0, 6, WHOLE, &[0; 20]),
    ));
    bench.link_frame(147, b"what is this", 12);
    let deep = [&[0u8, 1, 0x81, 0][..]; 30].concat();
    bench.frame(&ethernet(0x8100, &deep));
    let undecoded = bench.engine.stats().undecoded;
    let slugs: Vec<_> = undecoded
        .iter()
        .map(|(reason, count)| (reason.slug(), count))
        .collect();
    assert_eq!(
        slugs,
        [
            ("unknown-link-type", 1),
            ("cut-in-header", 1),
            ("arp", 1),
            ("llc", 1),
            ("link-control", 1),
            ("not-ip", 1),
            ("bad-ipv4", 1),
            ("nested-too-deep", 1),
            ("bad-transport", 1),
        ]
    );
    assert_eq!(undecoded.total(), 9);
}
