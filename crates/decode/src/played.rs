//! Sessions played to a decoder in tests: whole, in pieces, and one side at a time.

use mailscope_evidence::At;

use crate::decoder::{Context, Decoder, End, From, Turn};
use crate::limits::Limits;
use crate::record::{Login, MailSession, MailTransaction, Message, Record, Records, Via};

/// One step of a script.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Say(From, Vec<u8>),
    Lose(From, u64),
}

/// `C:` and `S:` lines (CR LF added; with `\n` or `\x16` written out, nothing is added), `C-gap 10`.
pub(crate) fn script(text: &str) -> Vec<Act> {
    let mut acts = Vec::new();
    for line in text
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty())
    {
        let (who, said) = line.split_at(2);
        let from = if line.starts_with('C') {
            From::Client
        } else {
            From::Server
        };
        if who.ends_with('-') {
            acts.push(Act::Lose(
                from,
                said.trim_start_matches("gap").trim().parse().unwrap(),
            ));
            continue;
        }
        let said = said.strip_prefix(' ').unwrap_or(said);
        let mut bytes = said
            .replace("\\n", "\n")
            .replace("\\r", "\r")
            .replace("\\0", "\0")
            .replace("\\x16", "\x16")
            .into_bytes();
        if !said.contains("\\n") && !said.contains("\\x16") {
            bytes.extend_from_slice(b"\r\n");
        }
        match acts.last_mut() {
            Some(Act::Say(last, before)) if *last == from => before.extend(bytes),
            _ => acts.push(Act::Say(from, bytes)),
        }
    }
    acts
}

pub(crate) fn context() -> Context {
    Context {
        session: 0,
        client_is_orig: true,
        via: Via::Direct,
        proxy: None,
        from_start: true,
        keep_messages: true,
        phrases: crate::mail::spot::Phrases::default(),
        defer_messages: false,
        limits: Limits::default(),
    }
}

pub(crate) struct Seen {
    pub records: Records,
    pub turn: Turn,
}

pub(crate) fn play(decoder: &mut dyn Decoder, acts: &[Act], piece: usize, end: End) -> Seen {
    let (mut records, mut last) = (Vec::new(), Turn::Stay);
    let at = At::default();
    'acts: for act in acts {
        match act {
            Act::Say(from, bytes) => {
                for part in bytes.chunks(piece) {
                    let (used, turn) = decoder.data(*from, at, part, &mut records);
                    last = turn;
                    if turn != Turn::Stay {
                        break 'acts;
                    }
                    assert_eq!(used, part.len());
                }
            }
            Act::Lose(from, missing) => decoder.gap(*from, at, *missing, &mut records),
        }
    }
    decoder.end(end, at, &mut records);
    Seen {
        records,
        turn: last,
    }
}

/// Plays whole and in pieces to fresh decoders, checks that the records are the same, and gives them.
pub(crate) fn seen_by<D: Decoder>(new: impl Fn() -> D, acts: &[Act], end: End) -> Seen {
    let whole = play(&mut new(), acts, usize::MAX, end);
    for piece in [1, 2, 3, 7, 50] {
        assert_eq!(
            play(&mut new(), acts, piece, end).records,
            whole.records,
            "in pieces of {piece}: {acts:?}"
        );
    }
    whole
}

/// The acts of one side.
pub(crate) fn only(acts: Vec<Act>, side: From) -> Vec<Act> {
    acts.into_iter()
        .filter(|act| matches!(act, Act::Say(from, _) if *from == side))
        .collect()
}

impl Seen {
    pub fn session(&self) -> &MailSession {
        let mut sessions = self.records.iter().filter_map(|r| {
            if let Record::MailSession(s) = r {
                Some(s)
            } else {
                None
            }
        });
        let session = sessions.next().unwrap();
        assert!(sessions.next().is_none(), "one session row");
        session
    }

    pub fn transactions(&self) -> Vec<&MailTransaction> {
        self.records
            .iter()
            .filter_map(|r| {
                if let Record::MailTransaction(t) = r {
                    Some(&**t)
                } else {
                    None
                }
            })
            .collect()
    }

    pub fn messages(&self) -> Vec<&Message> {
        self.records
            .iter()
            .filter_map(|r| {
                if let Record::Message(m) = r {
                    Some(&**m)
                } else {
                    None
                }
            })
            .collect()
    }

    pub fn logins(&self) -> Vec<&Login> {
        self.records
            .iter()
            .filter_map(|r| {
                if let Record::Login(l) = r {
                    Some(&**l)
                } else {
                    None
                }
            })
            .collect()
    }

    pub fn bodies(&self) -> Vec<String> {
        self.messages()
            .iter()
            .map(|m| String::from_utf8_lossy(m.raw.as_deref().unwrap_or(b"")).into_owned())
            .collect()
    }

    /// No text of the session stands anywhere in the records.
    pub fn never_says(&self, secrets: &[&str]) {
        let shown = format!("{:?}", self.records);
        for secret in secrets {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

/// A small generator of numbers, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }
}

/// Plays a script with bytes changed, cut out, doubled and lost: any records will do, one session row must come.
pub(crate) fn survives_damage<D: Decoder>(new: impl Fn() -> D, text: &str, rounds: usize) {
    let mut numbers = Numbers(rounds as u64);
    for _ in 0..rounds {
        let mut acts = script(text);
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(acts.len());
            match (numbers.below(6), &mut acts[at]) {
                (0, Act::Say(from, _)) => acts[at] = Act::Lose(*from, [0, 1, 50][numbers.below(3)]),
                (1, _) => drop(acts.remove(at)),
                (2, _) => acts.insert(at, acts[at].clone()),
                (3, Act::Say(_, bytes)) => bytes.truncate(numbers.below(bytes.len())),
                (_, Act::Say(_, bytes)) => {
                    for _ in 0..=numbers.below(5) {
                        let place = numbers.below(bytes.len());
                        if let Some(byte) = bytes.get_mut(place) {
                            *byte = b"\0\r\n.:<>\"(){}=?*+- \x16\xFF0a"[numbers.below(22)];
                        }
                    }
                }
                _ => {}
            }
            if acts.is_empty() {
                break;
            }
        }
        play(
            &mut new(),
            &acts,
            [1, 5, usize::MAX][numbers.below(3)],
            End::Fin,
        )
        .session();
    }
}
