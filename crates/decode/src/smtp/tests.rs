//! Sessions played to the decoder whole, in pieces, and one side at a time.

use super::SmtpDecoder;
use crate::decoder::{Context, End, From, Turn};
use crate::played::{Act, Seen, context, only, play, script, seen_by, survives_damage};
use crate::record::{Known, MailTls, MailTransaction, Sides};

fn seen_with(text: &str, context: Context, end: End) -> Seen {
    seen_by(|| SmtpDecoder::new(context), &script(text), end)
}

fn seen(text: &str) -> Seen {
    seen_with(text, context(), End::Fin)
}

fn one_side(text: &str, side: From) -> Seen {
    seen_by(
        || SmtpDecoder::new(context()),
        &only(script(text), side),
        End::Fin,
    )
}

impl Seen {
    /// `from>to:code,...` and the end of each transaction.
    fn envelopes(&self) -> Vec<String> {
        let one = |t: &&MailTransaction| {
            let code = |code: Option<u16>| code.map_or("-".to_owned(), |c| c.to_string());
            let to: Vec<_> = t
                .recipients
                .iter()
                .map(|r| format!("{}:{}", r.address, code(r.code)))
                .collect();
            let from = t.mail_from.as_deref().unwrap_or("?");
            let end = format!(
                "{}/{} {} {}",
                code(t.data_code),
                code(t.final_code),
                t.delivered.slug(),
                t.ended_by
            );
            format!("{from}>{} {end}", to.join(","))
        };
        self.transactions().iter().map(one).collect()
    }
}

const PLAIN: &str = "
    S: 220 mx ESMTP
    C: EHLO me
    S: 250-mx
    S: 250-PIPELINING
    S: 250 STARTTLS
    C: MAIL FROM:<a@b> SIZE=5
    S: 250 2.1.0 Ok
    C: RCPT TO:<c@d>
    S: 250 2.1.5 Ok
    C: RCPT TO:<e@f>
    S: 550 5.1.1 No such user
    C: DATA
    S: 354 go
    C: Subject: x
    C:
    C: ..dot
    C: .
    S: 250 2.0.0 queued
    C: QUIT
    S: 221 bye";

#[test]
fn a_plain_session_is_decoded_whole() {
    let seen = seen(PLAIN);
    assert_eq!(
        seen.envelopes(),
        ["a@b>c@d:250,e@f:550 354/250 yes complete"]
    );
    assert_eq!(seen.bodies(), ["Subject: x\r\n\r\n.dot\r\n"]);
    let session = seen.session();
    assert_eq!(session.outcome, "complete");
    assert_eq!(session.banner.as_deref(), Some("220 mx ESMTP"));
    assert_eq!(
        session.commands,
        ["EHLO", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"]
    );
    assert_eq!(
        session.reply_codes,
        [220, 250, 250, 250, 550, 354, 250, 221]
    );
    assert_eq!(
        (session.tls, &session.capabilities),
        (
            MailTls::Offered,
            &vec!["PIPELINING".into(), "STARTTLS".into()]
        )
    );
    assert_eq!(seen.transactions()[0].mail_parameters, ["SIZE=5"]);
}

#[test]
fn one_side_shows_what_it_can_and_no_more() {
    let client = one_side(PLAIN, From::Client);
    assert_eq!(client.envelopes(), ["a@b>c@d:-,e@f:- -/- unknown complete"]);
    assert_eq!(client.bodies(), ["Subject: x\r\n\r\n.dot\r\n"]);
    assert_eq!(
        (client.session().outcome, client.session().sides),
        ("one-way-client", Sides::Client)
    );
    let server = one_side(PLAIN, From::Server);
    assert_eq!(server.envelopes(), ["?> 354/250 yes complete"]);
    assert_eq!(
        (server.session().outcome, server.session().banner.as_deref()),
        ("one-way-server", Some("220 mx ESMTP"))
    );
    assert_eq!(server.session().capabilities, ["PIPELINING", "STARTTLS"]);
}

#[test]
fn pipelined_commands_find_their_replies() {
    let seen = seen(
        "S: 220 mx
         C: EHLO me
         S: 250 mx
         C: MAIL FROM:<a@b>
         C: RCPT TO:<c@d>
         C: RCPT TO:<e@f>
         C: DATA
         S: 250 ok
         S: 250 ok
         S: 450 later
         S: 354 go
         C: x
         C: .
         C: QUIT
         S: 250 queued
         S: 221 bye",
    );
    assert_eq!(
        seen.envelopes(),
        ["a@b>c@d:250,e@f:450 354/250 yes complete"]
    );
}

#[test]
fn bytes_after_a_refused_data_are_commands_again() {
    let seen = seen(
        "S: 220 mx
         C: EHLO me
         S: 250 mx
         C: MAIL FROM:<a@b>
         C: RCPT TO:<c@d>
         C: DATA
         C: RSET
         C: MAIL FROM:<g@h>
         C: RCPT TO:<i@j>
         C: DATA
         S: 250 ok
         S: 550 no
         S: 554 no valid recipients
         S: 250 reset
         S: 250 ok
         S: 250 ok
         S: 354 go
         C: second
         C: .
         S: 250 queued
         C: QUIT
         S: 221 bye",
    );
    assert_eq!(
        seen.envelopes(),
        [
            "a@b>c@d:550 554/- no rejected",
            "g@h>i@j:250 354/250 yes complete"
        ]
    );
    assert_eq!(seen.bodies(), ["second\r\n"]);
}

const EARLY: &str = "
    C: EHLO me
    C: MAIL FROM:<a@b>
    C: RCPT TO:<c@d>
    C: DATA
    C: Subject: early
    C:
    C: .
    C: QUIT";

#[test]
fn replies_decide_about_an_early_talker() {
    let taken = seen(&format!(
        "{EARLY}\nS: 220 mx\nS: 250 mx\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 queued\nS: 221 bye"
    ));
    assert_eq!(taken.envelopes(), ["a@b>c@d:250 354/250 yes complete"]);
    assert!(
        taken
            .session()
            .oddities
            .contains(&"command-before-greeting")
    );
    let refused = seen(&format!(
        "S: 220 mx\n{EARLY}\nS: 250 mx\nS: 250 ok\nS: 250 ok\nS: 554 SMTP synchronization error"
    ));
    assert_eq!(refused.envelopes(), ["a@b>c@d:250 554/- no rejected"]);
    assert_eq!(refused.bodies(), ["Subject: early\r\n\r\n"]);
    assert_eq!(refused.session().outcome, "rejected-data");
    let at_once = seen(&format!("{EARLY}\nS: 554 SMTP synchronization error"));
    assert_eq!(at_once.transactions()[0].delivered, Known::No);
}

#[test]
fn starttls_is_found_from_either_side() {
    let both = "S: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nC: \\x16\\x03\nS: \\x16\\x03";
    let seen = seen(both);
    assert_eq!(
        (seen.turn, seen.session().tls, seen.session().outcome),
        (Turn::Tls, MailTls::StartTls, "opaque-after-starttls")
    );
    for side in [From::Client, From::Server] {
        let one = one_side(both, side);
        assert_eq!(
            (one.turn, one.session().tls, one.session().outcome),
            (Turn::Tls, MailTls::StartTls, "opaque-after-starttls")
        );
    }
}

#[test]
fn a_refused_starttls_leaves_the_session_readable() {
    let seen = seen(
        "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: STARTTLS\nS: 454 no\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: QUIT\nS: 221 x",
    );
    assert_eq!(seen.session().tls, MailTls::Requested);
    assert!(seen.session().oddities.contains(&"starttls-refused"));
    assert_eq!(seen.envelopes(), ["a@b> -/- no quit"]);
    assert_eq!(seen.session().outcome, "no-data");
}

#[test]
fn users_are_named_and_passwords_are_nowhere() {
    let seen = seen(
        "S: 220 mx
         C: EHLO me
         S: 250 AUTH LOGIN PLAIN
         C: AUTH LOGIN
         S: 334 VXNlcm5hbWU6
         C: YWxpY2U=
         S: 334 UGFzc3dvcmQ6
         C: czNjcmV0
         S: 535 no
         C: AUTH PLAIN AGFsaWNlAHMzY3JldA==
         S: 235 ok
         C: QUIT
         S: 221 bye",
    );
    let shown = format!("{:?}", seen.records);
    assert!(
        !shown.contains("czNjcmV0") && !shown.contains("s3cret") && !shown.contains("AGFsaWNl"),
        "{shown}"
    );
    assert_eq!(seen.session().auth_users, ["alice"]);
    assert_eq!(seen.session().auth_mechanisms, ["LOGIN", "PLAIN"]);
    assert_eq!(
        (seen.session().authenticated, seen.session().outcome),
        (Known::Yes, "login-logout")
    );
    assert_eq!(seen.session().commands, ["EHLO", "AUTH", "AUTH", "QUIT"]);
}

#[test]
fn a_login_seen_from_the_client_alone_is_named_without_its_success() {
    let seen = seen(
        "C: EHLO me\nC: AUTH LOGIN\nC: YWxpY2U=\nC: czNjcmV0\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nC: x\nC: .\nC: QUIT",
    );
    assert_eq!(seen.session().auth_users, ["alice"]);
    assert_eq!(seen.session().authenticated, Known::Unknown);
    assert!(!format!("{:?}", seen.records).contains("czNjcmV0"));
    assert_eq!(seen.envelopes(), ["a@b>c@d:- -/- unknown complete"]);
}

#[test]
fn a_response_after_a_gap_is_not_taken_for_a_user() {
    let seen = seen(
        "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC-gap 10\nC: czNjcmV0\nS: 235 ok\nC: QUIT",
    );
    assert_eq!(seen.session().auth_users, Vec::<String>::new());
    assert!(!format!("{:?}", seen.records).contains("czNjcmV0"));
}

#[test]
fn bdat_chunks_make_one_message() {
    let seen = seen(
        "S: 220 mx\nC: EHLO me\nS: 250 CHUNKING\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok
         C: BDAT 5\\r\\nA: b\\n
         S: 250 ok
         C: BDAT 6 LAST\\r\\n\\n.\\r\\nz\\n
         S: 250 queued
         C: QUIT
         S: 221 bye",
    );
    assert_eq!(seen.bodies(), ["A: b\n\n.\r\nz\n"]);
    assert_eq!(seen.envelopes(), ["a@b>c@d:250 -/250 yes complete"]);
    assert_eq!(seen.messages()[0].transfer, "smtp-bdat");
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let seen = seen(
        "S: 220 mx LMTP\nC: LHLO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: RCPT TO:<e@f>\nS: 250 ok
         C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 c ok\nS: 552 e full\nC: QUIT\nS: 221 bye",
    );
    assert_eq!(
        seen.envelopes(),
        ["a@b>c@d:250,e@f:552 354/250 yes complete"]
    );
}

#[test]
fn a_nested_mail_that_is_refused_changes_nothing() {
    let seen = seen(
        "S: 220 mx\nC: HELO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: MAIL FROM:<x@y>\nS: 503 nested\nC: RCPT TO:<c@d>\nS: 250 ok
         C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye",
    );
    assert_eq!(
        seen.envelopes(),
        ["a@b>c@d:250 354/250 yes complete", "x@y> -/- no rejected"]
    );
    assert!(seen.session().oddities.contains(&"nested-mail"));
}

#[test]
fn ehlo_resets_a_transaction_unless_it_is_refused() {
    let script = |code| {
        format!(
            "S: 220 mx\nC: HELO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: EHLO again\nS: {code} x\nC: RCPT TO:<c@d>\nS: 250 ok\nC: QUIT\nS: 221 x"
        )
    };
    assert_eq!(
        seen(&script(250)).envelopes(),
        ["a@b> -/- no rset", "?>c@d:250 -/- no quit"]
    );
    assert_eq!(seen(&script(502)).envelopes(), ["a@b>c@d:250 -/- no quit"]);
}

#[test]
fn rset_ends_a_transaction_at_each_state() {
    for before in [
        "",
        "C: MAIL FROM:<a@b>\nS: 250 ok\n",
        "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n",
    ] {
        let seen = seen(&format!(
            "S: 220 mx\nC: HELO me\nS: 250 mx\n{before}C: RSET\nS: 250 ok\nC: MAIL FROM:<x@y>\nS: 250 ok\nC: QUIT\nS: 221 x"
        ));
        assert_eq!(seen.envelopes().last().unwrap(), "x@y> -/- no quit");
        assert_eq!(
            seen.transactions().len(),
            if before.is_empty() { 1 } else { 2 }
        );
    }
}

#[test]
fn gap_in_data_keeps_the_next_mail() {
    let rest = "MAIL FROM:<g@h>\nC: RCPT TO:<i@j>\nC: DATA\nC: Subject: two\nC:\nC: .\nC: QUIT";
    let lost_end = seen(&format!(
        "C: EHLO me\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nC: Subject: one\nC-gap 100\nC: of a line\nC: {rest}"
    ));
    assert_eq!(
        lost_end.envelopes(),
        [
            "a@b>c@d:- -/- unknown new-mail",
            "g@h>i@j:- -/- unknown complete"
        ]
    );
    assert_eq!(
        lost_end
            .messages()
            .iter()
            .map(|m| m.truncated)
            .collect::<Vec<_>>(),
        [true, false]
    );
    let seen_end = seen(&format!(
        "C: EHLO me\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nC: Subject: one\nC-gap 100\nC: more\nC: .\nC: {rest}"
    ));
    assert_eq!(
        seen_end.envelopes(),
        [
            "a@b>c@d:- -/- unknown complete",
            "g@h>i@j:- -/- unknown complete"
        ]
    );
}

#[test]
fn a_field_cut_by_a_gap_is_not_joined_to_the_command_behind_it() {
    for behind in ["QUIT", "x@y>\nC: .\nC: QUIT"] {
        let lost_end = seen(&format!(
            "C: EHLO me\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nC: Subject: one\\r\\nMessage-ID: <s1@out\nC-gap 100\nC: {behind}"
        ));
        let read: Vec<_> = lost_end
            .messages()
            .iter()
            .map(|m| (m.subject.as_deref(), m.message_id.as_deref(), m.truncated))
            .collect();
        assert_eq!(read, [(Some("one"), None, true)], "{behind}");
    }
}

#[test]
fn a_first_line_of_content_cut_off_by_a_gap_is_not_joined_to_the_next_mail() {
    let rest = "MAIL FROM:<g@h>\nC: RCPT TO:<i@j>\nC: DATA\nC: Subject: two\nC:\nC: .\nC: QUIT";
    let seen = seen(&format!(
        "C: EHLO me\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\\r\\nSubj\nC-gap 100\nC: of a line\nC: {rest}"
    ));
    let subjects: Vec<_> = seen.messages().iter().map(|m| m.subject.clone()).collect();
    assert_eq!(subjects, [Some("two".to_owned())]);
    assert_eq!(
        seen.envelopes(),
        [
            "a@b>c@d:- -/- unknown new-mail",
            "g@h>i@j:- -/- unknown complete"
        ]
    );
}

#[test]
fn a_gap_over_data_is_found_by_its_reply() {
    let seen = seen(
        "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC-gap 30\nS: 250 ok\nS: 354 go
         C: Subject: x\nC:\nC: body\nC: .\nS: 250 queued\nC: QUIT\nS: 221 x",
    );
    assert_eq!(seen.envelopes(), ["a@b> 354/250 yes complete"]);
    assert_eq!(seen.messages().len(), 1);
}

#[test]
fn the_answer_ends_a_message_whose_end_is_missing() {
    let begin = "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: Subject: x\nC:\nC: body";
    for (rest, envelope) in [
        (
            "C-gap 100\nS: 250 queued\nC: QUIT\nS: 221 x",
            "354/250 yes complete",
        ),
        (
            "C-gap 100\nS: 550 spam\nC: QUIT\nS: 221 x",
            "354/550 no complete",
        ),
        // That the end is missing turned out only when the session was over.
        ("S: 250 queued\nC-gap 100", "354/250 yes complete"),
        // The server gives up waiting, which says nothing of the message.
        ("C-gap 100\nS: 421 timeout", "354/- unknown connection-lost"),
        (
            "C-gap 100\nC: more\nC: QUIT\nS: 221 x",
            "354/- unknown quit",
        ),
    ] {
        let seen = seen(&format!("{begin}\n{rest}"));
        assert_eq!(
            seen.envelopes(),
            [format!("a@b>c@d:250 {envelope}")],
            "{rest}"
        );
        let messages: Vec<_> = seen.messages().iter().map(|m| m.truncated).collect();
        assert_eq!(messages, [true], "{rest}");
    }
}

#[test]
fn replies_to_commands_do_not_end_the_message_of_a_client_that_waits_for_none() {
    let seen = seen(
        "S: 220 mx\nC: POST / HTTP/1.1\nC: Host: mx\nC: EHLO me\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nC: Subject: x\nC:\nC: body\nC-gap 50
         S: 500 what\nS: 500 what\nS: 250 mx\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 queued",
    );
    assert_ne!(seen.transactions()[0].delivered, Known::No);
}

const BLIND: &str = "C: EHLO me\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nC: Subject: x\nC:\nC: .\nC: MAIL FROM:<e@f>\nC: RCPT TO:<g@h>\nC: DATA\nC: Subject: y\nC:\nC: .\nC: QUIT";

/// A client that waits for no answer, its packet cut behind this many lines.
fn blind(lines: usize, greeting: &str, codes: &str) -> Seen {
    let said: Vec<_> = BLIND.lines().take(lines).collect();
    let replies: Vec<_> = codes
        .split(' ')
        .map(|code| format!("S: {code} so"))
        .collect();
    seen(&format!(
        "{greeting}{}\nC-gap 200\n{}",
        said.join("\n"),
        replies.join("\n")
    ))
}

#[test]
fn answers_in_their_order_tell_what_became_of_mails_handed_in_blindly_and_cut() {
    for greeting in ["S: 220 mx\n", ""] {
        let first = if greeting.is_empty() { "220 " } else { "" };
        let told = |lines, codes: &str| {
            let seen = blind(lines, greeting, &format!("{first}{codes}"));
            seen.envelopes().join(", ")
        };
        let all = "250 250 250 354 250 250 250 354 250 221";
        for (lines, first_mail) in [
            (2, "a@b> 354/250 yes complete"),
            (3, "a@b>c@d:250 354/250 yes complete"),
            (4, "a@b>c@d:250 354/250 yes complete"),
            (5, "a@b>c@d:250 354/250 yes complete"),
            (7, "a@b>c@d:250 354/250 yes complete"),
        ] {
            assert_eq!(
                told(lines, all),
                format!("{first_mail}, ?> 354/250 yes complete"),
                "{lines}"
            );
        }
        // The second mail alone is refused for what it says, or is refused first.
        let second = "250 250 250 354 250 250 250 354 554 221";
        assert_eq!(
            told(3, second),
            "a@b>c@d:250 354/250 yes complete, ?> 354/554 no complete"
        );
        let early = "250 250 250 354 250 550 503 503 221";
        assert_eq!(told(5, early), "a@b>c@d:250 354/250 yes complete");
        // Whether the mail that was taken is the one that was seen nobody can tell.
        let other = "250 250 550 503 250 250 354 250 221";
        assert_eq!(
            told(2, other),
            "a@b> -/- unknown new-mail, ?> 354/250 yes complete"
        );
    }
}

#[test]
fn answers_to_missing_commands_are_not_put_to_the_commands_behind_them() {
    let seen = seen(
        "S: 220 mx\nC: POST / HTTP/1.1\nC: Ho\nC-gap 60\nC: EHLO me\nC: MAIL FROM:<a@b>\nC: RCP\nC-gap 60
         S: 500 what\nS: 500 what\nS: 500 what\nS: 500 what\nS: 250 mx\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 queued\nS: 221 bye",
    );
    assert_eq!(seen.envelopes(), ["a@b> 354/250 yes complete"]);
    assert_eq!(seen.transactions()[0].mail_code, None);
}

#[test]
fn recipients_behind_a_mail_s_worth_of_missing_commands_are_not_the_mail_s_before() {
    let begin = "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok";
    let rest = "C: RCPT TO:<e@f>\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye";
    let two = [
        "a@b>c@d:250 -/- unknown new-mail",
        "?>e@f:- 354/250 yes complete",
    ];
    let one = ["a@b>c@d:250,e@f:250 354/250 yes complete"];
    let told = |lost: &str| seen(&format!("{begin}\n{lost}\n{rest}")).envelopes();
    assert_eq!(told("C-gap 400"), two);
    assert_eq!(told("C-gap 40"), ["a@b>c@d:250,e@f:- 354/250 yes complete"]);
    // A command that was answered, and not with 354.
    assert_eq!(told("S: 250 ok\nC-gap 400"), one);
    assert_eq!(
        told("S: 354 go\nS: 250 queued\nS: 250 ok\nC-gap 400")[0],
        "a@b>c@d:250 354/250 yes complete"
    );
}

#[test]
fn recipients_behind_a_message_whose_end_is_missing_are_another_mail_s() {
    let seen = seen(
        "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nS-gap 28\nS: 354 go\nC: Subject: x\nC-gap 900\nC: t of a line\nC: RCPT TO:<e@f>\nS: 250 ok\nC: DATA\nS: 354 go\nC: y\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye",
    );
    assert_eq!(seen.envelopes()[0], "a@b>c@d:- 354/- unknown new-mail");
    assert_eq!(seen.envelopes()[1].split(' ').nth(2), Some("yes"));
}

#[test]
fn where_the_greeting_is_missing_the_first_answer_may_be_to_any_command() {
    let seen = seen(
        "C: EHLO me\nC: MAIL FROM:<a@b>\nS: 250 2.1.0 ok\nC: RCPT TO:<c@d>\nS: 550 no\nC: QUIT\nS: 221 bye",
    );
    assert_eq!(seen.envelopes(), ["a@b>c@d:550 -/- no rejected"]);
    assert_eq!(seen.transactions()[0].mail_code, None);
}

#[test]
fn content_seen_before_its_354_lacks_its_start() {
    let seen = seen(
        "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nS: 250 ok\nC-gap 36\nC: Subject: x\nS: 354 go\nC:\nC: body\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye",
    );
    assert!(seen.messages()[0].truncated);
    assert_eq!(seen.envelopes(), ["a@b> 354/250 yes complete"]);
}

#[test]
fn a_login_whose_answer_is_missing_is_known_by_a_mail_that_needed_it() {
    let begin = "S: 220 mx\nC: EHLO me\nS: 250 mx\n";
    let asked = "C: MAIL FROM:<a@b>\nS: 530 5.7.0 Authentication required\n";
    let login = "C: AUTH PLAIN AGFsaWNlAHMzY3JldA==\nS-gap 20\nC: MAIL FROM:<a@b>\nS: ";
    for (text, success) in [
        (format!("{asked}{login}250 ok"), Known::Yes),
        (
            format!("{asked}{login}530 5.7.0 Authentication required"),
            Known::No,
        ),
        (format!("{asked}{login}451 later"), Known::Unknown),
        (format!("{login}250 ok"), Known::Unknown),
        (
            format!(
                "C: MAIL FROM:<a@b>\nS: 530 Must issue a STARTTLS command first\n{login}250 ok"
            ),
            Known::Unknown,
        ),
    ] {
        let seen = seen(&format!("{begin}{text}\nC: QUIT\nS: 221 bye"));
        assert_eq!(seen.session().authenticated, success, "{text}");
        assert_eq!(seen.session().auth_users, ["alice"]);
    }
}

#[test]
fn a_login_whose_last_response_is_missing_is_known_by_its_answer() {
    let begin = "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\n";
    for (rest, success) in [
        ("S: 235 ok\nC-gap 12\nC: QUIT", Known::Yes),
        ("C-gap 12\nS: 535 no\nC: QUIT", Known::No),
        // Another attempt may have been made meanwhile.
        ("S-gap 20\nC-gap 90\nS: 235 ok\nC: QUIT", Known::Unknown),
    ] {
        let seen = seen(&format!("{begin}{rest}"));
        assert_eq!(seen.session().authenticated, success, "{rest}");
    }
}

#[test]
fn a_reply_cut_in_its_text_is_known_by_its_code() {
    let seen = seen(
        "S: 220 mx.exa\\x16\nS-gap 20\nC: EHLO me\nS: 250-mx\nS: 250-SIZE\\n250-STARTT\nS-gap 30\nC: MAIL FROM:<a@b>\nS: \\n250 2.1.0 O\nS-gap 2\nC: RCPT TO:<c@d>\nS: \\n550\nS-gap 30\nC: DATA",
    );
    let transactions = seen.transactions();
    let row = transactions.first().unwrap();
    assert_eq!(row.mail_code, Some(250));
    // The code alone may be that of a line that more follow.
    assert_eq!(row.recipients[0].code, None);
    assert_eq!(seen.session().capabilities, ["SIZE"]);
}

#[test]
fn mid_stream_is_picked_up_at_the_next_safe_point() {
    let text = "C: est of a body\nC: more\nC: .\nS: 250 queued\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok\nC: QUIT\nS: 221 x";
    let seen = seen_with(
        text,
        Context {
            from_start: false,
            ..context()
        },
        End::Fin,
    );
    assert_eq!(
        seen.envelopes(),
        ["?> -/250 yes complete", "a@b>c@d:250 354/250 yes complete"]
    );
    assert!(seen.messages()[0].truncated && !seen.messages()[1].truncated);
}

#[test]
fn an_http_head_before_smtp_is_bogus_commands() {
    let seen = seen(
        "S: 220 mx\nC: POST / HTTP/1.1\nC: Host: mx:25\nC: Via: 1.1 proxy\nC:\nC: HELO me\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nC: x\nC: .\nC: QUIT
         S: 502 no\nS: 502 no\nS: 502 no\nS: 500 no\nS: 250 mx\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 ok\nS: 221 x",
    );
    assert_eq!(seen.envelopes(), ["a@b>c@d:250 354/250 yes complete"]);
    assert_eq!(
        seen.session().commands,
        ["POST", "HELO", "MAIL", "RCPT", "DATA", "QUIT"]
    );
    assert!(seen.session().oddities.contains(&"http-before-smtp"));
}

#[test]
fn smuggled_ends_do_not_split_a_mail_unless_the_server_says_so() {
    let head = "S: 220 mx\nC: HELO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\n";
    let kept = seen(&format!(
        "{head}C: one\\n.\\nMAIL FROM:<x@y>\\r\\n\nC: .\nS: 250 ok\nC: QUIT\nS: 221 x"
    ));
    assert_eq!(kept.envelopes().len(), 1);
    assert!(kept.session().oddities.contains(&"bare-lf-dot"));
    let split = seen(&format!(
        "{head}C: one\\n.\\n\nS: 250 ok\nC: QUIT\nS: 221 x"
    ));
    assert_eq!(split.envelopes(), ["a@b>c@d:250 354/250 yes complete"]);
    assert_eq!(split.bodies(), ["one\n"]);
}

#[test]
fn a_421_in_mid_session_leaves_the_mail_undelivered() {
    let seen = seen("S: 220 mx\nC: HELO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 421 closing");
    assert_eq!(seen.envelopes(), ["a@b> -/- no rejected"]);
    assert_eq!(seen.session().outcome, "rejected-before-data");
}

#[test]
fn a_session_cut_in_content_keeps_the_truncated_message() {
    let seen = seen_with(
        "C: EHLO me\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nC: Subject: x",
        context(),
        End::ClientReset,
    );
    assert_eq!(seen.envelopes(), ["a@b>c@d:- -/- no connection-lost"]);
    assert!(seen.messages()[0].truncated);
    assert_eq!(seen.session().outcome, "cut-in-content");
}

#[test]
fn every_short_session_has_its_reason() {
    for (text, outcome) in [
        ("S: 220 mx", "greeting-only"),
        ("S: 220 mx\nC: QUIT\nS: 221 bye", "greeting-only"),
        ("S: 554 go away", "rejected-greeting"),
        (
            "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: QUIT\nS: 221 bye",
            "ehlo-only",
        ),
        ("C: EHLO me\nC: QUIT", "ehlo-only"),
        ("S: 220 mx\nC: VRFY root\nS: 252 x", "commands-only"),
        (
            "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: AUTH PLAIN AGEAYg==\nS: 535 no\nC: QUIT\nS: 221 x",
            "login-failed",
        ),
        (
            "C: EHLO me\nC: AUTH PLAIN AGEAYg==\nC: QUIT",
            "login-logout",
        ),
        ("C: EHLO me\nC: AUTH PLAIN AGEAYg==", "login-only"),
        (
            "S: 220 mx\nC: HELO me\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 550 no\nC: QUIT\nS: 221 x",
            "rejected-before-data",
        ),
        ("S: 220 mx\nS: 250 mx\nS: 221 bye", "ehlo-only"),
        (
            "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: STARTTLS\nS: 454 4.7.0 not now\nC: QUIT\nS: 221 bye",
            "starttls-refused",
        ),
        (
            "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: STARTTLS\nS: 502 what",
            "starttls-refused",
        ),
        ("S: 220 mx\nC: \\x16\\x03", "tls-without-starttls"),
        (
            "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: \\x16\\x03",
            "tls-without-starttls",
        ),
        (
            "S: 220 mx\nC-gap 20\nS: 220 2.0.0 go\nC: \\x16\\x03",
            "opaque-after-starttls",
        ),
    ] {
        assert_eq!(seen(text).session().outcome, outcome, "{text}");
    }
}

#[test]
fn the_answer_to_starttls_is_no_greeting_when_the_greeting_was_lost() {
    for (text, banner) in [
        (
            "S-gap 20\nS: 250-mx.example\nS: 250 STARTTLS\nS: 220 2.0.0 Ready",
            None,
        ),
        ("S-gap 90\nS: 220 2.0.0 Ready to start TLS", None),
        ("S-gap 90\nS: 220 Ready to start TLS", None),
        ("S-gap 90\nS: 220 TLS go ahead", None),
        ("S-gap 90\nS: 221 mx.example closing", None),
        ("S-gap 90\nS: 250 2.1.0 Ok", None),
        (
            "S-gap 9\nS: 220 mx.example ready",
            Some("220 mx.example ready"),
        ),
        (
            "S-gap 9\nS: 220 [192.0.2.1] hello",
            Some("220 [192.0.2.1] hello"),
        ),
        ("S-gap 9\nS: 220 mx ESMTP", Some("220 mx ESMTP")),
        ("S: 220 go ahead", Some("220 go ahead")),
    ] {
        assert_eq!(seen(text).session().banner.as_deref(), banner, "{text}");
    }
}

#[test]
fn a_million_recipients_and_transactions_take_linear_time() {
    let mut text = b"EHLO me\r\nMAIL FROM:<a@b>\r\n".to_vec();
    for _ in 0..200_000 {
        text.extend_from_slice(b"RCPT TO:<c@d>\r\n");
    }
    for _ in 0..100_000 {
        text.extend_from_slice(b"RSET\r\nMAIL FROM:<a@b>\r\n");
    }
    let acts = [Act::Say(From::Client, text)];
    let seen = play(&mut SmtpDecoder::new(context()), &acts, 1460, End::Fin);
    assert_eq!(seen.session().transactions, 100_001);
    assert_eq!(seen.transactions()[0].recipient_count, 200_000);
    assert_eq!(seen.transactions()[0].recipients.len(), 1000);
    assert_eq!(seen.session().limits_hit, ["list", "recipients"]);
}

#[test]
fn a_recipient_without_a_sender_begins_nothing() {
    let seen = seen(
        "S: 220 mx\nC: EHLO me\nS: 250 mx\nC: RCPT TO:<a@b>\nS: 503 sender not yet given\nC: DATA\nS: 503 no\nC: Hello\nC: .\nS: 500 what\nS: 500 what\n\
         C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye",
    );
    assert_eq!(seen.envelopes(), ["a@b>c@d:250 354/250 yes complete"]);
    assert_eq!(seen.session().transactions, 1);
}

#[test]
fn damaged_sessions_still_give_one_session_row() {
    for from_start in [true, false] {
        let context = Context {
            from_start,
            ..context()
        };
        survives_damage(|| SmtpDecoder::new(context), PLAIN, 1_000);
    }
}
