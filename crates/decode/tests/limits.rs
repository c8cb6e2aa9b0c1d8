//! What happens beyond the limits of the stack: named, bounded, and the rest goes on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use mailscope_decode::limits::Limits;
use mailscope_decode::record::{Application, HttpRequest, ProxyRequest, Record, Records};
use mailscope_decode::stack::{FlowHint, Stack, StreamEnd};
use mailscope_evidence::{At, Side};

struct Conversation {
    stack: Stack,
    out: Records,
    wanted: bool,
}

impl Conversation {
    fn new() -> Self {
        let hint = FlowHint {
            orig_port: 40_000,
            resp_port: 8080,
            from_start: true,
            ..FlowHint::default()
        };
        Self {
            stack: Stack::new(&Limits::default(), hint),
            out: Records::new(),
            wanted: true,
        }
    }

    fn say(&mut self, side: Side, data: &[u8]) {
        self.wanted = self.stack.data(side, At::default(), data, &mut self.out);
    }

    fn end(mut self) -> Records {
        self.stack.end(StreamEnd::Fin, At::default(), &mut self.out);
        self.out
    }
}

fn http(records: &[Record]) -> Vec<&HttpRequest> {
    records
        .iter()
        .filter_map(|r| {
            if let Record::HttpRequest(http) = r {
                Some(&**http)
            } else {
                None
            }
        })
        .collect()
}

fn proxied(records: &[Record]) -> Vec<&ProxyRequest> {
    records
        .iter()
        .filter_map(|r| {
            if let Record::ProxyRequest(proxy) = r {
                Some(&**proxy)
            } else {
                None
            }
        })
        .collect()
}

fn application(records: &[Record]) -> &Application {
    match records.last().unwrap() {
        Record::Application(application) => application,
        other => panic!("the last record is {other:?}"),
    }
}

#[test]
fn a_head_without_end_is_cut_at_its_limit_and_named() {
    let mut conversation = Conversation::new();
    conversation.say(Side::Orig, b"GET / HTTP/1.1\r\nHost: a.example\r\n");
    for _ in 0..2000 {
        conversation.say(
            Side::Orig,
            b"X-Bomb: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n",
        );
    }
    let records = conversation.end();
    assert_eq!(http(&records).len(), 1);
    assert_eq!(http(&records)[0].host.as_deref(), Some("a.example"));
    assert!(http(&records)[0].oddities.contains(&"limit-head"));
}

#[test]
fn tunnels_nest_no_deeper_than_their_limit() {
    let mut conversation = Conversation::new();
    for hop in 0..8 {
        conversation.say(
            Side::Orig,
            format!("CONNECT hop{hop}.example:3128 HTTP/1.0\r\n\r\n").as_bytes(),
        );
        conversation.say(Side::Resp, b"HTTP/1.0 200 OK\r\n\r\n");
    }
    let records = conversation.end();
    assert_eq!(proxied(&records).len(), Limits::default().depth + 1);
    assert!(
        proxied(&records)
            .iter()
            .any(|proxy| proxy.oddities.contains(&"limit-depth"))
    );
}

#[test]
fn unknown_bytes_are_given_up_after_their_budget() {
    let mut conversation = Conversation::new();
    let mut given = 0;
    while conversation.wanted && given < 1 << 20 {
        conversation.say(
            Side::Orig,
            b"some line that is of no known protocol at all\r\n",
        );
        given += 47;
    }
    assert!(given <= 8 << 10, "{given} bytes were taken");
    let records = conversation.end();
    assert_eq!(application(&records).app, "unknown");
    assert!(application(&records).first_bytes.is_some());
}

#[test]
fn tls_asks_for_nothing_behind_its_handshake() {
    let mut conversation = Conversation::new();
    conversation.say(
        Side::Orig,
        b"\x17\x03\x03\x00\x20encrypted from the first byte on",
    );
    assert!(!conversation.wanted);
    assert_eq!(application(&conversation.end()).app, "tls");
}

#[test]
fn thousands_of_unanswered_requests_are_all_reported() {
    let mut conversation = Conversation::new();
    for number in 0..3000 {
        conversation.say(
            Side::Orig,
            format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes(),
        );
    }
    let records = conversation.end();
    assert_eq!(http(&records).len(), 3000);
    assert_eq!(http(&records)[2999].uri.as_deref(), Some("/2999"));
}

#[test]
fn no_secret_of_a_login_is_in_any_record() {
    let mut conversation = Conversation::new();
    let body =
        b"{\"user\":\"a\",\"nested\":{\"passwd\":\"hunter2\"},\"list\":{\"secret\":[\"hunter2\"]}}";
    let head = format!(
        "POST http://u:hunter2@a.example/x;jsessionid=hunter2?pwd=hunter2 HTTP/1.1\r\nHost: a.example\r\n\
         Cookie: id=hunter2\r\nAuthorization: Basic dTpodW50ZXIy\r\nX-Api-Key: hunter2\r\nReferer: /?token=hunter2\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    conversation.say(Side::Orig, head.as_bytes());
    conversation.say(Side::Orig, body);
    conversation.say(Side::Resp, b"HTTP/1.1 302 Found\r\nLocation: /?session=hunter2\r\nSet-Cookie: id=hunter2\r\nContent-Length: 0\r\n\r\n");
    let text = format!("{:?}", conversation.end());
    assert!(!text.contains("hunter2"), "{text}");
    assert!(!text.contains("dTpodW50ZXIy"), "{text}");
}
