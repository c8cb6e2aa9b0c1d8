//! POP3 commands (RFC 1939, 5 to 7; RFC 2449, 2595, 5034) and the shape of their answers.

/// What a command's `+OK` is followed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Line,
    /// Nothing; the command is taken from a user who is logged in (RFC 1939, section 5).
    LineOfUser,
    /// SASL mechanisms, one a line.
    Mechanisms,
    /// Capabilities, one a line.
    Capabilities,
    /// Lines of no consequence here.
    Listing,
    /// A message (`pop3-retr`, `pop3-top`).
    Message(&'static str),
    /// The end of a login.
    Login,
    /// TLS.
    Tls,
}

/// A command line that is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// Its verb.
    pub verb: &'static str,
    /// What follows it.
    pub argument: &'a [u8],
    /// What its `+OK` is followed by.
    pub answer: Answer,
}

const VERBS: &[(&str, Answer)] = &[
    ("USER", Answer::Line),
    ("PASS", Answer::Login),
    ("APOP", Answer::Login),
    ("AUTH", Answer::Login),
    ("CAPA", Answer::Capabilities),
    ("STLS", Answer::Tls),
    ("STAT", Answer::LineOfUser),
    ("LIST", Answer::Listing),
    ("UIDL", Answer::Listing),
    ("RETR", Answer::Message("pop3-retr")),
    ("TOP", Answer::Message("pop3-top")),
    ("DELE", Answer::LineOfUser),
    ("NOOP", Answer::Line),
    ("RSET", Answer::LineOfUser),
    ("LAST", Answer::Line),
    ("QUIT", Answer::Line),
    ("UTF8", Answer::Line),
    ("LANG", Answer::Line),
    ("XTND", Answer::Line),
];

/// Splits a line without its line end; `None` for anything that is no command.
#[must_use]
pub fn parse(line: &[u8]) -> Option<Command<'_>> {
    let line = line.trim_ascii();
    let end = line
        .iter()
        .position(|&b| b == b' ' || b == b'\t')
        .unwrap_or(line.len());
    let (word, argument) = line.split_at_checked(end)?;
    let &(verb, answer) = VERBS
        .iter()
        .find(|(verb, _)| verb.as_bytes().eq_ignore_ascii_case(word))?;
    let argument = argument.trim_ascii();
    let answer = match (verb, argument.is_empty()) {
        // With an argument the answer is one line; AUTH without one lists mechanisms.
        ("LIST" | "UIDL", false) => Answer::LineOfUser,
        ("AUTH", true) => Answer::Mechanisms,
        _ => answer,
    };
    Some(Command {
        verb,
        argument,
        answer,
    })
}
