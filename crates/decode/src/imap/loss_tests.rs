//! IMAP sessions with lost and cut packets.

use super::tests::seen;
use crate::record::Known;

#[test]
fn an_answer_is_no_greeting_when_the_greeting_was_lost() {
    for (text, banner) in [
        ("S-gap 20\nS: a1 OK Logged in", None),
        ("S-gap 20\nS: * CAPABILITY IMAP4rev1", None),
        ("S-gap 5\nS: * OK IMAP4 ready", Some("* OK IMAP4 ready")),
        ("S: * OK hello", Some("* OK hello")),
    ] {
        assert_eq!(seen(text).session().banner.as_deref(), banner, "{text}");
    }
}

#[test]
fn a_result_cut_in_its_text_is_known_by_its_status() {
    for (cut, known) in [
        ("a OK [CAPABILITY IMAP4rev1 STARTT", Known::Yes),
        ("a NO [AUTHENTICATIONFAILED] Auth", Known::No),
        ("a NO", Known::Unknown),
    ] {
        let seen = seen(&format!(
            "S: * OK ready\nC: a LOGIN alice secret\nS: \\n{cut}\nS-gap 20\nC: b LOGOUT\nS: b OK bye"
        ));
        assert_eq!(seen.session().authenticated, known, "{cut}");
        assert!(seen.session().capabilities.is_empty(), "{cut}");
    }
}

const ASKED: &str = "S: * OK ready\nC: a1 FETCH 1:2 (FLAGS RFC822.SIZE BODY[])\n";

#[test]
fn a_message_whose_fetch_line_is_cut_off_is_told_with_what_is_known() {
    let rest = "S: \\r\\n * 2 FETCH (FLAGS () BODY[] {14}\\r\\nSubject: y\\r\\n\\r\\n)\\r\\na1 OK done\\r\\n";
    for (line, size, is_told) in [
        (
            "* 1 FETCH (FLAGS (\\Seen) RFC822.SIZE 3450 BODY",
            3450,
            true,
        ),
        ("* 1 FETCH (FLAGS (\\Seen) RFC822.SIZE 34", 0, true),
        (
            "* 1 FETCH (FLAGS (\\Seen) RFC822.SIZE 3450 BODY[] {34",
            3450,
            true,
        ),
        ("* 1 FETCH (UID 9 BODY[1.MIME] {3", 0, false),
        ("* 1 EXI", 0, false),
    ] {
        let rest = rest.replace("\\r\\n * 2", "* 2");
        let seen = seen(&format!(
            "{ASKED}S: * 2 RECENT\\r\\n{line}\nS-gap 400\n{rest}"
        ));
        let told: Vec<_> = seen
            .messages()
            .iter()
            .map(|m| (m.size_bytes, m.truncated))
            .collect();
        let cut = is_told.then_some((size, true)).into_iter();
        assert_eq!(told, cut.chain([(14, false)]).collect::<Vec<_>>(), "{line}");
    }
}

#[test]
fn a_message_whose_size_was_announced_before_the_loss_ends_where_it_ends() {
    let body = "more\\r\\na1 OK no answer\\r\\n)\\r\\na1 OK done\\r\\n";
    let text = |missing: u32| {
        format!(
            "{ASKED}S: * 2 RECENT\\r\\n* 1 FETCH (BODY[] {{{}}}\nS-gap {}\nS: {body}",
            missing + 21,
            missing + 2
        )
    };
    for missing in [0, 1, 100] {
        let seen = seen(&text(missing));
        assert_eq!(seen.bodies(), ["more\r\na1 OK no answer"], "{missing}");
        assert_eq!(seen.messages()[0].size_bytes, 21);
        assert_eq!(seen.messages()[0].truncated, missing > 0);
    }
}

#[test]
fn a_login_whose_answer_is_missing_is_known_by_what_only_a_user_may_do() {
    let login = "S: * OK ready\nC: a1 LOGIN alice secret\nS-gap 20\n";
    for (rest, success) in [
        ("C: a2 SELECT INBOX\nS: a2 OK done", Known::Yes),
        ("C: a2 SELECT INBOX\nS: a2 NO what", Known::Unknown),
        ("C: a2 NOOP\nS: a2 OK done", Known::Unknown),
        (
            "C-gap 30\nC: a2 SELECT INBOX\nS: a2 OK done",
            Known::Unknown,
        ),
    ] {
        let seen = seen(&format!("{login}{rest}"));
        assert_eq!(seen.session().authenticated, success, "{rest}");
        assert_eq!(seen.session().auth_users, ["alice"]);
    }
}
