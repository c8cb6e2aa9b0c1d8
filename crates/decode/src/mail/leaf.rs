//! Parts that are no containers: what they are, and their bytes.

use std::borrow::Cow;

use mail_parser::ContentType;

use super::gaps;
use super::header::{self, Head};
use super::mime::parameters;
use super::{base64, encoding, lost_header, uuencode};

/// A part that is no container.
#[derive(Debug)]
pub struct Leaf<'a> {
    /// `type/subtype`, lower case; `text/plain` when none is declared.
    pub content_type: String,
    /// Declared charset.
    pub charset: Option<String>,
    /// File name.
    pub name: Option<String>,
    /// Declared as an attachment.
    pub is_attachment: bool,
    /// The decoded bytes.
    pub content: Cow<'a, [u8]>,
    /// Those before the first gap, without a word that it cut; `None` where there is no gap.
    pub before_gap: Option<Vec<u8>>,
    /// Of a text, what is whole behind each gap, and whether it is HTML.
    pub behind_gaps: Vec<(bool, Vec<u8>)>,
    /// The part reaches to the end of the message.
    pub is_last: bool,
}

impl Leaf<'_> {
    /// The bytes up to the first gap.
    pub fn text(&self) -> &[u8] {
        self.before_gap.as_deref().unwrap_or(&self.content)
    }

    /// The pieces of a text between its gaps, each HTML or not; `begins_html` says it of the first.
    pub fn texts(&self, begins_html: bool) -> impl Iterator<Item = (bool, &[u8])> {
        let behind = self.behind_gaps.iter();
        let behind = behind.map(move |(is_html, text)| (begins_html || *is_html, text.as_slice()));
        [(begins_html, self.text())].into_iter().chain(behind)
    }
}

/// Reads a part; `is_lost` when bytes are missing from its header, and its type with them.
pub fn leaf<'a>(
    head: &Head<'a>,
    content_type: String,
    parsed: Option<&ContentType<'_>>,
    is_last: bool,
    is_lost: bool,
) -> Leaf<'a> {
    let disposition = head
        .first("Content-Disposition")
        .and_then(|value| parameters(value, None));
    let name = disposition
        .as_ref()
        .and_then(|d| file_name(d, "filename"))
        .or_else(|| parsed.and_then(|p| file_name(p, "name")));
    let is_attachment = disposition
        .as_ref()
        .is_some_and(|d| d.ctype().eq_ignore_ascii_case("attachment"));
    let transfer = head
        .first("Content-Transfer-Encoding")
        .map(|value| value.trim_ascii().to_ascii_lowercase())
        .or_else(|| {
            let lost = head.is_holed.then(|| lost_header::transfer(head.body));
            lost.flatten().map(<[u8]>::to_vec)
        });
    let content = decoded(head.body, transfer.as_deref());
    let content_type = if is_lost {
        lost_header::content_type(&content).to_owned()
    } else {
        content_type
    };
    let before_gap = head.gaps.first().map(|gap| {
        let before = head.body.get(..gap).unwrap_or(head.body);
        gaps::without_cut_word(&decoded(before, transfer.as_deref())).to_vec()
    });
    let behind_gaps = match content_type.strip_prefix("text/") {
        Some(kind) => texts_behind_gaps(head, kind == "html", transfer.as_deref()),
        None => Vec::new(),
    };
    let charset = parsed
        .and_then(|p| p.attribute("charset"))
        .map(str::to_owned);
    Leaf {
        content_type,
        charset,
        name,
        is_attachment,
        content,
        before_gap,
        behind_gaps,
        is_last,
    }
}

/// A gap may have taken the end of the part with it, and the header of the next one: what stands behind it is read
/// as what it looks like where the part's own header says nothing else.
fn texts_behind_gaps(
    head: &Head<'_>,
    is_html: bool,
    transfer: Option<&[u8]>,
) -> Vec<(bool, Vec<u8>)> {
    let mut pieces = head.gaps.behind(head.body).peekable();
    let mut texts = Vec::new();
    while let Some(piece) = pieces.next() {
        let transfer = match transfer {
            Some(b"base64" | b"quoted-printable") => transfer,
            other => lost_header::transfer(piece).or(other),
        };
        let text = decoded(gaps::from_whole_line(piece, transfer), transfer);
        let is_html = match lost_header::content_type(&text) {
            "text/html" => true,
            "text/plain" => is_html,
            _ => continue,
        };
        let mut text = gaps::from_whole_word(&text, is_html, transfer);
        if pieces.peek().is_some() {
            text = gaps::without_cut_word(text);
        }
        if !text.is_empty() {
            texts.push((is_html, text.to_vec()));
        }
    }
    texts
}

fn decoded<'a>(body: &'a [u8], transfer: Option<&[u8]>) -> Cow<'a, [u8]> {
    match transfer {
        Some(b"base64") => Cow::Owned(base64::decode(body)),
        Some(b"quoted-printable") => Cow::Owned(encoding::quoted_printable(body)),
        Some(b"x-uuencode" | b"uuencode" | b"x-uue" | b"uue") => Cow::Owned(uuencode::decode(body)),
        _ => Cow::Borrowed(body),
    }
}

/// A file name parameter; senders put encoded words there although RFC 2231 forbids it.
fn file_name(parsed: &ContentType<'_>, parameter: &str) -> Option<String> {
    let name = header::decode_words(parsed.attribute(parameter)?.trim());
    let name: String = name.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    (!name.is_empty()).then_some(name)
}
