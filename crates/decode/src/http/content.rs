//! Content codings (RFC 9110, 8.4) undone, within bounds: gzip, deflate with and without zlib's header,
//! brotli, zstd.

use std::io::Read;

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// Codings undone of one body; more are an attack or a mistake.
const CODINGS: usize = 4;
/// Bytes asked of a decoder at once.
const CHUNK: usize = 8 << 10;

/// A body without its codings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    /// Its bytes, at most as many as were asked for.
    pub bytes: Vec<u8>,
    /// These are all bytes of the body.
    pub whole: bool,
    /// What was out of the ordinary: `decoded-cut` (there is more than was asked for: large, or a bomb),
    /// `damaged-coding`, `unknown-coding`.
    pub oddity: Option<&'static str>,
}

/// Undoes the codings that `named` lists in the order in which they were applied. `whole` says that
/// nothing of the body is missing.
pub(super) fn decode(body: &[u8], whole: bool, named: &str, limit: usize) -> Decoded {
    let mut decoded = Decoded {
        bytes: Vec::new(),
        whole,
        oddity: None,
    };
    let codings: Vec<&str> = named
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
        .collect();
    let mut is_first = true;
    for name in codings.iter().rev().take(CODINGS) {
        let source = if is_first { body } else { &decoded.bytes };
        let Some((bytes, end)) = undone(name, source, limit) else {
            decoded.oddity = Some("unknown-coding");
            decoded.whole = false;
            break;
        };
        decoded.bytes = bytes;
        is_first = false;
        match end {
            End::Whole => {}
            End::Cut => {
                decoded.whole = false;
                decoded.oddity = Some("decoded-cut");
            }
            // A body of which the end was not kept ends in the midst of its coding.
            End::Damaged if decoded.whole => {
                decoded.whole = false;
                decoded.oddity.get_or_insert("damaged-coding");
            }
            End::Damaged => {}
        }
    }
    if is_first && decoded.oddity.is_none() {
        decoded.whole &= body.len() <= limit;
        decoded.bytes = body.get(..limit).unwrap_or(body).to_vec();
    }
    if codings.len() > CODINGS {
        decoded.oddity = Some("unknown-coding");
        decoded.whole = false;
    }
    decoded
}

/// How undoing a coding ended.
enum End {
    Whole,
    /// At the limit.
    Cut,
    /// At bytes that make no sense, or at the end of what is there.
    Damaged,
}

fn undone(name: &str, source: &[u8], limit: usize) -> Option<(Vec<u8>, End)> {
    let read = match name.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => drained(MultiGzDecoder::new(source), limit),
        "deflate" => deflate(source, limit),
        "br" => drained(brotli_decompressor::Decompressor::new(source, CHUNK), limit),
        "zstd" => match ruzstd::decoding::StreamingDecoder::new(source) {
            Ok(decoder) => drained(decoder, limit),
            Err(_) => (Vec::new(), End::Damaged),
        },
        _ => return None,
    };
    Some(read)
}

/// `deflate` is zlib (RFC 1950) by the standard and raw deflate (RFC 1951) from many servers.
fn deflate(source: &[u8], limit: usize) -> (Vec<u8>, End) {
    let has_header = matches!(source, [method, flags, ..]
        if method & 15 == 8 && (u16::from(*method) * 256 + u16::from(*flags)) % 31 == 0);
    if has_header {
        let (bytes, end) = drained(ZlibDecoder::new(source), limit);
        if !(bytes.is_empty() && matches!(end, End::Damaged)) {
            return (bytes, end);
        }
    }
    drained(DeflateDecoder::new(source), limit)
}

/// What a decoder gives, at most `limit` bytes of it.
fn drained(mut decoder: impl Read, limit: usize) -> (Vec<u8>, End) {
    let mut bytes = Vec::new();
    let mut chunk = [0; CHUNK];
    loop {
        match decoder.read(&mut chunk) {
            Ok(0) => return (bytes, End::Whole),
            Ok(count) => {
                let room = limit - bytes.len();
                bytes.extend_from_slice(chunk.get(..count.min(room)).unwrap_or(&chunk));
                if count > room {
                    return (bytes, End::Cut);
                }
            }
            Err(_) => return (bytes, End::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const PAGE: &[u8] = b"<html>root:x:0:0: and more of it, and more of it</html>";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_coding_is_undone() {
        let zstd =
            ruzstd::encoding::compress_to_vec(PAGE, ruzstd::encoding::CompressionLevel::Fastest);
        // As the reference encoder writes it: one uncompressed meta-block.
        let brotli = [&[0x0b, 0x02, 0x80][..], b"hello", &[0x03]].concat();
        for (name, body, plain) in [
            ("gzip", gzip(PAGE), PAGE),
            ("X-GZIP", gzip(PAGE), PAGE),
            ("deflate", zlib(PAGE), PAGE),
            ("deflate", raw(PAGE), PAGE),
            ("zstd", zstd, PAGE),
            ("br", brotli, b"hello"),
            ("deflate, gzip", gzip(&zlib(PAGE)), PAGE),
            ("identity", PAGE.to_vec(), PAGE),
            ("", PAGE.to_vec(), PAGE),
        ] {
            let decoded = decode(&body, true, name, 1000);
            assert_eq!(decoded.bytes, plain, "{name}");
            assert_eq!((decoded.whole, decoded.oddity), (true, None), "{name}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit_and_says_so() {
        let bomb = gzip(&gzip(&vec![0; 10 << 20]));
        let decoded = decode(&bomb, true, "gzip, gzip", 1 << 16);
        assert_eq!(decoded.bytes.len(), 1 << 16);
        assert_eq!(
            (decoded.whole, decoded.oddity),
            (false, Some("decoded-cut"))
        );
    }

    #[test]
    fn what_is_cut_or_damaged_gives_what_it_held() {
        let body = gzip(PAGE);
        let half = body.get(..body.len() - 12).unwrap();
        let cut = decode(half, false, "gzip", 1000);
        assert!(PAGE.starts_with(&cut.bytes));
        assert_eq!((cut.whole, cut.oddity), (false, None));
        assert_eq!(
            decode(half, true, "gzip", 1000).oddity,
            Some("damaged-coding")
        );
        assert_eq!(
            decode(PAGE, true, "sdch", 1000).oddity,
            Some("unknown-coding")
        );
    }
}
