//! Parameters of a request, wherever they stand: path, query, cookies, unusual fields, and bodies of every
//! kind that servers take apart.

mod json;
mod multipart;
mod urlencoded;
mod xml;

use super::{form, injection, redact, secret, session, upload};
use crate::encoding;
use crate::limits::Limits;
use crate::mail;
use crate::record::{Guess, HttpParameter, UploadedFile};

/// Bytes of a name kept.
const NAME_BYTES: usize = 128;
/// Times that percent-encoding is undone: twice is an attack on filters, more is a curiosity.
const DECODINGS: u8 = 3;
/// Letters of field values that no browser sends and injections need.
const INJECTING: &[&[u8]] = &[
    b"${", b"() {", b"../", b"..\\", b"' ", b"'+", b"<", b"`", b"%0d", b"%0a", b"{{",
];

/// The parameters of one request so far.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub rows: Vec<HttpParameter>,
    /// There were more than are kept.
    pub limited: bool,
}

/// One name and value as its place has them, percent-encoding still there where the place has it.
pub(super) struct Found<'a> {
    pub place: &'static str,
    /// Name as shown: a path for JSON and XML.
    pub name: &'a [u8],
    /// The last name of that path: what tells a secret.
    pub key: &'a [u8],
    pub value: &'a [u8],
    /// Times that percent-encoding was undone.
    pub decodings: u8,
}

impl Parameters {
    /// Notes one parameter.
    pub fn add(&mut self, found: &Found<'_>, charset: Option<&str>, limits: &Limits) {
        self.push(found, None, charset, limits);
    }

    /// Notes an uploaded file.
    pub fn add_file(&mut self, found: &Found<'_>, file: UploadedFile, limits: &Limits) {
        self.push(found, Some(Box::new(file)), None, limits);
    }

    fn push(
        &mut self,
        found: &Found<'_>,
        file: Option<Box<UploadedFile>>,
        charset: Option<&str>,
        limits: &Limits,
    ) {
        if self.rows.len() >= limits.http_parameters {
            self.limited = true;
            return;
        }
        let kind = match found.place {
            _ if file.is_some() => None,
            "cookie" if session::is_secret(found.key, found.value) => Some("token"),
            "header" if session::is_token(found.value) => Some("token"),
            _ => secret::kind(found.key, found.value),
        };
        let sqli = injection::sql(if file.is_some() { b"" } else { found.value });
        let has_odd_name = || {
            !found
                .name
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || *b >= 0x80 || b"_-.[]/@:$".contains(b))
        };
        self.rows.push(HttpParameter {
            place: found.place,
            name: mail::encoding::text(cut(found.name, NAME_BYTES), charset).into_owned(),
            value: (kind.is_none() && file.is_none())
                .then(|| shown(found.value, charset, limits.http_value_bytes)),
            value_bytes: found.value.len() as u64,
            guess: kind.map(|_| Guess::of(found.value)),
            secret_kind: kind,
            is_user: kind.is_none() && form::rank(found.key) > 2,
            decodings: found.decodings,
            sqli: sqli.or_else(|| has_odd_name().then(|| injection::sql(found.name))?),
            xss: file.is_none() && injection::script(found.value),
            file,
            ..HttpParameter::default()
        });
    }

    /// The target: the path where decoding changes it, its `;name=value` (RFC 3986, 3.3), and the query.
    pub fn target(&mut self, target: &[u8], limits: &Limits) {
        let target = target.split(|b| *b == b'#').next().unwrap_or(target);
        let query = memchr::memchr(b'?', target);
        let path = match query {
            Some(query) => target.get(..query).unwrap_or(target),
            None => target,
        };
        let place = path_of(path);
        let (decoded, decodings) = undone(place);
        let climbs = memchr::memmem::find(&decoded, b"..").is_some();
        if decodings > 0 || climbs {
            let found = Found {
                place: "path",
                name: b"",
                key: b"",
                value: &decoded,
                decodings,
            };
            self.add(&found, None, limits);
        }
        for pair in place.split(|b| *b == b';').skip(1) {
            let pair = pair.split(|b| *b == b'/').next().unwrap_or(pair);
            urlencoded::pair("path", pair, None, limits, self);
        }
        if let Some(query) = query {
            let query = target.get(query + 1..).unwrap_or(b"");
            urlencoded::read("query", query, None, limits, self);
        }
    }

    /// The `Cookie` field.
    pub fn cookies(&mut self, field: &[u8], limits: &Limits) {
        for (name, value) in session::pairs(field) {
            let (value, decodings) = undone(value);
            let found = Found {
                place: "cookie",
                name,
                key: name,
                value: &value,
                decodings,
            };
            self.add(&found, None, limits);
        }
    }

    /// A field that only programs of this site read, or one with letters that injections need.
    pub fn header(&mut self, name: &[u8], value: &[u8], limits: &Limits) {
        let is_usual = is_usual(name);
        let injects = || {
            // Most values have none of the letters that begin one.
            value.iter().any(|b| b"$(.'<`%{".contains(b))
                && INJECTING
                    .iter()
                    .any(|word| memchr::memmem::find(value, word).is_some())
        };
        if is_usual && !injects() {
            return;
        }
        let found = Found {
            place: "header",
            name,
            key: name,
            value,
            decodings: 0,
        };
        self.add(&found, None, limits);
    }

    /// A whole body, its content codings undone. `whole`: nothing of it is missing.
    pub fn body(&mut self, body: &[u8], content_type: &str, whole: bool, limits: &Limits) {
        let kind = content_type.to_ascii_lowercase();
        let charset = parameter(content_type, "charset");
        let charset = charset.as_deref();
        let start = body.trim_ascii_start();
        if kind.contains("multipart/") {
            let boundary = parameter(content_type, "boundary");
            multipart::read(body, boundary.as_deref(), charset, whole, limits, self);
        } else if kind.contains("json") || (kind.is_empty() && start.starts_with(b"{")) {
            json::read(start, limits, self);
        } else if kind.contains("xml") || start.starts_with(b"<?xml") {
            xml::read(start, charset, limits, self);
        } else if kind.contains("urlencoded") || (kind.is_empty() && is_form(start)) {
            urlencoded::read("form", body, charset, limits, self);
        } else if !body.is_empty() {
            self.raw_body(body, content_type, whole, limits);
        }
    }

    /// A body that is a file (PUT), or of a kind of its own: one row with the facts of a file.
    fn raw_body(&mut self, body: &[u8], content_type: &str, whole: bool, limits: &Limits) {
        let found = Found {
            place: "body",
            name: b"",
            key: b"",
            value: body,
            decodings: 0,
        };
        let file = upload::file(None, Some(content_type), body, whole);
        let before = self.rows.len();
        self.add_file(&found, file, limits);
        if let Some(row) = self.rows.get_mut(before)
            && !body.iter().take(512).any(|b| *b == 0)
        {
            row.value = Some(shown(body, None, limits.http_value_bytes));
            row.sqli = injection::sql(body);
            row.xss = injection::script(body);
        }
    }
}

/// A value as kept: secrets inside it masked.
fn shown(value: &[u8], charset: Option<&str>, limit: usize) -> String {
    let clean = redact::body(cut(value, limit));
    let text = mail::encoding::text(&clean, charset);
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("").to_owned()
}

fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    bytes.get(..limit).unwrap_or(bytes)
}

/// The path of a target, which may be an absolute URI (RFC 9112, 3.2.2).
fn path_of(target: &[u8]) -> &[u8] {
    let Some(scheme) = memchr::memmem::find(target, b"://") else {
        return target;
    };
    let authority = target.get(scheme + 3..).unwrap_or(b"");
    memchr::memchr(b'/', authority)
        .and_then(|path| authority.get(path..))
        .unwrap_or(b"")
}

/// Percent-encoding undone as often as it is there, and how often that was.
fn undone(text: &[u8]) -> (Vec<u8>, u8) {
    undone_again(text.to_vec(), 0)
}

/// As [`undone`], after it was undone `done` times.
fn undone_again(mut text: Vec<u8>, mut done: u8) -> (Vec<u8>, u8) {
    while done < DECODINGS && memchr::memchr(b'%', &text).is_some() {
        let next = encoding::percent_only(&text);
        if next == text {
            break;
        }
        text = next;
        done += 1;
    }
    (text, done)
}

/// A parameter of a Content-Type: `name=value` or `name="value"` (RFC 9110, 5.6.6).
fn parameter(content_type: &str, name: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Does a body without a type look like a form's?
fn is_form(body: &[u8]) -> bool {
    let name = body.iter().position(|b| *b == b'=');
    name.is_some_and(|end| {
        end > 0
            && end < NAME_BYTES
            && body
                .iter()
                .take(end)
                .all(|b| b.is_ascii_alphanumeric() || b"_-.%[]+".contains(b))
    })
}

/// Fields that every client sends, or that have columns of their own: they are no parameters of a site.
fn is_usual(name: &[u8]) -> bool {
    const USUAL: &[&str] = &[
        "host",
        "connection",
        "proxy-connection",
        "keep-alive",
        "content-length",
        "content-type",
        "transfer-encoding",
        "te",
        "trailer",
        "expect",
        "date",
        "upgrade",
        "upgrade-insecure-requests",
        "user-agent",
        "referer",
        "origin",
        "via",
        "from",
        "dnt",
        "pragma",
        "cache-control",
        "range",
        "if-range",
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
        "max-forwards",
        "priority",
        "save-data",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-real-ip",
        "forwarded",
        "x-requested-with",
        "content-encoding",
        "content-language",
        "ua-cpu",
        "device-memory",
    ];
    let starts = |prefix: &[u8]| {
        name.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    starts(b"accept")
        || starts(b"sec-")
        || USUAL
            .iter()
            .any(|usual| name.eq_ignore_ascii_case(usual.as_bytes()))
}

#[cfg(test)]
mod tests;
