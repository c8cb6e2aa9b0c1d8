//! `multipart/form-data` (RFC 7578), with and without the boundary that its type names.

use super::{Found, Parameters};
use crate::http::upload;
use crate::limits::Limits;

/// Longest boundary (RFC 2046, 5.1.1, allows 70) looked for in a body whose type names none.
const BOUNDARY_BYTES: usize = 200;

/// Notes every part.
pub(super) fn read(
    body: &[u8],
    boundary: Option<&str>,
    charset: Option<&str>,
    whole: bool,
    limits: &Limits,
    out: &mut Parameters,
) {
    let delimiter = match boundary {
        Some(boundary) => [b"--", boundary.as_bytes()].concat(),
        None => match first_line(body) {
            Some(line) => line.to_vec(),
            None => return,
        },
    };
    let finder = memchr::memmem::Finder::new(&delimiter);
    let mut starts = finder.find_iter(body).filter(|at| {
        let before = at.checked_sub(1).and_then(|before| body.get(before));
        before.is_none_or(|b| *b == b'\n')
    });
    let Some(mut start) = starts.next() else {
        return;
    };
    loop {
        let end = starts.next();
        let inside = start + delimiter.len();
        let piece = body.get(inside..end.unwrap_or(body.len())).unwrap_or(b"");
        if piece.starts_with(b"--") || out.limited {
            return;
        }
        // A part is whole when its end was seen: the next delimiter.
        part(piece, charset, end.is_some() || whole, limits, out);
        match end {
            Some(next) => start = next,
            None => return,
        }
    }
}

fn first_line(body: &[u8]) -> Option<&[u8]> {
    let body = body.trim_ascii_start();
    let end = memchr::memchr(b'\n', body)?;
    let line = body.get(..end)?.trim_ascii_end();
    (line.starts_with(b"--") && line.len() <= BOUNDARY_BYTES).then_some(line)
}

fn part(piece: &[u8], charset: Option<&str>, whole: bool, limits: &Limits, out: &mut Parameters) {
    let piece = piece.trim_ascii_start();
    let crlf = memchr::memmem::find(piece, b"\r\n\r\n").map(|at| (at, at + 4));
    let bare = || memchr::memmem::find(piece, b"\n\n").map(|at| (at, at + 2));
    let Some((head_end, start)) = crlf.or_else(bare) else {
        return;
    };
    let content = piece.get(start..).unwrap_or(b"");
    let content = content
        .strip_suffix(b"\r\n")
        .or_else(|| content.strip_suffix(b"\n"))
        .unwrap_or(content);
    let head = String::from_utf8_lossy(piece.get(..head_end).unwrap_or(b""));
    let field = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let disposition = field("content-disposition").unwrap_or("");
    let name = attribute(disposition, "name").unwrap_or_default();
    let file_name = attribute(disposition, "filename")
        .or_else(|| attribute(disposition, "filename*").map(|name| extended(&name)));
    let found = Found {
        place: "multipart",
        name: name.as_bytes(),
        key: name.as_bytes(),
        value: content,
        decodings: 0,
    };
    match file_name {
        Some(file_name) => {
            let file = upload::file(Some(&file_name), field("content-type"), content, whole);
            out.add_file(&found, file, limits);
        }
        None => out.add(&found, charset, limits),
    }
}

/// The value of `name="..."` or `name=...`; browsers write `%22` for a quote in it.
fn attribute(disposition: &str, name: &str) -> Option<String> {
    let mut rest = disposition;
    while let Some(at) = rest.find(';') {
        rest = rest.get(at + 1..)?.trim_start();
        let Some((key, value)) = rest.split_once('=') else {
            continue;
        };
        if !key.trim().eq_ignore_ascii_case(name) {
            // A quoted value may hold a semicolon.
            if let Some(quoted) = value.strip_prefix('"') {
                rest = quoted.get(quoted.find('"')?..)?;
            }
            continue;
        }
        let value = value.trim_start();
        return Some(match value.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or(quoted).to_owned(),
            None => value.split(';').next().unwrap_or(value).trim().to_owned(),
        });
    }
    None
}

/// `UTF-8''name` with percent-encoding (RFC 8187).
fn extended(value: &str) -> String {
    let name = value.rsplit('\'').next().unwrap_or(value);
    let bytes = crate::encoding::percent_only(name.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
