//! Bytes are found wherever segments begin and end, and only where they stand alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use mailscope_pipeline::{Needle, Needles, Options};
use support::{Folder, Kept, Tcp, pcap, stamped, udp};

const CLIENT: ([u8; 4], u16) = ([198, 51, 100, 7], 40_000);
const PROXY: ([u8; 4], u16) = ([10, 0, 0, 80], 8080);

fn needle(id: &str, form: &str, pattern: &[u8]) -> Needle {
    Needle {
        id: id.into(),
        form: form.into(),
        pattern: pattern.into(),
    }
}

fn search(packets: Vec<Vec<u8>>, needles: Vec<Needle>, near: &[&str]) -> Kept {
    let folder = Folder::new();
    let path = folder.file("a.pcap", &pcap(&stamped(1_000_000, packets)));
    let near: Vec<_> = near.iter().map(|text| (*text).to_owned()).collect();
    let needles = Needles::new(needles, &near).unwrap();
    mailscope_pipeline::search(
        &[path],
        &needles,
        &Options::default(),
        Kept::default(),
        &mut |_| Ok(()),
    )
    .unwrap()
    .1
}

/// A connection in which the client says `text` in pieces of `size` bytes.
fn said(text: &[u8], size: usize) -> Vec<Vec<u8>> {
    let mut tcp = Tcp::new(CLIENT, PROXY);
    let mut packets = tcp.open();
    packets.extend(text.chunks(size).map(|piece| tcp.says(piece)));
    packets.extend(tcp.close());
    packets
}

#[test]
fn a_match_is_found_once_wherever_segments_break() {
    let text = [
        b"x".repeat(300),
        b"CONNECT 192.0.2.67:25 HTTP/1.0\r\n\r\n".to_vec(),
        b"y".repeat(300),
    ]
    .concat();
    for size in [1, 2, 3, 5, 17, 64, 305, 1000] {
        let seen = search(
            said(&text, size),
            vec![needle("victim", "ascii", b"192.0.2.67")],
            &[],
        );
        assert_eq!(
            seen.column("sightings", "offset"),
            ["308"],
            "pieces of {size}"
        );
        assert_eq!(seen.column("sightings", "matched"), ["192.0.2.67"]);
        let (first, last) = (4 + 308 / size, 4 + 317 / size);
        assert_eq!(
            seen.column("sightings", "first_packet"),
            [first.to_string()],
            "pieces of {size}"
        );
        assert_eq!(
            seen.column("sightings", "last_packet"),
            [last.to_string()],
            "pieces of {size}"
        );
    }
}

#[test]
fn an_address_inside_a_longer_one_is_not_found() {
    let text = b"192.0.2.67 192.0.2.6 1192.0.2.6 192.0.2.6.1 at 192.0.2.6. And 192.0.2.6";
    for size in [1, 4, 1000] {
        let seen = search(
            said(text, size),
            vec![needle("a", "ascii", b"192.0.2.6")],
            &[],
        );
        assert_eq!(seen.column("sightings", "offset"), ["11", "47", "62"]);
    }
}

#[test]
fn a_name_inside_a_longer_one_is_not_found_and_case_does_not_matter() {
    let text = b"smx.example mx.example.org MX.Example: mx.example. x.mx.example <mx.example>";
    let seen = search(
        said(text, 7),
        vec![needle("h", "hostname", b"mx.example")],
        &[],
    );
    assert_eq!(seen.column("sightings", "offset"), ["27", "39", "65"]);
    assert_eq!(seen.column("sightings", "matched")[0], "MX.Example");
}

#[test]
fn addresses_one_octet_apart_are_near_and_others_are_not() {
    let text = b"CONNECT 198.185.2.67:25 192.185.2.67 192.186.2.67 192.185.3.67 192.185.2.68 191.185.2.66 192.185.2.671 ";
    for size in [1, 9, 1000] {
        let seen = search(said(text, size), vec![], &["192.185.2.67"]);
        assert_eq!(
            seen.column("sightings", "matched"),
            [
                "198.185.2.67",
                "192.186.2.67",
                "192.185.3.67",
                "192.185.2.68"
            ],
            "pieces of {size}"
        );
        assert_eq!(seen.column("sightings", "form")[0], "near");
        assert_eq!(seen.column("sightings", "needle")[0], "192.185.2.67");
    }
}

#[test]
fn socks_bytes_are_matched_as_they_are_and_datagrams_are_searched() {
    let target = [5, 1, 0, 1, 192, 0, 2, b'C', 0, 25];
    let seen = search(
        said(&target, 4),
        vec![needle("s", "socks", &[1, 192, 0, 2, b'C', 0, 25])],
        &[],
    );
    assert_eq!(seen.column("sightings", "offset"), ["3"]);
    let seen = search(
        said(&target, 4),
        vec![needle("s", "socks", &[1, 192, 0, 2, b'c', 0, 25])],
        &[],
    );
    assert!(seen.column("sightings", "offset").is_empty());
    let seen = search(
        vec![udp(CLIENT, PROXY, b"to 192.0.2.6")],
        vec![needle("u", "ascii", b"192.0.2.6")],
        &[],
    );
    assert_eq!(seen.column("sightings", "offset"), ["3"]);
}

#[test]
fn an_excerpt_shows_the_line_but_never_one_with_a_password() {
    let text = b"GET http://192.0.2.6/path HTTP/1.1\r\nX: y\r\n\r\n";
    let seen = search(
        said(text, 1000),
        vec![needle("a", "ascii", b"192.0.2.6")],
        &[],
    );
    assert_eq!(
        seen.column("sightings", "excerpt"),
        ["GET http://192.0.2.6/path HTTP/1.1"]
    );
    for secret in [
        &b"user=x&host=192.0.2.6&password=hunter2\r\n"[..],
        b"GET http://root:hunter2@192.0.2.6/ HTTP/1.1\r\n",
        b"\x01\x04root\x07hunter2\x05\x01\x00\x03\x09192.0.2.6\x00\x19",
    ] {
        let seen = search(
            said(secret, 1000),
            vec![needle("a", "text", b"192.0.2.6")],
            &[],
        );
        let excerpt = seen.column("sightings", "excerpt").join("");
        assert!(
            excerpt.contains("192.0.2.6") && !excerpt.contains("hunter2"),
            "{excerpt}"
        );
    }
}

#[test]
fn a_needle_that_cannot_be_searched_is_refused() {
    assert!(Needles::new(vec![needle("e", "ascii", b"")], &[]).is_err());
    assert!(Needles::new(vec![needle("e", "payload", &[7; 2000])], &[]).is_err());
    assert!(Needles::new(vec![], &["mx.example".to_owned()]).is_err());
}

#[test]
fn the_last_sighting_before_the_limit_of_a_direction_is_marked() {
    for (times, marked) in [(999, 0), (1000, 1), (1500, 1)] {
        let text = b"to 192.0.2.67 and ".repeat(times);
        let seen = search(
            said(&text, 1000),
            vec![needle("victim", "ascii", b"192.0.2.67")],
            &[],
        );
        let marks = seen.column("sightings", "limit_reached");
        assert_eq!(marks.len(), times.min(1000));
        let is_marked = |mark: &String| mark.contains("true");
        assert_eq!(marks.iter().filter(|mark| is_marked(mark)).count(), marked);
        assert_eq!(marks.last().is_some_and(is_marked), marked == 1);
    }
}
