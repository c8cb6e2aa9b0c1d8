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
