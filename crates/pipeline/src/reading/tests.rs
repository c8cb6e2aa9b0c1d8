#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::net::{IpAddr, Ipv4Addr};

use arrow_array::RecordBatch;
use mailscope_decode::decoder::Context;
use mailscope_decode::mail::Transfer;
use mailscope_decode::mail::spot::Phrases;
use mailscope_decode::record::{MailProtocol, Via};
use mailscope_evidence::{At, Span};
use mailscope_tables::TableSchema;

use super::*;

/// Batches by the name of their table.
#[derive(Default, PartialEq, Debug)]
struct Collected(Vec<(&'static str, RecordBatch)>);

impl Batches for Collected {
    fn batch(&mut self, table: &'static TableSchema, batch: RecordBatch) -> Result<(), ArrowError> {
        self.0.push((table.name, batch));
        Ok(())
    }
}

impl Collected {
    fn rows(&self, table: &str) -> usize {
        let batches = self.0.iter().filter(|(name, _)| *name == table);
        batches.map(|(_, batch)| batch.num_rows()).sum()
    }
}

fn transfer(session: u32) -> Transfer {
    Transfer {
        session,
        message: 1,
        transaction: None,
        span: Span::at(At::default()),
        client_is_orig: true,
        transfer: "smtp-data",
        from_client: true,
        size_bytes: 0,
        is_truncated: false,
        is_start_missing: false,
        keep: false,
        phrases: Phrases::default(),
    }
}

fn session(session: u32, limits: Limits) -> Box<MailSession> {
    let context = Context {
        session,
        client_is_orig: true,
        via: Via::Direct,
        proxy: None,
        from_start: true,
        keep_messages: false,
        phrases: Phrases::default(),
        defer_messages: true,
        limits,
    };
    Box::new(context.blank_session(MailProtocol::Smtp, At::default()))
}

/// A message with links: the more, the longer it takes.
fn mail(number: u32) -> Vec<u8> {
    let mut mail = format!("Subject: {number}\r\n\r\n").into_bytes();
    for link in 0..number % 7 * 20 {
        mail.extend_from_slice(format!("see http://h{link}.example/ \r\n").as_bytes());
    }
    mail
}

/// What so many threads make of messages, sessions and single records in turn.
fn tables_by(threads: usize) -> Collected {
    let limits = Limits {
        urls: 100,
        ..Limits::default()
    };
    let mut reading = Reading::new(limits);
    reading.threads = threads;
    let (mut tables, mut out) = (Tables::default(), Collected::default());
    let end = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let ends = Endpoints {
        orig_addr: end,
        orig_port: 1025,
        resp_addr: end,
        resp_port: 25,
        proto: 6,
    };
    let inputs = ["a.pcap".to_owned()];
    for number in 0..240 {
        let context = FlowContext {
            flow_id: FlowId(u64::from(number)),
            ends: &ends,
            inputs: &inputs,
        };
        let unread = Unread {
            raw: mail(number),
            gaps: Vec::new(),
            transfer: transfer(number),
        };
        let (tables, out) = (&mut tables, &mut out);
        reading.message(&context, unread, tables, out).unwrap();
        if number % 3 == 0 {
            let message = Record::Message(Box::default());
            reading.record(&context, message, tables, out).unwrap();
        }
        let session = session(number, limits);
        reading
            .session(&context, session, Some(("mx.example", 25)), tables, out)
            .unwrap();
    }
    reading.finish(&inputs, &mut tables, &mut out).unwrap();
    tables.finish(&mut out).unwrap();
    out
}

#[test]
fn rows_are_the_same_however_many_threads_read() {
    let alone = tables_by(0);
    assert_eq!(alone.rows("messages"), 320);
    assert_eq!(alone.rows("mail_sessions"), 240);
    assert!(alone.rows("urls") > 10_000);
    for threads in 1..=3 {
        assert_eq!(tables_by(threads), alone, "{threads} threads");
    }
}

#[test]
fn limits_of_a_message_stand_in_its_session() {
    let found = tables_by(2);
    let sessions = found.0.iter().find(|(name, _)| *name == "mail_sessions");
    let column = sessions.unwrap().1.column_by_name("limits_hit").unwrap();
    let shown = format!("{column:?}");
    assert!(shown.contains("urls"), "{shown}");
}

#[test]
fn a_message_longer_than_the_line_is_read_at_once() {
    let mut reading = Reading::new(Limits::default());
    reading.threads = 1;
    let (mut tables, mut out) = (Tables::default(), Collected::default());
    let end = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let ends = Endpoints {
        orig_addr: end,
        orig_port: 1,
        resp_addr: end,
        resp_port: 25,
        proto: 6,
    };
    let context = FlowContext {
        flow_id: FlowId(1),
        ends: &ends,
        inputs: &[],
    };
    let unread = Unread {
        raw: vec![b'x'; LINE_BYTES + 1],
        gaps: Vec::new(),
        transfer: transfer(0),
    };
    reading
        .message(&context, unread, &mut tables, &mut out)
        .unwrap();
    assert!(reading.line.is_empty() && reading.bytes == 0);
}
