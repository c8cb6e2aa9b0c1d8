//! IMAP client lines: `command = tag SP (command-any / ...) CRLF` (RFC 9051, 9), split into words.

use super::identify::COMMANDS;

/// Words of a command that are looked at.
const WORDS: usize = 12;
/// Bytes of one word that are looked at.
const WORD_BYTES: usize = 1024;

/// A command as far as it came.
#[derive(Debug, Default)]
pub struct Command {
    /// Tag, verb, arguments: atoms, and strings without their quotes.
    pub words: Vec<Vec<u8>>,
}

impl Command {
    /// Adds the words of a piece of the command's line.
    pub fn add_text(&mut self, text: &[u8]) {
        let mut rest = text;
        while self.words.len() < WORDS {
            rest = rest.trim_ascii_start();
            let Some(&first) = rest.first() else { return };
            let (word, after) = if first == b'"' {
                quoted(rest)
            } else {
                atom(rest)
            };
            self.words.push(word);
            rest = after;
        }
    }

    /// Adds bytes of a literal; `begins` at its first.
    pub fn add_literal(&mut self, bytes: &[u8], begins: bool) {
        if begins && self.words.len() < WORDS {
            self.words.push(Vec::new());
        }
        if let Some(word) = self.words.last_mut() {
            let room = WORD_BYTES.saturating_sub(word.len());
            word.extend_from_slice(bytes.get(..bytes.len().min(room)).unwrap_or(bytes));
        }
    }

    /// The verb in upper case, that of `UID` being the one after it, and where its arguments begin.
    #[must_use]
    pub fn verb(&self) -> Option<(&'static str, usize)> {
        let known = |word: &Vec<u8>| {
            let verb = COMMANDS
                .iter()
                .find(|verb| verb.eq_ignore_ascii_case(word))?;
            std::str::from_utf8(verb).ok()
        };
        match (
            self.words.get(1).and_then(known)?,
            self.words.get(2).and_then(known),
        ) {
            ("UID", Some(verb)) => Some((verb, 3)),
            (verb, _) => Some((verb, 2)),
        }
    }

    /// A word by its place.
    #[must_use]
    pub fn word(&self, place: usize) -> Option<&[u8]> {
        self.words.get(place).map(Vec::as_slice)
    }
}

fn atom(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let end = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
    let (word, after) = text.split_at_checked(end).unwrap_or((text, b""));
    (
        word.get(..word.len().min(WORD_BYTES))
            .unwrap_or(word)
            .to_vec(),
        after,
    )
}

/// `quoted = DQUOTE *QUOTED-CHAR DQUOTE`.
fn quoted(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut word = Vec::new();
    let mut escaped = false;
    for (at, &byte) in text.iter().enumerate().skip(1) {
        match byte {
            b'\\' if !escaped => escaped = true,
            b'"' if !escaped => return (word, text.get(at + 1..).unwrap_or(b"")),
            _ => {
                escaped = false;
                if word.len() < WORD_BYTES {
                    word.push(byte);
                }
            }
        }
    }
    (word, b"")
}

/// `literal = "{" number64 ["+" / "-"] "}"` at the end of a line: the line without it, and the number.
#[must_use]
pub fn literal(line: &[u8]) -> Option<(&[u8], u64)> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|&b| b == b'{')?;
    let (text, number) = inner.split_at_checked(open)?;
    let digits = number.strip_prefix(b"{")?;
    let digits = digits
        .strip_suffix(b"+")
        .or_else(|| digits.strip_suffix(b"-"))
        .unwrap_or(digits);
    let fits = !digits.is_empty() && digits.len() <= 10 && digits.iter().all(u8::is_ascii_digit);
    let size = std::str::from_utf8(digits)
        .ok()
        .filter(|_| fits)?
        .parse()
        .ok()?;
    Some((text.strip_suffix(b"~").unwrap_or(text), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_into_words() {
        let mut command = Command::default();
        command.add_text(b"a1 uid copy 1:2 \"a \\\"b\"");
        assert_eq!(command.verb(), Some(("COPY", 3)));
        assert_eq!(command.word(4), Some(&b"a \"b"[..]));
    }

    #[test]
    fn literals_are_found_at_line_ends() {
        assert_eq!(literal(b"a LOGIN {5}"), Some((&b"a LOGIN "[..], 5)));
        assert_eq!(literal(b"a APPEND x ~{7+}"), Some((&b"a APPEND x "[..], 7)));
        assert_eq!(literal(b"a {x}"), None);
        assert_eq!(literal(b"a {99999999999}"), None);
    }
}
