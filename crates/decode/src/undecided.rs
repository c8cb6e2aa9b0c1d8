//! Bytes that wait for their stream to be identified.
//!
//! Identification looks at fixed places only: the first bytes one by one where they aren't text,
//! ends of lines, powers of two, changes of direction, the end. So its answer depends on the bytes
//! and their order, and not on how they were cut into pieces.

use mailscope_evidence::{At, Side};

use crate::identify::{self, Candidates, Conversation, Verdict};
use crate::layer::hex;
use crate::skipped::Skipped;

/// Undecided bytes kept of a stream that is followed from its start.
const START_BYTES: usize = 4 << 10;
/// Undecided bytes kept of a stream that was picked up in mid-stream.
const MID_BYTES: usize = 16 << 10;
/// Pieces and gaps remembered.
const PIECES: usize = 1 << 10;
/// First bytes that are looked at one by one where they aren't text.
const SINGLE_BYTES: usize = 16;
/// First of the places at powers of two.
const FIRST_POWER: usize = 32;
/// First bytes shown of a stream that nothing recognised.
const SHOWN_BYTES: usize = 16;

/// What waits of one stream.
#[derive(Debug)]
pub(crate) struct Undecided {
    orig: Half,
    resp: Half,
    pieces: Vec<(Side, At, Waiting)>,
    last: Option<Side>,
    skipped: Option<Box<Skipped>>,
}

#[derive(Debug, Default)]
struct Half {
    bytes: Vec<u8>,
    /// Bytes before here came before a gap.
    start: usize,
    /// Start of the line that is looked at in mid-stream.
    line: usize,
    mid: bool,
    /// Bytes before these were passed over.
    again: bool,
    found: Candidates,
    /// What earlier lines allowed, in mid-stream.
    earlier: Candidates,
}

#[derive(Clone, Copy, Debug)]
enum Waiting {
    Bytes(usize),
    Gap(u64),
}

impl Waiting {
    fn bytes(self) -> u64 {
        match self {
            Self::Bytes(length) => length as u64,
            Self::Gap(missing) => missing,
        }
    }
}

/// One piece in the order of arrival.
pub(crate) enum Piece<'a> {
    Data(Side, At, &'a [u8]),
    Gap(Side, At, u64),
}

/// The verdict on the first piece of a stream, when it needs nothing more.
pub(crate) fn at_once(side: Side, data: &[u8], from_start: bool, ports: (u16, u16)) -> Verdict {
    let mut end = 0;
    while end < data.len() {
        end += stop(0, end, data.first(), data.get(end..).unwrap_or(b""));
        let bytes = data.get(..end).unwrap_or(data);
        if !is_stop(bytes) {
            break;
        }
        let (seen, nothing) = (
            (bytes, identify::judge(bytes)),
            (&[][..], Candidates::default()),
        );
        let (orig, resp) = if side == Side::Orig {
            (seen, nothing)
        } else {
            (nothing, seen)
        };
        let verdict = identify::decide(&Conversation {
            orig,
            resp,
            mid: !from_start,
            ports,
            over: false,
        });
        if verdict != Verdict::Wait {
            return verdict;
        }
        if bytes.ends_with(b"\n") || end > SINGLE_BYTES {
            break;
        }
    }
    Verdict::Wait
}

/// Bytes up to the next place where the stream is looked at, at least 1.
fn stop(start: usize, end: usize, first: Option<&u8>, data: &[u8]) -> usize {
    let offset = end.saturating_sub(start);
    let power = (offset + 1).next_power_of_two().max(FIRST_POWER) - offset;
    let is_text = first.is_some_and(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
    let near = match is_text {
        true => memchr::memchr(b'\n', data).map_or(power, |line| line + 1),
        false if offset < SINGLE_BYTES => 1,
        false => power,
    };
    near.min(power).min(data.len()).max(1)
}

/// Is the end of these bytes a place to look at them?
fn is_stop(seen: &[u8]) -> bool {
    let is_text = seen
        .first()
        .is_some_and(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
    let single = if is_text {
        seen.last() == Some(&b'\n')
    } else {
        seen.len() <= SINGLE_BYTES
    };
    single || (seen.len() >= FIRST_POWER && seen.len().is_power_of_two())
}

impl Undecided {
    /// Nothing seen yet.
    pub fn new(from_start: bool) -> Self {
        let half = || Half {
            mid: !from_start,
            ..Half::default()
        };
        Self {
            orig: half(),
            resp: half(),
            pieces: Vec::new(),
            last: None,
            skipped: None,
        }
    }

    /// True when either side lacks its start.
    pub fn is_mid(&self) -> bool {
        self.orig.mid || self.resp.mid
    }

    /// When the first piece came.
    pub fn first_at(&self, otherwise: At) -> At {
        match &self.skipped {
            Some(skipped) => skipped.first_at(),
            None => self.pieces.first().map_or(otherwise, |(_, at, _)| *at),
        }
    }

    /// How many of these bytes to push before the next look.
    pub fn next_stop(&self, side: Side, data: &[u8]) -> usize {
        if self.passes_over(side) {
            return data.len();
        }
        let half = self.half(side);
        let first = half.bytes.get(half.start).or(data.first());
        let room = self.budget().saturating_sub(self.held()).max(1);
        stop(half.start, half.bytes.len(), first, data).min(room)
    }

    /// A change of direction is a place to look at what the other side said.
    pub fn turn(&mut self, side: Side, ports: (u16, u16)) -> Verdict {
        if self.last != Some(side.other()) {
            return Verdict::Wait;
        }
        self.last = Some(side);
        if let Some(skipped) = &mut self.skipped {
            skipped.turn(side);
        }
        self.half_mut(side.other()).judge();
        self.decide(ports, false)
    }

    /// Takes bytes up to a stop and looks.
    pub fn push(&mut self, side: Side, at: At, data: &[u8], ports: (u16, u16)) -> Verdict {
        self.last = Some(side);
        if self.passes_over(side) {
            return self.pass_over(side, data.len() as u64);
        }
        self.half_mut(side).bytes.extend_from_slice(data);
        match self.pieces.last_mut() {
            Some((s, t, Waiting::Bytes(length))) if *s == side && *t == at => *length += data.len(),
            _ => self.pieces.push((side, at, Waiting::Bytes(data.len()))),
        }
        let over = self.held() >= self.budget() || self.pieces.len() >= PIECES;
        let half = self.half_mut(side);
        if over || is_stop(half.bytes.get(half.start..).unwrap_or(b"")) {
            half.judge();
            half.next_line();
            return match self.decide(ports, over) {
                Verdict::Nothing if over && self.is_mid() => self.look_anew(side, at),
                verdict => verdict,
            };
        }
        Verdict::Wait
    }

    /// In mid-stream too much came that says nothing: it is forgotten, and this side is passed over
    /// until the other has spoken.
    fn look_anew(&mut self, busy: Side, at: At) -> Verdict {
        let (first_at, first_bytes) = (self.first_at(at), self.first_bytes());
        let skipped = self
            .skipped
            .get_or_insert_with(|| Box::new(Skipped::new(first_at, first_bytes)));
        if !skipped.looks_again() {
            return Verdict::Nothing;
        }
        skipped.wait_for_other(busy);
        for (side, _, waiting) in self.pieces.drain(..) {
            skipped.add(side, waiting.bytes());
        }
        (self.orig, self.resp) = (Half::again(), Half::again());
        Verdict::Wait
    }

    fn passes_over(&self, side: Side) -> bool {
        self.skipped
            .as_ref()
            .is_some_and(|skipped| skipped.is_busy(side))
    }

    fn pass_over(&mut self, side: Side, bytes: u64) -> Verdict {
        let goes_on = self
            .skipped
            .as_mut()
            .is_none_or(|skipped| skipped.add(side, bytes));
        if goes_on {
            Verdict::Wait
        } else {
            Verdict::Nothing
        }
    }

    /// What this side said before bytes went missing, a line without its end perhaps, may be enough: what is
    /// known now need not be taken for a stream picked up in its middle.
    pub fn before_gap(&mut self, side: Side, ports: (u16, u16)) -> Verdict {
        if self.passes_over(side) || self.is_mid() {
            return Verdict::Wait;
        }
        self.half_mut(side).judge();
        self.decide(ports, false)
    }

    /// Notes missing bytes; false when too much waits already.
    pub fn gap(&mut self, side: Side, at: At, missing: u64) -> bool {
        if self.passes_over(side) {
            return self.pass_over(side, missing) != Verdict::Nothing;
        }
        self.pieces.push((side, at, Waiting::Gap(missing)));
        let half = self.half_mut(side);
        half.judge();
        half.earlier.merge(&half.found);
        (half.start, half.line, half.mid) = (half.bytes.len(), half.bytes.len(), true);
        self.pieces.len() < PIECES
    }

    /// The verdict when nothing more will come.
    pub fn at_end(&mut self, ports: (u16, u16)) -> Verdict {
        self.orig.judge();
        self.resp.judge();
        self.decide(ports, true)
    }

    /// Everything in the order of arrival.
    pub fn replay(&self, mut give: impl FnMut(Piece<'_>)) {
        for (side, at, bytes) in self.skipped.iter().flat_map(|skipped| skipped.gaps()) {
            give(Piece::Gap(side, at, bytes));
        }
        let (mut orig, mut resp) = (&self.orig.bytes[..], &self.resp.bytes[..]);
        for &(side, at, waiting) in &self.pieces {
            match waiting {
                Waiting::Gap(missing) => give(Piece::Gap(side, at, missing)),
                Waiting::Bytes(length) => {
                    let bytes = if side == Side::Orig {
                        &mut orig
                    } else {
                        &mut resp
                    };
                    let (data, rest) = bytes.split_at_checked(length).unwrap_or((bytes, b""));
                    *bytes = rest;
                    give(Piece::Data(side, at, data));
                }
            }
        }
    }

    /// First bytes, the originator's else the responder's; none of text that could be a login.
    pub fn first_bytes(&self) -> Option<String> {
        if let Some(skipped) = &self.skipped {
            return skipped.first_bytes();
        }
        let half = if self.orig.bytes.is_empty() {
            &self.resp
        } else {
            &self.orig
        };
        let bytes = half
            .bytes
            .get(..half.bytes.len().min(SHOWN_BYTES))
            .filter(|bytes| !bytes.is_empty())?;
        let is_text = bytes
            .iter()
            .all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
        let lower = bytes.to_ascii_lowercase();
        let secret = [
            &b"pass"[..],
            b"pwd",
            b"auth",
            b"login",
            b"user",
            b"token",
            b"key",
        ];
        let names_login = secret
            .iter()
            .any(|word| lower.windows(word.len()).any(|window| window == *word));
        (!(names_login || is_text && half.mid)).then(|| hex(bytes))
    }

    fn decide(&self, ports: (u16, u16), over: bool) -> Verdict {
        decide_with(&self.orig, &self.resp, ports, over)
    }

    fn held(&self) -> usize {
        self.orig.bytes.len() + self.resp.bytes.len()
    }

    fn budget(&self) -> usize {
        if self.is_mid() {
            MID_BYTES
        } else {
            START_BYTES
        }
    }

    fn half(&self, side: Side) -> &Half {
        if side == Side::Orig {
            &self.orig
        } else {
            &self.resp
        }
    }

    fn half_mut(&mut self, side: Side) -> &mut Half {
        if side == Side::Orig {
            &mut self.orig
        } else {
            &mut self.resp
        }
    }
}

fn decide_with(orig: &Half, resp: &Half, ports: (u16, u16), over: bool) -> Verdict {
    let side = |half: &Half| {
        let mut found = half.found;
        found.merge(&half.earlier);
        found
    };
    identify::decide(&Conversation {
        orig: (orig.bytes.get(orig.start..).unwrap_or(b""), side(orig)),
        resp: (resp.bytes.get(resp.start..).unwrap_or(b""), side(resp)),
        mid: orig.mid || resp.mid,
        ports,
        over,
    })
}

impl Half {
    /// A side of which something was passed over.
    fn again() -> Self {
        Self {
            mid: true,
            again: true,
            ..Self::default()
        }
    }

    fn judge(&mut self) {
        let bytes = self.bytes.get(self.line..).unwrap_or(b"");
        if bytes.is_empty() {
            return;
        }
        self.found = if self.line == self.start && !self.again {
            identify::judge(bytes)
        } else {
            identify::judge_line(bytes)
        };
        // What follows may be anything as long as lines come.
        self.found.short |= self.line > self.start || (self.mid && identify::is_text(bytes));
    }

    /// In mid-stream, and after a line that leaves it open, the next line may say more.
    fn next_line(&mut self) {
        if (self.mid || self.found.is_open())
            && self.bytes.last() == Some(&b'\n')
            && identify::is_text(self.bytes.get(self.line..).unwrap_or(b""))
        {
            self.earlier.merge(&self.found);
            self.line = self.bytes.len();
        }
    }
}
