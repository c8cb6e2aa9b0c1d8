//! Seeded mutation of inputs: what a fuzzer does, bounded and repeatable.

/// A xorshift generator: small, seeded, good enough to choose mutations.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator; any seed will do.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit` (0 when the limit is 0).
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.draw() >> 16)
            .unwrap_or(0)
            .checked_rem(limit)
            .unwrap_or(0)
    }
}

/// Words that protocols treat specially.
const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b".\r\n",
    b"\r\n.\r\n",
    b"\r\n\r\n",
    b"\0",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"MAIL FROM:<",
    b"RCPT TO:<",
    b"DATA\r\n",
    b"BDAT 99999999999999999999 LAST\r\n",
    b"BDAT 10\r\n",
    b"STARTTLS\r\n",
    b"AUTH PLAIN ",
    b"RSET\r\n",
    b"250-",
    b"354 \r\n",
    b"421 ",
    b"CONNECT a:25 HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"ffffffffffffffff\r\n",
    b"Content-Length: ",
    b"\x05\x01\x00",
    b"\x04\x01\x00\x19",
    b"\x16\x03\x01\x40\x00",
    b"PROXY TCP4 ",
    b"Content-Type: multipart/mixed; boundary=a\r\n",
    b"--a\r\n",
    b"=?utf-8?B?",
    b"* 1 FETCH (BODY[] {9999999999}\r\n",
    b"{10+}\r\n",
    b"+OK\r\n",
];

/// One to eight random changes of `input`, at most `limit` bytes long.
#[must_use]
pub fn mutate(input: &[u8], other: &[u8], limit: usize, random: &mut Random) -> Vec<u8> {
    let mut data = input.to_vec();
    for _ in 0..=random.below(8) {
        change(&mut data, other, random);
        data.truncate(limit);
    }
    data
}

fn change(data: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(data.len() + 1);
    let to = (at + 1 + random.below(32)).min(data.len());
    match random.below(9) {
        0 => flip(data, at, random),
        1 => set(data, at, u8::try_from(random.below(256)).unwrap_or(0)),
        2 => set(
            data,
            at,
            [0, 1, 0x7f, 0x80, 0xff, b'\r', b'\n', b' '][random.below(8)],
        ),
        3 => drop(data.splice(at..at, WORDS[random.below(WORDS.len())].iter().copied())),
        4 => drop(data.drain(at.min(to)..to)),
        5 => {
            let piece = data.get(at..to).unwrap_or_default().to_vec();
            let place = random.below(data.len() + 1);
            data.splice(place..place, piece.repeat(1 + random.below(20)));
        }
        6 => {
            let from = random.below(other.len() + 1);
            data.truncate(at);
            data.extend_from_slice(other.get(from..).unwrap_or_default());
        }
        7 => data.truncate(at),
        _ => drop(data.splice(at..at, std::iter::repeat_n(b'A', 1 << random.below(11)))),
    }
}

fn flip(data: &mut [u8], at: usize, random: &mut Random) {
    if let Some(byte) = data.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

fn set(data: &mut [u8], at: usize, value: u8) {
    if let Some(byte) = data.get_mut(at) {
        *byte = value;
    }
}
