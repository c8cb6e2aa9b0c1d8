//! Client lines: `command = verb *(SP argument) CRLF` (RFC 5321, 4.1.1), read as leniently as
//! servers do: any case, extra or missing spaces, paths without `<>`, source routes.

/// Verbs that are recorded as such; any other line is a bogus command.
pub const VERBS: &[&str] = &[
    "HELO",
    "EHLO",
    "LHLO",
    "MAIL",
    "RCPT",
    "DATA",
    "BDAT",
    "RSET",
    "QUIT",
    "NOOP",
    "HELP",
    "VRFY",
    "EXPN",
    "AUTH",
    "STARTTLS",
    "ETRN",
    "TURN",
    "ATRN",
    "SEND",
    "SOML",
    "SAML",
    "XCLIENT",
    "XFORWARD",
    "BURL",
    "XEXCH50",
    "X-EXPS",
    "X-LINK2STATE",
    "XADR",
    "XAUT",
    "XTND",
    "TICK",
    "VERB",
    "ONEX",
    "X-ANONYMOUSTLS",
    "XSTA",
    "XCIR",
    "XUSR",
    "XQUE",
];

/// A client line split into verb and argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// The verb in upper case; `None` for a line that is no command of SMTP.
    pub verb: Option<&'static str>,
    /// What follows the verb, blanks trimmed.
    pub argument: &'a [u8],
}

/// Splits a line without its line end.
#[must_use]
pub fn parse(line: &[u8]) -> Command<'_> {
    let line = line.trim_ascii();
    let length = line
        .iter()
        .position(|&b| b == b' ' || b == b'\t' || b == b':')
        .unwrap_or(line.len());
    let Some((word, argument)) = line.split_at_checked(length) else {
        return Command {
            verb: None,
            argument: line,
        };
    };
    let verb = VERBS
        .iter()
        .copied()
        .find(|verb| verb.as_bytes().eq_ignore_ascii_case(word));
    // A verb with a colon is a header field (`DATA: x`), except the forms that lost their FROM or TO.
    let verb =
        verb.filter(|&verb| argument.first() != Some(&b':') || verb == "MAIL" || verb == "RCPT");
    Command {
        verb,
        argument: argument.trim_ascii(),
    }
}

/// The words of a path command: address and ESMTP parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path<'a> {
    /// Inside of `<>`, source route removed; empty for the null path.
    pub address: &'a [u8],
    /// What follows the path.
    pub parameters: &'a [u8],
}

/// `"FROM:" Reverse-path [SP Mail-parameters]` or `"TO:" ...` (RFC 5321, 4.1.1.2 and 4.1.1.3);
/// `keyword` is `FROM` or `TO`. `None` when the keyword is not there.
#[must_use]
pub fn path<'a>(argument: &'a [u8], keyword: &str) -> Option<Path<'a>> {
    let (word, rest) = argument.split_at_checked(keyword.len())?;
    if !word.eq_ignore_ascii_case(keyword.as_bytes()) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let rest = rest
        .strip_prefix(b":")
        .or_else(|| rest.starts_with(b"<").then_some(rest))?
        .trim_ascii_start();
    Some(match rest.strip_prefix(b"<") {
        Some(inner) => bracketed(inner),
        None => {
            let end = rest
                .iter()
                .position(u8::is_ascii_whitespace)
                .unwrap_or(rest.len());
            let (address, parameters) = rest.split_at_checked(end).unwrap_or((rest, b""));
            Path {
                address: without_route(address),
                parameters: parameters.trim_ascii(),
            }
        }
    })
}

/// The inside of a path after `<`: up to the first `>` outside of a quoted local part.
fn bracketed(inner: &[u8]) -> Path<'_> {
    let mut quoted = false;
    let mut escaped = false;
    let end = inner.iter().position(|&b| {
        if escaped {
            escaped = false;
            return false;
        }
        match b {
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        b == b'>' && !quoted
    });
    let end = end
        .or_else(|| inner.iter().position(|&b| b == b'>'))
        .unwrap_or(inner.len());
    let (address, rest) = inner.split_at_checked(end).unwrap_or((inner, b""));
    let parameters = rest.strip_prefix(b">").unwrap_or(rest).trim_ascii();
    // `<<a@b>>` is seen from scripts.
    let address = address.trim_ascii();
    let address = address.strip_prefix(b"<").unwrap_or(address);
    Path {
        address: without_route(address),
        parameters: parameters
            .strip_prefix(b">")
            .unwrap_or(parameters)
            .trim_ascii(),
    }
}

/// `A-d-l = At-domain *( "," At-domain )` before a colon is a source route: ignored (RFC 5321, 4.1.2).
fn without_route(address: &[u8]) -> &[u8] {
    if address.first() != Some(&b'@') {
        return address;
    }
    let colon = address.iter().position(|&b| b == b':');
    colon
        .and_then(|at| address.get(at + 1..))
        .unwrap_or(address)
}

/// True for a line that is a command beyond doubt, even where content is expected: after a gap in
/// content, or where content was refused. `MAIL` and `RCPT` with a path, or a bare verb.
#[must_use]
pub fn is_unmistakable(line: &[u8]) -> bool {
    let command = parse(line);
    match command.verb {
        Some("MAIL") => path(command.argument, "FROM").is_some() && line.contains(&b'<'),
        Some("RCPT") => path(command.argument, "TO").is_some() && line.contains(&b'<'),
        Some("QUIT" | "RSET" | "DATA" | "STARTTLS") => {
            command.argument.is_empty() && !line.iter().any(u8::is_ascii_lowercase)
        }
        Some("EHLO" | "HELO" | "LHLO") => {
            !command.argument.is_empty()
                && !command.argument.contains(&b' ')
                && line
                    .get(..4)
                    .is_some_and(|verb| verb.iter().all(u8::is_ascii_uppercase))
        }
        _ => false,
    }
}

/// True for a line that is very likely a command where anything may come (after a gap, in
/// mid-stream): a verb with the argument that it needs.
#[must_use]
pub fn is_recognisable(line: &[u8]) -> bool {
    let Command { verb, argument } = parse(line);
    let is_word = !argument.is_empty() && !argument.contains(&b' ');
    match verb {
        Some("MAIL") => path(argument, "FROM").is_some(),
        Some("RCPT") => path(argument, "TO").is_some(),
        Some("QUIT" | "RSET" | "DATA" | "STARTTLS") => argument.is_empty(),
        Some("NOOP") => argument.is_empty(),
        Some("EHLO" | "HELO" | "LHLO" | "ETRN") => is_word,
        Some("BDAT") => argument.first().is_some_and(u8::is_ascii_digit),
        Some("AUTH") => argument
            .iter()
            .take_while(|&&b| b != b' ')
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b)),
        Some("XCLIENT" | "XFORWARD") => argument.contains(&b'='),
        _ => false,
    }
}

/// True for a first line after DATA that shows, without any reply, that DATA was refused.
#[must_use]
pub fn ends_data(line: &[u8]) -> bool {
    is_unmistakable(line)
        || line.eq_ignore_ascii_case(b"QUIT")
        || line.eq_ignore_ascii_case(b"RSET")
}

/// `BDAT SP chunk-size [ SP "LAST" ]` (RFC 3030, 2): size and whether it is the last.
#[must_use]
pub fn chunk(argument: &[u8]) -> Option<(u64, bool)> {
    let mut words = argument
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let size: u64 = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    let last = words.next();
    let fits = last.is_none_or(|word| word.eq_ignore_ascii_case(b"LAST")) && words.next().is_none();
    fits.then_some((size, last.is_some()))
}

/// First words of other protocols that reach SMTP servers through proxies and scanners.
#[must_use]
pub fn http_method(line: &[u8]) -> Option<&'static str> {
    const METHODS: &[&str] = &[
        "GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "DELETE", "TRACE", "PATCH",
    ];
    let word = line.split(|&b| b == b' ').next()?;
    let method = METHODS
        .iter()
        .copied()
        .find(|method| method.as_bytes() == word)?;
    memchr::memmem::find(line, b" HTTP/")
        .is_some()
        .then_some(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(line: &str) -> Option<(String, String)> {
        let command = parse(line.as_bytes());
        let path = path(command.argument, "FROM")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (command.verb == Some("MAIL")).then(|| (text(path.address), text(path.parameters)))
    }

    #[test]
    fn paths_are_read_as_servers_read_them() {
        for (line, address, parameters) in [
            ("MAIL FROM:<a@b>", "a@b", ""),
            (
                "mail from: <a@b> SIZE=10 BODY=8BITMIME",
                "a@b",
                "SIZE=10 BODY=8BITMIME",
            ),
            ("Mail From : <a@b>", "a@b", ""),
            ("MAIL FROM:a@b", "a@b", ""),
            ("MAIL FROM:a@b SIZE=3", "a@b", "SIZE=3"),
            ("MAIL FROM:<>", "", ""),
            ("MAIL FROM:<@x,@y:a@b>", "a@b", ""),
            ("MAIL FROM:<\"a>b\"@c> X=1", "\"a>b\"@c", "X=1"),
            ("MAIL FROM:<<a@b>>", "a@b", ""),
            ("MAIL FROM:<a@b", "a@b", ""),
            ("MAIL FROM <a@b>", "a@b", ""),
        ] {
            assert_eq!(
                from(line),
                Some((address.into(), parameters.into())),
                "{line}"
            );
        }
        assert_eq!(from("MAIL TO:<a@b>"), None);
    }

    #[test]
    fn header_fields_are_not_commands() {
        assert_eq!(parse(b"Data: x").verb, None);
        assert_eq!(parse(b"Received: from x").verb, None);
        assert_eq!(parse(b" quit ").verb, Some("QUIT"));
    }

    #[test]
    fn only_strict_commands_are_unmistakable() {
        assert!(is_unmistakable(b"MAIL FROM:<a@b>"));
        assert!(is_unmistakable(b"QUIT"));
        assert!(!is_unmistakable(b"Quit"));
        assert!(!is_unmistakable(b"Mail from me"));
        assert!(!is_unmistakable(b"HELP me"));
    }
}
