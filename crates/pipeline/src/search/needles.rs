//! What is searched, and when a find of its bytes is a find of it.

use std::net::Ipv4Addr;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use super::prefilter::Prefilter;
use crate::Error;

/// Longest pattern searched.
const PATTERN_BYTES: usize = 1024;

/// Patterns searched at once.
const PATTERNS: usize = 100_000;

/// Bytes behind a match that decide on it: the rest of a dotted quad, or a name's next label.
pub(super) const LOOK_AHEAD: usize = 17;

/// Something to search for.
#[derive(Clone, Debug)]
pub struct Needle {
    /// The caller's name for it.
    pub id: String,
    /// Its form: `ascii` and `hostname` must stand alone (not inside a longer number or name);
    /// `socks` and `payload` are matched byte for byte, every other form without regard to case.
    pub form: String,
    /// Its bytes.
    pub pattern: Vec<u8>,
}

enum Pattern {
    /// The needle with this number.
    Needle(usize),
    /// Half of the address with this number, which may differ in the other half.
    Near(usize),
}

/// All that is searched in one pass.
pub struct Needles {
    needles: Vec<Needle>,
    near: Vec<(String, Ipv4Addr)>,
    patterns: Vec<Pattern>,
    prefilter: Prefilter,
    automaton: AhoCorasick,
    longest: usize,
}

/// One place where something searched was found.
pub(super) struct Found<'n> {
    pub id: &'n str,
    pub form: &'n str,
    pub place: Range<usize>,
}

impl Needles {
    /// Prepares a search; `near` are IPv4 addresses of which those that differ in one octet are sought.
    ///
    /// # Errors
    /// A pattern that is empty or too long, too many patterns, or an address that is none.
    pub fn new(needles: Vec<Needle>, near: &[String]) -> Result<Self, Error> {
        let near = near
            .iter()
            .map(|text| near_address(text))
            .collect::<Result<Vec<_>, _>>()?;
        let mut patterns = Vec::new();
        let mut bytes: Vec<Vec<u8>> = Vec::new();
        for (number, needle) in needles.iter().enumerate() {
            if needle.pattern.is_empty() || needle.pattern.len() > PATTERN_BYTES {
                let what = format!(
                    "needle `{}` has {} bytes, not 1 to {PATTERN_BYTES}",
                    needle.id,
                    needle.pattern.len()
                );
                return Err(Error::Usage(what));
            }
            patterns.push(Pattern::Needle(number));
            bytes.push(needle.pattern.clone());
        }
        for (number, (_, address)) in near.iter().enumerate() {
            // One octet differs, so that the first or the last two are the same.
            let [a, b, c, d] = address.octets();
            for half in [format!("{a}.{b}."), format!(".{c}.{d}")] {
                patterns.push(Pattern::Near(number));
                bytes.push(half.into_bytes());
            }
        }
        if patterns.len() > PATTERNS {
            return Err(Error::Usage(format!(
                "{} patterns, more than {PATTERNS}",
                patterns.len()
            )));
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .kind((patterns.len() > 200).then_some(AhoCorasickKind::ContiguousNFA))
            .build(&bytes)
            .map_err(|cause| {
                Error::Usage(format!("these needles cannot be searched at once: {cause}"))
            })?;
        let longest = bytes.iter().map(Vec::len).max().unwrap_or(0);
        Ok(Self {
            needles,
            near,
            patterns,
            prefilter: Prefilter::new(&bytes),
            automaton,
            longest,
        })
    }

    /// Bytes to keep of a stream so that nothing is missed at the next border.
    pub(super) fn carry_bytes(&self) -> usize {
        self.longest + LOOK_AHEAD + super::excerpt::CONTEXT_BYTES
    }

    /// Finds in `text` whose deciding bytes end behind `settled`. Unless `is_last`, what could still be
    /// decided otherwise by bytes to come is left for the next call.
    pub(super) fn find<'n>(
        &'n self,
        text: &[u8],
        settled: usize,
        is_last: bool,
        found: &mut dyn FnMut(Found<'n>),
    ) {
        let undecided = settled.saturating_sub(self.longest + LOOK_AHEAD);
        self.prefilter.ranges(text, undecided, |range| {
            let hits = self
                .automaton
                .find_overlapping_iter(Input::new(text).range(range));
            for hit in hits {
                let decided_at = hit.end() + LOOK_AHEAD;
                if decided_at <= settled || (decided_at > text.len() && !is_last) {
                    continue;
                }
                let pattern = self.patterns.get(hit.pattern().as_usize());
                if let Some(seen) =
                    pattern.and_then(|pattern| self.standing(pattern, text, hit.start()..hit.end()))
                {
                    found(seen);
                }
            }
        });
    }

    /// The find that a pattern at this place of the text is, if it is one.
    fn standing(&self, pattern: &Pattern, text: &[u8], place: Range<usize>) -> Option<Found<'_>> {
        match pattern {
            Pattern::Needle(number) => {
                let needle = self.needles.get(*number)?;
                needle.is_at(text, &place).then(|| Found {
                    id: &needle.id,
                    form: &needle.form,
                    place,
                })
            }
            Pattern::Near(number) => {
                let (id, address) = self.near.get(*number)?;
                let (place, other) = quad_around(text, &place)?;
                (octets_apart(*address, other) == 1).then_some(Found {
                    id,
                    form: "near",
                    place,
                })
            }
        }
    }
}

fn near_address(text: &str) -> Result<(String, Ipv4Addr), Error> {
    let address = text
        .parse()
        .map_err(|_| Error::Usage(format!("`{text}` is no IPv4 address")))?;
    Ok((text.to_owned(), address))
}

impl Needle {
    /// Is a match at this place this needle, and not a part of something longer?
    fn is_at(&self, text: &[u8], place: &Range<usize>) -> bool {
        let before = place
            .start
            .checked_sub(1)
            .and_then(|index| text.get(index))
            .copied();
        let mut after = text.get(place.end..).unwrap_or_default().iter().copied();
        let (next, second) = (after.next(), after.next());
        match self.form.as_str() {
            "ascii" => stands_alone(before, next, second, |byte| byte.is_ascii_digit()),
            "hostname" => stands_alone(before, next, second, |byte| {
                byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
            }),
            "socks" | "payload" => text
                .get(place.clone())
                .is_some_and(|bytes| bytes == self.pattern),
            _ => true,
        }
    }
}

/// Neither neighbour continues the word, nor does a dot lead on to more of it.
fn stands_alone(
    before: Option<u8>,
    next: Option<u8>,
    second: Option<u8>,
    in_word: impl Fn(u8) -> bool,
) -> bool {
    let leads_in = before.is_some_and(|byte| in_word(byte) || byte == b'.');
    let leads_on =
        next.is_some_and(|byte| in_word(byte) || (byte == b'.' && second.is_some_and(&in_word)));
    !leads_in && !leads_on
}

/// The dotted quad that holds this place, and where it stands.
fn quad_around(text: &[u8], place: &Range<usize>) -> Option<(Range<usize>, Ipv4Addr)> {
    const LONGEST: usize = "255.255.255.255".len();
    let of_quad = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let left = text
        .get(..place.start)?
        .iter()
        .rev()
        .take(LONGEST)
        .take_while(|byte| of_quad(byte))
        .count();
    let right = text
        .get(place.end..)?
        .iter()
        .take(LONGEST)
        .take_while(|byte| of_quad(byte))
        .count();
    let start = place.start - left;
    let run = text.get(start..place.end + right)?;
    let run = run.strip_suffix(b".").unwrap_or(run);
    let address = std::str::from_utf8(run).ok()?.parse().ok()?;
    Some((start..start + run.len(), address))
}

fn octets_apart(a: Ipv4Addr, b: Ipv4Addr) -> usize {
    a.octets()
        .iter()
        .zip(b.octets())
        .filter(|(a, b)| **a != *b)
        .count()
}
