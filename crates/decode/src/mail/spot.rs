//! Phrases that the caller asks for, found in a message's subject and shown text.
//!
//! Which phrases matter is the caller's affair; only those that occur leave the core, never the text.

use std::sync::{Mutex, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::words::{is_dense, up_to};

/// Phrases looked for at most.
pub const PHRASES: usize = 4096;
/// Bytes of one phrase at most.
pub const PHRASE_BYTES: usize = 200;
/// Bytes of all phrases up to which the automaton is a full one: some MiB.
const FULL_BYTES: usize = 16 << 10;
/// Text looked at per part.
const TEXT_BYTES: usize = 64 << 10;

/// A list of phrases to look for; copies share it. The default looks for nothing.
///
/// A list lives as long as the program and is built once however often it is given, so that what a
/// flow is told stays plain to copy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Phrases(Option<&'static List>);

#[derive(Debug)]
struct List {
    given: Vec<String>,
    find: AhoCorasick,
}

static LISTS: OnceLock<Mutex<Vec<&'static List>>> = OnceLock::new();

impl Phrases {
    /// The list of these phrases; `None` when they are too many, too long or empty.
    #[must_use]
    pub fn of(given: &[String]) -> Option<Self> {
        if given.is_empty() {
            return Some(Self(None));
        }
        let folded: Vec<String> = given.iter().map(|phrase| folded(phrase)).collect();
        let is_bad = |phrase: &String| phrase.trim().is_empty() || phrase.len() > PHRASE_BYTES;
        if given.len() > PHRASES || folded.iter().any(is_bad) {
            return None;
        }
        let mut lists = LISTS.get_or_init(Mutex::default).lock().ok()?;
        if let Some(known) = lists.iter().find(|list| list.given == given) {
            return Some(Self(Some(known)));
        }
        let list: &'static List = Box::leak(Box::new(List {
            given: given.to_vec(),
            find: automaton(&folded)?,
        }));
        lists.push(list);
        Some(Self(Some(list)))
    }
}

/// Every text of every message goes through: a full automaton is larger, and twice as fast.
fn automaton(folded: &[String]) -> Option<AhoCorasick> {
    let bytes: usize = folded.iter().map(String::len).sum();
    let kind = (bytes <= FULL_BYTES).then_some(AhoCorasickKind::DFA);
    AhoCorasick::builder().kind(kind).build(folded).ok()
}

impl Phrases {
    /// The phrases as given.
    #[must_use]
    pub fn given(&self) -> &'static [String] {
        self.0.map_or(&[], |list| &list.given)
    }
}

impl PartialEq for Phrases {
    fn eq(&self, other: &Self) -> bool {
        self.0.map(std::ptr::from_ref) == other.0.map(std::ptr::from_ref)
    }
}

impl Eq for Phrases {}

/// Which phrases of a list have been seen in a message.
#[derive(Debug)]
pub struct Spotted {
    list: Option<&'static List>,
    seen: Vec<usize>,
}

impl Spotted {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(phrases: Phrases) -> Self {
        Self {
            list: phrases.0,
            seen: Vec::new(),
        }
    }

    /// Looks through a text; phrases of letters must stand alone, not inside longer words.
    pub fn look(&mut self, text: &str) {
        let Some(list) = self.list else {
            return;
        };
        let text = folded(up_to(text, TEXT_BYTES));
        for found in list.find.find_overlapping_iter(&text) {
            let number = found.pattern().as_usize();
            if !self.seen.contains(&number) && stands_alone(&text, found.start(), found.end()) {
                self.seen.push(number);
            }
        }
    }

    /// The phrases seen, as given, in the list's order.
    #[must_use]
    pub fn into_phrases(mut self) -> Vec<String> {
        self.seen.sort_unstable();
        let given = Phrases(self.list).given();
        self.seen
            .iter()
            .filter_map(|&number| given.get(number).cloned())
            .collect()
    }
}

/// No letter of the phrase continues a word beyond it.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() && !is_dense(c);
    let phrase = text.get(start..end).unwrap_or("");
    let touches = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(is_letter) && outer.is_some_and(is_letter)
    };
    let before = text.get(..start).and_then(|t| t.chars().next_back());
    let after = text.get(end..).and_then(|t| t.chars().next());
    !touches(phrase.chars().next(), before) && !touches(phrase.chars().next_back(), after)
}

/// Lower case, each run of blanks one blank, no characters without width, one kind of apostrophe.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_blank = false;
    for c in text.chars() {
        if c.is_ascii() {
            if c.is_ascii_whitespace() {
                is_blank = true;
                continue;
            }
            if std::mem::take(&mut is_blank) {
                out.push(' ');
            }
            out.push(c.to_ascii_lowercase());
            continue;
        }
        if c.is_whitespace() {
            is_blank = true;
            continue;
        }
        if is_invisible(c) {
            continue;
        }
        if std::mem::take(&mut is_blank) {
            out.push(' ');
        }
        match c {
            '\u{2018}' | '\u{2019}' | '\u{02BC}' => out.push('\''),
            _ => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// Characters that take no place on the page: soft hyphens, joiners, marks of direction.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(u32::from(c), 0xAD | 0x34F | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2064 | 0xFEFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spotted(list: &[&str], text: &str) -> Vec<String> {
        let given: Vec<String> = list.iter().map(|&p| p.to_owned()).collect();
        let mut spotted = Spotted::new(Phrases::of(&given).unwrap());
        spotted.look(text);
        spotted.into_phrases()
    }

    #[test]
    fn phrases_are_found_whatever_their_case_and_blanks() {
        let list = ["Verify your account", "验证您的帐户", "won't", "count"];
        assert_eq!(
            spotted(
                &list,
                "Please VERIFY\r\n  your ac\u{200b}count! 请验证您的帐户。 won\u{2019}t"
            ),
            ["Verify your account", "验证您的帐户", "won't"]
        );
        assert!(spotted(&list, "accountant, countess").is_empty());
    }

    #[test]
    fn lists_that_make_no_sense_are_refused() {
        assert!(Phrases::of(&[" ".to_owned()]).is_none());
        assert!(Phrases::of(&["x".repeat(PHRASE_BYTES + 1)]).is_none());
        assert_eq!(Phrases::of(&[]), Some(Phrases::default()));
        let list = ["one".to_owned()];
        assert_eq!(Phrases::of(&list), Phrases::of(&list));
    }
}
