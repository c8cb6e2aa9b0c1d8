//! IMAP sessions as servers and clients really hold them.

use super::ImapDecoder;
use crate::decoder::{Context, End, From, Turn};
use crate::played::{Seen, context, only, script, seen_by, survives_damage};
use crate::record::{Known, MailTls};

pub(super) fn seen(text: &str) -> Seen {
    seen_by(|| ImapDecoder::new(context()), &script(text), End::Fin)
}

fn one_side(text: &str, side: From) -> Seen {
    seen_by(
        || ImapDecoder::new(context()),
        &only(script(text), side),
        End::Fin,
    )
}

const FETCH: &str = "
    S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready
    C: a1 LOGIN alice \"s3cret word\"
    S: a1 OK [CAPABILITY IMAP4rev1 IDLE] in
    C: a2 SELECT &U,BTFw-
    S: * 2 EXISTS
    S: a2 OK done
    C: a3 UID FETCH 1:2 (UID BODY.PEEK[])
    S: * 1 FETCH (UID 7 BODY[] {23}
    S: Subject: one\\r\\n\\r\\na1 OK\\r\\n
    S: \x20FLAGS (\\\\Seen))
    S: * 2 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {16}
    S: Subject: two\\r\\n\\r\\n)\\r\\n
    S: a3 OK done
    C: a4 LOGOUT
    S: * BYE
    S: a4 OK bye";

#[test]
fn a_session_gives_its_messages_mailboxes_and_login() {
    let seen = seen(FETCH);
    assert_eq!(
        seen.bodies(),
        ["Subject: one\r\n\r\na1 OK\r\n", "Subject: two\r\n\r\n"]
    );
    assert_eq!(
        seen.messages()
            .iter()
            .map(|m| m.truncated)
            .collect::<Vec<_>>(),
        [false, true]
    );
    let session = seen.session();
    assert_eq!(session.commands, ["LOGIN", "SELECT", "FETCH", "LOGOUT"]);
    assert_eq!(session.mailboxes, ["台北"]);
    assert_eq!(
        (
            session.auth_users.as_slice(),
            session.authenticated,
            session.outcome
        ),
        (&["alice".to_owned()][..], Known::Yes, "complete")
    );
    assert_eq!(
        (session.tls, session.capabilities.len()),
        (MailTls::Offered, 3)
    );
    seen.never_says(&["s3cret"]);
}

#[test]
fn either_side_alone_shows_what_it_can() {
    let client = one_side(FETCH, From::Client);
    assert_eq!(
        (
            client.session().outcome,
            client.session().mailboxes.len(),
            client.messages().len()
        ),
        ("one-way-client", 1, 0)
    );
    assert_eq!(client.logins()[0].success, Known::Unknown);
    client.never_says(&["s3cret"]);
    let server = one_side(FETCH, From::Server);
    assert_eq!(
        (server.session().outcome, server.messages().len()),
        ("one-way-server", 2)
    );
}

#[test]
fn appended_messages_come_from_the_client() {
    let text = "S: * OK\nC: a APPEND Sent (\\Seen) {15+}\nC: Subject: x\\r\\n\\r\\ny\\r\\n\nS: a OK done\nC: b LOGOUT\nS: b OK";
    for seen in [seen(text), one_side(text, From::Client)] {
        assert_eq!(seen.bodies(), ["Subject: x\r\n\r\ny"]);
        assert_eq!(
            (seen.messages()[0].transfer, seen.messages()[0].from_client),
            ("imap-append", true)
        );
        assert_eq!(seen.session().commands, ["APPEND", "LOGOUT"]);
    }
}

#[test]
fn a_literal_that_the_server_refuses_does_not_swallow_commands() {
    let seen = seen("S: * OK\nC: a APPEND Sent {1000}\nS: a NO over quota\nC: b LOGOUT\nS: b OK");
    assert_eq!(
        (seen.messages().len(), seen.session().commands.as_slice()),
        (0, &["APPEND".to_owned(), "LOGOUT".to_owned()][..])
    );
}

#[test]
fn passwords_in_literals_and_sasl_are_nowhere() {
    let seen = seen(
        "S: * OK\nC: a LOGIN {5}\nS: + go\nC: alice {6}\nS: + go\nC: s3cret\nS: a NO\nC: b AUTHENTICATE PLAIN\nS: +\nC: AGJvYgBzM2NyZXQ=\nS: b OK in\n\
         C: c AUTHENTICATE LOGIN\nS: + VXNlcm5hbWU6\nC: Y2Fyb2w=\nS: + UGFzc3dvcmQ6\nC: czNjcmV0\nS: c NO\nC: d LOGOUT\nS: d OK",
    );
    seen.never_says(&["s3cret", "AGJvYg", "czNjcmV0"]);
    let logins: Vec<_> = seen
        .logins()
        .iter()
        .map(|l| (l.mechanism.as_str(), l.user.as_deref(), l.success))
        .collect();
    assert_eq!(
        logins,
        [
            ("LOGIN", Some("alice"), Known::No),
            ("PLAIN", Some("bob"), Known::Yes),
            ("LOGIN", Some("carol"), Known::No)
        ]
    );
    assert_eq!(seen.session().outcome, "login-logout");
}

#[test]
fn starttls_and_compress_are_named() {
    let tls = "S: * OK\nC: a STARTTLS\nS: a OK go\nC: \\x16\\x03\nS: \\x16\\x03";
    for seen in [
        seen(tls),
        one_side(tls, From::Client),
        one_side(tls, From::Server),
    ] {
        assert_eq!(
            (seen.turn, seen.session().outcome),
            (Turn::Tls, "opaque-after-starttls")
        );
    }
    let compressed = seen("S: * OK\nC: a LOGIN b c\nS: a OK\nC: d COMPRESS DEFLATE\nS: d OK");
    assert_eq!(
        (compressed.turn, compressed.session().outcome),
        (Turn::Done, "opaque-after-compress")
    );
}

#[test]
fn a_gap_in_a_literal_keeps_the_next_message() {
    let seen = seen(
        "S: * OK\nC: a FETCH 1:2 BODY[]\nS: * 1 FETCH (BODY[] {30}\nS: Subject: one\\r\\n\nS-gap 10\nS: 123456)\nS: * 2 FETCH (BODY[] {14}\nS: Subject: two\\r\\n)\\r\\n\nS: a OK",
    );
    let subjects: Vec<_> = seen
        .messages()
        .iter()
        .map(|m| (m.subject.as_deref(), m.truncated))
        .collect();
    assert_eq!(subjects, [(Some("one"), true), (Some("two"), false)]);
}

#[test]
fn a_field_cut_by_a_gap_in_a_literal_is_left_out() {
    let seen = seen(
        "S: * OK\nC: a FETCH 1 BODY[]\nS: * 1 FETCH (BODY[] {38}\nS: Subject: one\\r\\nFrom: s1@out\nS-gap 6\nS: x\\r\\nTo: a\n\nS: )\nS: a OK",
    );
    let read: Vec<_> = seen
        .messages()
        .iter()
        .map(|m| (m.subject.as_deref(), m.from_addrs.len(), m.truncated))
        .collect();
    assert_eq!(read, [(Some("one"), 0, true)]);
}

#[test]
fn mid_stream_is_picked_up_at_the_next_answer() {
    let context = Context {
        from_start: false,
        ..context()
    };
    let text = "S: rest of a mail)\nC: s3cret\nS: * 2 FETCH (RFC822 {14}\nS: Subject: two\\r\\n)\\r\\n\nS: a3 OK\nC: a4 LOGOUT\nS: a4 OK";
    let seen = seen_by(|| ImapDecoder::new(context), &script(text), End::Fin);
    assert_eq!(
        (seen.messages().len(), seen.session().commands.len()),
        (1, 1)
    );
    seen.never_says(&["s3cret"]);
}

#[test]
fn short_sessions_have_their_reason() {
    for (text, outcome) in [
        ("S: * OK", "greeting-only"),
        ("S: * OK\nC: a LOGOUT\nS: * BYE\nS: a OK", "greeting-only"),
        (
            "S: * OK\nC: a LOGIN b c\nS: a NO\nC: d LOGOUT\nS: d OK",
            "login-failed",
        ),
        ("C: a LOGIN b c\nC: d LOGOUT", "login-logout"),
        (
            "S: * OK\nC: a LOGIN b c\nS: a OK\nC: d IDLE\nS: + idling\nC: DONE\nS: d OK",
            "login-only",
        ),
        ("S: * OK\nC: a LIST \"\" *\nS: a BAD", "commands-only"),
        (
            "S: * OK\nC: a STARTTLS\nS: a NO not now\nC: b LOGOUT\nS: b OK",
            "starttls-refused",
        ),
        ("S: * OK\nC: \\x16\\x03", "tls-without-starttls"),
    ] {
        assert_eq!(seen(text).session().outcome, outcome, "{text}");
    }
}

#[test]
fn damaged_sessions_still_give_one_session_row() {
    for from_start in [true, false] {
        let context = Context {
            from_start,
            ..context()
        };
        survives_damage(|| ImapDecoder::new(context), FETCH, 1_000);
    }
}

const PIECES: &str = "
    S: * OK IMAP4rev1 ready
    C: a1 SELECT INBOX
    S: a1 OK done
    C: a2 UID FETCH 7 (UID BODY.PEEK[]<0.20>)
    S: * 3 FETCH (UID 7 BODY[]<0> {20}
    S: Subject: in pieces\\r\\n)\\r\\n
    S: a2 OK done
    C: a3 UID FETCH 7 (UID BODY.PEEK[]<20.20>)
    S: * 3 FETCH (UID 7 BODY[]<20> {20}
    S: From: aa@b.example\\r\\n)\\r\\n
    S: a3 OK done
    C: a4 UID FETCH 7 (UID BODY.PEEK[]<40.20>)";

fn pieces(last: &str) -> Seen {
    seen(&format!("{PIECES}\n{last}\n    S: a4 OK done"))
}

#[test]
fn a_message_read_in_pieces_is_one_message() {
    let short = "    S: * 3 FETCH (UID 7 BODY[]<40> {6}\n    S: \\r\\nbody)\\r\\n";
    let whole = pieces(short);
    assert_eq!(
        whole.bodies(),
        ["Subject: in pieces\r\nFrom: aa@b.example\r\n\r\nbody"]
    );
    assert!(!whole.messages()[0].truncated);
    assert_eq!(whole.session().messages, 1);
    let server = one_side(
        &format!("{PIECES}\n{short}\n    S: a4 OK done"),
        From::Server,
    );
    assert_eq!(
        (server.messages().len(), server.messages()[0].truncated),
        (1, false)
    );
    for end in [
        "    S: * 3 FETCH (UID 7 BODY[]<40> \"\")",
        "    S: * 3 FETCH (UID 7 BODY[]<40> {0}\n    S: )\\r\\n",
    ] {
        let whole = pieces(end);
        assert_eq!(
            whole.bodies(),
            ["Subject: in pieces\r\nFrom: aa@b.example\r\n"],
            "{end}"
        );
        assert!(!whole.messages()[0].truncated, "{end}");
    }
}

#[test]
fn pieces_that_do_not_follow_each_other_are_not_joined() {
    for other in [
        "    S: * 3 FETCH (UID 7 BODY[]<60> {5}\n    S: later)\\r\\n",
        "    S: * 4 FETCH (UID 8 BODY[]<40> {5}\n    S: later)\\r\\n",
        "    S: * 1 EXPUNGE\n    S: * 3 FETCH (UID 8 BODY[]<40> {5}\n    S: later)\\r\\n",
    ] {
        let seen = pieces(other);
        assert_eq!(seen.messages().len(), 2, "{other}");
        assert_eq!(
            seen.bodies()[0],
            "Subject: in pieces\r\nFrom: aa@b.example\r\n"
        );
        assert!(seen.messages().iter().all(|m| m.truncated), "{other}");
    }
    survives_damage(|| ImapDecoder::new(context()), PIECES, 300);
}

#[test]
fn a_body_read_after_its_header_belongs_to_one_message() {
    const HEADER: &str = "
        S: * OK IMAP4rev1 ready
        C: a1 FETCH 2 RFC822.HEADER
        S: * 2 FETCH (RFC822.HEADER {16}
        S: Subject: two\\r\\n\\r\\n)\\r\\n
        S: a1 OK done";
    let body = |number| {
        format!(
            "{HEADER}
        C: a2 FETCH {number} BODY.PEEK[TEXT]
        S: * {number} FETCH (BODY[TEXT] {{4}}
        S: body)\\r\\n
        S: a2 OK done"
        )
    };
    let whole = seen(&body(2));
    assert_eq!(whole.bodies(), ["Subject: two\r\n\r\nbody"]);
    assert!(!whole.messages()[0].truncated);
    for other in [HEADER.to_owned(), body(3)] {
        let seen = seen(&other);
        assert_eq!(seen.bodies(), ["Subject: two\r\n\r\n"]);
        assert!(seen.messages()[0].truncated);
    }
}

#[test]
fn who_reads_a_text_or_a_part_of_a_mail_has_read_mail() {
    let played = |answer: &str| {
        seen(&format!(
            "S: * OK\nC: a LOGIN b c\nS: a OK\nC: d FETCH 1 BODY[1]\n{answer}\nS: d OK\nC: e LOGOUT\nS: e OK"
        ))
    };
    for answer in [
        "S: * 1 FETCH (BODY[TEXT] {5}\nS: Hello)\\r\\n",
        "S: * 1 FETCH (UID 7 BODY[1.2]<0> {5}\nS: Hello)\\r\\n",
        "S: * 1 FETCH (BODY[TEXT] \"Hello\")",
        "S: * 1 FETCH (UID 7 BODY[1] \"Hello\" FLAGS ())",
    ] {
        assert_eq!(played(answer).session().outcome, "complete", "{answer}");
    }
    for answer in [
        "S: * 1 FETCH (BODY[1] NIL)",
        "S: * 1 FETCH (BODY[1] \"\")",
        "S: * 1 FETCH (BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1))",
        "S: * 1 FETCH (FLAGS (\\Seen))",
    ] {
        assert_eq!(played(answer).session().outcome, "login-logout", "{answer}");
    }
}
