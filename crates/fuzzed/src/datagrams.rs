//! DNS over UDP, and messages: bytes that come whole.

use mailscope_decode::limits::Limits;
use mailscope_decode::mail;
use mailscope_decode::record::{Record, Records};
use mailscope_decode::stack::{FlowHint, Stack, StreamEnd};
use mailscope_evidence::{At, Side, Span};

/// One datagram from a name server.
pub fn dns(input: &[u8]) {
    let hint = FlowHint {
        orig_port: 40000,
        resp_port: 53,
        from_start: true,
        udp: true,
        ..FlowHint::default()
    };
    let mut stack = Stack::new(&Limits::default(), hint);
    let mut out = Records::new();
    stack.data(Side::Resp, At::default(), input, &mut out);
    stack.end(StreamEnd::Cut, At::default(), &mut out);
    assert!(
        matches!(out.last(), Some(Record::Application(_))),
        "the application record comes last"
    );
    // A compressed name stands for at most 255 bytes of text, four characters each when escaped.
    let output = format!("{out:?}").len();
    assert!(
        output <= 4000 + 400 * input.len(),
        "{output} characters of records from {} bytes",
        input.len()
    );
}

/// One message as transferred; byte 0 says what is missing.
pub fn mail(input: &[u8]) {
    let Some((&bits, raw)) = input.split_first() else {
        return;
    };
    let transfer = mail::Transfer {
        session: 0,
        message: 1,
        transaction: Some(1),
        span: Span::default(),
        client_is_orig: true,
        transfer: "smtp-data",
        from_client: true,
        size_bytes: raw.len() as u64,
        is_truncated: bits & 1 != 0,
        is_start_missing: bits & 2 != 0,
        keep: false,
        phrases: mail::spot::Phrases::of(&["click here".to_owned(), "请点击".to_owned()])
            .unwrap_or_default(),
    };
    let (mut out, mut again) = (Records::new(), Records::new());
    let limits = Limits::default();
    let hit = mail::read(raw.to_vec(), transfer, &limits, &mut out);
    assert_eq!(
        hit,
        mail::read(raw.to_vec(), transfer, &limits, &mut again),
        "the same limits each time"
    );
    assert_eq!(out, again, "the same records each time");
    let messages = out
        .iter()
        .filter(|record| matches!(record, Record::Message(_)))
        .count();
    assert_eq!(messages, 1, "one message");
    let output = format!("{out:?}").len();
    assert!(
        output <= 10_000 + 300 * raw.len(),
        "{output} characters of records from {} bytes",
        raw.len()
    );
}
