//! A FETCH answer whose line is cut off before it ends: what its beginning tells of the message.

use mailscope_evidence::At;

use super::command::{self, Command};
use super::response::{self, Response, Section};
use super::state::ImapDecoder;
use crate::decoder::From;
use crate::record::Records;

/// What the beginning of the line tells.
#[derive(Debug)]
pub(super) struct CutFetch {
    number: u32,
    /// `RFC822.SIZE`, or what the literal's announcement says.
    size: Option<u64>,
    /// The line up to the announcement, which is whole, and the bytes of CR LF that are missing behind it.
    announced: Option<(Vec<u8>, u64)>,
    carries: Carries,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carries {
    /// A message, or its header or body.
    Message,
    /// Flags, a part, a piece of which others are asked for.
    Nothing,
    /// The line does not say so far.
    Unsaid,
}

/// Reads the beginning of a line; `None` when it is no FETCH answer. `after_cr` when a CR came behind it.
pub(super) fn read(begun: &[u8], after_cr: bool) -> Option<CutFetch> {
    let Some(Response::Fetch { number, data }) = response::parse(begun) else {
        return None;
    };
    let announced = command::literal(begun);
    let text = announced.map_or(data, |(text, _)| text);
    Some(CutFetch {
        number,
        size: announced.map(|(_, size)| size).or_else(|| told_size(data)),
        announced: announced.map(|(text, _)| (text.to_vec(), if after_cr { 1 } else { 2 })),
        carries: carries(text),
    })
}

/// `RFC822.SIZE 1234` that is followed by something: the number is whole.
fn told_size(data: &[u8]) -> Option<u64> {
    let upper = data.to_ascii_uppercase();
    let at = memchr::memmem::find(&upper, b"RFC822.SIZE ")? + b"RFC822.SIZE ".len();
    let rest = data.get(at..)?;
    let end = rest.iter().position(|b| !b.is_ascii_digit())?;
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

fn carries(text: &[u8]) -> Carries {
    let upper = text.to_ascii_uppercase();
    let has = |item: &[u8]| memchr::memmem::rfind(&upper, item);
    let open = has(b"BODY[").or_else(|| has(b"BINARY["));
    if let Some(open) = open {
        let named = upper.get(open..).unwrap_or(b"");
        let section = memchr::memchr(b'[', named).and_then(|at| named.get(at + 1..));
        let is_part = section.is_some_and(|s| s.first().is_some_and(u8::is_ascii_digit));
        // A later piece of a message continues what was seen.
        let is_piece = memchr::memmem::find(named, b"]<").is_some_and(|at| {
            named.get(at + 2..) != Some(b"0")
                && !named.get(at + 2..).unwrap_or(b"").starts_with(b"0>")
        });
        return if is_part || is_piece || section.is_none_or(<[u8]>::is_empty) {
            Carries::Nothing
        } else {
            Carries::Message
        };
    }
    let is_old_name = matches!(
        response::section(text),
        Section::Whole { .. } | Section::Header { .. } | Section::Text { .. }
    );
    if is_old_name {
        Carries::Message
    } else {
        Carries::Unsaid
    }
}

/// Does a FETCH ask for whole messages or their headers, and not for pieces of them?
pub(super) fn asks_for_whole(command: &Command) -> bool {
    let is_asked = |word: &[u8]| {
        let upper = word.to_ascii_uppercase();
        let item = upper.as_slice().trim_ascii_start();
        let item = item.strip_prefix(b"(").unwrap_or(item);
        let item = item.strip_suffix(b")").unwrap_or(item);
        let section = [&b"BODY["[..], b"BODY.PEEK["]
            .iter()
            .find_map(|name| item.strip_prefix(*name));
        matches!(item, b"RFC822" | b"RFC822.HEADER")
            || section.is_some_and(|rest| rest == b"]" || rest.starts_with(b"HEADER"))
    };
    command.words.iter().skip(2).any(|word| is_asked(word))
}

impl ImapDecoder {
    /// Of the message that the cut line carries comes what is known. Where the literal's announcement was seen, its
    /// end is known, too, and reading goes on there; else at the next answer.
    pub(super) fn begin_cut_fetch(
        &mut self,
        at: At,
        cut: CutFetch,
        missing: u64,
        out: &mut Records,
    ) {
        let is_message = match cut.carries {
            Carries::Message => true,
            Carries::Unsaid => self.asks_for_whole && self.piece_asked.is_none(),
            Carries::Nothing => false,
        };
        self.in_fetch = true;
        self.fetch_number = cut.number;
        if let (Some((text, line_end)), Some(size)) = (&cut.announced, cut.size)
            && missing >= *line_end
            && missing - line_end <= size
        {
            let is_message = self.expect_section(at, text, size, out);
            self.begin_literal(From::Server, size, is_message);
            self.server.is_lost = false;
            self.server.skip(missing - line_end);
            if let Some(message) = &mut self.fetched
                && missing > *line_end
            {
                message.content.mark_gap();
            }
        } else if is_message {
            self.end_pieces(out);
            let mut message = self.begin_message(at);
            message.content.mark_gap();
            message.is_cut = true;
            message.told_size = cut.size;
            self.fetched = Some(message);
        } else {
            self.in_fetch = false;
        }
    }

    /// A line that is no answer, behind a cut line of FETCH: the message goes on.
    pub(super) fn cut_fetch_line(&mut self, line: &[u8]) {
        if let Some(message) = &mut self.fetched
            && line != b")"
        {
            message.content.push(line);
            message.content.push(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_line_tells_what_follows() {
        for (begun, size, expected) in [
            (
                &b"* 1 FETCH (FLAGS (\\Seen) RFC822.SIZE 345 BODY[] {3"[..],
                Some(345),
                Carries::Message,
            ),
            (b"* 1 FETCH (RFC822.SIZE 345", None, Carries::Unsaid),
            (
                b"* 1 FETCH (UID 9 BODY[HEADER.FIELDS (FR",
                None,
                Carries::Message,
            ),
            (b"* 1 FETCH (BODY[1.MIME] {12}", Some(12), Carries::Nothing),
            (b"* 1 FETCH (BODY[]<1000> {12}", Some(12), Carries::Nothing),
            (b"* 1 FETCH (BODY[]<0> {12}", Some(12), Carries::Message),
            (b"* 1 FETCH (RFC822 {12}", Some(12), Carries::Message),
            (b"* 1 FETCH (BODYSTRUCTURE ((", None, Carries::Unsaid),
            (b"* 1 FETCH (FLAGS (", None, Carries::Unsaid),
        ] {
            let cut = read(begun, false).unwrap();
            assert_eq!(
                (cut.size, cut.carries),
                (size, expected),
                "{}",
                begun.escape_ascii()
            );
        }
        assert!(read(b"* 1 EXISTS", false).is_none());
        assert!(read(b"a1 OK FETCH", false).is_none());
    }
}
