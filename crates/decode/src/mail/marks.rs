//! What the parts of a message look like, whatever they say: forms, hidden text, letters of two alphabets.

use super::html::Event;
use super::spot::is_invisible;
use super::words::up_to;

/// Tags of a message that go into its structure.
const TAGS: usize = 2000;
/// Text looked at for odd letters, per part.
const TEXT_BYTES: usize = 64 << 10;
/// So many characters without width are more than an editor leaves behind.
const INVISIBLE: usize = 8;
/// Shown letters below which a page with pictures consists of pictures.
const FEW_CHARS: u32 = 40;

/// A name's first eight bytes in lower case: enough to tell the tags that matter here.
type Tag = u64;

const fn tag(name: &[u8]) -> Tag {
    let mut packed = 0;
    let mut rest = name;
    let mut bytes = 0;
    while let Some((&byte, after)) = rest.split_first() {
        if bytes == 8 {
            break;
        }
        packed = packed << 8 | (byte | 0x20) as u64;
        rest = after;
        bytes += 1;
    }
    packed
}

const IMG: Tag = tag(b"img");
const INPUT: Tag = tag(b"input");
const FORM: Tag = tag(b"form");
const SCRIPT: Tag = tag(b"script");
const BASE: Tag = tag(b"base");
const FRAMES: [Tag; 4] = [tag(b"iframe"), tag(b"frame"), tag(b"object"), tag(b"embed")];
/// Elements without content: they open nothing.
const VOID: [Tag; 8] = [
    IMG,
    INPUT,
    BASE,
    tag(b"br"),
    tag(b"meta"),
    tag(b"link"),
    tag(b"hr"),
    tag(b"area"),
];

/// Gathers the marks of a message from its parts.
#[derive(Debug, Default)]
pub struct Marks {
    names: Vec<&'static str>,
    structure: Option<u64>,
    tags: usize,
    /// Characters of HTML text that are shown.
    pub shown_chars: u32,
    /// Characters of HTML text inside elements that are not displayed.
    pub hidden_chars: u32,
    pictures: u32,
    /// The element that hides what is in it, and how many of its name are open.
    hiding: Option<(Tag, u32)>,
    tag: Tag,
}

impl Marks {
    /// A part that is no container: its type belongs to the structure.
    pub fn part(&mut self, content_type: &str) {
        for piece in content_type.as_bytes().chunks(8) {
            self.mix(tag(piece));
        }
    }

    /// Something met on a page.
    pub fn html(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(name) => self.start(name),
            Event::Attribute(name, value) => self.attribute(name, value),
            Event::End(name) => {
                if let Some((hiding, open)) = &mut self.hiding
                    && *hiding == tag(name.as_bytes())
                {
                    *open -= 1;
                    if *open == 0 {
                        self.hiding = None;
                    }
                }
            }
            Event::Text(text) => {
                let chars = shown_chars(text);
                let sum = if self.hiding.is_some() {
                    &mut self.hidden_chars
                } else {
                    &mut self.shown_chars
                };
                *sum = sum.saturating_add(chars);
            }
        }
    }

    /// A page has ended: what it hid ends with it.
    pub fn end_page(&mut self) {
        self.hiding = None;
        self.tag = 0;
    }

    /// Text of a part as shown: letters of two alphabets in one word, characters without width.
    pub fn text(&mut self, text: &str) {
        let text = up_to(text, TEXT_BYTES);
        if text.is_ascii() {
            return;
        }
        let mut word = Letters::default();
        let (mut invisible, mut is_mixed) = (0, false);
        let mut rest = text;
        while !rest.is_empty() {
            let (plain, other) = rest
                .split_at_checked(plain_bytes(rest))
                .unwrap_or((rest, ""));
            is_mixed |= word.take(plain.as_bytes());
            let mut chars = other.chars();
            if let Some(c) = chars.next() {
                match u32::from(c) {
                    0x370..=0x3FF | 0x400..=0x52F | 0x13A0..=0x13FF => word.other = true,
                    // Mathematical letters that look like bold or slanted Latin ones.
                    0x1D400..=0x1D7FF => is_mixed = true,
                    _ if is_invisible(c) => invisible += 1,
                    _ if c.is_alphanumeric() => {}
                    _ => is_mixed |= std::mem::take(&mut word).are_mixed(),
                }
            }
            rest = chars.as_str();
        }
        if is_mixed || word.are_mixed() {
            self.add("mixed-alphabets");
        }
        if invisible >= INVISIBLE {
            self.add("invisible-characters");
        }
    }

    /// The marks, each once, in alphabetical order, and the hash of the structure.
    #[must_use]
    pub fn finish(mut self) -> (Vec<&'static str>, Option<u64>) {
        if self.pictures > 0 && self.shown_chars < FEW_CHARS {
            self.add("pictures-only");
        }
        self.names.sort_unstable();
        (self.names, self.structure)
    }

    fn start(&mut self, name: &str) {
        self.tag = tag(name.as_bytes());
        if self.tags < TAGS {
            self.tags += 1;
            self.mix(self.tag);
        }
        if let Some((hiding, open)) = &mut self.hiding
            && *hiding == self.tag
        {
            *open += 1;
        }
        match self.tag {
            FORM => self.add("form"),
            SCRIPT => self.add("script"),
            BASE => self.add("base"),
            IMG => self.pictures = self.pictures.saturating_add(1),
            other if FRAMES.contains(&other) => self.add("frame"),
            _ => {}
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            3 if is("src") => self.target(value, true),
            4 if is("href") => self.target(value, false),
            4 if self.tag == INPUT
                && is("type")
                && value.trim().eq_ignore_ascii_case("password") =>
            {
                self.add("password-input");
            }
            5 if is("style") && is_not_displayed(value) => self.hide(),
            6 if is("action") => self.target(value, false),
            6 if is("hidden") => self.hide(),
            10 if is("http-equiv") && value.trim().eq_ignore_ascii_case("refresh") => {
                self.add("refresh");
            }
            _ => {}
        }
    }

    fn target(&mut self, value: &str, is_source: bool) {
        let value = value.trim_start().as_bytes();
        let begins = |scheme: &[u8]| {
            let start = value.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if begins(b"javascript:") {
            self.add("script-link");
        } else if !is_source && begins(b"data:") {
            self.add("data-link");
        }
    }

    fn hide(&mut self) {
        if self.hiding.is_none() && self.tag != 0 && !VOID.contains(&self.tag) {
            self.hiding = Some((self.tag, 1));
        }
    }

    fn add(&mut self, name: &'static str) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    fn mix(&mut self, name: Tag) {
        let before = self.structure.unwrap_or(0xCBF2_9CE4_8422_2325);
        let mixed = (before ^ name).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        self.structure = Some(mixed ^ (mixed >> 32));
    }
}

/// Bytes that begin a character and are no blank. Counted in bytes first, many a step.
fn shown_chars(text: &str) -> u32 {
    let begins = |byte: &u8| u8::from(*byte > b' ' && !(0x80..0xC0).contains(byte));
    let (blocks, rest) = text.as_bytes().as_chunks::<128>();
    let of_blocks = blocks
        .iter()
        .map(|block| u32::from(block.iter().map(begins).sum::<u8>()));
    let of_rest = rest.iter().map(begins).sum::<u8>();
    of_blocks.fold(u32::from(of_rest), u32::saturating_add)
}

/// A style by which an element is not seen.
fn is_not_displayed(style: &str) -> bool {
    parts(up_to(style, 512), b';').any(|rule| {
        let mut halves = parts(rule, b':');
        let (Some(key), true) = (halves.next(), halves.next().is_some()) else {
            return false;
        };
        let value = rule.get(key.len() + 1..).unwrap_or("");
        let key = key.trim();
        let is = |name: &str| key.eq_ignore_ascii_case(name);
        let starts = |word: &str| {
            let start = value.trim_start().as_bytes().get(..word.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        };
        match key.len() {
            7 if is("display") => starts("none"),
            10 if is("visibility") => starts("hidden"),
            9 if is("font-size") => is_zero(value),
            7 if is("opacity") => is_zero(value),
            10 if is("max-height") => is_zero(value),
            _ => false,
        }
    })
}

/// The parts of a short text between these ASCII characters.
fn parts(text: &str, border: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|byte| byte == border);
        rest = end.and_then(|end| text.get(end + 1..));
        Some(end.and_then(|end| text.get(..end)).unwrap_or(text))
    })
}

/// Nothing, in whatever unit.
fn is_zero(length: &str) -> bool {
    let number = length
        .trim()
        .trim_end_matches(|c: char| c.is_alphabetic() || c == '%');
    !number.is_empty() && number.bytes().all(|b| matches!(b, b'0' | b'.'))
}

/// Letters of one word: Latin ones together with Cyrillic, Greek or Cherokee ones are odd.
#[derive(Clone, Copy, Default)]
struct Letters {
    latin: bool,
    other: bool,
}

impl Letters {
    fn are_mixed(self) -> bool {
        self.latin && self.other
    }

    /// Takes ASCII characters, of which only those that touch other ones matter: did a mixed word end in them?
    fn take(&mut self, text: &[u8]) -> bool {
        let has_letter = |text: &[u8]| text.iter().any(u8::is_ascii_alphabetic);
        let is_border = |byte: &u8| !byte.is_ascii_alphanumeric();
        let Some(first) = text.iter().position(is_border) else {
            self.latin |= has_letter(text);
            return false;
        };
        self.latin |= has_letter(text.get(..first).unwrap_or(b""));
        let last = text.iter().rposition(is_border).unwrap_or(first);
        let begun = Self {
            latin: has_letter(text.get(last..).unwrap_or(b"")),
            other: false,
        };
        std::mem::replace(self, begun).are_mixed()
    }
}

/// ASCII bytes that a text begins with.
fn plain_bytes(text: &str) -> usize {
    let (blocks, _) = text.as_bytes().as_chunks::<16>();
    let plain = 16 * blocks.iter().take_while(|block| block.is_ascii()).count();
    let tail = text.as_bytes().get(plain..).unwrap_or(b"");
    plain + tail.iter().take_while(|byte| byte.is_ascii()).count()
}

#[cfg(test)]
mod tests {
    use super::super::html;
    use super::*;

    fn marks(page: &str) -> (Vec<&'static str>, u32, u32) {
        let mut marks = Marks::default();
        html::scan(page, |event| marks.html(&event));
        let (shown, hidden) = (marks.shown_chars, marks.hidden_chars);
        (marks.finish().0, shown, hidden)
    }

    #[test]
    fn a_page_that_asks_for_a_password_is_marked() {
        let (names, ..) =
            marks("<FORM action='javascript:x()'><input name=p type=Password></form>");
        assert_eq!(names, ["form", "password-input", "script-link"]);
    }

    #[test]
    fn hidden_text_is_counted_apart() {
        let page = "<p>see<div style='DISPLAY : none'>a<div>b</div>c</div>me<span style=\"font-size:0px\">xy</span>";
        assert_eq!(marks(page), (vec![], 5, 5));
        let page = "<p style='color:red;;:;display:block;opacity: .0;x'>ab</p><p style=';'>c<p style='display'>d";
        assert_eq!(marks(page), (vec![], 2, 2));
        assert_eq!(
            marks("<img src=//x.example/a.png><p>hi").0,
            ["pictures-only"]
        );
    }

    #[test]
    fn equal_structure_has_equal_hashes() {
        let hash = |page: &str| {
            let mut marks = Marks::default();
            marks.part("text/html");
            html::scan(page, |event| marks.html(&event));
            marks.finish().1
        };
        assert_eq!(hash("<p>one<b>two"), hash("<P>three<B>four"));
        assert_ne!(hash("<p>one<b>two"), hash("<p>one<i>two"));
    }

    #[test]
    fn letters_of_two_alphabets_in_one_word_are_told() {
        let mut one = Marks::default();
        one.text("P\u{430}ypal");
        let mut other = Marks::default();
        other.text("Привет from Москва, naïve");
        assert_eq!(
            (one.finish().0, other.finish().0),
            (vec!["mixed-alphabets"], vec![])
        );
        for (text, is_mixed) in [
            ("a word of letters before it, Рaypal", true),
            (
                "a word of letters before it and behind Paypа and behind it",
                true,
            ),
            ("Москва1a", true),
            ("Москва 1a", false),
            ("Москва-a", false),
            ("Москва\u{2014}a", false),
            ("aé\u{443}", true),
        ] {
            let mut marks = Marks::default();
            marks.text(text);
            assert_eq!(marks.finish().0.len(), usize::from(is_mixed), "{text}");
        }
    }
}
