//! MIME structure (RFC 2045, 2046): the parts of a message, each decoded once.

use std::borrow::Cow;

use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType, HeaderValue};

use super::gaps::Gaps;
use super::header::{self, Field, Head};
use super::leaf::{Leaf, leaf};
use super::{lost_header, uuencode};

/// Multiparts and messages within each other that are opened.
const DEPTH: usize = 24;
/// Fields looked at in a part's header.
const FIELDS: usize = 200;

/// What a walk came to.
#[derive(Debug, Default)]
pub struct Walk {
    /// Parts seen.
    pub parts: usize,
    /// More parts came than are looked at.
    pub is_cut: bool,
    /// Containers were nested deeper than they are opened.
    pub is_too_deep: bool,
}

/// Bytes of a field with parameters that are parsed: their number is squared by the parser.
const PARAMETER_BYTES: usize = 4 << 10;

/// Content-Type or Content-Disposition of a field's value.
#[must_use]
pub fn parameters(value: &[u8], charset: Option<&str>) -> Option<ContentType<'static>> {
    let value = value
        .get(..value.len().min(PARAMETER_BYTES))
        .unwrap_or(value);
    let mut line = header::eight_bit(value, charset).into_owned().into_bytes();
    line.push(b'\n');
    match MessageStream::new(&line).parse_content_type() {
        HeaderValue::ContentType(parsed) => Some(HeaderValue::ContentType(parsed).into_owned())
            .and_then(HeaderValue::into_content_type),
        _ => None,
    }
}

/// `type/subtype` in lower case.
#[must_use]
pub fn full_type(parsed: &ContentType<'_>) -> Option<String> {
    let subtype = parsed.subtype()?;
    Some(format!("{}/{}", parsed.ctype(), subtype).to_ascii_lowercase())
}

impl Walk {
    /// Calls `visit` for each leaf of an entity, in order.
    pub fn entity<'a>(
        &mut self,
        head: &Head<'a>,
        cap: usize,
        is_last: bool,
        visit: &mut dyn FnMut(Leaf<'_>),
    ) {
        self.open(head, "text/plain", 0, cap, is_last, visit);
    }

    fn open(
        &mut self,
        head: &Head<'_>,
        default: &str,
        depth: usize,
        cap: usize,
        is_last: bool,
        visit: &mut dyn FnMut(Leaf<'_>),
    ) {
        if self.parts >= cap {
            self.is_cut = true;
            return;
        }
        self.parts += 1;
        let parsed = head
            .first("Content-Type")
            .and_then(|value| parameters(value, None));
        let is_lost = parsed.is_none() && head.is_holed;
        let found = if is_lost {
            lost_header::boundary(head.body)
        } else {
            None
        };
        let content_type = match (&found, parsed.as_ref().and_then(full_type)) {
            (Some(_), _) => "multipart/mixed".to_owned(),
            (None, declared) => declared.unwrap_or_else(|| default.to_owned()),
        };
        let is_deep = depth >= DEPTH;
        let boundary = parsed
            .as_ref()
            .and_then(|p| p.attribute("boundary"))
            .or(found.as_deref())
            .filter(|b| !b.is_empty());
        if let Some(boundary) = boundary.filter(|_| content_type.starts_with("multipart/")) {
            if is_deep {
                self.is_too_deep = true;
            } else if self.multipart(head, boundary, &content_type, depth, cap, is_last, visit) {
                return;
            }
        }
        // A multipart without delimiter is read as the text that it is.
        let content_type = if content_type.starts_with("multipart/") {
            "text/plain".to_owned()
        } else {
            content_type
        };
        let leaf = leaf(head, content_type, parsed.as_ref(), is_last, is_lost);
        if matches!(
            leaf.content_type.as_str(),
            "message/rfc822" | "message/global"
        ) {
            if is_deep {
                self.is_too_deep = true;
            } else {
                // RFC 2046, 5.2.1 forbids an encoding here; who declares one may not have used it.
                let as_sent = Head::split(head.body, FIELDS, head.gaps);
                let inner = if as_sent.fields.is_empty() {
                    Head::split(leaf.text(), FIELDS, Gaps::default())
                } else {
                    as_sent
                };
                if !inner.fields.is_empty() {
                    self.open(&inner, "text/plain", depth + 1, cap, is_last, visit);
                    if leaf.name.is_none() {
                        return;
                    }
                }
            }
        }
        if leaf.content_type.starts_with("text/") && leaf.name.is_none() {
            uuencode::files(leaf.text(), |name, content| {
                visit(Leaf {
                    content_type: "application/octet-stream".to_owned(),
                    charset: None,
                    name: Some(name),
                    is_attachment: true,
                    content: Cow::Owned(content),
                    before_gap: None,
                    behind_gaps: Vec::new(),
                    is_last: is_last || leaf.before_gap.is_some(),
                });
            });
        }
        visit(leaf);
    }

    /// `multipart-body` (RFC 2046, 5.1.1). False when no delimiter is there.
    #[allow(clippy::too_many_arguments)]
    fn multipart(
        &mut self,
        head: &Head<'_>,
        boundary: &str,
        content_type: &str,
        depth: usize,
        cap: usize,
        is_last: bool,
        visit: &mut dyn FnMut(Leaf<'_>),
    ) -> bool {
        let default = if content_type == "multipart/digest" {
            "message/rfc822"
        } else {
            "text/plain"
        };
        let (body, gaps) = (head.body, head.gaps);
        let delimiter = format!("--{boundary}");
        let mut delimiters = Delimiters {
            finder: memchr::memmem::Finder::new(delimiter.as_bytes()),
            body,
            gaps,
            at: 0,
        };
        let Some(mut current) = delimiters.next() else {
            return false;
        };
        while !current.is_final {
            let next = delimiters.next();
            let end = next.as_ref().map_or(body.len(), |next| next.start);
            let part = body.get(current.end..end).unwrap_or(b"");
            let part = if next.is_some() {
                without_line_end(part)
            } else {
                part
            };
            let head = Head::split(part, FIELDS, gaps.within(current.end, end));
            self.open(
                &head,
                default,
                depth + 1,
                cap,
                is_last && next.is_none(),
                visit,
            );
            match next {
                Some(next) if !self.is_cut => current = next,
                _ => break,
            }
        }
        true
    }
}

/// `delimiter = CRLF "--" boundary`, alone on its line but for blanks and the final `--`.
struct Delimiter {
    start: usize,
    end: usize,
    is_final: bool,
}

struct Delimiters<'a> {
    finder: memchr::memmem::Finder<'a>,
    body: &'a [u8],
    gaps: Gaps<'a>,
    at: usize,
}

impl Iterator for Delimiters<'_> {
    type Item = Delimiter;

    fn next(&mut self) -> Option<Delimiter> {
        loop {
            let start = self.at + self.finder.find(self.body.get(self.at..)?)?;
            let after = start + self.finder.needle().len();
            self.at = after;
            if start > 0 && self.body.get(start - 1) != Some(&b'\n') {
                continue;
            }
            let tail = self.body.get(after..).unwrap_or(b"");
            let (line, _) = header::next_line(tail.get(..tail.len().min(1024)).unwrap_or(tail));
            let is_final = line.starts_with(b"--");
            let rest = line.strip_prefix(b"--").unwrap_or(line);
            if !rest.iter().all(|b| matches!(b, b' ' | b'\t')) {
                continue;
            }
            let end = memchr::memchr(b'\n', tail).map_or(self.body.len(), |at| after + at + 1);
            if self.gaps.cut(start + 1, end) {
                continue;
            }
            return Some(Delimiter {
                start,
                end,
                is_final,
            });
        }
    }
}

fn without_line_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

/// Fields of the whole message are read from here.
#[must_use]
pub fn names(fields: &[Field<'_>], cap: usize) -> Vec<String> {
    fields
        .iter()
        .take(cap)
        .map(|field| match std::str::from_utf8(field.name) {
            Ok(name) => name.to_lowercase(),
            Err(_) => String::from_utf8_lossy(field.name).to_lowercase(),
        })
        .collect()
}
