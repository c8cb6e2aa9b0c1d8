//! Attachments: names, types by content, hashes.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::Transfer;
use super::leaf::Leaf;
use crate::layer::hex;
use crate::record::Attachment;

/// Bytes hashed by one algorithm before the next takes its turn: one block of both. Each waits for itself half of the
/// time, and the processor goes on with the other meanwhile.
const BLOCK: usize = 64;
/// Attachments that may wait for others to have their MD5 computed with: shorter ones are not worth it, longer ones would
/// take too much memory.
const WAITING_BYTES: std::ops::Range<usize> = 256..512 << 10;

/// First bytes of known types.
const MAGIC: &[(&[u8], &str)] = &[
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"MZ", "exe"),
    (b"\x7FELF", "elf"),
    (b"Rar!\x1A\x07", "rar"),
    (b"7z\xBC\xAF\x27\x1C", "7z"),
    (b"\x1F\x8B", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xFD7zXZ\0", "xz"),
    (b"\x89PNG", "png"),
    (b"\xFF\xD8\xFF", "jpeg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"RIFF", "riff"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"MSCF", "cab"),
    (b"L\0\0\0\x01\x14\x02\0", "lnk"),
    (b"\x78\x9F\x3E\x22", "tnef"),
    (b"ITSF", "chm"),
    (b"<!DOCTYPE html", "html"),
    (b"<!doctype html", "html"),
    (b"<html", "html"),
    (b"<HTML", "html"),
    (b"<svg", "svg"),
    (b"<?xml", "xml"),
];

/// Type by the first bytes, where known.
#[must_use]
pub fn magic(content: &[u8]) -> Option<&'static str> {
    MAGIC
        .iter()
        .find(|(start, _)| content.starts_with(start))
        .map(|&(_, name)| name)
}

/// Every type that is known by its first bytes.
#[cfg(test)]
pub fn magic_names() -> impl Iterator<Item = &'static str> {
    MAGIC.iter().map(|&(_, name)| name)
}

/// The row of an attachment, without its MD5 where that may wait for others.
#[must_use]
pub fn row(leaf: &Leaf<'_>, transfer: &Transfer) -> Attachment {
    let md5 = if may_wait(&leaf.content) {
        String::new()
    } else {
        hex(&Md5::digest(&leaf.content))
    };
    let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
    for block in leaf.content.chunks(BLOCK) {
        sha1.update(block);
        sha256.update(block);
    }
    Attachment {
        session: transfer.session,
        message: transfer.message,
        span: transfer.span,
        name: leaf.name.clone(),
        content_type: leaf.content_type.clone(),
        magic: magic(&leaf.content),
        size_bytes: leaf.content.len() as u64,
        md5,
        sha1: hex(&sha1.finalize()),
        sha256: hex(&sha256.finalize()),
        truncated: leaf.is_last || leaf.before_gap.is_some(),
    }
}

/// May the MD5 of this attachment be computed together with others?
#[must_use]
pub fn may_wait(content: &[u8]) -> bool {
    WAITING_BYTES.contains(&content.len())
}

/// SHA-256 of a body as transferred, hex. No MD5: it would cost more than all other work on a message.
#[must_use]
pub fn sha256_hex(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}
