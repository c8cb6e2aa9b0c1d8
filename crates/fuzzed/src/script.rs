//! A conversation as fuzzer input: a short header, then steps (data, gap, FIN) of either side.
//!
//! Layout: byte 0 how the flow ends (low 2 bits) and whether its start was seen (bit 2), byte 1 a
//! port from [`PORTS`], bytes 2-3 the seed for cutting. Then for each step one byte (bit 0 the
//! side, bits 1-2 the kind: data, data, gap, FIN) and for data and gaps a length, 2 bytes little
//! endian, which is shortened to what is left. Any bytes are a valid script.

use mailscope_decode::stack::{FlowHint, StreamEnd};
use mailscope_evidence::Side;

/// Server ports a script may name.
pub const PORTS: [u16; 12] = [25, 587, 465, 110, 995, 143, 993, 80, 3128, 1080, 443, 4444];

/// One step of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Ordered bytes.
    Data(Side, &'a [u8]),
    /// Missing bytes; 0 is an unknown number.
    Gap(Side, u64),
    /// End of one direction.
    Fin(Side),
}

/// A whole conversation.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    /// What is known before the first byte.
    pub hint: FlowHint,
    /// How it ends.
    pub end: StreamEnd,
    /// Seed for cutting the data.
    pub cut_seed: u64,
    /// What happens.
    pub steps: Vec<Step<'a>>,
}

impl<'a> Script<'a> {
    /// Reads any bytes as a script.
    #[must_use]
    pub fn read(input: &'a [u8]) -> Self {
        let (head, mut rest) = input.split_at(input.len().min(4));
        let byte = |i: usize| head.get(i).copied().unwrap_or(0);
        let mut steps = Vec::new();
        while let Some((&op, after)) = rest.split_first() {
            let side = if op & 1 == 0 { Side::Orig } else { Side::Resp };
            if op >> 1 & 3 == 3 {
                steps.push(Step::Fin(side));
                rest = after;
                continue;
            }
            let Some((length, after)) = after.split_first_chunk::<2>() else {
                break;
            };
            let length = u16::from_le_bytes(*length);
            if op >> 1 & 3 == 2 {
                steps.push(Step::Gap(side, u64::from(length)));
                rest = after;
                continue;
            }
            let (data, after) = after.split_at(after.len().min(usize::from(length)));
            steps.push(Step::Data(side, data));
            rest = after;
        }
        let hint = FlowHint {
            orig_port: 40000,
            resp_port: PORTS[usize::from(byte(1)) % PORTS.len()],
            from_start: byte(0) & 4 == 0,
            ..FlowHint::default()
        };
        let end = [
            StreamEnd::Fin,
            StreamEnd::ResetByOrig,
            StreamEnd::ResetByResp,
            StreamEnd::Cut,
        ][usize::from(byte(0) & 3)];
        Self {
            hint,
            end,
            cut_seed: u64::from(byte(2)) << 8 | u64::from(byte(3)) | 1 << 32,
            steps,
        }
    }

    /// Only the steps of one side.
    #[must_use]
    pub fn only(mut self, kept: Side) -> Self {
        self.steps.retain(|step| match step {
            Step::Data(side, _) | Step::Gap(side, _) | Step::Fin(side) => *side == kept,
        });
        self
    }
}

/// Script bytes of a text transcript: `C: line` and `S: line` (CRLF is added), `C> ` and `S> ` raw
/// bytes with `\r \n \t \\ \xNN` escapes, `C- 12` a gap of 12 bytes, `gap C 12` the same, `#` a comment.
/// Lines of one side in a row become one step.
#[must_use]
pub fn of_transcript(text: &str, port: u16) -> Vec<u8> {
    let port = PORTS.iter().position(|&p| p == port).unwrap_or(0);
    let mut out = vec![0, u8::try_from(port).unwrap_or(0), 7, 7];
    let mut run: Option<(u8, Vec<u8>)> = None;
    let flush = |run: &mut Option<(u8, Vec<u8>)>, out: &mut Vec<u8>| {
        if let Some((side, data)) = run.take() {
            for piece in data.chunks(0xffff) {
                out.push(side);
                out.extend_from_slice(
                    &u16::try_from(piece.len()).unwrap_or(u16::MAX).to_le_bytes(),
                );
                out.extend_from_slice(piece);
            }
        }
    };
    for line in text.lines() {
        let (side, kind) = match line.as_bytes() {
            [b'C', kind @ (b':' | b'>' | b'-'), ..] => (0u8, *kind),
            [b'S', kind @ (b':' | b'>' | b'-'), ..] => (1u8, *kind),
            _ => continue,
        };
        let body = line.get(2..).unwrap_or("");
        let body = body.strip_prefix(' ').unwrap_or(body);
        if kind == b'-' {
            flush(&mut run, &mut out);
            out.push(side | 4);
            out.extend_from_slice(&body.trim().parse::<u16>().unwrap_or(0).to_le_bytes());
            continue;
        }
        if run.as_ref().is_some_and(|(last, _)| *last != side) {
            flush(&mut run, &mut out);
        }
        let data = &mut run.get_or_insert_with(|| (side, Vec::new())).1;
        if kind == b':' {
            data.extend_from_slice(body.as_bytes());
            data.extend_from_slice(b"\r\n");
        } else {
            unescape(body, data);
        }
    }
    flush(&mut run, &mut out);
    out
}

fn unescape(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digit =
                    |d: u8| u8::try_from(char::from(d).to_digit(16).unwrap_or(0)).unwrap_or(0);
                out.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            (b'\\', [escaped, after @ ..]) => {
                out.push(match escaped {
                    b'r' => b'\r',
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'0' => 0,
                    other => *other,
                });
                rest = after;
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_reads_back_as_its_steps() {
        let bytes = of_transcript(
            "# hello\nS: 220 mx\nC: EHLO a\nC> \\x00\\r\\n\nS- 12\nS: 250 ok",
            25,
        );
        let script = Script::read(&bytes);
        let want = [
            Step::Data(Side::Resp, b"220 mx\r\n"),
            Step::Data(Side::Orig, b"EHLO a\r\n\0\r\n"),
            Step::Gap(Side::Resp, 12),
            Step::Data(Side::Resp, b"250 ok\r\n"),
        ];
        assert_eq!(script.steps, want);
        assert_eq!(script.hint.resp_port, 25);
    }
}
