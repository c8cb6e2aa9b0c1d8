//! Transcripts as text.

use mailscope_decode::stack::{FlowHint, StreamEnd};
use mailscope_evidence::Side;

#[derive(Clone, Debug)]
pub enum Piece {
    Data(Side, Vec<u8>),
    Gap(Side, u64),
}

impl Piece {
    pub fn bytes(&self) -> usize {
        match self {
            Self::Data(_, data) => data.len(),
            Self::Gap(..) => 0,
        }
    }

    pub fn describe(&self) -> String {
        match self {
            Self::Data(side, data) => format!("{side:?} {}", data.escape_ascii()),
            Self::Gap(side, missing) => format!("{side:?} {missing} bytes missing"),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Transcript {
    pub hint: FlowHint,
    pub client: Side,
    pub end: StreamEnd,
    pub pieces: Vec<Piece>,
}

impl Transcript {
    pub fn parse(text: &str) -> Self {
        let hint = FlowHint {
            orig_port: 40_000,
            resp_port: 8080,
            from_start: true,
            ..FlowHint::default()
        };
        let mut transcript = Self {
            hint,
            client: Side::Orig,
            end: StreamEnd::Fin,
            pieces: Vec::new(),
        };
        let mut joins = false;
        for line in text.lines() {
            if line.starts_with('#') {
                continue;
            }
            if line.is_empty() {
                joins = false;
            } else if !transcript.header(line) {
                transcript.line(line, joins);
                joins = true;
            }
        }
        transcript
    }

    fn header(&mut self, line: &str) -> bool {
        let Some((name, value)) = line.split_once(": ") else {
            return false;
        };
        match (name, value) {
            ("ports", value) => {
                let (orig, resp) = value.split_once(' ').unwrap();
                (self.hint.orig_port, self.hint.resp_port) =
                    (orig.parse().unwrap(), resp.parse().unwrap());
            }
            ("start", "mid") => self.hint.from_start = false,
            ("udp", "yes") => self.hint.udp = true,
            ("client", "resp") => self.client = Side::Resp,
            ("end", "reset-client") => self.end = StreamEnd::ResetByOrig,
            ("end", "reset-server") => self.end = StreamEnd::ResetByResp,
            ("end", "cut") => self.end = StreamEnd::Cut,
            _ => return false,
        }
        true
    }

    fn line(&mut self, line: &str, joins: bool) {
        let (head, rest) = line.split_at(2);
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let side = if head.starts_with('C') {
            self.client
        } else {
            self.client.other()
        };
        assert!(
            head.starts_with(['C', 'S']),
            "no line of a transcript: {line}"
        );
        let data = match &head[1..] {
            ":" => [rest.as_bytes(), b"\r\n"].concat(),
            "-" => unescape(rest),
            "X" => hexadecimal(rest),
            "*" => repeated(rest),
            "<" => {
                self.pieces.push(Piece::Gap(
                    side,
                    rest.trim_start_matches('<').trim().parse().unwrap(),
                ));
                return;
            }
            _ => panic!("no line of a transcript: {line}"),
        };
        match self.pieces.last_mut() {
            Some(Piece::Data(last, held)) if *last == side && joins => held.extend(data),
            _ => self.pieces.push(Piece::Data(side, data)),
        }
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut data = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        data.push(match (byte, byte == b'\\') {
            (_, false) => byte,
            _ => match bytes.next().unwrap() {
                b'r' => b'\r',
                b'n' => b'\n',
                b't' => b'\t',
                b'x' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            },
        });
    }
    data
}

/// `400 text`: so many lines.
fn repeated(text: &str) -> Vec<u8> {
    let (count, line) = text.split_once(' ').unwrap();
    format!("{line}\r\n")
        .repeat(count.parse().unwrap())
        .into_bytes()
}

fn hexadecimal(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}
