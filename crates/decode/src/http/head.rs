//! Heads of HTTP/1.x messages, as real clients and proxies write them: bare LF, extra blanks, no
//! version, no reason. Parsed in place; only what is asked for is copied.

use crate::layer::text;

/// Where the head that starts at 0 ends: after the first empty line. `Err` gives where to look
/// again when more bytes are there.
pub(crate) fn head_end(bytes: &[u8], from: usize) -> Result<usize, usize> {
    let mut at = from;
    while let Some(line) = memchr::memchr(b'\n', bytes.get(at..).unwrap_or(b"")) {
        let after = at + line + 1;
        match bytes.get(after..) {
            Some([b'\n', ..]) => return Ok(after + 1),
            Some([b'\r', b'\n', ..]) => return Ok(after + 2),
            Some([] | [b'\r']) | None => return Err(at + line),
            Some(_) => at = after,
        }
    }
    Err(bytes.len())
}

/// First line of a request: `method SP request-target SP HTTP-version` (RFC 9112, 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestLine<'a> {
    pub method: &'a [u8],
    pub target: &'a [u8],
    /// Empty when the line has none.
    pub version: &'a [u8],
    /// The line is not what RFC 9112 allows.
    pub malformed: bool,
}

/// First line of an answer: `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112, 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatusLine<'a> {
    pub line: &'a [u8],
    pub version: &'a [u8],
    pub status: u16,
    pub reason: &'a [u8],
}

/// Reads a request line: the first word is the method, the last one the version when it looks
/// like one, the second one the target. A target with blanks in it keeps them, except that a
/// CONNECT names its target in one word.
pub(crate) fn request_line(line: &[u8]) -> Option<RequestLine<'_>> {
    let trimmed = line.trim_ascii();
    let blank = |b: &u8| *b == b' ' || *b == b'\t';
    let method_end = trimmed.iter().position(blank)?;
    let (method, rest) = trimmed.split_at_checked(method_end)?;
    if !method.iter().all(|&b| is_token(b)) {
        return None;
    }
    let rest = rest.trim_ascii();
    let version_start = rest.iter().rposition(blank).map_or(0, |at| at + 1);
    let last = rest.get(version_start..)?;
    let (target, version) = match version_start > 0 && is_version(last) {
        true => (rest.get(..version_start)?.trim_ascii(), last),
        false => (rest, &b""[..]),
    };
    let is_connect = method.eq_ignore_ascii_case(b"CONNECT");
    let word = target.split(blank).next().unwrap_or(target);
    let malformed = version.is_empty()
        || word.len() != target.len()
        || method.iter().any(u8::is_ascii_lowercase)
        || method.len() + target.len() + version.len() + 2 != line.len();
    Some(RequestLine {
        method,
        target: if is_connect { word } else { target },
        version,
        malformed,
    })
}

/// Reads a status line.
pub(crate) fn status_line(line: &[u8]) -> Option<StatusLine<'_>> {
    let line = line.trim_ascii_end();
    let version_end = line.iter().position(|&b| b == b' ')?;
    let (version, rest) = line.split_at_checked(version_end)?;
    if !is_version(version) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (code, reason) = rest.split_at_checked(digits)?;
    let status = std::str::from_utf8(code)
        .ok()?
        .parse()
        .ok()
        .filter(|status| *status < 1000)?;
    Some(StatusLine {
        line,
        version,
        status,
        reason: reason.trim_ascii(),
    })
}

fn is_version(word: &[u8]) -> bool {
    word.get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"HTTP/"))
        && word.get(5..).is_some_and(|rest| {
            !rest.is_empty() && rest.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        })
}

/// `tchar` (RFC 9110, 5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The first line of a head, without its line end, and what follows.
pub(crate) fn first_line(head: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match memchr::memchr(b'\n', head) {
        Some(end) => (
            head.get(..end).unwrap_or(head),
            head.get(end + 1..).unwrap_or(b""),
        ),
        None => (head, &b""[..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// Calls `each` with name and value of every field, in order. Folded lines (RFC 9112, 5.2) belong
/// to the value; lines without a colon are left out and make the result false.
pub(crate) fn fields<'a>(head: &'a [u8], mut each: impl FnMut(&'a [u8], &'a [u8])) -> bool {
    let mut rest = head;
    let mut clean = true;
    while !rest.is_empty() {
        let end = field_end(rest);
        let (field, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
        rest = after;
        let field = field.trim_ascii();
        if field.is_empty() {
            continue;
        }
        match memchr::memchr(b':', field).and_then(|colon| field.split_at_checked(colon)) {
            Some((name, value)) => each(
                name.trim_ascii(),
                value.get(1..).unwrap_or(b"").trim_ascii(),
            ),
            None => clean = false,
        }
    }
    clean
}

/// Where the field ends that starts at 0, with its folded lines.
fn field_end(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let Some(line) = memchr::memchr(b'\n', bytes.get(at..).unwrap_or(b"")) else {
            return bytes.len();
        };
        at += line + 1;
        match bytes.get(at) {
            Some(b' ' | b'\t') => {}
            _ => return at,
        }
    }
}

/// A field's value as text, folded lines joined.
pub(crate) fn unfold(value: &[u8], limit: usize) -> String {
    if memchr::memchr(b'\n', value).is_none() {
        return text(value, limit);
    }
    let lines: Vec<&[u8]> = value
        .split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii)
        .collect();
    text(&lines.join(&b" "[..]), limit)
}

/// A field name in lower case without allocation: the longest name asked for has 19 bytes.
pub(crate) struct ShortName {
    bytes: [u8; 20],
    length: usize,
}

impl ShortName {
    pub fn lower(name: &[u8]) -> Self {
        let mut bytes = [0; 20];
        let length = if name.len() <= bytes.len() {
            name.len()
        } else {
            0
        };
        for (to, from) in bytes.iter_mut().zip(name.iter().take(length)) {
            *to = from.to_ascii_lowercase();
        }
        Self { bytes, length }
    }

    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(b"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &[u8]) -> (&[u8], &[u8], &[u8], bool) {
        let line = request_line(line).unwrap();
        (line.method, line.target, line.version, line.malformed)
    }

    #[test]
    fn request_lines_are_read_as_proxies_read_them() {
        assert_eq!(
            parts(b"GET /a HTTP/1.1"),
            (&b"GET"[..], &b"/a"[..], &b"HTTP/1.1"[..], false)
        );
        assert_eq!(
            parts(b"CONNECT a.b:25 / HTTP/1.0"),
            (&b"CONNECT"[..], &b"a.b:25"[..], &b"HTTP/1.0"[..], true)
        );
        assert_eq!(
            parts(b"CONNECT  a.b:25   HTTP/1.0"),
            (&b"CONNECT"[..], &b"a.b:25"[..], &b"HTTP/1.0"[..], true)
        );
        assert_eq!(
            parts(b"connect a.b:25"),
            (&b"connect"[..], &b"a.b:25"[..], &b""[..], true)
        );
        assert_eq!(
            parts(b"GET /a b HTTP/1.1"),
            (&b"GET"[..], &b"/a b"[..], &b"HTTP/1.1"[..], true)
        );
        assert_eq!(
            parts(b"OPTIONS HTTP/1.1"),
            (&b"OPTIONS"[..], &b"HTTP/1.1"[..], &b""[..], true)
        );
        assert_eq!(request_line(b"nothing"), None);
    }

    #[test]
    fn a_head_ends_at_its_empty_line_with_any_line_ends() {
        assert_eq!(head_end(b"GET / HTTP/1.0\r\nA: b\r\n\r\nrest", 0), Ok(24));
        assert_eq!(head_end(b"GET / HTTP/1.0\n\nrest", 0), Ok(16));
        assert_eq!(head_end(b"GET / HTTP/1.0\r\n\r", 0), Err(15));
    }

    #[test]
    fn folded_fields_are_one_field() {
        let mut seen = Vec::new();
        assert!(fields(b"A: b\r\n c\r\nD:e\r\n", |name, value| seen
            .push((name.to_vec(), value.to_vec()))));
        assert_eq!(
            seen,
            [
                (b"A".to_vec(), b"b\r\n c".to_vec()),
                (b"D".to_vec(), b"e".to_vec())
            ]
        );
    }
}
