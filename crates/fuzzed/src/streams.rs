//! Decoders of streams: the same records however the bytes are cut, and never more than a bounded
//! multiple of what came in.

use mailscope_decode::limits::Limits;
use mailscope_decode::record::{Record, Records};
use mailscope_decode::stack::Stack;
use mailscope_evidence::{At, Side};

use crate::mutate::Random;
use crate::script::{Script, Step};

/// Any conversation on any port.
pub fn stack(input: &[u8]) {
    hold(Script::read(input));
}

/// SMTP, both sides.
pub fn smtp(input: &[u8]) {
    hold(on_port(input, 25));
}

/// SMTP, only the client's side captured.
pub fn smtp_client(input: &[u8]) {
    hold(on_port(input, 25).only(Side::Orig));
}

/// SMTP, only the server's side captured.
pub fn smtp_server(input: &[u8]) {
    hold(on_port(input, 25).only(Side::Resp));
}

/// POP3, both sides.
pub fn pop3(input: &[u8]) {
    hold(on_port(input, 110));
}

/// IMAP, both sides.
pub fn imap(input: &[u8]) {
    hold(on_port(input, 143));
}

/// HTTP and what it carries.
pub fn http(input: &[u8]) {
    hold(on_port(input, 3128));
}

/// SOCKS and what it carries.
pub fn socks(input: &[u8]) {
    hold(on_port(input, 1080));
}

/// TLS hellos.
pub fn tls(input: &[u8]) {
    hold(on_port(input, 443));
}

fn on_port(input: &[u8], port: u16) -> Script<'_> {
    let mut script = Script::read(input);
    script.hint.resp_port = port;
    script
}

/// Holds the promises for one conversation.
fn hold(script: Script<'_>) {
    let mut random = Random::new(script.cut_seed);
    let whole = run(&script, |left| left);
    let cut = run(&script, |left| 1 + random.below(left.min(24)));
    let bytes = run(&script, |_| 1);
    assert_same(&whole, &cut, "cut at random");
    assert_same(&whole, &bytes, "byte by byte");
    assert_ends_once(&whole);
    assert_bounded(&script, &whole);
}

/// Feeds the stack; `piece` says how many of the bytes left come next.
fn run(script: &Script<'_>, mut piece: impl FnMut(usize) -> usize) -> Records {
    let mut stack = Stack::new(&Limits::default(), script.hint);
    let mut out = Records::new();
    let mut at = At {
        ts_us: 1_700_000_000_000_000,
        file: 0,
        packet: 0,
    };
    for step in &script.steps {
        at.packet += 1;
        at.ts_us += 1000;
        let going = match *step {
            Step::Fin(side) => {
                stack.fin(side);
                true
            }
            Step::Gap(side, missing) => stack.gap(side, at, missing, &mut out),
            Step::Data(side, mut data) => loop {
                let (now, rest) = data.split_at(piece(data.len()).min(data.len()));
                if !stack.data(side, at, now, &mut out) {
                    break false;
                }
                if rest.is_empty() {
                    break true;
                }
                data = rest;
            },
        };
        if !going {
            break;
        }
    }
    stack.end(script.end, at, &mut out);
    out
}

fn assert_same(whole: &Records, other: &Records, how: &str) {
    for (a, b) in whole.iter().zip(other) {
        assert_eq!(a, b, "records differ when the bytes are {how}");
    }
    assert_eq!(
        whole.len(),
        other.len(),
        "number of records differs when the bytes are {how}: {whole:#?} {other:#?}"
    );
}

fn assert_ends_once(records: &Records) {
    let applications = records
        .iter()
        .filter(|record| matches!(record, Record::Application(_)))
        .count();
    assert_eq!(
        applications, 1,
        "one application record for each flow: {records:#?}"
    );
    assert!(
        matches!(records.last(), Some(Record::Application(_))),
        "the application record comes last"
    );
}

/// What comes out grows with what came in. Names in tables (hashes, slugs, packets) cost some 4 KB a record as text.
fn assert_bounded(script: &Script<'_>, records: &Records) {
    let input: usize = script
        .steps
        .iter()
        .map(|step| {
            if let Step::Data(_, data) = step {
                data.len()
            } else {
                0
            }
        })
        .sum();
    let output = format!("{records:?}").len();
    assert!(
        output <= 100_000 + 400 * input,
        "{output} characters of records from {input} bytes"
    );
}
