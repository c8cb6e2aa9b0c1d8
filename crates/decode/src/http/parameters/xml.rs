//! Texts and attributes of XML with their paths: `a/b` and `a/b@c`. Entities are never expanded but for the
//! five of XML itself and character references; a document type that declares entities is one parameter
//! `!DOCTYPE`, as it stands.

use super::{Found, Parameters};
use crate::limits::Limits;
use crate::mail;

/// Open elements followed; deeper ones count to the last of them.
const DEPTH: usize = 32;
/// Bytes of an element's name kept.
const NAME_BYTES: usize = 64;
/// Attributes looked at in one tag.
const ATTRIBUTES: usize = 50;

/// Notes every text and attribute.
pub(super) fn read(text: &[u8], charset: Option<&str>, limits: &Limits, out: &mut Parameters) {
    let text = mail::encoding::text(text, charset);
    let mut path: Vec<&str> = Vec::new();
    let mut beyond = 0_usize;
    let mut rest: &str = &text;
    while let Some(at) = rest.find('<') {
        if out.limited {
            return;
        }
        let (before, tag) = rest.split_at(at);
        note(&path, "", before, limits, out);
        rest = if let Some(data) = tag.strip_prefix("<![CDATA[") {
            let (data, after) = data.split_once("]]>").unwrap_or((data, ""));
            raw(&path, "", data, limits, out);
            after
        } else if tag.starts_with("<!--") {
            tag.split_once("-->").map_or("", |(_, after)| after)
        } else if tag.starts_with("<!DOCTYPE") {
            doctype(tag, limits, out)
        } else if tag.starts_with("<?") || tag.starts_with("<!") {
            tag.split_once('>').map_or("", |(_, after)| after)
        } else if let Some(end) = tag.strip_prefix("</") {
            if beyond > 0 {
                beyond -= 1;
            } else {
                path.pop();
            }
            end.split_once('>').map_or("", |(_, after)| after)
        } else {
            element(tag, &mut path, &mut beyond, limits, out)
        };
    }
    note(&path, "", rest, limits, out);
}

/// `<!DOCTYPE ... [ ... ]>`: what an attack on entities needs.
fn doctype<'a>(tag: &'a str, limits: &Limits, out: &mut Parameters) -> &'a str {
    let end = match (tag.find('['), tag.find('>')) {
        (Some(open), Some(close)) if open < close => {
            tag.find("]>").map_or(tag.len(), |inner| inner + 2)
        }
        (_, Some(close)) => close + 1,
        _ => tag.len(),
    };
    let (declared, after) = tag.split_at(end);
    let found = Found {
        place: "xml",
        name: b"!DOCTYPE",
        key: b"!DOCTYPE",
        value: declared.as_bytes(),
        decodings: 0,
    };
    out.add(&found, None, limits);
    after
}

/// A start tag: its attributes, and one step down unless it is empty.
fn element<'a>(
    tag: &'a str,
    path: &mut Vec<&'a str>,
    beyond: &mut usize,
    limits: &Limits,
    out: &mut Parameters,
) -> &'a str {
    let inner = tag.get(1..).unwrap_or("");
    let name_end = inner
        .find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
        .unwrap_or(inner.len());
    let (name, mut rest) = inner.split_at(name_end);
    let is_kept = path.len() < DEPTH;
    if is_kept {
        let name = name.rsplit(':').next().unwrap_or(name);
        let end = (0..=NAME_BYTES.min(name.len()))
            .rev()
            .find(|&end| name.is_char_boundary(end));
        path.push(name.get(..end.unwrap_or(0)).unwrap_or(""));
    } else {
        *beyond += 1;
    }
    for _ in 0..ATTRIBUTES {
        rest = rest.trim_start();
        let Some(end) = rest.find(['=', '>']) else {
            break;
        };
        if rest.as_bytes().get(end) == Some(&b'>') {
            break;
        }
        let (key, value) = rest.split_at(end);
        let value = value.get(1..).unwrap_or("").trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else {
            break;
        };
        let value = value.get(1..).unwrap_or("");
        let (value, after) = value.split_once(quote).unwrap_or((value, ""));
        note(path, key.trim(), value, limits, out);
        rest = after;
    }
    let (tail, after) = rest.split_once('>').unwrap_or((rest, ""));
    if tail.ends_with('/') {
        if is_kept {
            path.pop();
        } else {
            *beyond -= 1;
        }
    }
    after
}

fn note(path: &[&str], attribute: &str, value: &str, limits: &Limits, out: &mut Parameters) {
    let value = value.trim();
    if !value.is_empty() {
        raw(path, attribute, &references(value), limits, out);
    }
}

fn raw(path: &[&str], attribute: &str, value: &str, limits: &Limits, out: &mut Parameters) {
    let (name, key) = if attribute.is_empty() {
        (path.join("/"), path.last().copied().unwrap_or(""))
    } else {
        (format!("{}@{attribute}", path.join("/")), attribute)
    };
    let found = Found {
        place: "xml",
        name: name.as_bytes(),
        key: key.as_bytes(),
        value: value.as_bytes(),
        decodings: 0,
    };
    out.add(&found, None, limits);
}

/// Character references and the five entities of XML; any other stays as written.
fn references(value: &str) -> std::borrow::Cow<'_, str> {
    mail::html::resolve(value)
}
