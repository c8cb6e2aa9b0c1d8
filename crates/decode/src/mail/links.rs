//! URLs in text, in HTML and in header fields.

use std::collections::HashSet;

use linkify::{LinkFinder, LinkKind};

use super::Transfer;
use super::html::{self, Event};
use super::marks::Marks;
use super::words::up_to;
use crate::record::{Record, Records, Url};

/// Longest URL kept.
const URL_BYTES: usize = 4 << 10;
/// Longest visible text of a link kept.
const VISIBLE_BYTES: usize = 512;
/// Visible text of an HTML part that is kept for words and for URLs in it.
const TEXT_BYTES: usize = 256 << 10;

/// URLs of one message, each place and URL once.
#[derive(Debug)]
pub struct Links {
    finder: LinkFinder,
    seen: HashSet<(&'static str, String)>,
    urls: Vec<Url>,
    cap: usize,
    /// More URLs came than are kept.
    pub is_cut: bool,
    /// What the pages look like.
    pub marks: Marks,
}

impl Links {
    /// A collector of at most `cap` URLs.
    #[must_use]
    pub fn new(cap: usize) -> Self {
        let mut finder = LinkFinder::new();
        finder.kinds(&[LinkKind::Url]);
        Self {
            finder,
            seen: HashSet::new(),
            urls: Vec::new(),
            cap,
            is_cut: false,
            marks: Marks::default(),
        }
    }

    /// URLs with a scheme in plain text.
    pub fn in_text(&mut self, text: &str, place: &'static str, transfer: &Transfer) {
        if memchr::memmem::find(text.as_bytes(), b"://").is_none() {
            return;
        }
        let finder = std::mem::take(&mut self.finder);
        for link in finder.links(text) {
            self.add(link.as_str(), place, None, transfer);
            if self.is_cut {
                break;
            }
        }
        self.finder = finder;
        for url in of_numbers(text) {
            self.add(url, place, None, transfer);
        }
    }

    /// Links, sources and visible text of HTML; returns the visible text.
    pub fn in_html(&mut self, html: &str, transfer: &Transfer) -> String {
        let mut page = Page::default();
        let mut found = Vec::new();
        let marks = &mut self.marks;
        html::scan(html, |event| {
            marks.html(&event);
            if let Some(one) = page.take(event)
                && found.len() <= self.cap
            {
                found.push(one);
            }
        });
        self.marks.end_page();
        found.extend(page.close_link());
        let text = page.text;
        for Found {
            place,
            url,
            visible,
        } in found
        {
            self.add(&url, place, visible, transfer);
        }
        self.in_text(&text, "html-text", transfer);
        text
    }

    /// Emits what was found.
    pub fn emit(self, out: &mut Records) {
        out.extend(self.urls.into_iter().map(|url| Record::Url(Box::new(url))));
    }

    fn add(
        &mut self,
        url: &str,
        place: &'static str,
        visible_text: Option<String>,
        transfer: &Transfer,
    ) {
        let url = up_to(url.trim(), URL_BYTES);
        if !self.seen.insert((place, url.to_owned())) {
            return;
        }
        if self.urls.len() >= self.cap {
            self.is_cut = true;
            return;
        }
        self.urls.push(Url {
            session: transfer.session,
            message: transfer.message,
            span: transfer.span,
            place,
            url: url.to_owned(),
            visible_text,
            host: host(url),
        });
    }
}

/// A link in HTML.
struct Found {
    place: &'static str,
    url: String,
    visible: Option<String>,
}

/// What is read of an HTML page.
#[derive(Default)]
struct Page {
    text: String,
    is_anchor: bool,
    /// The open anchor: its URL and its visible text.
    link: Option<(String, String)>,
}

impl Page {
    fn take(&mut self, event: Event<'_>) -> Option<Found> {
        match event {
            Event::Start(name) => {
                self.is_anchor =
                    name.eq_ignore_ascii_case("a") || name.eq_ignore_ascii_case("area");
                self.separate(name);
                if self.is_anchor {
                    self.close_link()
                } else {
                    None
                }
            }
            Event::Attribute(name, value) => self.attribute(name, &value),
            Event::End(name) => {
                self.separate(name);
                if name.eq_ignore_ascii_case("a") {
                    self.close_link()
                } else {
                    None
                }
            }
            Event::Text(text) => {
                self.show(&text);
                None
            }
        }
    }

    fn attribute(&mut self, name: &str, value: &str) -> Option<Found> {
        let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let place = if is(&["href", "action", "formaction"]) {
            "html-href"
        } else if is(&["src", "background", "data-src", "poster"]) {
            "html-src"
        } else {
            return None;
        };
        let url = value.trim();
        if !is_link(url) {
            return None;
        }
        let url = if memchr::memchr3(b'\r', b'\n', b'\t', url.as_bytes()).is_none() {
            url.to_owned()
        } else {
            url.replace(['\r', '\n', '\t'], "")
        };
        if self.is_anchor && place == "html-href" {
            self.link = Some((url, String::new()));
            return None;
        }
        Some(Found {
            place,
            url,
            visible: None,
        })
    }

    fn show(&mut self, text: &str) {
        self.text
            .push_str(up_to(text, TEXT_BYTES.saturating_sub(self.text.len())));
        if let Some((_, visible)) = &mut self.link {
            visible.push_str(up_to(
                text,
                (4 * VISIBLE_BYTES).saturating_sub(visible.len()),
            ));
        }
    }

    /// Tags other than those inside a word separate words.
    fn separate(&mut self, tag: &str) {
        const INLINE: [&str; 9] = ["b", "i", "u", "em", "font", "span", "strong", "a", "wbr"];
        let is_inline = INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(tag));
        if !is_inline && !self.text.ends_with(' ') && self.text.len() < TEXT_BYTES {
            self.text.push(' ');
        }
    }

    fn close_link(&mut self) -> Option<Found> {
        let (url, visible) = self.link.take()?;
        let visible = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        let visible = up_to(&visible, VISIBLE_BYTES).to_owned();
        Some(Found {
            place: "html-href",
            url,
            visible: Some(visible).filter(|text| !text.is_empty()),
        })
    }
}

/// URLs in plain text whose host is an IPv4 address in one number, which browsers open as well (WHATWG URL, 3.5).
fn of_numbers(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "<>\"'`()[]{}".contains(c);
    memchr::memmem::find_iter(text.as_bytes(), b"://").filter_map(move |at| {
        let behind = up_to(text.get(at + 3..)?, URL_BYTES);
        // Few hosts begin so: the others cost no more than this.
        let authority = behind.split(|c| "/?#\\".contains(c) || ends(c)).next()?;
        let name = authority.rsplit('@').next()?;
        if !name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let before = text.get(..at)?;
        let scheme = before
            .rsplit(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .filter(|scheme| {
                ["http", "https"]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(scheme))
            })?;
        let rest = behind.split(ends).next()?;
        let rest = rest.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        let url = text.get(at - scheme.len()..at + 3 + rest.len())?;
        let host = host(url)?;
        let is_number = host.len() >= 8 && host.bytes().all(|b| b.is_ascii_digit());
        (is_number && host.parse::<u32>().is_ok()).then_some(url)
    })
}

/// Something that leads elsewhere: has a scheme with an authority, or is scheme-relative.
fn is_link(url: &str) -> bool {
    url.starts_with("//") || url.find("://").is_some_and(|at| at > 0 && at <= 16)
}

/// Host of a URL, lower case, without user, port and brackets.
#[must_use]
pub fn host(url: &str) -> Option<String> {
    let rest = url
        .strip_prefix("//")
        .or_else(|| url.split_once("://").map(|(_, rest)| rest))?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.split(']').next()?,
        None => host.split(':').next()?,
    };
    let host = host.trim_end_matches('.').to_lowercase();
    (!host.is_empty() && host.len() <= 255 && !host.contains(char::is_whitespace)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::tests::transfer;

    fn html(text: &str) -> (Vec<(String, String, Option<String>)>, String) {
        let mut links = Links::new(100);
        let visible = links.in_html(text, &transfer());
        (
            links
                .urls
                .into_iter()
                .map(|u| (u.place.to_owned(), u.url, u.visible_text))
                .collect(),
            visible,
        )
    }

    #[test]
    fn links_are_found_with_what_they_show() {
        let (found, text) = html(
            "<p>See <a class=x href='http://evil.example/?a=1&amp;b=2'>https://<b>bank</b>.example</a></p>\
             <img src=//t.example/p.gif><script>var a='<a href=\"http://no.example\">'</script><a href=#top>up</a>",
        );
        assert_eq!(
            found,
            [
                (
                    "html-href".into(),
                    "http://evil.example/?a=1&b=2".into(),
                    Some("https://bank.example".into())
                ),
                ("html-src".into(), "//t.example/p.gif".into(), None),
                ("html-text".into(), "https://bank.example".into(), None),
            ]
        );
        assert!(
            text.contains("See https://bank.example") && !text.contains("var a"),
            "{text}"
        );
    }

    #[test]
    fn hosts_of_one_number_are_links_in_text() {
        let found = |text: &str| {
            let mut links = Links::new(100);
            links.in_text(text, "text", &transfer());
            links.urls.into_iter().map(|u| u.url).collect::<Vec<_>>()
        };
        assert_eq!(
            found("Go to HTTP://3325256786/x. (or http://bank.example@3325256786:80?y) now"),
            ["HTTP://3325256786/x", "http://bank.example@3325256786:80?y"]
        );
        for text in ["http://12/", "http://99999999999/", "http://", "://1"] {
            assert!(found(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn hosts_are_read_from_urls() {
        assert_eq!(
            host("http://User:pw@EXAMPLE.com:80/x").as_deref(),
            Some("example.com")
        );
        assert_eq!(
            host("https://[2001:db8::1]:8/").as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(host("mailto:a@b"), None);
    }

    #[test]
    fn unclosed_html_gives_what_is_there() {
        assert_eq!(html("<a href=\"http://a.example/\">text").0.len(), 1);
        assert_eq!(html("<a href=\"http://a.example/").0.len(), 0);
    }
}
