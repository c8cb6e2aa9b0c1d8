//! `name=value&name=value` (WHATWG URL, 5.1), as queries and forms have it.

use super::{Found, Parameters, undone_again};
use crate::encoding;
use crate::limits::Limits;

/// Notes every pair.
pub(super) fn read(
    place: &'static str,
    text: &[u8],
    charset: Option<&str>,
    limits: &Limits,
    out: &mut Parameters,
) {
    for part in text.split(|b| *b == b'&') {
        if out.limited {
            return;
        }
        pair(place, part, charset, limits, out);
    }
}

/// Notes one pair; without `=` all of it is the value of no name.
pub(super) fn pair(
    place: &'static str,
    pair: &[u8],
    charset: Option<&str>,
    limits: &Limits,
    out: &mut Parameters,
) {
    let pair = pair.trim_ascii();
    if pair.is_empty() {
        return;
    }
    let (name, value) = match memchr::memchr(b'=', pair) {
        Some(end) => (
            pair.get(..end).unwrap_or(b""),
            pair.get(end + 1..).unwrap_or(b""),
        ),
        None => (&b""[..], pair),
    };
    let name = encoding::percent(name);
    let once = encoding::percent(value);
    let was_encoded = memchr::memchr(b'%', value).is_some() && once.len() != value.len();
    let (value, decodings) = undone_again(once, u8::from(was_encoded));
    out.add(
        &Found {
            place,
            name: &name,
            key: &name,
            value: &value,
            decodings,
        },
        charset,
        limits,
    );
}
