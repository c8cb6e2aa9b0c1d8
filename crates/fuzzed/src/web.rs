//! Bodies of requests and answers: whatever they are coded and typed as, the rows stay bounded, and no
//! password of a form is in one.

use mailscope_decode::limits::Limits;
use mailscope_decode::record::{Record, Records};
use mailscope_decode::stack::{FlowHint, Stack, StreamEnd};
use mailscope_evidence::{At, Side};

const TYPES: [&str; 8] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "application/json",
    "text/xml; charset=gbk",
    "application/octet-stream",
    "text/html; charset=utf-8",
    "",
];
const CODINGS: [&str; 8] = [
    "", "gzip", "deflate", "br", "zstd", "gzip, br", "identity", "x",
];
/// A form in front of the bytes: its password must not come out.
const FORM: &[u8] = b"user=a&password=hunter2correct&q=";

/// Byte 0 chooses type and coding, byte 1 the place; the rest is body, query or cookie.
pub fn web(input: &[u8]) {
    let [kind, place, body @ ..] = input else {
        return;
    };
    let content_type = TYPES[usize::from(kind & 7)];
    let coding = CODINGS[usize::from(kind >> 3 & 7)];
    let is_form = kind & 63 == 0;
    let sent = if is_form {
        [FORM, body].concat()
    } else {
        body.to_vec()
    };
    let line: Vec<u8> = body
        .iter()
        .map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { *b })
        .take(4000)
        .collect();
    let (target, cookie) = match place & 3 {
        0 => ([b"/?", &line[..]].concat(), Vec::new()),
        1 => (b"/".to_vec(), line),
        _ => (b"/a;b=c".to_vec(), Vec::new()),
    };
    let head = format!(
        " HTTP/1.1\r\nHost: a.example\r\nContent-Type: {content_type}\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\nCookie: ",
        sent.len()
    );
    let request = [
        b"POST ",
        &target[..],
        head.as_bytes(),
        &cookie,
        b"\r\n\r\n",
        &sent,
    ]
    .concat();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let whole = records(&[
        (Side::Orig, &request),
        (Side::Resp, answer.as_bytes()),
        (Side::Resp, body),
    ]);
    let text = format!("{whole:?}");
    // Values, prefixes and signs of at most 200 parameters, escaped for showing.
    assert!(
        text.len() <= 4 << 20,
        "{} characters of records",
        text.len()
    );
    let rows = whole
        .iter()
        .filter(|record| matches!(record, Record::HttpParameter(_)));
    assert!(rows.count() <= Limits::default().http_parameters);
    let is_echoed = body.windows(7).any(|window| window == b"hunter2");
    assert!(
        !is_form || is_echoed || !text.contains("hunter2correct"),
        "a password came out: {text}"
    );
    let (front, back) = request.split_at(request.len() / 2);
    let pieces = records(&[
        (Side::Orig, front),
        (Side::Orig, back),
        (Side::Resp, answer.as_bytes()),
        (Side::Resp, &body[..body.len() / 3]),
        (Side::Resp, &body[body.len() / 3..]),
    ]);
    assert_eq!(whole, pieces, "records depend on the cutting");
}

fn records(said: &[(Side, &[u8])]) -> Records {
    let hint = FlowHint {
        orig_port: 40000,
        resp_port: 80,
        from_start: true,
        ..FlowHint::default()
    };
    let (mut stack, mut out) = (Stack::new(&Limits::default(), hint), Records::new());
    for (side, bytes) in said {
        stack.data(*side, At::default(), bytes, &mut out);
    }
    stack.end(StreamEnd::Fin, At::default(), &mut out);
    out
}
