//! Conversations made to be slow: each grows with `size`, and reading one twice as large must cost
//! at most a little more than twice the work.

use mailscope_decode::limits::Limits;
use mailscope_decode::record::Records;
use mailscope_decode::stack::{FlowHint, Stack, StreamEnd};
use mailscope_evidence::{At, Side};

/// Pieces of a conversation, in order.
pub type Talk = Vec<(Side, Vec<u8>)>;

/// A way to be slow: name, server port, conversation of a size, and the size to begin with.
pub type Case = (&'static str, u16, fn(usize) -> Talk, usize);

/// All of them.
pub const CASES: &[Case] = &[
    ("recipients", 25, recipients, 4000),
    ("pipelined-recipients", 25, pipelined_recipients, 4000),
    ("transactions", 25, transactions, 1500),
    ("endless-line", 25, endless_line, 400_000),
    ("endless-reply", 25, endless_reply, 10_000),
    ("unknown-commands", 25, unknown_commands, 8000),
    ("tiny-pieces", 25, tiny_pieces, 20_000),
    ("deep-mime", 25, |n| message(&deep_mime(n)), 300),
    ("many-parts", 25, |n| message(&many_parts(n)), 1500),
    (
        "boundary-lookalikes",
        25,
        |n| message(&boundary_lookalikes(n)),
        8000,
    ),
    (
        "header-bomb",
        25,
        |n| message(&lines("X-Field: value\r\n", n)),
        8000,
    ),
    (
        "folded-header",
        25,
        |n| message(&format!("Subject: a\r\n{}", lines(" b\r\n", n))),
        10_000,
    ),
    (
        "received-chain",
        25,
        |n| {
            message(&lines(
                "Received: from a (b [192.0.2.1]) by c; Tue, 1 Jul 2025 10:00:00 +0200\r\n",
                n,
            ))
        },
        1500,
    ),
    (
        "encoded-words",
        25,
        |n| {
            message(&format!(
                "Subject: {}\r\n\r\nx\r\n",
                lines("=?utf-8?Q?=41?=\r\n ", n)
            ))
        },
        3000,
    ),
    (
        "address-list",
        25,
        |n| {
            message(&format!(
                "To: {}\r\n\r\nx\r\n",
                lines("\"a\" <a@a.example>,\r\n ", n)
            ))
        },
        3000,
    ),
    (
        "nested-comments",
        25,
        |n| {
            message(&format!(
                "From: {}a@a.example{}\r\n\r\nx\r\n",
                "(".repeat(n),
                ")".repeat(n)
            ))
        },
        10_000,
    ),
    (
        "open-quotes",
        25,
        |n| message(&format!("From: {}\r\n\r\nx\r\n", "\"<".repeat(n))),
        10_000,
    ),
    (
        "file-name-parts",
        25,
        |n| message(&file_name_parts(n)),
        1500,
    ),
    (
        "urls",
        25,
        |n| {
            message(&format!(
                "Subject: x\r\n\r\n{}",
                lines("http://www.example/a?b=c\r\n", n)
            ))
        },
        4000,
    ),
    (
        "almost-urls",
        25,
        |n| {
            message(&format!(
                "Subject: x\r\n\r\n{}",
                lines("http://http://www.", n)
            ))
        },
        8000,
    ),
    (
        "html-soup",
        25,
        |n| {
            message(&format!(
                "Content-Type: text/html\r\n\r\n{}",
                lines("<a href=\"<b <i x='", n)
            ))
        },
        6000,
    ),
    (
        "base64-body",
        25,
        |n| {
            message(&format!(
                "Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                lines(
                    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM=\r\n",
                    n
                )
            ))
        },
        4000,
    ),
    ("bdat-chunks", 25, bdat_chunks, 4000),
    (
        "pop3-commands",
        110,
        |n| commands(n, "STAT\r\n", "+OK 1 2\r\n", "+OK\r\n"),
        6000,
    ),
    (
        "pop3-messages",
        110,
        |n| {
            commands(
                n,
                "RETR 1\r\n",
                "+OK\r\nSubject: x\r\n\r\ny\r\n.\r\n",
                "+OK\r\n",
            )
        },
        1500,
    ),
    (
        "imap-commands",
        143,
        |n| commands(n, "a NOOP\r\n", "a OK\r\n", "* OK\r\n"),
        6000,
    ),
    (
        "imap-literals",
        143,
        |n| {
            commands(
                n,
                "a FETCH 1 BODY[]\r\n",
                "* 1 FETCH (BODY[] {14}\r\nSubject: x\r\n\r\n)\r\na OK\r\n",
                "* OK\r\n",
            )
        },
        1500,
    ),
    (
        "imap-open-brackets",
        143,
        |n| {
            vec![
                (Side::Resp, b"* OK\r\n".to_vec()),
                (
                    Side::Resp,
                    format!("* 1 FETCH {}\r\n", "(".repeat(n)).into_bytes(),
                ),
            ]
        },
        100_000,
    ),
    (
        "http-requests",
        80,
        |n| {
            commands(
                n,
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
                "",
            )
        },
        3000,
    ),
    (
        "http-pipelined",
        80,
        |n| {
            vec![(
                Side::Orig,
                lines("GET / HTTP/1.1\r\nHost: a\r\n\r\n", n).into_bytes(),
            )]
        },
        3000,
    ),
    ("http-chunks", 80, http_chunks, 10_000),
    (
        "http-header-bomb",
        80,
        |n| {
            vec![(
                Side::Orig,
                format!("GET / HTTP/1.1\r\n{}", lines("X: y\r\n", n)).into_bytes(),
            )]
        },
        20_000,
    ),
    (
        "http-no-end",
        80,
        |n| byte_pieces(b"GET / HTTP/1.1\r\n", &lines("X: y\r\n", n).into_bytes()),
        3000,
    ),
    (
        "socks-garbage",
        1080,
        |n| vec![(Side::Orig, b"\x05\xff".repeat(n))],
        50_000,
    ),
    (
        "tls-records",
        443,
        |n| {
            vec![(
                Side::Orig,
                b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00".repeat(n),
            )]
        },
        20_000,
    ),
    (
        "unknown",
        4444,
        |n| byte_pieces(b"", &vec![b'?'; n]),
        100_000,
    ),
];

/// Reads a conversation to its end; the number of records. Never inlined: its instructions are counted by name.
#[must_use]
#[inline(never)]
pub fn read(port: u16, talk: &Talk) -> usize {
    let hint = FlowHint {
        orig_port: 40000,
        resp_port: port,
        from_start: true,
        ..FlowHint::default()
    };
    let mut stack = Stack::new(&Limits::default(), hint);
    let (mut out, mut at, mut count) = (
        Records::new(),
        At {
            ts_us: 1,
            file: 0,
            packet: 0,
        },
        0,
    );
    for (side, data) in talk {
        at.packet += 1;
        for piece in data.chunks(1400) {
            if !stack.data(*side, at, piece, &mut out) {
                break;
            }
        }
        count += out.len();
        out.clear();
    }
    stack.end(StreamEnd::Fin, at, &mut out);
    count + out.len()
}

fn lines(line: &str, count: usize) -> String {
    line.repeat(count)
}

fn commands(count: usize, command: &str, reply: &str, greeting: &str) -> Talk {
    let mut talk = vec![(Side::Resp, greeting.as_bytes().to_vec())];
    for _ in 0..count {
        talk.push((Side::Orig, command.as_bytes().to_vec()));
        talk.push((Side::Resp, reply.as_bytes().to_vec()));
    }
    talk
}

fn byte_pieces(head: &[u8], bytes: &[u8]) -> Talk {
    std::iter::once((Side::Orig, head.to_vec()))
        .chain(bytes.iter().map(|&byte| (Side::Orig, vec![byte])))
        .collect()
}

fn opening() -> Talk {
    let text = [
        (Side::Resp, "220 mx\r\n"),
        (Side::Orig, "EHLO a\r\n"),
        (Side::Resp, "250 mx\r\n"),
        (Side::Orig, "MAIL FROM:<a@a.example>\r\n"),
        (Side::Resp, "250 ok\r\n"),
    ];
    text.into_iter()
        .map(|(side, line)| (side, line.as_bytes().to_vec()))
        .collect()
}

fn message(content: &str) -> Talk {
    let mut talk = opening();
    talk.extend(commands(1, "RCPT TO:<b@b.example>\r\n", "250 ok\r\n", "").split_off(1));
    talk.extend(commands(1, "DATA\r\n", "354 go\r\n", "").split_off(1));
    talk.push((Side::Orig, format!("{content}\r\n.\r\n").into_bytes()));
    talk.push((Side::Resp, b"250 taken\r\n".to_vec()));
    talk
}

fn recipients(count: usize) -> Talk {
    let mut talk = opening();
    talk.extend(commands(count, "RCPT TO:<b@b.example>\r\n", "250 ok\r\n", "").split_off(1));
    talk
}

fn pipelined_recipients(count: usize) -> Talk {
    let mut talk = opening();
    talk.push((
        Side::Orig,
        lines("RCPT TO:<b@b.example>\r\n", count).into_bytes(),
    ));
    talk.push((Side::Resp, lines("250 ok\r\n", count).into_bytes()));
    talk
}

fn transactions(count: usize) -> Talk {
    let one = "MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n";
    let mut talk = opening();
    for _ in 0..count {
        talk.push((Side::Orig, one.as_bytes().to_vec()));
        talk.push((Side::Resp, b"250 ok\r\n250 ok\r\n354 go\r\n".to_vec()));
        talk.push((Side::Orig, b"Subject: x\r\n\r\ny\r\n.\r\n".to_vec()));
        talk.push((Side::Resp, b"250 taken\r\n".to_vec()));
    }
    talk
}

fn endless_line(count: usize) -> Talk {
    let mut talk = opening();
    talk.push((Side::Orig, vec![b'A'; count]));
    talk
}

fn endless_reply(count: usize) -> Talk {
    vec![
        (Side::Orig, b"EHLO a\r\n".to_vec()),
        (Side::Resp, lines("250-SIZE 1\r\n", count).into_bytes()),
    ]
}

fn unknown_commands(count: usize) -> Talk {
    commands(count, "XYZZY 1 2 3\r\n", "500 what\r\n", "220 mx\r\n")
}

fn tiny_pieces(count: usize) -> Talk {
    let text = lines("NOOP\r\n", count / 6).into_bytes();
    let mut talk = opening();
    talk.extend(text.iter().map(|&byte| (Side::Orig, vec![byte])));
    talk
}

fn deep_mime(depth: usize) -> String {
    (0..depth)
        .map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n"))
        .collect()
}

fn many_parts(count: usize) -> String {
    format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
        lines(
            "--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n",
            count
        )
    )
}

fn boundary_lookalikes(count: usize) -> String {
    format!(
        "Content-Type: multipart/mixed; boundary={}\r\n\r\n{}",
        "-".repeat(60),
        lines(&format!("{}\r\n", "-".repeat(61)), count)
    )
}

fn file_name_parts(count: usize) -> String {
    let parts: String = (0..count)
        .map(|i| format!(";\r\n filename*{i}*=a%20"))
        .collect();
    format!("Content-Type: application/zip\r\nContent-Disposition: attachment{parts}\r\n\r\nx\r\n")
}

fn bdat_chunks(count: usize) -> Talk {
    let mut talk = opening();
    talk.push((
        Side::Orig,
        format!(
            "RCPT TO:<b@b.example>\r\n{}BDAT 0 LAST\r\n",
            lines("BDAT 4\r\nab\r\n", count)
        )
        .into_bytes(),
    ));
    talk.push((Side::Resp, lines("250 ok\r\n", count + 2).into_bytes()));
    talk
}

fn http_chunks(count: usize) -> Talk {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    vec![
        (Side::Orig, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        (
            Side::Resp,
            format!("{head}{}0\r\n\r\n", lines("1\r\nx\r\n", count)).into_bytes(),
        ),
    ]
}
