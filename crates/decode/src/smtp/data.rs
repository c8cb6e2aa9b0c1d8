//! Content after DATA (RFC 5321, 4.5.2 transparency) and BDAT chunks (RFC 3030): bytes in, the
//! message out, and where it ends.

use crate::lines::LineReader;
use crate::mail::gaps::GAPS;
use crate::room::{Room, Share};
use crate::smtp::command;

/// Bytes by which the place for a message grows at a time, unless doubling it is more.
const GROWTH_BYTES: usize = 1 << 20;

/// Where the reader stands in a line of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the start of a line; `after_bare_lf` when the line before ended without CR.
    Start { after_bare_lf: bool },
    /// After a dot at the start of a line.
    Dot { after_bare_lf: bool },
    /// After a dot and CR at the start of a line.
    DotCr { after_bare_lf: bool },
    /// Inside a line; `cr` when its last byte is CR.
    Inside { cr: bool },
}

/// What reading came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// More content is expected.
    More,
    /// The content ended.
    End,
    /// A watched reader met a command: the content ended unseen. The line is in `command_line`.
    Command,
}

/// Reads the content of one message.
#[derive(Debug)]
pub struct Content {
    /// The message without dot-stuffing, as far as kept.
    pub bytes: Vec<u8>,
    /// Bytes of the message, kept or not.
    pub size_bytes: u64,
    /// Where in `bytes` some are missing.
    pub gaps: Vec<usize>,
    /// Bytes are missing from the message.
    pub is_truncated: bool,
    /// The message's start was not seen.
    pub is_start_missing: bool,
    /// A lone dot without CR LF on both sides was taken as content: another server may end there.
    pub has_bare_dot: bool,
    /// More was sent than is kept.
    pub is_over_limit: bool,
    /// The line that ended a watched content.
    pub command_line: Vec<u8>,
    place: Place,
    /// The end may be a lone dot between bare LFs, because the client uses no CR at all.
    bare_lf_ends: bool,
    /// After a gap: commands end the content too.
    watched: Option<LineReader>,
    /// Which lines end a watched content.
    ends_at: fn(&[u8]) -> bool,
    /// Length of `bytes` and size before a bare dot that was the last thing seen.
    bare_dot_at: Option<(usize, u64)>,
    limit: usize,
    share: Share,
}

impl Content {
    /// A reader at the first byte after DATA's line, or for BDAT.
    #[must_use]
    pub fn new(limit: usize, bare_lf_ends: bool) -> Self {
        Self {
            bytes: Vec::new(),
            size_bytes: 0,
            gaps: Vec::new(),
            is_truncated: false,
            is_start_missing: false,
            has_bare_dot: false,
            is_over_limit: false,
            command_line: Vec::new(),
            place: Place::Start {
                after_bare_lf: false,
            },
            bare_lf_ends,
            watched: None,
            ends_at: command::is_unmistakable,
            bare_dot_at: None,
            limit,
            share: Share::default(),
        }
    }

    /// The same, as far as there is room that is shared with others.
    #[must_use]
    pub fn sharing(mut self, room: Room) -> Self {
        self.share = Share::new(room);
        self
    }

    /// A reader of a multi-line answer of POP3 (RFC 1939, 3); `ends_at` knows the lines that can only
    /// come after it.
    #[must_use]
    pub fn of_answer(limit: usize, ends_at: fn(&[u8]) -> bool) -> Self {
        Self {
            ends_at,
            ..Self::new(limit, false)
        }
    }

    /// From here on a line that is a command beyond doubt ends the content as well.
    pub fn watch(&mut self) {
        if self.watched.is_none() {
            self.watched = Some(LineReader::default());
        }
    }

    /// Bytes are missing; the reader is inside a line now and watches for commands.
    pub fn gap(&mut self) {
        self.finish_line();
        self.mark_gap();
        self.watched = Some(LineReader::default());
        self.place = Place::Inside { cr: false };
    }

    /// Bytes are missing, so that the end may have been among them.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.watched.is_some()
    }

    /// A line has begun that is not yet counted.
    #[must_use]
    pub fn is_inside_line(&self) -> bool {
        self.watched
            .as_ref()
            .is_some_and(|reader| !reader.is_at_start())
    }

    /// Bytes are missing here, and the caller knows how reading goes on.
    pub fn mark_gap(&mut self) {
        self.is_truncated = true;
        self.is_start_missing |= self.size_bytes == 0;
        let here = self.bytes.len();
        if self.gaps.last() != Some(&here) && self.gaps.len() < GAPS {
            self.gaps.push(here);
        }
        if self.gaps.len() == GAPS {
            // A further gap would not be told: nothing behind this one is kept.
            self.limit = here;
        }
    }

    /// Takes bytes that are content whatever they are (BDAT, and lines given back).
    pub fn push(&mut self, data: &[u8]) {
        self.size_bytes += data.len() as u64;
        let room = self
            .share
            .take(data.len().min(self.limit.saturating_sub(self.bytes.len())));
        let kept = data.get(..data.len().min(room)).unwrap_or(data);
        if self.bytes.capacity() - self.bytes.len() < kept.len() {
            // Fourfold at first: what moves is copied less often, and pages that stay untouched cost nothing.
            let more = self.bytes.len().saturating_mul(3).min(GROWTH_BYTES);
            self.bytes.reserve(kept.len().max(more));
        }
        self.bytes.extend_from_slice(kept);
        if data.len() > room {
            self.is_over_limit = true;
            self.is_truncated = true;
        }
    }

    /// Reads DATA's content. Returns how many bytes were used and what it came to.
    pub fn read(&mut self, data: &[u8], line_limit: usize) -> (usize, Step) {
        if self.watched.is_some() {
            return self.read_watched(data, line_limit);
        }
        let mut at = 0;
        while let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty()) {
            let (used, ended) = self.read_some(rest);
            at += used;
            if ended {
                return (at, Step::End);
            }
        }
        (at, Step::More)
    }

    /// A final answer came while content was expected: does a bare dot just seen explain it? Then
    /// the content ends before that dot.
    pub fn ends_at_bare_dot(&mut self) -> bool {
        let Some((length, size)) = self.bare_dot_at.take() else {
            return false;
        };
        self.bytes.truncate(length);
        self.size_bytes = size;
        true
    }

    /// Gives back what a watched reader still holds of a begun line.
    pub fn finish_line(&mut self) {
        if let Place::Dot { .. } | Place::DotCr { .. } = self.place {
            self.place = Place::Inside { cr: false };
        }
        if let Some(mut reader) = self.watched.take() {
            // The begun line is content as far as it came.
            if !reader.is_at_start()
                && let (_, Some(line)) = reader.take(b"\n", self.limit)
            {
                let held = line.bytes.to_vec();
                self.push(&held);
            }
        }
    }

    /// Takes at least one byte. True when the content ended.
    fn read_some(&mut self, rest: &[u8]) -> (usize, bool) {
        // Whatever follows a bare dot makes it content, be it in the same packet or the next.
        self.bare_dot_at = None;
        let first = rest.first().copied().unwrap_or(0);
        match self.place {
            Place::Start { after_bare_lf } if first == b'.' => {
                self.place = Place::Dot { after_bare_lf };
                (1, false)
            }
            Place::Start { .. } => (self.read_text(rest, false), false),
            Place::Inside { cr } => (self.read_text(rest, cr), false),
            Place::Dot { after_bare_lf } => match first {
                b'\r' => {
                    self.place = Place::DotCr { after_bare_lf };
                    (1, false)
                }
                b'\n' => (1, self.bare_dot(b".\n", true)),
                _ => (self.read_text(rest, false), false),
            },
            Place::DotCr { after_bare_lf } => match (first, after_bare_lf) {
                (b'\n', false) => (1, true),
                (b'\n', true) => (1, self.bare_dot(b".\r\n", false)),
                _ => {
                    self.push(b"\r");
                    self.place = Place::Inside { cr: true };
                    (0, false)
                }
            },
        }
    }

    /// Takes text up to and with the line end before the next dot at the start of a line.
    fn read_text(&mut self, rest: &[u8], cr_before: bool) -> usize {
        let used = memchr::memmem::find(rest, b"\n.").map_or(rest.len(), |at| at + 1);
        let text = rest.get(..used).unwrap_or(rest);
        self.push(text);
        self.place = match text {
            [.., b'\r', b'\n'] => Place::Start {
                after_bare_lf: false,
            },
            [b'\n'] => Place::Start {
                after_bare_lf: !cr_before,
            },
            [.., b'\n'] => Place::Start {
                after_bare_lf: true,
            },
            _ => Place::Inside {
                cr: text.last() == Some(&b'\r'),
            },
        };
        used
    }

    /// A lone dot with a bare LF before or after it. True when it ends the content.
    fn bare_dot(&mut self, line: &[u8], after_bare_lf: bool) -> bool {
        if self.bare_lf_ends {
            return true;
        }
        self.has_bare_dot = true;
        self.bare_dot_at = Some((self.bytes.len(), self.size_bytes));
        self.push(line);
        self.place = Place::Start { after_bare_lf };
        false
    }

    fn read_watched(&mut self, data: &[u8], line_limit: usize) -> (usize, Step) {
        let Some(mut reader) = self.watched.take() else {
            return (data.len(), Step::More);
        };
        if !data.is_empty() {
            self.bare_dot_at = None;
        }
        let mut at = 0;
        let mut step = Step::More;
        while let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty()) {
            let (used, line) = reader.take(rest, line_limit);
            at += used;
            let Some(line) = line else { break };
            // The first line after a gap may be the rest of one.
            let is_whole = self.place != (Place::Inside { cr: false });
            self.place = Place::Start {
                after_bare_lf: !line.is_crlf,
            };
            if is_whole && line.bytes == b"." {
                step = Step::End;
                break;
            }
            if (is_whole || stands_alone(line.bytes)) && (self.ends_at)(line.bytes) {
                self.is_truncated = true;
                self.command_line = line.bytes.to_vec();
                step = Step::Command;
                break;
            }
            self.is_truncated |= line.is_cut;
            let text = line
                .bytes
                .strip_prefix(b".")
                .filter(|_| is_whole)
                .unwrap_or(line.bytes);
            self.push(text);
            self.push(if line.is_crlf { b"\r\n" } else { b"\n" });
        }
        self.watched = Some(reader);
        (at, step)
    }
}

/// Is this a command or an answer even behind a gap, where the rest of a line may stand?
fn stands_alone(line: &[u8]) -> bool {
    let word = line.split(|&b| b == b' ').next().unwrap_or(line);
    [&b"QUIT"[..], b"RSET", b"+OK", b"-ERR"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads in pieces; the message, and what was left after its end.
    fn read(data: &[u8], piece: usize, bare: bool) -> (Vec<u8>, Option<usize>) {
        let mut content = Content::new(1000, bare);
        let mut used_before = 0;
        for part in data.chunks(piece) {
            let (used, step) = content.read(part, 1000);
            if step == Step::End {
                return (content.bytes, Some(data.len() - used_before - used));
            }
            used_before += part.len();
        }
        (content.bytes, None)
    }

    #[test]
    fn dots_are_unstuffed_and_the_end_is_found_however_cut() {
        for (data, message, left) in [
            (
                &b"a\r\n..b\r\n.\r\nQUIT\r\n"[..],
                &b"a\r\n.b\r\n"[..],
                Some(6),
            ),
            (b".\r\nQ", b"", Some(1)),
            (b"a\r\n.b\r\n.\r\n", b"a\r\nb\r\n", Some(0)),
            (b"a.\r\n.\rx\r\n.\r\n", b"a.\r\n\rx\r\n", Some(0)),
            (b"a\n.\nMAIL\r\n.\r\n", b"a\n.\nMAIL\r\n", Some(0)),
            (b"a\r\n.\nb\r\n.\r\n", b"a\r\n.\nb\r\n", Some(0)),
            (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n", Some(0)),
            (b"a\r\n...\r\n.\r\n", b"a\r\n..\r\n", Some(0)),
            (b"a\r\nb", b"a\r\nb", None),
        ] {
            for piece in 1..=data.len() {
                let shown = String::from_utf8_lossy(data);
                assert_eq!(
                    read(data, piece, false),
                    (message.to_vec(), left),
                    "{shown} in pieces of {piece}"
                );
            }
        }
    }

    #[test]
    fn a_client_without_cr_ends_with_a_bare_dot() {
        assert_eq!(read(b"a\n.\nQUIT\n", 100, true), (b"a\n".to_vec(), Some(5)));
    }

    #[test]
    fn a_bare_dot_explains_an_answer_only_as_the_last_thing_sent() {
        for (data, ends) in [(&b"a\n.\n"[..], true), (b"a\n.\nMAIL", false)] {
            for piece in 1..=data.len() {
                let mut content = Content::new(1000, false);
                for part in data.chunks(piece) {
                    content.read(part, 1000);
                }
                assert_eq!(content.ends_at_bare_dot(), ends, "in pieces of {piece}");
            }
        }
    }

    #[test]
    fn after_a_gap_a_command_ends_the_content() {
        let mut content = Content::new(1000, false);
        assert_eq!(content.read(b"Subject: x\r\n\r\nte", 100), (16, Step::More));
        content.gap();
        let data = b"RCPT TO:<rest@of.line>\r\nx\r\nMAIL FROM:<a@b>\r\nRCPT";
        let (used, step) = content.read(data, 100);
        assert_eq!((step, &data[used..]), (Step::Command, &b"RCPT"[..]));
        assert_eq!(content.command_line, b"MAIL FROM:<a@b>");
        assert!(content.is_truncated && content.bytes.ends_with(b"\r\nx\r\n"));
    }

    #[test]
    fn content_over_the_limit_is_counted_only() {
        let mut content = Content::new(4, false);
        content.read(b"abcdefgh\r\n.\r\n", 100);
        assert_eq!(
            (
                content.bytes.as_slice(),
                content.size_bytes,
                content.is_over_limit
            ),
            (&b"abcd"[..], 10, true)
        );
    }

    #[test]
    fn quit_behind_a_gap_is_no_content() {
        for (line, is_end) in [("QUIT", true), ("t QUIT", false), ("RCPT TO:<a@b>", false)] {
            let mut content = Content::new(1000, false);
            content.read(b"Subject: curl m", 100);
            content.gap();
            let (_, step) = content.read(format!("{line}\r\n").as_bytes(), 100);
            assert_eq!(step == Step::Command, is_end, "{line}");
            assert_eq!(
                (content.gaps.as_slice(), content.bytes.len() == 15),
                (&[15][..], is_end)
            );
        }
    }

    #[test]
    fn nothing_is_kept_behind_the_last_gap_that_is_told() {
        let mut content = Content::new(1 << 20, false);
        for _ in 0..2 * GAPS {
            content.push(b"ab");
            content.mark_gap();
        }
        assert_eq!((content.gaps.len(), content.bytes.len()), (GAPS, 2 * GAPS));
        assert!(content.is_over_limit && content.size_bytes == 4 * GAPS as u64);
    }
}
