//! Address lists (RFC 5322, 3.4) of From, To, Cc and their like.

use super::header;

/// One mailbox: address and display name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// `local@domain`, as sent; what stood there when it is none.
    pub address: String,
    /// Display name, decoded; empty when there is none.
    pub name: String,
}

/// Addresses of a field's value, groups flattened, at most `cap`.
#[must_use]
pub fn mailboxes(value: &[u8], charset: Option<&str>, cap: usize) -> Vec<Mailbox> {
    let value = value
        .get(..value.len().min(header::FIELD_BYTES))
        .unwrap_or(value);
    let text = header::eight_bit(value, charset);
    let mut found = Vec::new();
    // `Red Bull, <a@b>`: a name that its writer did not quote.
    let mut unquoted = String::new();
    for entry in split(&text) {
        if found.len() >= cap {
            break;
        }
        let Some(mut mailbox) = mailbox(entry) else {
            continue;
        };
        if mailbox.address.is_empty() {
            unquoted = mailbox.name;
            continue;
        }
        let name = std::mem::take(&mut unquoted);
        if mailbox.name.is_empty() {
            mailbox.name = name;
        }
        found.push(mailbox);
    }
    found
}

/// Splits at commas and semicolons outside of quotes, comments and `<>`; group names are dropped.
fn split(text: &str) -> Vec<&str> {
    let mut entries = Vec::new();
    let (mut start, mut quoted, mut escaped, mut comment, mut angle) =
        (0, false, false, 0usize, false);
    for (at, byte) in text.bytes().enumerate() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match byte {
            b'\\' if quoted || comment > 0 => escaped = true,
            b'"' if comment == 0 => quoted = !quoted,
            _ if quoted => {}
            b'(' => comment += 1,
            b')' => comment = comment.saturating_sub(1),
            _ if comment > 0 => {}
            b'<' => angle = true,
            b'>' => angle = false,
            b',' | b';' if !angle => {
                entries.push(text.get(start..at).unwrap_or(""));
                start = at + 1;
            }
            b':' if !angle && !text.get(start..at).unwrap_or("").contains('@') => start = at + 1,
            _ => {}
        }
    }
    entries.push(text.get(start..).unwrap_or(""));
    entries
}

/// `[display-name] "<" addr-spec ">"`, or `addr-spec [comment]`.
fn mailbox(entry: &str) -> Option<Mailbox> {
    let entry = entry.trim();
    if entry.is_empty() {
        return None;
    }
    let angle = entry.rfind('<').filter(|&at| !is_quoted(entry, at));
    if let Some(at) = angle {
        let (name, rest) = entry.split_at_checked(at)?;
        let inner = rest.strip_prefix('<').unwrap_or(rest);
        let address = inner.split_once('>').map_or(inner, |(address, _)| address);
        return Some(Mailbox {
            address: clean_address(address),
            name: display_name(name),
        });
    }
    let (address, comment) = match entry.split_once('(') {
        Some((address, comment)) => (address, comment.trim_end().trim_end_matches(')')),
        None => (entry, ""),
    };
    let address = header::decode_words(address.trim());
    if let Some(word) = address.split_whitespace().find(|word| word.contains('@')) {
        let name = if comment.is_empty() { "" } else { comment };
        return Some(Mailbox {
            address: clean_address(word),
            name: display_name(name),
        });
    }
    // One word is a local part (`root`); more are a name without an address.
    if address.contains(char::is_whitespace) || address.starts_with('"') {
        return Some(Mailbox {
            address: String::new(),
            name: display_name(entry),
        });
    }
    (!address.is_empty()).then(|| Mailbox {
        address: clean_address(&address),
        name: display_name(comment),
    })
}

fn is_quoted(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or("");
    let mut escaped = false;
    before.bytes().fold(false, |quoted, byte| {
        let flips = byte == b'"' && !std::mem::take(&mut escaped);
        escaped = byte == b'\\' && quoted;
        quoted != flips
    })
}

fn clean_address(address: &str) -> String {
    let address: String = address.chars().filter(|c| !c.is_whitespace()).collect();
    let address = address.trim_matches(['<', '>']);
    // A source route is no part of the address.
    match address
        .strip_prefix('@')
        .and_then(|route| route.split_once(':'))
    {
        Some((_, address)) => address.to_owned(),
        None => address.to_owned(),
    }
}

fn display_name(name: &str) -> String {
    let name: String = name.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let name = name.trim();
    let unquoted = match name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'))
    {
        Some(inner) => unescape(inner),
        None => name.to_owned(),
    };
    header::decode_words(unquoted.trim()).trim().to_owned()
}

fn unescape(text: &str) -> String {
    let mut escaped = false;
    text.chars()
        .filter(|&c| {
            let drop = c == '\\' && !escaped;
            escaped = drop;
            !drop
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<(String, String)> {
        mailboxes(text.as_bytes(), None, 100)
            .into_iter()
            .map(|m| (m.address, m.name))
            .collect()
    }

    #[test]
    fn mailboxes_are_read_with_their_names() {
        let one = |address: &str, name: &str| vec![(address.to_owned(), name.to_owned())];
        assert_eq!(list("a@b"), one("a@b", ""));
        assert_eq!(list("<a@b>"), one("a@b", ""));
        assert_eq!(list("Alice <a@b>"), one("a@b", "Alice"));
        assert_eq!(list("\"Doe, \\\"J\\\"\" <a@b>"), one("a@b", "Doe, \"J\""));
        assert_eq!(list("a@b (Alice)"), one("a@b", "Alice"));
        assert_eq!(list("=?utf-8?B?5L2g5aW9?= <a@b>"), one("a@b", "你好"));
        assert_eq!(list("\"=?utf-8?B?5L2g5aW9?=\" <a@b>"), one("a@b", "你好"));
        assert_eq!(list("\"x <y@z>\" <a@b>"), one("a@b", "x <y@z>"));
        assert_eq!(list("Alice <a@b"), one("a@b", "Alice"));
        assert_eq!(list("undisclosed-recipients:;"), vec![]);
        assert_eq!(list("Team: a@b, C <c@d>;, e@f").len(), 3);
        assert_eq!(list(""), vec![]);
        assert_eq!(list("Red Bull, <a@b>"), one("a@b", "Red Bull"));
        assert_eq!(list("root"), one("root", ""));
    }
}
