//! Applications whose first bytes are text.

use super::{App, Candidates, Speaker};
use crate::decoder::Likeness;
use crate::{imap, pop3, smtp};

/// Methods of HTTP and its extensions, as they start a request.
const METHODS: &[&[u8]] = &[
    b"GET",
    b"POST",
    b"HEAD",
    b"CONNECT",
    b"PUT",
    b"OPTIONS",
    b"DELETE",
    b"PATCH",
    b"TRACE",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"REPORT",
    b"SEARCH",
    b"MKCALENDAR",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"NOTIFY",
    b"M-SEARCH",
    b"BCOPY",
    b"BDELETE",
    b"BMOVE",
    b"BPROPFIND",
    b"BPROPPATCH",
    b"POLL",
    b"CHECKOUT",
    b"CHECKIN",
    b"MERGE",
    b"MKACTIVITY",
    b"PURGE",
    b"LINK",
    b"UNLINK",
    b"BIND",
    b"REBIND",
    b"UNBIND",
    b"ACL",
    b"LABEL",
    b"UPDATE",
    b"VERSION-CONTROL",
    b"ORDERPATCH",
    b"MKREDIRECTREF",
    b"MKWORKSPACE",
    b"UNCHECKOUT",
    b"BASELINE-CONTROL",
    b"RPC_CONNECT",
    b"RPC_IN_DATA",
    b"RPC_OUT_DATA",
    b"CCM_POST",
    b"TRACK",
    b"DEBUG",
    b"INDEX",
    b"SOURCE",
    b"SPACEJUMP",
    b"TEXTSEARCH",
    b"X-MS-ENUMATTS",
];

/// Starts that need nothing but themselves: name, who speaks, bytes, why.
const STARTS: &[(&str, Speaker, &[u8], &str)] = &[
    ("ssh", Speaker::Either, b"SSH-", "SSH version line"),
    ("vnc", Speaker::Server, b"RFB 00", "RFB version line"),
    ("sip", Speaker::Server, b"SIP/2.0 ", "SIP status line"),
    ("rtsp", Speaker::Server, b"RTSP/1.0 ", "RTSP status line"),
    (
        "http2",
        Speaker::Client,
        b"PRI * HTTP/2.0",
        "HTTP/2 preface",
    ),
    ("rsync", Speaker::Either, b"@RSYNCD:", "rsync version line"),
    (
        "xmpp",
        Speaker::Client,
        b"<stream:stream",
        "XMPP stream header",
    ),
    (
        "xmpp",
        Speaker::Client,
        b"<?xml version='1.0'?><stream:",
        "XMPP stream header",
    ),
    ("icy", Speaker::Server, b"ICY 200", "SHOUTcast status line"),
    (
        "gnutella",
        Speaker::Client,
        b"GNUTELLA CONNECT/",
        "Gnutella handshake",
    ),
    ("rmi", Speaker::Client, b"JRMI", "Java RMI header"),
    ("redis", Speaker::Server, b"-NOAUTH ", "Redis error"),
    ("redis", Speaker::Server, b"+PONG\r\n", "Redis answer"),
];

/// First words of request lines that are not HTTP.
const REQUESTS: &[(&str, &[u8], &[u8])] = &[
    ("sip", b"INVITE", b"sip"),
    ("sip", b"REGISTER", b"sip"),
    ("sip", b"OPTIONS", b"sip"),
    ("sip", b"SUBSCRIBE", b"sip"),
    ("rtsp", b"DESCRIBE", b"rtsp"),
    ("rtsp", b"OPTIONS", b"rtsp"),
    ("rtsp", b"SETUP", b"rtsp"),
    ("icap", b"REQMOD", b"icap"),
    ("icap", b"RESPMOD", b"icap"),
    ("icap", b"OPTIONS", b"icap"),
];

/// Bytes of a first line that are looked at.
const LINE_BYTES: usize = 2048;

/// Adds what the bytes of one direction allow.
pub(super) fn judge(bytes: &[u8], found: &mut Candidates) {
    let Some(&first) = bytes.first() else { return };
    if !(first.is_ascii_graphic() || first == b'\r' || first == b'\n' || first == b' ') {
        return;
    }
    starts(bytes, found);
    if found.proven().is_some() {
        return;
    }
    http(bytes, found);
    proxy_v1(bytes, found);
    mail(bytes, found);
    ftp_nntp_irc(bytes, found);
    redis(bytes, found);
}

/// Adds what a datagram proves: protocols of one message a datagram.
pub(super) fn judge_datagram(bytes: &[u8], found: &mut Candidates) {
    if bytes.first().is_some_and(u8::is_ascii_graphic) {
        starts(bytes, found);
        http(bytes, found);
    }
}

/// Adds what a line in mid-stream allows.
pub(super) fn judge_line(line: &[u8], found: &mut Candidates) {
    http(line, found);
    mail(line, found);
    ftp_nntp_irc(line, found);
}

/// Text as mail and its kin have it: no control characters but white space among the first bytes.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .take(64)
        .all(|&b| b >= b' ' && b != 0x7f || matches!(b, b'\t' | b'\r' | b'\n' | 0x1b | 0x0c))
}

fn starts(bytes: &[u8], found: &mut Candidates) {
    for &(name, speaker, pattern, why) in STARTS {
        if bytes.starts_with(pattern) {
            found.prove(App::Named(name), speaker, why);
            return;
        }
        found.short |= pattern.starts_with(bytes);
    }
}

fn http(bytes: &[u8], found: &mut Candidates) {
    match http_status(bytes) {
        Likeness::Sure => return found.prove(App::Http, Speaker::Server, "HTTP status line"),
        Likeness::Short => found.short = true,
        _ => {}
    }
    let line = skip_blank(bytes);
    match http_request(line) {
        Likeness::Sure => return found.prove(App::Http, Speaker::Client, "HTTP request line"),
        Likeness::Short => found.short = true,
        _ => {}
    }
    for &(name, method, scheme) in REQUESTS {
        if let Some(rest) = line
            .strip_prefix(method)
            .and_then(|rest| rest.strip_prefix(b" "))
        {
            let start = rest.get(..scheme.len()).unwrap_or(rest);
            if start.eq_ignore_ascii_case(scheme) {
                return found.prove(
                    App::Named(name),
                    Speaker::Client,
                    "request line of its own scheme",
                );
            }
            found.short |= scheme.starts_with(start);
        } else if method.starts_with(line) {
            found.short = true;
        }
    }
}

/// `HTTP/1.1 200`.
fn http_status(bytes: &[u8]) -> Likeness {
    const START: &[u8] = b"HTTP/1.";
    match bytes.strip_prefix(START) {
        Some([minor, b' ', rest @ ..]) if minor.is_ascii_digit() => {
            match rest.iter().find(|&&b| b != b' ') {
                Some(digit) if digit.is_ascii_digit() => Likeness::Sure,
                Some(_) => Likeness::Unlike,
                None => Likeness::Short,
            }
        }
        Some([] | [b'0'..=b'9']) => Likeness::Short,
        Some(_) => Likeness::Unlike,
        None if START.starts_with(bytes) => Likeness::Short,
        None => Likeness::Unlike,
    }
}

/// A request line: a known method and a target, or any token with `HTTP/1.` at the line's end.
fn http_request(line: &[u8]) -> Likeness {
    let word_end = line.iter().take(32).position(|b| !is_token(*b));
    let Some(word_end) = word_end else {
        return if line.len() < 32 {
            Likeness::Short
        } else {
            Likeness::Unlike
        };
    };
    let (method, rest) = line.split_at_checked(word_end).unwrap_or((line, b""));
    let is_blank = |b: &u8| *b == b' ' || *b == b'\t';
    if method.is_empty() || !rest.first().is_some_and(is_blank) {
        return Likeness::Unlike;
    }
    let known = is_method(method);
    let Some(start) = rest.iter().position(|b| !is_blank(b)) else {
        return Likeness::Short;
    };
    let target = rest.get(start..).unwrap_or(b"");
    if known && (target.starts_with(b"/") || starts_with_ignore_case(target, b"http")) {
        return Likeness::Sure;
    }
    let Some(end) = memchr::memchr(b'\n', target) else {
        return if method.eq_ignore_ascii_case(b"CONNECT") && begins_with_host_and_port(target) {
            Likeness::Sure
        } else if target.len() < LINE_BYTES {
            Likeness::Short
        } else {
            Likeness::Unlike
        };
    };
    let target = target.get(..end).unwrap_or(target).trim_ascii_end();
    let words = || {
        target
            .split(|b| *b == b' ' || *b == b'\t')
            .filter(|word| !word.is_empty())
    };
    let last = words().next_back().unwrap_or(b"");
    if starts_with_ignore_case(last, b"HTTP/1.") && (known || words().count() >= 2) {
        return Likeness::Sure;
    }
    // Without a version only CONNECT is told from other line protocols.
    let is_connect = method.eq_ignore_ascii_case(b"CONNECT");
    let names_port = words()
        .next()
        .is_some_and(|word| word.contains(&b':') || word.contains(&b'.'));
    if is_connect && names_port {
        Likeness::Sure
    } else {
        Likeness::Unlike
    }
}

/// `mx.example:25 `: a whole word of that kind.
fn begins_with_host_and_port(target: &[u8]) -> bool {
    let word = memchr::memchr(b' ', target).and_then(|end| target.get(..end));
    let port = word.and_then(|word| word.get(memchr::memrchr(b':', word)? + 1..));
    port.is_some_and(|port| !port.is_empty() && port.iter().all(u8::is_ascii_digit))
}

fn is_method(word: &[u8]) -> bool {
    METHODS
        .iter()
        .any(|method| method.eq_ignore_ascii_case(word))
}

/// Could these bytes start an HTTP request with a known method? For bytes after a CONNECT.
pub(crate) fn is_http_request_start(bytes: &[u8]) -> Likeness {
    let Some(end) = bytes.iter().take(32).position(|b| !is_token(*b)) else {
        let could = METHODS.iter().any(|m| {
            m.get(..bytes.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(bytes))
        });
        return if could {
            Likeness::Short
        } else {
            Likeness::Unlike
        };
    };
    let (word, rest) = bytes.split_at_checked(end).unwrap_or((bytes, b""));
    if rest.starts_with(b" ") && is_method(word) {
        Likeness::Sure
    } else {
        Likeness::Unlike
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn starts_with_ignore_case(bytes: &[u8], start: &[u8]) -> bool {
    bytes
        .get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn skip_blank(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .iter()
        .take(4)
        .position(|b| *b != b'\r' && *b != b'\n')
        .unwrap_or(bytes.len().min(4));
    bytes.get(start..).unwrap_or(b"")
}

fn proxy_v1(bytes: &[u8], found: &mut Candidates) {
    for start in [&b"PROXY TCP4 "[..], b"PROXY TCP6 ", b"PROXY UNKNOWN"] {
        if bytes.starts_with(start) {
            found.prove(
                App::ProxyProtocol,
                Speaker::Client,
                "PROXY protocol v1 line",
            );
        } else if start.starts_with(bytes) {
            found.short = true;
        }
    }
}

fn mail(bytes: &[u8], found: &mut Candidates) {
    let verdicts = [
        (
            App::Smtp,
            Speaker::Client,
            smtp::looks_like_client(bytes),
            "SMTP command",
        ),
        (
            App::Smtp,
            Speaker::Server,
            smtp::looks_like_server(bytes),
            "SMTP reply",
        ),
        (
            App::Pop3,
            Speaker::Client,
            pop3::looks_like_client(bytes),
            "POP3 command",
        ),
        (
            App::Pop3,
            Speaker::Server,
            pop3::looks_like_server(bytes),
            "POP3 status",
        ),
        (
            App::Imap,
            Speaker::Client,
            imap::looks_like_client(bytes),
            "IMAP command",
        ),
        (
            App::Imap,
            Speaker::Server,
            imap::looks_like_server(bytes),
            "IMAP response",
        ),
    ];
    for (app, speaker, likeness, evidence) in verdicts {
        match likeness {
            Likeness::Sure => found.prove(app, speaker, evidence),
            Likeness::Possible => found.allow(app, speaker, evidence),
            Likeness::Short => found.short = true,
            Likeness::Unlike => {}
        }
    }
}

/// FTP, NNTP and IRC: they share words with mail, so they are named where the words differ.
fn ftp_nntp_irc(bytes: &[u8], found: &mut Candidates) {
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        found.short |= bytes.len() < 512 && is_text(bytes);
        return;
    };
    let line = bytes.get(..end).unwrap_or(bytes).trim_ascii_end();
    let word = line.split(|b| *b == b' ').next().unwrap_or(line);
    let says = |needle: &[u8]| {
        line.windows(needle.len())
            .any(|w| w.eq_ignore_ascii_case(needle))
    };
    match word {
        b"220" | b"220-" if says(b"FTP") && !says(b"SMTP") => {
            found.prove(App::Named("ftp"), Speaker::Server, "FTP greeting")
        }
        b"331" | b"230" | b"227" | b"226" | b"150" => {
            found.prove(App::Named("ftp"), Speaker::Server, "FTP reply")
        }
        b"220" => found.allow(
            App::Named("ftp"),
            Speaker::Server,
            "greeting that FTP shares with SMTP",
        ),
        b"200" | b"201" if says(b"NNTP") || says(b"news") => {
            found.prove(App::Named("nntp"), Speaker::Server, "NNTP greeting")
        }
        b"USER" | b"PASS" | b"AUTH" | b"FEAT" | b"SYST" | b"PASV" | b"EPSV" | b"TYPE" | b"CWD"
        | b"PWD"
            if !says(b" :") =>
        {
            found.allow(App::Named("ftp"), Speaker::Client, "FTP command");
        }
        b"NICK" => found.prove(App::Named("irc"), Speaker::Client, "IRC NICK"),
        b"USER" if says(b" :") => found.prove(App::Named("irc"), Speaker::Client, "IRC USER"),
        b"CAP" if says(b"CAP LS") => {
            found.prove(App::Named("irc"), Speaker::Client, "IRC capability request")
        }
        [b':', ..] if says(b" NOTICE ") || says(b" 001 ") => {
            found.prove(App::Named("irc"), Speaker::Server, "IRC notice")
        }
        b"NOTICE" if says(b" AUTH ") || says(b" * ") => {
            found.prove(App::Named("irc"), Speaker::Server, "IRC notice")
        }
        _ => {}
    }
}

/// Redis arrays: `*2\r\n$4\r\n`.
fn redis(bytes: &[u8], found: &mut Candidates) {
    match bytes {
        [b'*', b'1'..=b'9', b'\r', b'\n', b'$', ..] => {
            found.prove(App::Named("redis"), Speaker::Client, "Redis command array")
        }
        [b'*']
        | [b'*', b'1'..=b'9']
        | [b'*', b'1'..=b'9', b'\r']
        | [b'*', b'1'..=b'9', b'\r', b'\n'] => found.short = true,
        _ => {}
    }
}
