//! IEEE 802.11: data frames that are not encrypted lead to LLC, and so to IP.

use super::{Layer, Undecoded, Walk, link};

/// How a frame's header is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As on the air.
    Plain,
    /// Filled up to a multiple of four bytes, as some capturing hardware does.
    Padded,
    /// The two bytes of frame control the wrong way round, as some access points hand them to their controller.
    Swapped,
}

/// Words of radiotap that say what is present.
const MAX_PRESENT: usize = 32;

/// Radiotap: a length, then words that say which fields follow; of these only the frame's flags matter here.
pub(super) fn radiotap(walk: &mut Walk<'_>) -> Result<Layer, Undecoded> {
    let [version, _, l0, l1] = walk.rest.first_chunk::<4>().ok_or(Undecoded::Cut)?;
    let length = usize::from(u16::from_le_bytes([*l0, *l1]));
    if *version != 0 || length < 8 {
        return Err(Undecoded::NotIp);
    }
    let flags = walk.rest.get(..length).and_then(radiotap_flags);
    walk.skip(length)?;
    let has = |bit: u8| flags.is_some_and(|flags| flags & bit != 0);
    if has(0x40) {
        return Err(Undecoded::BadFrameCheck);
    }
    Ok(Layer::Wireless(if has(0x20) {
        Form::Padded
    } else {
        Form::Plain
    }))
}

fn radiotap_flags(header: &[u8]) -> Option<u8> {
    let word = |index: usize| {
        let bytes = header.get(4 + 4 * index..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    };
    let first = word(0)?;
    let mut words = 1;
    let mut last = first;
    while last & 1 << 31 != 0 && words < MAX_PRESENT {
        last = word(words)?;
        words += 1;
    }
    if first & 2 == 0 {
        return None;
    }
    let mut at = 4 + 4 * words;
    if first & 1 != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    header.get(at).copied()
}

/// A frame: its header, whose length follows from its flags, then LLC.
pub(super) fn frame(walk: &mut Walk<'_>, form: Form) -> Result<Layer, Undecoded> {
    let (control, flags) = match (form, walk.rest) {
        (Form::Swapped, [flags, control, ..]) | (_, [control, flags, ..]) => (*control, *flags),
        _ => return Err(Undecoded::Cut),
    };
    let (kind, subtype) = (control >> 2 & 3, control >> 4);
    if control & 3 != 0 {
        return Err(Undecoded::NotIp);
    }
    // Not data, or data frames without data.
    if kind != 2 || subtype & 4 != 0 {
        return Err(Undecoded::LinkControl);
    }
    if flags & 0x40 != 0 {
        return Err(Undecoded::EncryptedLink);
    }
    let sequence = walk.rest.get(22).ok_or(Undecoded::Cut)?;
    let has_four_addresses = flags & 3 == 3;
    let mut header = 24 + 6 * usize::from(has_four_addresses);
    let mut has_many = false;
    if subtype & 8 != 0 {
        has_many = walk.rest.get(header).ok_or(Undecoded::Cut)? & 0x80 != 0;
        header += 2 + 4 * usize::from(flags & 0x80 != 0);
    }
    if flags & 4 != 0 || sequence & 0x0f != 0 || has_many {
        return Err(Undecoded::WirelessPieces);
    }
    if form == Form::Padded {
        header = header.next_multiple_of(4);
    }
    walk.skip(header)?;
    link::llc(walk)
}
