//! POP3 sessions as servers and clients really hold them.

use super::Pop3Decoder;
use crate::decoder::{Context, End, From, Turn};
use crate::played::{Seen, context, only, script, seen_by, survives_damage};
use crate::record::{Known, MailTls};

fn seen(text: &str) -> Seen {
    seen_by(|| Pop3Decoder::new(context()), &script(text), End::Fin)
}

fn one_side(text: &str, side: From) -> Seen {
    seen_by(
        || Pop3Decoder::new(context()),
        &only(script(text), side),
        End::Fin,
    )
}

const FETCH: &str = "
    S: +OK ready <1.2@mx>
    C: CAPA
    S: +OK
    S: TOP
    S: SASL PLAIN
    S: STLS
    S: .
    C: USER alice
    S: +OK
    C: PASS s3cret word
    S: +OK logged in
    C: STAT
    S: +OK 2 500
    C: LIST
    S: +OK 2 messages
    S: 1 250
    S: 2 250
    S: .
    C: RETR 1
    S: +OK 250 octets
    S: Subject: one
    S:
    S: ..dot
    S: .
    C: TOP 2 0
    S: +OK
    S: Subject: two
    S:
    S: .
    C: QUIT
    S: +OK bye";

#[test]
fn a_session_gives_its_messages_and_its_login() {
    let seen = seen(FETCH);
    assert_eq!(
        seen.bodies(),
        ["Subject: one\r\n\r\n.dot\r\n", "Subject: two\r\n\r\n"]
    );
    let transfers: Vec<_> = seen
        .messages()
        .iter()
        .map(|m| (m.transfer, m.truncated))
        .collect();
    assert_eq!(transfers, [("pop3-retr", false), ("pop3-top", true)]);
    let session = seen.session();
    assert_eq!(
        (session.outcome, session.banner.as_deref()),
        ("complete", Some("+OK ready <1.2@mx>"))
    );
    assert_eq!(
        session.commands,
        [
            "CAPA", "USER", "PASS", "STAT", "LIST", "RETR", "TOP", "QUIT"
        ]
    );
    assert_eq!(
        (&session.capabilities, session.tls),
        (
            &vec!["TOP".to_owned(), "SASL PLAIN".into(), "STLS".into()],
            MailTls::Offered
        )
    );
    assert_eq!(
        (session.auth_users.as_slice(), session.authenticated),
        (&["alice".to_owned()][..], Known::Yes)
    );
    seen.never_says(&["s3cret"]);
}

#[test]
fn the_server_alone_shows_its_messages() {
    let seen = one_side(FETCH, From::Server);
    assert_eq!(
        seen.bodies(),
        ["Subject: one\r\n\r\n.dot\r\n", "Subject: two\r\n\r\n"]
    );
    assert_eq!(
        (seen.session().outcome, seen.session().capabilities.len()),
        ("one-way-server", 3)
    );
}

#[test]
fn the_client_alone_shows_its_login_and_commands() {
    let seen = one_side(FETCH, From::Client);
    assert_eq!(
        (seen.messages().len(), seen.session().outcome),
        (0, "one-way-client")
    );
    assert_eq!(
        (seen.logins()[0].user.as_deref(), seen.logins()[0].success),
        (Some("alice"), Known::Unknown)
    );
    seen.never_says(&["s3cret"]);
}

#[test]
fn sasl_and_apop_name_the_user_only() {
    let sasl = seen(
        "S: +OK\nC: AUTH PLAIN\nS: + \nC: AGFsaWNlAHMzY3JldA==\nS: -ERR no\nC: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: +OK in\nC: QUIT\nS: +OK",
    );
    let logins: Vec<_> = sasl
        .logins()
        .iter()
        .map(|l| (l.mechanism.as_str(), l.user.as_deref(), l.success))
        .collect();
    assert_eq!(
        logins,
        [
            ("PLAIN", Some("alice"), Known::No),
            ("APOP", Some("bob"), Known::Yes)
        ]
    );
    sasl.never_says(&["AGFsaWNl", "s3cret", "c4c9334b"]);
    assert_eq!(sasl.session().outcome, "login-logout");
}

#[test]
fn stls_is_found_from_either_side() {
    let text = "S: +OK\nC: STLS\nS: +OK begin\nC: \\x16\\x03\nS: \\x16\\x03";
    for seen in [
        seen(text),
        one_side(text, From::Client),
        one_side(text, From::Server),
    ] {
        assert_eq!(
            (seen.turn, seen.session().outcome),
            (Turn::Tls, "opaque-after-starttls")
        );
    }
}

#[test]
fn a_gap_in_a_message_keeps_the_next_one() {
    let seen = seen(
        "S: +OK\nC: USER a\nS: +OK\nC: PASS b\nS: +OK\nC: RETR 1\nS: +OK\nS: Subject: one\nS-gap 100\nS: rest\nS: .\nC: RETR 2\nS: +OK\nS: Subject: two\nS:\nS: .\nC: QUIT\nS: +OK",
    );
    let subjects: Vec<_> = seen
        .messages()
        .iter()
        .map(|m| (m.subject.as_deref(), m.truncated))
        .collect();
    assert_eq!(subjects, [(Some("one"), true), (Some("two"), false)]);
}

#[test]
fn a_field_cut_by_a_gap_is_not_joined_to_the_answer_behind_it() {
    let seen = seen(
        "S: +OK\nC: USER a\nS: +OK\nC: PASS b\nS: +OK\nC: RETR 1\nS: +OK\nS: Subject: one\\r\\nMessage-ID: <s1@out\nS-gap 100\nS: +OK 12 octets\nC: QUIT\nS: +OK",
    );
    let read: Vec<_> = seen
        .messages()
        .iter()
        .map(|m| (m.subject.as_deref(), m.message_id.as_deref(), m.truncated))
        .collect();
    assert_eq!(read, [(Some("one"), None, true)]);
}

#[test]
fn mid_stream_waits_for_a_status_line() {
    let context = Context {
        from_start: false,
        ..context()
    };
    let seen = seen_by(
        || Pop3Decoder::new(context),
        &script(
            "S: of a message\nS: .\nS: +OK\nS: Subject: x\nS:\nS: .\nC: s3cret\nC: QUIT\nS: +OK",
        ),
        End::Fin,
    );
    assert_eq!(seen.messages().len(), 1);
    seen.never_says(&["s3cret"]);
}

#[test]
fn short_sessions_have_their_reason() {
    for (text, outcome) in [
        ("S: +OK", "greeting-only"),
        ("S: +OK\nC: QUIT\nS: +OK", "greeting-only"),
        (
            "S: +OK\nC: USER a\nS: +OK\nC: PASS b\nS: -ERR\nC: QUIT\nS: +OK",
            "login-failed",
        ),
        ("C: USER a\nC: PASS b\nC: QUIT", "login-logout"),
        ("C: USER a\nC: PASS b", "login-only"),
        (
            "S: +OK\nC: CAPA\nS: +OK\nS: TOP\nS: .\nC: QUIT\nS: +OK",
            "commands-only",
        ),
        (
            "S: +OK\nC: USER a\nS: +OK\nC: PASS b\nS: +OK\nC: RETR 1\nS: +OK\nS: Subject: x",
            "cut-in-content",
        ),
    ] {
        assert_eq!(seen(text).session().outcome, outcome, "{text}");
    }
}

#[test]
fn a_listing_without_its_end_does_not_swallow_the_next_message() {
    let seen = seen(
        "S: +OK\nC: LIST\nS: GARBAGE\nS: +OK 2 messages\nS: 1 120\nC: RETR 1\nS: +OK\nS: Subject: x\nS:\nS: .\nC: QUIT\nS: +OK",
    );
    assert_eq!(seen.bodies(), ["Subject: x\r\n\r\n"]);
}

#[test]
fn damaged_sessions_still_give_one_session_row() {
    for from_start in [true, false] {
        let context = Context {
            from_start,
            ..context()
        };
        survives_damage(|| Pop3Decoder::new(context), FETCH, 1_000);
    }
}

#[test]
fn an_answer_is_no_greeting_when_the_greeting_was_lost() {
    for (text, banner) in [
        ("S-gap 20\nS: +OK Logged in.", None),
        ("S-gap 20\nS: +OK ready for TLS", None),
        ("S-gap 20\nS: +OK 2 500", None),
        ("S-gap 5\nS: +OK mx POP3 ready", Some("+OK mx POP3 ready")),
        ("S: +OK hello", Some("+OK hello")),
    ] {
        assert_eq!(seen(text).session().banner.as_deref(), banner, "{text}");
    }
}

#[test]
fn a_status_cut_in_its_text_is_known_by_its_first_word() {
    for (cut, outcome) in [
        ("+OK Logged in as al", "login-logout"),
        ("-ERR [AUTH] Auth", "login-failed"),
        // One word alone may be the beginning of another.
        ("+OK", "login-logout"),
    ] {
        let seen = seen(&format!(
            "S: +OK ready\nC: USER alice\nS: +OK\nC: PASS secret\nS: \\n{cut}\nS-gap 20\nC: QUIT\nS: +OK bye"
        ));
        assert_eq!(seen.session().outcome, outcome, "{cut}");
        let known = match cut.split_once(' ') {
            Some(("+OK", _)) => Known::Yes,
            Some(_) => Known::No,
            None => Known::Unknown,
        };
        assert_eq!(seen.session().authenticated, known, "{cut}");
    }
}

#[test]
fn a_login_whose_answer_is_missing_is_known_by_what_only_a_user_may_do() {
    let login = "S: +OK ready\nC: USER alice\nS: +OK\nC: PASS secret\nS-gap 20\n";
    for (rest, success) in [
        ("C: STAT\nS: +OK 2 300\nC: QUIT", Known::Yes),
        ("C: UIDL\nS: +OK\nS: 1 a\nS: .\nC: QUIT", Known::Yes),
        ("C: STAT\nS: -ERR no\nC: QUIT", Known::Unknown),
        ("C: NOOP\nS: +OK\nC: QUIT\nS: +OK", Known::Unknown),
        ("C: AUTH\nS: +OK\nS: PLAIN\nS: .\nC: QUIT", Known::Unknown),
        ("C-gap 30\nC: STAT\nS: +OK 2 300\nC: QUIT", Known::Unknown),
    ] {
        let seen = seen(&format!("{login}{rest}"));
        assert_eq!(seen.session().authenticated, success, "{rest}");
        assert_eq!(seen.session().auth_users, ["alice"]);
    }
}
