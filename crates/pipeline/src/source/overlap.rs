//! Which inputs may have seen the same packets: looked for only where that may be, since it reads them twice.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::input::Input;
use super::paths::InputName;
use crate::copies::{Clocks, Samples, measured};

/// First packets compared: capture points that began together share them whatever their clocks say.
const FIRST_PACKETS: usize = 512;
/// Inputs that lie over each other by less are one recording, cut.
const CUT_NS: i64 = 100_000_000;
/// Bytes at the end of a file in which its last packet is looked for.
const TAIL_BYTES: usize = 256 << 10;
/// Records in a row that make an end of a file certain.
const CHAIN: usize = 3;
/// An input whose last time is not known without reading it is read, up to this size.
const UNKNOWN_BYTES: u64 = 64 << 20;

/// Measures the clocks of inputs that saw the same packets; `firsts` are times of first packets, `None` for
/// inputs that cannot be read twice.
pub(super) fn clocks(names: &[InputName], firsts: &[Option<i64>]) -> Clocks {
    let mut readable: Vec<(i64, usize)> = (0..names.len())
        .filter_map(|index| Some((firsts.get(index).copied().flatten()?, index)))
        .collect();
    readable.sort_by(|one, other| {
        let name = |index: usize| names.get(index).map(|name| &name.name);
        one.0
            .cmp(&other.0)
            .then_with(|| name(one.1).cmp(&name(other.1)))
    });
    if readable.len() < 2 {
        return Clocks::unknown(names.len());
    }
    let members = overlapping(names, &readable);
    let largest = members.iter().map(|&index| size(names, index)).max();
    let samples: Vec<_> = members
        .into_iter()
        .map(|index| {
            (
                index,
                sampled(names, index, largest.unwrap_or(0), usize::MAX),
            )
        })
        .collect();
    measured(names.len(), &samples)
}

/// The inputs that overlap another in time, or share first packets with one; in the given order.
fn overlapping(names: &[InputName], readable: &[(i64, usize)]) -> Vec<usize> {
    let mut overlaps = vec![false; names.len()];
    let mut mark = |index: usize| {
        if let Some(place) = overlaps.get_mut(index) {
            *place = true;
        }
    };
    let mut latest: Option<(i64, usize)> = None;
    let mut owners: HashMap<u64, usize> = HashMap::new();
    for &(first, index) in readable {
        if let Some((last, before)) = latest
            && last.saturating_sub(first) > CUT_NS
        {
            mark(before);
            mark(index);
        }
        let last = last_ns(names, index, first);
        if latest.is_none_or(|(held, _)| last > held) {
            latest = Some((last, index));
        }
        for hash in sampled(names, index, 0, FIRST_PACKETS).hashes() {
            let owner = *owners.entry(hash).or_insert(index);
            if owner != index {
                mark(owner);
                mark(index);
            }
        }
    }
    readable
        .iter()
        .map(|&(_, index)| index)
        .filter(|&index| overlaps.get(index) == Some(&true))
        .collect()
}

fn size(names: &[InputName], index: usize) -> u64 {
    let path = names.get(index).and_then(|name| name.path.as_ref());
    path.and_then(|path| path.metadata().ok())
        .map_or(0, |metadata| metadata.len())
}

fn sampled(names: &[InputName], index: usize, largest: u64, packets: usize) -> Samples {
    let mut samples = Samples::of(largest);
    if let Some(Ok(mut input)) = names.get(index).map(|name| Input::open(name, 0)) {
        let mut count = 0;
        while count < packets
            && let Some((_, packet)) = input.next()
        {
            samples.add(&packet);
            count += 1;
        }
    }
    samples
}

/// Time of the last packet, from the end of the file; without one, as late as can be for an input small
/// enough to be read, else as early.
fn last_ns(names: &[InputName], index: usize, first_ns: i64) -> i64 {
    let path = names.get(index).and_then(|name| name.path.as_deref());
    let known = path.and_then(|path| pcap_end(path, first_ns));
    known.unwrap_or(if size(names, index) <= UNKNOWN_BYTES {
        i64::MAX
    } else {
        first_ns
    })
}

/// The time of a plain pcap file's last packet: the records that lead to the end of the file are found by
/// trying every start.
fn pcap_end(path: &Path, first_ns: i64) -> Option<i64> {
    let mut file = File::open(path).ok()?;
    let mut magic = [0; 4];
    file.read_exact(&mut magic).ok()?;
    let (word, unit): (fn([u8; 4]) -> u32, i64) = match magic {
        [0xd4, 0xc3, 0xb2, 0xa1] => (u32::from_le_bytes, 1000),
        [0xa1, 0xb2, 0xc3, 0xd4] => (u32::from_be_bytes, 1000),
        [0x4d, 0x3c, 0xb2, 0xa1] => (u32::from_le_bytes, 1),
        [0xa1, 0xb2, 0x3c, 0x4d] => (u32::from_be_bytes, 1),
        _ => return None,
    };
    let length = file.metadata().ok()?.len();
    let start = length.saturating_sub(TAIL_BYTES as u64).max(24);
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES as u64).read_to_end(&mut tail).ok()?;
    let record = |at: usize| -> Option<(i64, usize)> {
        let [seconds, fraction, kept, wire] = *tail.get(at..at + 16)?.as_chunks::<4>().0 else {
            return None;
        };
        let (kept, wire) = (word(kept) as usize, word(wire) as usize);
        let time = i64::from(word(seconds)) * 1_000_000_000 + i64::from(word(fraction)) * unit;
        let is_sound = kept <= wire && kept < TAIL_BYTES && (time - first_ns).abs() < 1 << 56;
        is_sound.then_some((time, at + 16 + kept))
    };
    // A file whose records all lie in the tail begins with one.
    let starts = if start == 24 { 1 } else { tail.len() };
    (0..starts).find_map(|begin| {
        let (mut at, mut last, mut count) = (begin, None, 0);
        while let Some((time, next)) = record(at) {
            (at, last, count) = (next, Some(time), count + 1);
        }
        last.filter(|_| at == tail.len() && (count >= CHAIN || start == 24))
    })
}
