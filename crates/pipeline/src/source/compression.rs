//! gzip and zstd are opened by their first bytes, whatever the file's name.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const COMPRESSED_CHUNK_BYTES: usize = 64 << 10;

/// How the input is stored.
pub(super) type Opened = (&'static str, Box<dyn Read + Send>);

/// The uncompressed bytes of `source`, and how they were stored: `none`, `gzip`, `zstd`.
/// Concatenated gzip members and zstd frames are one input.
///
/// # Errors
/// The source fails, or is compressed in another way.
pub(super) fn uncompressed(mut source: impl Read + Send + 'static) -> io::Result<Opened> {
    let mut magic = Vec::with_capacity(8);
    (&mut source).take(6).read_to_end(&mut magic)?;
    let unsupported =
        |name: &str| io::Error::other(format!("compressed with {name}: uncompress it first"));
    match magic.as_slice() {
        [0x1f, 0x8b, ..] => {
            let source =
                BufReader::with_capacity(COMPRESSED_CHUNK_BYTES, Cursor::new(magic).chain(source));
            Ok(("gzip", Box::new(MultiGzDecoder::new(source))))
        }
        [a, b, c, d, ..] if [*a, *b, *c, *d] == ZSTD_MAGIC || skippable([*a, *b, *c, *d]) => {
            let source =
                BufReader::with_capacity(COMPRESSED_CHUNK_BYTES, Cursor::new(magic).chain(source));
            Ok(("zstd", Box::new(ZstdFrames::new(source))))
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Err(unsupported("xz")),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Err(unsupported("bzip2")),
        [0x04, 0x22, 0x4d, 0x18, ..] => Err(unsupported("lz4")),
        [b'P', b'K', 3, 4, ..] => Err(unsupported("zip")),
        _ => Ok(("none", Box::new(Cursor::new(magic).chain(source)))),
    }
}

/// RFC 8878, 3.1.2: magic numbers `184D2A50` to `184D2A5F` mark frames to skip.
fn skippable(magic: [u8; 4]) -> bool {
    u32::from_le_bytes(magic) & 0xffff_fff0 == 0x184d_2a50
}

/// Any number of zstd frames, one after another (RFC 8878, 3).
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            decoder: FrameDecoder::new(),
            in_frame: false,
        }
    }

    /// Starts the next frame; false at the end of the input.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => {
                    self.in_frame = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(
                        &mut (&mut self.source).take(u64::from(length)),
                        &mut io::sink(),
                    )?;
                }
                Err(cause) => return Err(io::Error::other(cause)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.in_frame && self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if self.in_frame && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            } else if !self.next_frame()? {
                return Ok(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn whole(stored: Vec<u8>) -> (&'static str, Vec<u8>) {
        let (name, mut source) = uncompressed(Cursor::new(stored)).unwrap();
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes).unwrap();
        (name, bytes)
    }

    #[test]
    fn concatenated_members_are_one_input() {
        let plain = [b"first ".repeat(40_000), b"second".to_vec()].concat();
        let (head, tail) = plain.split_at(100_001);
        assert_eq!(
            whole([gzip(head), gzip(tail)].concat()),
            ("gzip", plain.clone())
        );
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        assert_eq!(
            whole([skipped.clone(), zstd(head), skipped, zstd(tail)].concat()),
            ("zstd", plain)
        );
    }

    #[test]
    fn short_and_plain_inputs_stay_as_they_are() {
        for plain in [&b""[..], b"a", b"plain bytes, longer than the magic"] {
            assert_eq!(whole(plain.to_vec()), ("none", plain.to_vec()));
        }
    }

    #[test]
    fn other_compressions_are_named() {
        let refused = uncompressed(Cursor::new(b"BZh91AY&SY".to_vec()))
            .err()
            .unwrap();
        assert!(refused.to_string().contains("bzip2"));
    }
}
