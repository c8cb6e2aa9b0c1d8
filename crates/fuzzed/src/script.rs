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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_as_they_are_laid_out() {
        let script = Script::read(b"\x04\x03..\x00\x04\x00EHLO\x05\x0c\x00\x07\x01\xff\xff250");
        let want = [
            Step::Data(Side::Orig, b"EHLO"),
            Step::Gap(Side::Resp, 12),
            Step::Fin(Side::Resp),
            Step::Data(Side::Resp, b"250"),
        ];
        assert_eq!(script.steps, want);
        assert_eq!(script.hint.resp_port, 110);
        assert!(!script.hint.from_start);
    }
}
