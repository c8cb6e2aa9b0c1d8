//! Messages with the defects that real mail has.

use mailscope_evidence::Span;

use super::{Transfer, read, read_around};
use crate::limits::Limits;
use crate::record::{Attachment, Message, Record, Url};

/// A transfer for tests.
pub fn transfer() -> Transfer {
    Transfer {
        session: 0,
        message: 1,
        transaction: Some(1),
        span: Span::default(),
        client_is_orig: true,
        transfer: "smtp-data",
        from_client: true,
        size_bytes: 0,
        is_truncated: false,
        is_start_missing: false,
        keep: true,
        phrases: super::spot::Phrases::default(),
    }
}

fn parse(text: &str) -> (Message, Vec<Url>, Vec<Attachment>) {
    parse_bytes(text.replace('\n', "\r\n").as_bytes())
}

fn parse_bytes(bytes: &[u8]) -> (Message, Vec<Url>, Vec<Attachment>) {
    let mut out = Vec::new();
    read(bytes.to_vec(), transfer(), &Limits::default(), &mut out);
    let (mut message, mut urls, mut attachments) = (None, Vec::new(), Vec::new());
    for record in out {
        match record {
            Record::Message(m) => message = Some(*m),
            Record::Url(u) => urls.push(*u),
            Record::Attachment(a) => attachments.push(*a),
            other => panic!("{other:?}"),
        }
    }
    (message.unwrap(), urls, attachments)
}

#[test]
fn an_attached_message_never_overwrites_the_outer_header() {
    let (message, urls, attachments) = parse(
        "From: outer@a\nSubject: outer\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee http://one.example/\n--b\n\
         Content-Type: message/rfc822\n\nFrom: inner@b\nSubject: inner\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n\
         http://two.example/\n--c\nContent-Type: application/pdf; name=\"x.pdf\"\nContent-Transfer-Encoding: base64\n\nJVBERg==\n--c--\n--b--\n",
    );
    assert_eq!(
        (message.subject.as_deref(), &message.from_addrs),
        (Some("outer"), &vec!["outer@a".to_owned()])
    );
    assert_eq!(
        urls.iter()
            .map(|u| u.host.clone().unwrap())
            .collect::<Vec<_>>(),
        ["one.example", "two.example"]
    );
    assert_eq!(
        (
            attachments[0].name.as_deref(),
            attachments[0].magic,
            attachments[0].size_bytes
        ),
        (Some("x.pdf"), Some("pdf"), 4)
    );
}

#[test]
fn file_names_are_decoded_in_every_form() {
    for (parameters, name) in [
        ("attachment; filename=\"a b.txt\"", "a b.txt"),
        ("attachment; filename*=utf-8''%e4%bd%a0.txt", "你.txt"),
        (
            "attachment; filename*0=\"long\"; filename*1=\"name.txt\"",
            "longname.txt",
        ),
        ("attachment; filename=\"=?utf-8?B?5L2g?=.txt\"", "你.txt"),
        ("attachment;\n filename=plain.txt", "plain.txt"),
    ] {
        let (_, _, attachments) = parse(&format!("Content-Disposition: {parameters}\n\nx"));
        assert_eq!(attachments[0].name.as_deref(), Some(name), "{parameters}");
    }
}

#[test]
fn a_message_without_header_is_text() {
    let (message, urls, _) = parse("just text http://a.example/\n\nmore");
    assert!(message.header_names.is_empty());
    assert_eq!(
        (
            urls.len(),
            message.oddities.contains(&"header-unterminated")
        ),
        (1, true)
    );
}

#[test]
fn hashes_are_of_the_decoded_part_and_of_the_body() {
    let (message, _, attachments) =
        parse("Content-Type: image/gif\nContent-Transfer-Encoding: base64\n\naGVsbG8=");
    assert_eq!(attachments[0].md5, "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(
        attachments[0].sha1,
        "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
    );
    assert_eq!(
        message.body_sha256.as_deref(),
        Some("333d6b3a3c1f5db6c9bdda5939b136986d170f4649172a68368d54ecb44c2ff2")
    );
}

#[test]
fn deep_nesting_and_many_parts_end_at_a_named_limit() {
    let mut deep = String::new();
    for i in 0..200 {
        deep.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n"
        ));
    }
    let (message, _, _) = parse(&deep);
    assert!(message.oddities.contains(&"nested-too-deep"));
    let mut out = Vec::new();
    let wide = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}",
        "--b\n\nx\n".repeat(5_000)
    );
    assert_eq!(
        read(wide.into_bytes(), transfer(), &Limits::default(), &mut out),
        ["parts"]
    );
}

#[test]
fn a_header_bomb_is_cut() {
    let mut out = Vec::new();
    let bomb = "A: b\n".repeat(50_000);
    assert_eq!(
        read(bomb.into_bytes(), transfer(), &Limits::default(), &mut out),
        ["header"]
    );
}

#[test]
fn a_message_of_any_truncation_is_read() {
    let whole = "From: =?utf-8?B?5L2g5aW9?= <a@b>\r\nReceived: from x ([192.0.2.1])\r\n by y\r\nSubject: x\r\nContent-Type: multipart/alternative; boundary=\"b\"\r\n\r\n\
                 --b\r\nContent-Type: text/html; charset=gb2312\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<a href=3D\"http://a.example/\">=C4=E3</a>\r\n--b\r\n\
                 Content-Type: application/zip; name*=utf-8''%e4.zip\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsDBA==\r\n--b--\r\n";
    for end in 0..=whole.len() {
        parse_bytes(&whole.as_bytes()[..end]);
    }
    let (message, urls, attachments) = parse_bytes(whole.as_bytes());
    assert_eq!(
        (
            message.from_names[0].as_str(),
            message.received_ips[0].as_str()
        ),
        ("你好", "192.0.2.1")
    );
    assert_eq!(
        (urls[0].visible_text.as_deref(), attachments[0].magic),
        (Some("你"), Some("zip"))
    );
}

#[test]
fn a_message_whose_start_is_missing_has_no_header_fields() {
    let mut out = Vec::new();
    let transfer = Transfer {
        is_start_missing: true,
        is_truncated: true,
        ..transfer()
    };
    read(
        b"Subject: not a header\r\nhttp://a.example/\r\n".to_vec(),
        transfer,
        &Limits::default(),
        &mut out,
    );
    let Record::Message(message) = &out[0] else {
        panic!()
    };
    assert_eq!(
        (message.subject.as_deref(), message.oddities.as_slice()),
        (None, &["start-missing"][..])
    );
    assert_eq!(out.len(), 2);
}

#[test]
fn damaged_messages_are_read() {
    let whole = b"From: =?utf-8?B?5L2g5aW9?= <a@b>\r\nTo: \"x, y\" <c@d>, g: e@f;\r\nDate: Thu, 1 Jan 1970 00:00:01 +0000 (x)\r\n\
        Received: from x ([192.0.2.1:25]) by y\r\nContent-Type: multipart/mixed; boundary=\"b\"; charset*0=\"u\"; charset*1*=utf-8''%41\r\n\r\n\
        --b\r\nContent-Type: text/html; charset=gb2312\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<a href=3D\"http://a.example/&amp;x\">=C4=E3</a><script>\r\n\
        --b\r\nContent-Type: message/rfc822; name*=utf-8''%e4.eml\r\n\r\nSubject: inner\r\n\r\nbegin 644 x\r\n#0V%T\r\nend\r\n--b--\r\n";
    let mut state = 7u64;
    let mut below = |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 33) as usize) % bound.max(1)
    };
    for _ in 0..3_000 {
        let mut damaged = whole.to_vec();
        for _ in 0..=below(6) {
            let at = below(damaged.len());
            if damaged.is_empty() {
                break;
            }
            match below(4) {
                0 => drop(damaged.remove(at)),
                1 => damaged.insert(at, b"\r\n =?\"*'();:<>%\0\xE4"[below(17)]),
                2 => damaged[at] = b"\r\n =?\"*'();:<>%\0\xE4"[below(17)],
                _ => damaged.truncate(at.max(1)),
            }
        }
        parse_bytes(&damaged);
    }
}

/// Reads a message in which `|` stands for a gap.
fn parse_around(text: &str) -> (Message, Vec<Url>, Vec<Attachment>) {
    let (mut bytes, mut gaps) = (Vec::new(), Vec::new());
    for (i, piece) in text.replace('\n', "\r\n").split('|').enumerate() {
        if i > 0 {
            gaps.push(bytes.len());
        }
        bytes.extend_from_slice(piece.as_bytes());
    }
    let (mut out, mut urls, mut attachments) = (Vec::new(), Vec::new(), Vec::new());
    let transfer = Transfer {
        is_truncated: true,
        ..transfer()
    };
    read_around(bytes, &gaps, transfer, &Limits::default(), &mut out);
    let mut message = None;
    for record in out {
        match record {
            Record::Message(m) => message = Some(*m),
            Record::Url(u) => urls.push(*u),
            Record::Attachment(a) => attachments.push(*a),
            other => panic!("{other:?}"),
        }
    }
    (message.unwrap(), urls, attachments)
}

#[test]
fn a_field_that_a_gap_cuts_is_left_out_and_the_others_are_read() {
    for (header, subject, message_id) in [
        ("Subject: cu|QUIT\nMessage-ID: <a@b>", None, Some("a@b")),
        (
            "Subject: one\n|<c@d>: x\nMessage-ID: <a@b>",
            Some("one"),
            Some("a@b"),
        ),
        (
            "Subject: one\n| <c@d>\nMessage-ID: <a@b>",
            None,
            Some("a@b"),
        ),
        (
            "Subject: one\nMessage-ID: <s1@out|sid>\n x",
            Some("one"),
            None,
        ),
        (
            "Subject: one\nMessage-ID:\n <s1@out|+OK 12",
            Some("one"),
            None,
        ),
        ("Sub|ject: one\nMessage-ID: <a@b>", None, Some("a@b")),
        ("Message-ID: <a@b>\nSubject: o|n|e", None, Some("a@b")),
    ] {
        let (message, _, _) = parse_around(&format!("{header}\n\ntext\n"));
        assert_eq!(
            (message.subject.as_deref(), message.message_id.as_deref()),
            (subject, message_id),
            "{header}"
        );
    }
    assert_eq!(parse_around("Subject: curl m|").0.subject, None);
}

#[test]
fn the_text_of_a_part_goes_on_behind_a_gap_where_it_is_whole_and_the_next_part_is_read() {
    let (_, urls, attachments) = parse_around(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhttp://one.example/ http://two.exa|mple/\n\
         http://three.example/\n--b\nContent-Type: text/html\n\n<a href=\"http://four.example/\">x</a><a href=\"http://fi|ve\">\n\
         --b\nContent-Type: application/pdf; name=\"a|b.pdf\"\n\n%PDF\n--b\n\
         Content-Type: application/pdf; name=\"whole.pdf\"\n\n%PDF|x\n--|b\nlost\n--b\n\nhttp://six.example/\n--b--\n",
    );
    let found: Vec<_> = urls.iter().map(|u| u.url.as_str()).collect();
    assert_eq!(
        found,
        [
            "http://one.example/",
            "http://three.example/",
            "http://four.example/",
            "http://six.example/"
        ]
    );
    let found: Vec<_> = attachments
        .iter()
        .map(|a| (a.name.as_deref(), a.truncated))
        .collect();
    assert_eq!(found, [(Some("whole.pdf"), true)]);
}

#[test]
fn text_behind_a_gap_begins_with_a_whole_line_word_or_tag() {
    let urls = |header: &str, body: &str| {
        let (_, urls, _) = parse_around(&format!("{header}\n\n{body}"));
        urls.into_iter().map(|u| u.url).collect::<Vec<_>>()
    };
    let html = "Content-Type: text/html";
    let page = "<a href=\"http://a.ex|mple/\">x</a> <a href=\"http://b.example/\">\nhttp://c.example/x\">\n<a href=\"http://d.example/\">";
    assert_eq!(urls(html, page), ["http://d.example/"]);
    let quoted = "Content-Transfer-Encoding: quoted-printable";
    // The first line end behind the gap is a soft one: what it joins may begin inside the gap.
    let lines = "http://a.example/ x|ttp://b.example/pa=\nth?x=3D1 http://c.example/\nhttp://d.exam=\nple/ x|x\n";
    assert_eq!(
        urls(quoted, lines),
        ["http://a.example/", "http://d.example/"]
    );
    let encoded = "Content-Transfer-Encoding: base64";
    // "one two http://a.example/ three http://b.example/ end", in lines of twelve digits.
    let lines =
        "b25lIHR3byBo|dHRwOi8vYS5l\neGFtcGxlLyB0\naHJlZSBodHRw\nOi8vYi5leGFt\ncGxlLyBlbmQ=\n";
    assert_eq!(urls(encoded, lines), ["http://b.example/"]);
    // The end of the part and the header of the next one lie in the gap.
    let page = format!(
        "x|\n<td>{}=\n <a href=3D\"http://a.example/\">a</a>\n",
        "x".repeat(70)
    );
    assert_eq!(urls("", &page), ["http://a.example/"]);
    assert_eq!(urls("", "no line end behind |http://a.example/"), [""; 0]);
    assert_eq!(
        urls(
            "",
            "http://a.example/ |\nhttp://b.example/ x http://c.exa|\n"
        ),
        ["http://a.example/", "http://b.example/"]
    );
}

#[test]
fn what_a_lost_field_said_of_the_body_is_seen_by_the_body() {
    let urls = |text: &str| {
        let (_, urls, attachments) = parse_around(text);
        let urls = urls.into_iter().map(|u| format!("{} {}", u.place, u.url));
        (urls.collect::<Vec<_>>(), attachments.len())
    };
    let full = "x".repeat(61);
    let part = "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<a href=3D\"http://a.example/\">a</a>";
    let parts = format!("\n\npreamble\n--b1\n{part}\n--b1--\n");
    assert_eq!(
        urls(&format!("Subject: x\nContent-Ty|pe{parts}")).0,
        ["html-href http://a.example/"]
    );
    // What was sent whole without a type is text (RFC 2045, 5.2).
    assert_eq!(
        urls(&format!("Subject: x{parts}")).0,
        ["text http://a.example/"]
    );
    let page = format!("\n\n<p>{full}<a hr=\nef=3D\"http://a.example/\">a</a>\n");
    assert_eq!(
        urls(&format!("Content-Transfer-|Encoding{page}")).0,
        ["html-href http://a.example/"]
    );
    let page = format!("\n\n{full} http://a.exam=\nple/x?y=3D1 \n");
    assert_eq!(
        urls(&format!(
            "Content-Type: text/plain\nContent-Transfer-|E{page}"
        ))
        .0,
        ["text http://a.example/x?y=1"]
    );
    let digits = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\n".repeat(5);
    assert_eq!(
        urls(&format!("Content-Transfer-|E\n\n{digits}")),
        (vec![], 1)
    );
    assert_eq!(
        urls("X-|E\n\n5 < 6, http://a.example/= \n\na").0,
        ["text http://a.example/="]
    );
}
