//! Capture files: the same packets however the bytes arrive, and of a cut file the packets before the cut.

use std::io::{self, Read};

use mailscope_capture::file::{Info, ReadEnd, Reader};

use crate::mutate::Random;

/// What reading gave: packets (time, wire length, bytes), what the file said, and how it ended.
type Reading = Result<(Vec<(i64, u32, Vec<u8>)>, Info, Option<ReadEnd>), ReadEnd>;

/// A source that hands out a few bytes at a time.
struct Drip {
    bytes: Vec<u8>,
    at: usize,
    random: Random,
}

impl Read for Drip {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.get(self.at..).unwrap_or_default();
        let count = (1 + self.random.below(40)).min(left.len()).min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Any bytes as a capture file.
pub fn reader(input: &[u8]) {
    let whole = read(Box::new(io::Cursor::new(input.to_vec())));
    let drip = Drip {
        bytes: input.to_vec(),
        at: 0,
        random: Random::new(input.len() as u64),
    };
    assert_eq!(
        whole,
        read(Box::new(drip)),
        "the packets depend on how the bytes arrive"
    );
    let cut = Random::new(input.iter().map(|&b| u64::from(b)).sum()).below(input.len() + 1);
    let before = read(Box::new(io::Cursor::new(input[..cut].to_vec())));
    if let (Ok((all, info, end)), Ok((some, cut_info, _))) = (&whole, &before) {
        // Damage is told from what stands behind it, and the next record is searched there: the end of
        // the input takes part in both. So only what stands before damage in either reading is compared.
        let end = end.as_ref().map_or(0, |end| end.packets);
        let sound = [info, cut_info]
            .iter()
            .filter_map(|info| Some(info.damages.first()?.packets))
            .fold(end, u64::min);
        let count = some.len().min(usize::try_from(sound).unwrap_or(0));
        assert!(
            all.starts_with(&some[..count]),
            "a file cut at {cut} gives packets that the whole file does not"
        );
    }
}

fn read(source: Box<dyn Read + Send>) -> Reading {
    let mut reader = Reader::open(source)?;
    let mut packets = Vec::new();
    while let Some(packet) = reader.next() {
        packets.push((packet.ts_ns, packet.wire_len, packet.data.to_vec()));
    }
    assert_eq!(reader.packets(), packets.len() as u64);
    Ok((packets, reader.info().clone(), reader.end().cloned()))
}
