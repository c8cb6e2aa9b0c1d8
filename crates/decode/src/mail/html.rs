//! Tags, attributes and text of HTML as mail clients read it, in one pass over the bytes.
//!
//! Own code because a conforming tokenizer took a third of all work on mail (profile of 1,000
//! phishing mails); what is read here needs tags, attribute values and text, and no tree.

use std::borrow::Cow;

/// Something met on a page, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A start tag's name, as written.
    Start(&'a str),
    /// An attribute of the last start tag, name as written, value with entities resolved.
    Attribute(&'a str, Cow<'a, str>),
    /// An end tag's name, as written.
    End(&'a str),
    /// Text with entities resolved, outside of script and style.
    Text(Cow<'a, str>),
}

/// Elements whose content is not text of the page.
const RAW: [&str; 4] = ["script", "style", "title", "noscript"];

/// Calls `event` for all that a page holds. Linear in its length.
pub fn scan<'a>(html: &'a str, mut event: impl FnMut(Event<'a>)) {
    let mut rest = html;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        let (before, tag) = split(rest, at);
        let Some(&next) = tag.as_bytes().get(1) else {
            break;
        };
        if !(next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?')) {
            // A `<` that opens no tag is text.
            let (text, after) = split(rest, at + 1);
            show(text, &mut event);
            rest = after;
            continue;
        }
        show(before, &mut event);
        rest = match next {
            b'!' if tag.starts_with("<!--") => after_text(split(tag, 4).1, "-->"),
            b'!' | b'?' => after_text(tag, ">"),
            b'/' => {
                let (name, after) = word(split(tag, 2).1);
                event(Event::End(name));
                after_text(after, ">")
            }
            _ => {
                let (name, after) = word(split(tag, 1).1);
                event(Event::Start(name));
                let after = attributes(after, &mut event);
                if RAW.iter().any(|raw| raw.eq_ignore_ascii_case(name)) {
                    after_raw(after, name)
                } else {
                    after
                }
            }
        };
    }
    show(rest, &mut event);
}

fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

fn after_text<'a>(text: &'a str, end: &str) -> &'a str {
    let at = memchr::memmem::find(text.as_bytes(), end.as_bytes());
    at.map_or("", |at| split(text, at + end.len()).1)
}

/// Skips the content of a raw element up to its end tag, which is left to be read.
fn after_raw<'a>(text: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = text
        .get(from..)
        .and_then(|rest| memchr::memmem::find(rest.as_bytes(), b"</"))
    {
        let start = from + at;
        let found = text.as_bytes().get(start + 2..start + 2 + name.len());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
            return split(text, start).1;
        }
        from = start + 2;
    }
    ""
}

/// A tag's or attribute's name.
fn word(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/' | b'='))
        .unwrap_or(text.len());
    split(text, end)
}

/// Reads attributes up to and with `>`.
fn attributes<'a>(text: &'a str, event: &mut impl FnMut(Event<'a>)) -> &'a str {
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        match rest.as_bytes().first() {
            None => return "",
            Some(b'>') => return split(rest, 1).1,
            Some(b'/' | b'=') => {
                rest = split(rest, 1).1;
                continue;
            }
            Some(_) => {}
        }
        let (name, after) = word(rest);
        let after = after.trim_ascii_start();
        let Some(value) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let value = value.trim_ascii_start();
        let (value, after) = match value.as_bytes().first() {
            Some(&quote @ (b'"' | b'\'')) => {
                let inner = split(value, 1).1;
                // A value without its closing quote takes the rest: nothing after it is sure.
                let Some(end) = memchr::memchr(quote, inner.as_bytes()) else {
                    return "";
                };
                let (value, after) = split(inner, end);
                (value, split(after, 1).1)
            }
            _ => {
                let end = value
                    .bytes()
                    .position(|b| b.is_ascii_whitespace() || b == b'>')
                    .unwrap_or(value.len());
                split(value, end)
            }
        };
        event(Event::Attribute(name, resolve(value)));
        rest = after;
    }
}

fn show<'a>(text: &'a str, event: &mut impl FnMut(Event<'a>)) {
    if !text.is_empty() {
        event(Event::Text(resolve(text)));
    }
}

/// Names of the characters from U+00A0 on, in order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 \
    acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig \
    Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave \
    Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave \
    iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// Other names in common use.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("euro", '€'),
    ("hellip", '…'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("bull", '•'),
    ("trade", '™'),
    ("zwnj", '\u{200C}'),
    ("zwj", '\u{200D}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("colon", ':'),
    ("sol", '/'),
    ("period", '.'),
    ("num", '#'),
    ("commat", '@'),
    ("lowbar", '_'),
    ("equals", '='),
    ("quest", '?'),
    ("percnt", '%'),
    ("NewLine", '\n'),
    ("Tab", '\t'),
];

/// Longest name of an entity.
const NAME_BYTES: usize = 10;

/// Replaces character references; unknown ones stay.
pub fn resolve(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        let (before, reference) = split(rest, at);
        resolved.push_str(before);
        let after = split(reference, 1).1;
        match character(after) {
            Some((c, used)) => {
                resolved.push(c);
                rest = split(after, used).1;
            }
            None => {
                resolved.push('&');
                rest = after;
            }
        }
    }
    resolved.push_str(rest);
    Cow::Owned(resolved)
}

/// Reads a reference after its `&`: the character and the bytes used.
fn character(text: &str) -> Option<(char, usize)> {
    if let Some(number) = text.strip_prefix('#') {
        let (digits, radix, prefix) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16, 2),
            None => (number, 10, 1),
        };
        let length = digits
            .bytes()
            .take(8)
            .take_while(|b| char::from(*b).is_digit(radix))
            .count();
        let value = u32::from_str_radix(digits.get(..length)?, radix).ok()?;
        let end = usize::from(digits.as_bytes().get(length) == Some(&b';'));
        return Some((
            char::from_u32(value)
                .filter(|&c| c != '\0')
                .unwrap_or('\u{FFFD}'),
            prefix + length + end,
        ));
    }
    let length = text
        .bytes()
        .take(NAME_BYTES)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let name = text.get(..length).filter(|name| !name.is_empty())?;
    let has_end = text.as_bytes().get(length) == Some(&b';');
    let named = NAMED
        .iter()
        .find(|(known, _)| *known == name)
        .map(|&(_, c)| c);
    let is_old = named.is_some_and(|c| matches!(c, '&' | '<' | '>' | '"'));
    if !has_end && !is_old {
        // `&amp` may lack its semicolon; in `&copy=1` of a URL nothing is meant.
        return None;
    }
    let c = named.or_else(|| {
        let place = LATIN
            .split_ascii_whitespace()
            .position(|latin| latin == name)?;
        char::from_u32(0xA0 + u32::try_from(place).ok()?)
    })?;
    Some((c, length + usize::from(has_end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> Vec<String> {
        let mut all = Vec::new();
        scan(html, |event| {
            all.push(match event {
                Event::Start(name) => format!("<{name}"),
                Event::Attribute(name, value) => format!("{name}={value}"),
                Event::End(name) => format!("/{name}"),
                Event::Text(text) => text.into_owned(),
            });
        });
        all
    }

    #[test]
    fn pages_are_read_with_their_defects() {
        assert_eq!(
            shown("a<b c=d e='f g' h>i</b>"),
            ["a", "<b", "c=d", "e=f g", "i", "/b"]
        );
        assert_eq!(shown("<a href = \"x&amp;y>\"/>z"), ["<a", "href=x&y>", "z"]);
        assert_eq!(
            shown("1 < 2 & 3<!-- <a href=x> -->4"),
            ["1 <", " 2 & 3", "4"]
        );
        assert_eq!(
            shown("<script>if (a<b) '</b>'</SCRIPT>t"),
            ["<script", "/SCRIPT", "t"]
        );
        assert_eq!(shown("<!DOCTYPE html><p>x"), ["<p", "x"]);
        assert_eq!(shown("<a href=\"unclosed"), ["<a"]);
        assert_eq!(shown("x<"), ["x<"]);
        assert_eq!(shown("<"), ["<"]);
    }

    #[test]
    fn character_references_are_resolved() {
        assert_eq!(
            resolve("&lt;&#65;&#x42;&eacute;&yuml;&nope;&amp"),
            "<AB\u{e9}\u{ff}&nope;&"
        );
        assert_eq!(resolve("?a=1&copy=2&reg_id=3"), "?a=1&copy=2&reg_id=3");
    }
}
