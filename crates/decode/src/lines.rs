//! Lines out of a byte stream, however the stream is cut; shared by SMTP, POP3 and IMAP.

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its bytes without the line end; at most the reader's limit.
    pub bytes: &'a [u8],
    /// True when it ended with CR LF, false for a bare LF.
    pub is_crlf: bool,
    /// True when bytes over the limit were dropped.
    pub is_cut: bool,
}

/// Collects a line over pieces. Lines that lie within one piece are not copied.
#[derive(Debug, Default)]
pub struct LineReader {
    buffer: Vec<u8>,
    is_cut: bool,
    /// The last byte taken was CR.
    after_cr: bool,
    /// The buffer holds a line that was handed out: drop it at the next call.
    spent: bool,
}

impl LineReader {
    /// Takes bytes up to the next LF. Returns how many were used and the line when it is whole.
    pub fn take<'a>(&'a mut self, data: &'a [u8], limit: usize) -> (usize, Option<Line<'a>>) {
        if self.spent {
            self.reset();
        }
        let Some(end) = memchr::memchr(b'\n', data) else {
            self.append(data, limit);
            return (data.len(), None);
        };
        let piece = data.get(..end).unwrap_or(data);
        let used = end + 1;
        if self.buffer.is_empty() && !self.is_cut {
            let is_cut = piece.len() > limit;
            return (
                used,
                Some(line(
                    piece.get(..piece.len().min(limit)).unwrap_or(piece),
                    ends_in_cr(piece),
                    is_cut,
                )),
            );
        }
        let is_crlf = ends_in_cr(piece) || (piece.is_empty() && self.after_cr);
        self.append(piece, limit);
        self.spent = true;
        (used, Some(line(&self.buffer, is_crlf, self.is_cut)))
    }

    /// True between lines.
    #[must_use]
    pub fn is_at_start(&self) -> bool {
        self.spent || (self.buffer.is_empty() && !self.is_cut)
    }

    /// What has come of a begun line, as far as kept.
    #[must_use]
    pub fn begun(&self) -> &[u8] {
        if self.spent { &[] } else { &self.buffer }
    }

    /// The begun line's last byte is a CR, which `begun` leaves out.
    #[must_use]
    pub fn is_after_cr(&self) -> bool {
        self.after_cr
    }

    /// Forgets a begun line.
    pub fn reset(&mut self) {
        self.buffer.clear();
        self.buffer.shrink_to(1024);
        self.is_cut = false;
        self.after_cr = false;
        self.spent = false;
    }

    fn append(&mut self, data: &[u8], limit: usize) {
        let room = limit.saturating_sub(self.buffer.len());
        let kept = data.get(..data.len().min(room)).unwrap_or(data);
        self.buffer.extend_from_slice(kept);
        self.is_cut |= data.len() > room;
        self.after_cr = if data.is_empty() {
            self.after_cr
        } else {
            ends_in_cr(data)
        };
    }
}

fn ends_in_cr(bytes: &[u8]) -> bool {
    bytes.last() == Some(&b'\r')
}

fn line(bytes: &[u8], is_crlf: bool, is_cut: bool) -> Line<'_> {
    Line {
        bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes),
        is_crlf,
        is_cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(data: &[u8], piece: usize) -> Vec<(Vec<u8>, bool, bool)> {
        let mut reader = LineReader::default();
        let mut found = Vec::new();
        for mut part in data.chunks(piece) {
            while !part.is_empty() {
                let (used, line) = reader.take(part, 8);
                if let Some(line) = line {
                    found.push((line.bytes.to_vec(), line.is_crlf, line.is_cut));
                }
                part = &part[used..];
            }
        }
        found
    }

    #[test]
    fn cutting_does_not_change_lines() {
        let data = b"a\r\nbb\n\r\n\n0123456789\r\nrest\r\n01234567\r\n";
        for piece in 1..20 {
            assert_eq!(lines(data, piece), lines(data, 100), "pieces of {piece}");
        }
        assert_eq!(lines(data, 100)[4], (b"01234567".to_vec(), true, true));
    }
}
