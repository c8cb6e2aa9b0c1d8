//! One direction of a flow under search: what is carried over from segment to segment.

use mailscope_evidence::At;

use super::SIGHTINGS_PER_STREAM;
use super::excerpt::{excerpt, printable};
use super::needles::Needles;

/// A sighting in a stream.
pub(super) struct Seen<'n> {
    pub needle: &'n str,
    pub form: &'n str,
    pub first: At,
    pub last: At,
    pub offset: u64,
    pub matched: String,
    pub excerpt: String,
    /// The last one reported of its direction.
    pub is_last: bool,
}

/// The end of what was searched, in which a match may begin that later bytes complete.
#[derive(Default)]
pub(super) struct StreamSearch {
    tail: Vec<u8>,
    /// Stream offset of the tail's first byte.
    offset: u64,
    /// Stream offset at which each packet's bytes begin, for those with bytes in the tail.
    packets: Vec<(u64, At)>,
    reported: u32,
}

impl StreamSearch {
    /// Searches the next bytes of the stream. `work` is room that all streams share, so that what each
    /// keeps stays small.
    pub(super) fn data(
        &mut self,
        needles: &Needles,
        (at, data): (At, &[u8]),
        work: &mut Vec<u8>,
        seen: &mut dyn FnMut(&Seen<'_>),
    ) {
        let settled = self.tail.len();
        self.packets.push((self.offset + settled as u64, at));
        work.clear();
        work.extend_from_slice(&self.tail);
        work.extend_from_slice(data);
        self.look(needles, work, settled, false, seen);
        let keep_from = work.len().saturating_sub(needles.carry_bytes());
        self.tail.clear();
        self.tail
            .extend_from_slice(work.get(keep_from..).unwrap_or_default());
        self.offset += keep_from as u64;
        self.forget_packets();
    }

    /// The stream is interrupted, or over: what was carried is decided without more.
    pub(super) fn gap(&mut self, needles: &Needles, missing: u64, seen: &mut dyn FnMut(&Seen<'_>)) {
        let tail = std::mem::take(&mut self.tail);
        self.look(needles, &tail, tail.len(), true, seen);
        self.offset += tail.len() as u64 + missing;
        self.packets.clear();
    }

    fn look(
        &mut self,
        needles: &Needles,
        text: &[u8],
        settled: usize,
        is_last: bool,
        seen: &mut dyn FnMut(&Seen<'_>),
    ) {
        let Self {
            offset,
            packets,
            reported,
            ..
        } = self;
        needles.find(text, settled, is_last, &mut |found| {
            if *reported >= SIGHTINGS_PER_STREAM {
                return;
            }
            *reported += 1;
            let start = *offset + found.place.start as u64;
            let last = *offset + found.place.end.saturating_sub(1) as u64;
            seen(&Seen {
                needle: found.id,
                form: found.form,
                first: packet_at(packets, start),
                last: packet_at(packets, last),
                offset: start,
                matched: printable(text.get(found.place.clone()).unwrap_or_default()),
                excerpt: excerpt(text, &found.place),
                is_last: *reported >= SIGHTINGS_PER_STREAM,
            });
        });
    }

    fn forget_packets(&mut self) {
        let past = self
            .packets
            .iter()
            .skip(1)
            .take_while(|(begins, _)| *begins <= self.offset)
            .count();
        self.packets.drain(..past);
    }
}

/// The packet whose bytes hold this stream offset.
fn packet_at(packets: &[(u64, At)], offset: u64) -> At {
    let begun = packets.iter().take_while(|(begins, _)| *begins <= offset);
    begun
        .last()
        .or(packets.first())
        .map(|(_, at)| *at)
        .unwrap_or_default()
}
