//! Where a request head ends in the bytes that are there.

use super::head;

/// Where a request head ends.
pub(super) enum HeadEnd {
    At(usize),
    /// Not in these bytes; look from here when more are there.
    More(usize),
    /// A line that is no request line.
    Junk(usize),
}

/// Looks for the end of a head, from `scanned` on.
pub(super) fn request_head_end(bytes: &[u8], scanned: usize) -> HeadEnd {
    let Some(line_end) = memchr::memchr(b'\n', bytes) else {
        return HeadEnd::More(0);
    };
    let (line, rest) = head::first_line(bytes);
    if scanned <= line_end {
        match head::request_line(line) {
            None => return HeadEnd::Junk(line_end + 1),
            Some(parts) if parts.version.is_empty() => return versionless_head_end(line_end, rest),
            Some(_) => {}
        }
    }
    match head::head_end(bytes, scanned.max(line_end)) {
        Ok(end) => HeadEnd::At(end),
        Err(scanned) => HeadEnd::More(scanned.max(line_end)),
    }
}

/// A request line without version is the whole head (HTTP/0.9), unless fields or an empty line
/// follow: clients that forget the version are more common than old ones.
fn versionless_head_end(line_end: usize, rest: &[u8]) -> HeadEnd {
    match rest {
        [b'\n', ..] => HeadEnd::At(line_end + 2),
        [b'\r', b'\n', ..] => HeadEnd::At(line_end + 3),
        [] | [b'\r'] => HeadEnd::More(0),
        _ => match rest.iter().find(|&&b| !head::is_token(b)) {
            None => HeadEnd::More(0),
            Some(b':') => head::head_end(rest, 0)
                .map_or(HeadEnd::More(0), |end| HeadEnd::At(line_end + 1 + end)),
            Some(_) => HeadEnd::At(line_end + 1),
        },
    }
}
