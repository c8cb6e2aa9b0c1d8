//! What an HTML page says of itself: title, generator, and the forms on it.

use crate::mail::html::{self, Event};

/// Bytes of a title or generator kept.
const TEXT_BYTES: usize = 256;

/// Facts of one page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Its title.
    pub title: Option<String>,
    /// `<meta name=generator>`.
    pub generator: Option<String>,
    /// `password-field`, `login-form` (a form with a field for a password), `upload-form`, `form-to-other-host`.
    pub signs: Vec<&'static str>,
}

/// Signs that a page can have.
#[cfg(test)]
pub(super) const SIGNS: [&str; 4] = [
    "form-to-other-host",
    "login-form",
    "password-field",
    "upload-form",
];

/// Could this text be a page?
pub(super) fn is_html(content_type: &str, text: &[u8]) -> bool {
    let kind = content_type.to_ascii_lowercase();
    kind.contains("html") || (kind.is_empty() && text.trim_ascii_start().starts_with(b"<"))
}

/// Reads a page that came from `host`.
pub(super) fn read(text: &str, host: Option<&str>) -> Page {
    let mut page = Page {
        title: title(text),
        ..Page::default()
    };
    let (mut in_form, mut element) = (false, String::new());
    let (mut meta_name, mut meta_content) = (String::new(), None);
    html::scan(text, |event| match event {
        Event::Start(name) => {
            element = name.to_ascii_lowercase();
            in_form |= element == "form";
            (meta_name, meta_content) = (String::new(), None);
        }
        Event::End(name) => in_form &= !name.eq_ignore_ascii_case("form"),
        Event::Attribute(name, value) => {
            match (element.as_str(), name.to_ascii_lowercase().as_str()) {
                ("input", "type") if value.eq_ignore_ascii_case("password") => {
                    page.sign("password-field");
                    if in_form {
                        page.sign("login-form");
                    }
                }
                ("input", "type") if value.eq_ignore_ascii_case("file") => page.sign("upload-form"),
                ("form", "action") if leads_elsewhere(&value, host) => {
                    page.sign("form-to-other-host")
                }
                ("meta", key @ ("name" | "content")) => {
                    if key == "name" {
                        meta_name = value.to_ascii_lowercase();
                    } else {
                        meta_content = Some(short(&value));
                    }
                    if meta_name == "generator" && meta_content.is_some() {
                        page.generator = meta_content.take();
                    }
                }
                _ => {}
            }
        }
        Event::Text(_) => {}
    });
    page
}

impl Page {
    fn sign(&mut self, sign: &'static str) {
        if !self.signs.contains(&sign) {
            self.signs.push(sign);
        }
    }
}

/// The text of the first `title` element, its blanks folded.
fn title(text: &str) -> Option<String> {
    let lower = text.as_bytes();
    let start = (0..lower.len())
        .zip(lower.windows(6))
        .find(|(_, window)| window.eq_ignore_ascii_case(b"<title"))?
        .0;
    let inner = text.get(start..)?;
    let inner = inner.get(inner.find('>')? + 1..)?;
    let inner = inner.get(..inner.find('<').unwrap_or(inner.len()))?;
    let words: Vec<&str> = inner.split_whitespace().collect();
    let title = words.join(" ");
    (!title.is_empty()).then(|| short(&html::resolve(&title)))
}

fn short(text: &str) -> String {
    let end = (0..=TEXT_BYTES.min(text.len()))
        .rev()
        .find(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or("").to_owned()
}

/// Does a form send what is typed to another host than the page's?
fn leads_elsewhere(action: &str, host: Option<&str>) -> bool {
    let Some(host) = host else {
        return false;
    };
    let action = action.trim();
    let rest = ["http://", "https://", "//"].iter().find_map(|scheme| {
        let start = action.get(..scheme.len())?;
        start
            .eq_ignore_ascii_case(scheme)
            .then(|| action.get(scheme.len()..))?
    });
    let Some(rest) = rest else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let name = |authority: &str| {
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        authority
            .split(':')
            .next()
            .unwrap_or(authority)
            .to_ascii_lowercase()
    };
    name(authority) != name(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_page_says_so() {
        let page = read(
            "<HTML><head><Title>\n Web&amp;Mail </title><meta name=Generator content='WordPress 6.1'></head>\
             <form action=\"http://evil.example/x\"><input type='PASSWORD'><input type=file></form>",
            Some("mail.example:8080"),
        );
        assert_eq!(page.title.as_deref(), Some("Web&Mail"));
        assert_eq!(page.generator.as_deref(), Some("WordPress 6.1"));
        assert_eq!(
            page.signs,
            [
                "form-to-other-host",
                "password-field",
                "login-form",
                "upload-form"
            ]
        );
    }

    #[test]
    fn forms_to_the_same_host_are_at_home() {
        for action in [
            "/login",
            "login.php",
            "http://mail.example/x",
            "//mail.example:81/",
            "",
        ] {
            assert!(!leads_elsewhere(action, Some("mail.example")), "{action}");
        }
        assert!(leads_elsewhere(
            "//mail.example.evil/",
            Some("mail.example")
        ));
    }
}
