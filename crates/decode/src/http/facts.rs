//! What is kept of the bodies of one exchange, and the facts drawn from them when it is over.

use super::content::{self, Decoded};
use super::parameters::Parameters;
use super::{page, redact, signs};
use crate::layer::{hex, note, text};
use crate::limits::Limits;
use crate::mail;
use crate::record::{HttpParameter, HttpRequest};
use crate::room::{Room, Share};

/// Constants decoded from one parameter.
const CONSTANTS: usize = 20;
/// Shortest constant or markup that cannot come back by chance.
const TELLING_BYTES: usize = 4;

/// The first bytes of a body.
#[derive(Debug, Default)]
pub(super) struct Body {
    bytes: Vec<u8>,
    share: Share,
    /// Bytes are missing inside, or the rest does not count.
    broken: bool,
    /// There was more than is kept.
    cut: bool,
}

impl Body {
    /// A body of nothing yet, kept in this room.
    pub fn new(room: Room) -> Self {
        Self {
            share: Share::new(room),
            ..Self::default()
        }
    }

    /// The next piece; at most `limit` bytes are kept of all.
    pub fn take(&mut self, content: &[u8], limit: usize) {
        if self.broken || self.cut {
            self.cut |= !content.is_empty();
            return;
        }
        let room = limit.saturating_sub(self.bytes.len());
        let count = self.share.take(room.min(content.len()));
        self.bytes
            .extend_from_slice(content.get(..count).unwrap_or(content));
        self.cut = count < content.len();
    }

    /// A piece is missing: what follows it is not kept.
    pub fn gap(&mut self) {
        self.broken = true;
    }

    /// True when nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// There was more than was kept, and nothing was missing.
    pub fn is_cut(&self) -> bool {
        self.cut && !self.broken
    }

    /// The body without its content codings.
    pub fn decoded(&self, codings: Option<&str>, is_over: bool, limit: usize) -> Decoded {
        let whole = is_over && !self.broken && !self.cut;
        content::decode(&self.bytes, whole, codings.unwrap_or(""), limit)
    }
}

/// Answers of these types have no text to look at.
pub(super) fn is_media(content_type: &str) -> bool {
    ["image/", "audio/", "video/", "font/"].iter().any(|kind| {
        content_type
            .get(..kind.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(kind))
    }) && !content_type.to_ascii_lowercase().contains("svg")
}

/// Draws the facts of an answer's body.
pub(super) fn answer(
    record: &mut HttpRequest,
    body: &Body,
    is_over: bool,
    parameters: &Parameters,
    limits: &Limits,
) {
    if record.response_body_bytes == 0 {
        return;
    }
    let coding = record.content_encoding.clone();
    let decoded = body.decoded(coding.as_deref(), is_over, limits.http_answer_decoded_bytes);
    record.response_decoded_bytes = match (&coding, decoded.whole) {
        (Some(_), true) => Some(decoded.bytes.len() as u64),
        (Some(_), false) => None,
        // Without a coding, what was counted is what was sent.
        (None, _) => Some(record.response_body_bytes),
    };
    // A long page is no bomb.
    if let Some(oddity) = decoded.oddity.filter(|oddity| *oddity != "decoded-cut") {
        note(&mut record.oddities, oddity);
    }
    let seen = &decoded.bytes;
    let seen = seen.get(..limits.http_answer_scan_bytes).unwrap_or(seen);
    if seen.is_empty() {
        return;
    }
    record.response_body_hash = Some(hex(&twox_hash::XxHash64::oneshot(0, seen).to_be_bytes()));
    let start = seen.get(..limits.http_answer_prefix_bytes).unwrap_or(seen);
    if is_binary(start) {
        return;
    }
    let kind = record.content_type.as_deref().unwrap_or("").to_owned();
    let shown = mail::encoding::text(seen, charset(&kind, start).as_deref());
    record.response_signs = signs::signs(shown.as_bytes());
    if page::is_html(&kind, seen) {
        let page = page::read(&shown, record.host.as_deref());
        record.response_title = page.title;
        record.response_signs.extend(page.signs);
        if let Some(generator) = page.generator {
            powered(&mut record.powered_by, &generator);
        }
    }
    for sign in came_back(&parameters.rows, shown.as_bytes()) {
        note(&mut record.response_signs, sign);
    }
    record.response_body_prefix = Some(if may_hold_secrets(record, parameters) {
        redact::MASK.to_owned()
    } else {
        prefix(&shown, limits.http_answer_prefix_bytes)
    });
}

/// What an injection makes a database say, and what configurations, dumps and keys hold, are other people's
/// secrets without a name beside them: such an answer is told by its signs alone.
fn may_hold_secrets(record: &HttpRequest, parameters: &Parameters) -> bool {
    const HOLDING: [&str; 6] = [
        "constant-answered",
        "table-dump",
        "configuration-file",
        "source-code",
        "shadow-file",
        "private-key",
    ];
    parameters.rows.iter().any(|row| row.sqli.is_some())
        || record
            .response_signs
            .iter()
            .any(|sign| HOLDING.contains(sign))
}

/// Signs that come from comparing an answer with its request.
#[cfg(test)]
pub(super) const SIGNS: [&str; 2] = ["constant-answered", "markup-answered"];

/// Adds to what an answer says it was made with.
pub(super) fn powered(place: &mut Option<String>, by: &str) {
    match place {
        Some(held) if held.split("; ").any(|one| one == by) => {}
        Some(held) if held.len() < 1024 => {
            held.push_str("; ");
            held.push_str(by);
        }
        Some(_) => {}
        None => *place = Some(by.to_owned()),
    }
}

/// Text has hardly any control characters; UTF-16 has zero bytes and is text.
fn is_binary(start: &[u8]) -> bool {
    let is_wide = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    let controls = start
        .iter()
        .filter(|b| matches!(b, 0..=8 | 14..=26 | 28..=31))
        .count();
    !is_wide && controls * 32 > start.len()
}

/// The charset that the answer's type or its page names.
fn charset(content_type: &str, start: &[u8]) -> Option<String> {
    let named = |text: &str| {
        let lower = text.to_ascii_lowercase();
        let at = lower.find("charset=")? + "charset=".len();
        let rest = lower.get(at..)?.trim_start_matches(['"', '\'']);
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':')))
            .unwrap_or(rest.len());
        rest.get(..end)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
    };
    named(content_type).or_else(|| named(&String::from_utf8_lossy(start)))
}

/// The first bytes, secrets masked. Twice as many are masked as are shown, so that no secret is cut from its
/// key's reach.
fn prefix(shown: &str, limit: usize) -> String {
    let bytes = shown.as_bytes();
    let clean = redact::body(bytes.get(..limit * 2).unwrap_or(bytes));
    text(&clean, limit).trim_end_matches('\u{FFFD}').to_owned()
}

/// Does something of the request come back: markup as it was sent, or a constant that a database was asked
/// to spell out, and which did not stand in the request?
fn came_back(parameters: &[HttpParameter], answer: &[u8]) -> Vec<&'static str> {
    let mut signs = Vec::new();
    for parameter in parameters {
        let Some(value) = parameter.value.as_deref() else {
            continue;
        };
        let has = |text: &[u8]| {
            text.len() >= TELLING_BYTES && memchr::memmem::find(answer, text).is_some()
        };
        if parameter.xss && value.contains('<') && has(value.as_bytes()) {
            note(&mut signs, "markup-answered");
        }
        if constants(value).iter().any(|constant| has(constant)) {
            note(&mut signs, "constant-answered");
        }
    }
    signs
}

/// Texts that a value spells in code: `0x716b6a7171`, `CHAR(113,107,106)`, `CHR(113)||CHR(107)`.
fn constants(value: &str) -> Vec<Vec<u8>> {
    let value = value.to_ascii_lowercase();
    let mut constants = Vec::new();
    for (at, _) in value.match_indices("0x").take(CONSTANTS) {
        let digits: Vec<u8> = value
            .bytes()
            .skip(at + 2)
            .map_while(mail::encoding::hex)
            .collect();
        let bytes = digits.as_chunks::<2>().0.iter();
        constants.push(bytes.map(|[high, low]| high << 4 | low).collect());
    }
    let mut rest = value.as_str();
    let mut open: Vec<u8> = Vec::new();
    while let Some(at) = rest
        .find("char(")
        .map(|at| at + 5)
        .into_iter()
        .chain(rest.find("chr(").map(|at| at + 4))
        .min()
    {
        let is_next = rest
            .get(..at)
            .is_some_and(|before| before.bytes().all(|b| b"|+ charn(".contains(&b)));
        if !is_next && !open.is_empty() {
            constants.push(std::mem::take(&mut open));
        }
        let inside = rest.get(at..).unwrap_or("");
        let (numbers, after) = inside.split_once(')').unwrap_or((inside, ""));
        open.extend(
            numbers
                .split(',')
                .map_while(|n| n.trim().parse::<u8>().ok()),
        );
        rest = after;
        if constants.len() >= CONSTANTS {
            break;
        }
    }
    constants.push(open);
    constants.retain(|text| {
        text.len() >= TELLING_BYTES && text.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
    });
    constants
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(value: &str, xss: bool) -> HttpParameter {
        HttpParameter {
            value: Some(value.to_owned()),
            xss,
            ..HttpParameter::default()
        }
    }

    #[test]
    fn a_constant_that_comes_back_shows_that_the_database_obeyed() {
        for value in [
            "1 UNION SELECT CONCAT(0x716b6a7171,user())",
            "1 UNION SELECT CHAR(113,107,106,113,113)||x",
            "1 UNION SELECT CHR(113)||CHR(107)||CHR(106)||CHR(113)||CHR(113)",
        ] {
            let asked = [parameter(value, false)];
            assert_eq!(
                came_back(&asked, b"<td>qkjqqroot</td>"),
                ["constant-answered"],
                "{value}"
            );
            assert!(
                came_back(&asked, value.as_bytes()).is_empty(),
                "an echo is no answer"
            );
        }
    }

    #[test]
    fn markup_that_comes_back_as_sent_is_told() {
        let asked = [parameter("<script>alert(1)</script>", true)];
        assert_eq!(
            came_back(&asked, b"You searched <script>alert(1)</script>"),
            ["markup-answered"]
        );
        assert!(came_back(&asked, b"&lt;script&gt;alert(1)&lt;/script&gt;").is_empty());
    }

    #[test]
    fn prefixes_are_masked_and_short() {
        assert_eq!(
            prefix("user=a&password=hunter2", 100),
            "user=a&password=***"
        );
        assert_eq!(prefix("password=hunter2", 12), "password=***");
    }
}
