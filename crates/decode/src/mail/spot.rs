//! Phrases that the caller asks for, found in a message's subject and shown text.
//!
//! Which phrases matter is the caller's affair; only those that occur leave the core, never the text.

use std::sync::{Mutex, OnceLock};

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::{AhoCorasick, Anchored, PatternID};

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
    find: Finder,
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
            find: Finder::new(&folded)?,
        }));
        lists.push(list);
        Some(Self(Some(list)))
    }
}

/// Finds all phrases in one pass. Every text of every message goes through: a full automaton is larger, and several times
/// as fast.
#[derive(Debug)]
enum Finder {
    Full(Box<DFA>),
    Small(AhoCorasick),
}

/// Places of a text that are looked at side by side: the next state of an automaton waits for the one before.
const LANES: usize = 4;

impl Finder {
    fn new(folded: &[String]) -> Option<Self> {
        let bytes: usize = folded.iter().map(String::len).sum();
        if bytes <= FULL_BYTES {
            return DFA::new(folded).ok().map(Box::new).map(Self::Full);
        }
        AhoCorasick::new(folded).ok().map(Self::Small)
    }

    /// Calls `found` for every phrase at every place, with its number, its start and its end, in any order.
    fn find(&self, text: &[u8], mut found: impl FnMut(usize, usize, usize)) {
        match self {
            Self::Full(automaton) => find_in_lanes(automaton, text, |pattern, end| {
                let start = end.saturating_sub(automaton.pattern_len(pattern));
                found(pattern.as_usize(), start, end);
            }),
            Self::Small(automaton) => {
                for one in automaton.find_overlapping_iter(text) {
                    found(one.pattern().as_usize(), one.start(), one.end());
                }
            }
        }
    }
}

/// Calls `found` for every match and its end. Each lane begins as many bytes earlier as a match that ends in it can.
fn find_in_lanes(automaton: &DFA, text: &[u8], mut found: impl FnMut(PatternID, usize)) {
    let Ok(start) = automaton.start_state(Anchored::No) else {
        return;
    };
    let next = |state: StateID, byte: &u8| automaton.next_state(Anchored::No, state, *byte);
    let mut look = |state: StateID, end: usize| {
        if automaton.is_special(state) && automaton.is_match(state) {
            for number in 0..automaton.match_len(state) {
                found(automaton.match_pattern(state, number), end);
            }
        }
    };
    let length = text.len() / LANES;
    let before = automaton.max_pattern_len().saturating_sub(1);
    let lane = |number: usize| {
        let (from, to) = (number * length, (number + 1) * length);
        let earlier = text.get(from.saturating_sub(before)..from).unwrap_or(b"");
        let state = earlier.iter().fold(start, next);
        (state, text.get(from..to).unwrap_or(b""))
    };
    let [(mut s0, l0), (mut s1, l1), (mut s2, l2), (mut s3, l3)] = [0, 1, 2, 3].map(lane);
    for (at, (((b0, b1), b2), b3)) in l0.iter().zip(l1).zip(l2).zip(l3).enumerate() {
        (s0, s1, s2, s3) = (next(s0, b0), next(s1, b1), next(s2, b2), next(s3, b3));
        look(s0, at + 1);
        look(s1, at + 1 + length);
        look(s2, at + 1 + 2 * length);
        look(s3, at + 1 + 3 * length);
    }
    let done = LANES * length;
    for (at, byte) in text.get(done..).unwrap_or(b"").iter().enumerate() {
        s3 = next(s3, byte);
        look(s3, done + at + 1);
    }
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
        list.find.find(text.as_bytes(), |number, start, end| {
            if !self.seen.contains(&number) && stands_alone(&text, start, end) {
                self.seen.push(number);
            }
        });
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
    fn a_phrase_is_found_wherever_it_stands() {
        let phrase = "act now, or your account is lost";
        for length in [32, 33, 40, 63, 64, 65, 100, 300] {
            for at in 0..=length - phrase.len() {
                let mut text = " ".repeat(length);
                text.replace_range(at..at + phrase.len(), phrase);
                let text = text
                    .replace(' ', ".")
                    .replace("act.now,.or.your.account.is.lost", phrase);
                assert_eq!(
                    spotted(&[phrase, "now, or"], &text),
                    [phrase, "now, or"],
                    "{at} of {length}"
                );
            }
        }
    }

    #[test]
    fn a_long_list_finds_what_a_short_one_finds() {
        let many: Vec<String> = (0..400)
            .map(|n| format!("{n} ways to win {n} prizes and more of them"))
            .collect();
        let mut list: Vec<&str> = many.iter().map(String::as_str).collect();
        list.push("win 7");
        assert_eq!(
            spotted(&list, "the 7 ways to WIN 7 prizes and more of them"),
            [list[7], "win 7"]
        );
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
