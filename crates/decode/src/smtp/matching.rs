//! Which reply answers which command. Replies come in the order of the commands (RFC 5321, 4.2;
//! RFC 2920), but captures lose commands and replies, show a reply before its command, and servers
//! leave blank lines unanswered. Where order and code contradict each other, the code decides; where
//! nothing decides, the reply answers nothing.

use std::collections::VecDeque;

use mailscope_evidence::At;

/// Commands that may wait for their answers; beyond, the oldest is given up.
const WAITING: usize = 10_000;
/// The same while nothing of the server was seen.
const WAITING_UNSEEN: usize = 256;
/// Replies kept for a command that is not yet seen.
const EARLY: usize = 1_000;
/// A reply that was captured longer before a command does not answer it.
const SKEW_US: i64 = 2_000_000;

/// What a command's answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// HELO, EHLO, LHLO.
    Helo,
    /// MAIL.
    Mail,
    /// RCPT; its place in the row.
    Rcpt(Option<u32>),
    /// DATA.
    Data,
    /// The end of DATA's content; for LMTP the recipient's place.
    Content(Option<u32>),
    /// A BDAT chunk; `true` for the last.
    Chunk(bool),
    /// AUTH, and each response in it.
    Auth,
    /// STARTTLS.
    StartTls,
    /// QUIT.
    Quit,
    /// A command of no consequence here.
    Other,
    /// A line that is no command.
    Bogus,
    /// Commands that are missing, nobody knows how many: the answers to them stand here, too.
    Unseen,
}

/// A command that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What it is.
    pub kind: Kind,
    /// Its transaction; 0 for none.
    pub transaction: u32,
}

/// A whole reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Its code.
    pub code: u16,
    /// More than one line.
    pub is_long: bool,
    /// Text of its lines.
    pub lines: Vec<String>,
    /// Where it ended.
    pub at: At,
}

impl Reply {
    /// Text of the first line.
    #[must_use]
    pub fn text(&self) -> &str {
        self.lines.first().map_or("", String::as_str)
    }
}

/// Commands without answer, or answers without command; never both.
#[derive(Debug, Default)]
pub struct Matching {
    waiting: VecDeque<Expected>,
    early: VecDeque<Reply>,
    /// Commands or replies were lost: a reply without command is a late one, not an early one.
    is_doubtful: bool,
    /// How many of the waiting are DATA, AUTH, STARTTLS, QUIT: the kinds that codes name.
    named: [u32; 4],
    /// How many of the waiting are MAIL.
    mails: u32,
    /// Replies came that may answer the missing commands at the front.
    has_answered_unseen: bool,
}

impl Matching {
    /// Commands or replies were lost. Returns the replies that no command came for.
    pub fn doubt(&mut self) -> Vec<Reply> {
        self.is_doubtful = true;
        self.unmatched()
    }

    /// Commands are missing behind those that wait, of a client that may not wait for answers itself.
    pub fn lose(&mut self) {
        let is_marked = self
            .waiting
            .back()
            .is_some_and(|last| last.kind == Kind::Unseen);
        if !is_marked {
            self.waiting.push_back(Expected {
                kind: Kind::Unseen,
                transaction: 0,
            });
        }
    }

    /// True from a loss until a reply answered a command again.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// Takes a command. Returns the reply that was captured before it, if there is one, and the
    /// command that was given up for lack of room.
    pub fn command(
        &mut self,
        expected: Expected,
        at: At,
        server_seen: bool,
    ) -> (Option<Reply>, Option<Expected>) {
        while let Some(reply) = self.early.pop_front() {
            if at.ts_us.saturating_sub(reply.at.ts_us) <= SKEW_US && fits(expected.kind, reply.code)
            {
                return (Some(reply), None);
            }
        }
        if self.is_idle() && self.has_answered_unseen {
            // What is missing was answered, and the client goes on: it waits for answers.
            self.pop();
        }
        self.waiting.push_back(expected);
        self.count(expected.kind, 1);
        let room = if server_seen { WAITING } else { WAITING_UNSEEN };
        let given_up = if self.waiting.len() > room {
            self.pop()
        } else {
            None
        };
        (None, given_up)
    }

    /// Takes a reply. Calls `unanswered` for commands that it passes over. Returns the command that
    /// it answers; a reply without command is kept for a late command if that can be, else returned.
    pub fn reply(
        &mut self,
        reply: Reply,
        mut unanswered: impl FnMut(Expected),
    ) -> Result<(Expected, Reply), Option<Reply>> {
        while let Some(&first) = self.waiting.front() {
            if fits(first.kind, reply.code) && !self.is_named_elsewhere(first.kind, reply.code) {
                self.pop();
                self.is_doubtful = false;
                return Ok((first, reply));
            }
            let is_named = named_kind(reply.code)
                .and_then(|i| self.named.get(i))
                .is_some_and(|&n| n > 0);
            // Where a mail begins behind missing commands, they may have held another one's DATA.
            let may_be_unseen = first.kind == Kind::Unseen && reply.code == 354 && self.mails > 0;
            if !is_named || may_be_unseen {
                self.has_answered_unseen |= first.kind == Kind::Unseen;
            }
            if may_be_unseen || !is_named && first.kind != Kind::Bogus {
                return Err(Some(reply));
            }
            self.pop();
            unanswered(first);
        }
        if self.is_doubtful || reply.code == 421 {
            return Err(Some(reply));
        }
        self.early.push_back(reply);
        Err(if self.early.len() > EARLY {
            self.early.pop_front()
        } else {
            None
        })
    }

    /// Forgets the commands that wait.
    pub fn give_up(&mut self) -> Vec<Expected> {
        self.named = [0; 4];
        self.mails = 0;
        self.has_answered_unseen = false;
        self.waiting.drain(..).collect()
    }

    /// The replies that no command came for.
    pub fn unmatched(&mut self) -> Vec<Reply> {
        self.early.drain(..).collect()
    }

    /// True when no command that was seen waits for its answer.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let is_unseen = |first: &Expected| first.kind == Kind::Unseen;
        self.waiting.len() <= 1 && self.waiting.front().is_none_or(is_unseen)
    }

    /// True when more than one command waits.
    #[must_use]
    pub fn awaits_several(&self) -> bool {
        self.waiting.len() > 1
    }

    /// True while a command of this kind waits.
    #[must_use]
    pub fn awaits(&self, kind: Kind) -> bool {
        match name_index(kind).and_then(|i| self.named.get(i)) {
            Some(&count) => count > 0,
            None => self.waiting.contains(&Expected {
                kind,
                transaction: 0,
            }),
        }
    }

    fn pop(&mut self) -> Option<Expected> {
        let first = self.waiting.pop_front()?;
        self.count(first.kind, -1);
        self.has_answered_unseen &= first.kind != Kind::Unseen;
        Some(first)
    }

    fn count(&mut self, kind: Kind, by: i32) {
        if kind == Kind::Mail {
            self.mails = self.mails.saturating_add_signed(by);
        }
        if let Some(count) = name_index(kind).and_then(|i| self.named.get_mut(i)) {
            *count = count.saturating_add_signed(by);
        }
    }

    /// The code names another kind that waits further back (221 answers QUIT, not the NOOP before it).
    fn is_named_elsewhere(&self, kind: Kind, code: u16) -> bool {
        let Some(index) = named_kind(code) else {
            return false;
        };
        name_index(kind) != Some(index) && self.named.get(index).is_some_and(|&count| count > 0)
    }
}

fn name_index(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Data => Some(0),
        Kind::Auth => Some(1),
        Kind::StartTls => Some(2),
        Kind::Quit => Some(3),
        _ => None,
    }
}

fn named_kind(code: u16) -> Option<usize> {
    match code {
        354 => Some(0),
        334 | 235 => Some(1),
        220 => Some(2),
        221 => Some(3),
        _ => None,
    }
}

/// Can this code answer that command? RFC 5321, 4.3.2, with what servers do beyond it.
fn fits(kind: Kind, code: u16) -> bool {
    let refusal = code >= 400;
    match kind {
        Kind::Helo => refusal || code == 250,
        Kind::Mail | Kind::Rcpt(_) => refusal || (250..=252).contains(&code),
        Kind::Content(_) | Kind::Chunk(_) => {
            refusal || (200..300).contains(&code) && code != 220 && code != 221
        }
        Kind::Data => refusal || code == 354,
        Kind::Auth => refusal || code == 334 || code == 235,
        Kind::StartTls => refusal || code == 220,
        Kind::Quit => refusal || (200..300).contains(&code),
        Kind::Other => refusal || ((200..300).contains(&code) && code != 235),
        Kind::Bogus => matches!(code, 500..=504 | 421 | 221),
        Kind::Unseen => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(commands: &[Kind], codes: &[u16]) -> Vec<(Kind, u16)> {
        let mut matching = Matching::default();
        for &kind in commands {
            matching.command(
                Expected {
                    kind,
                    transaction: 0,
                },
                At::default(),
                true,
            );
        }
        let replies = codes.iter().map(|&code| Reply {
            code,
            ..Reply::default()
        });
        replies
            .filter_map(|reply| matching.reply(reply, |_| {}).ok())
            .map(|(e, r)| (e.kind, r.code))
            .collect()
    }

    #[test]
    fn replies_follow_the_order_of_commands() {
        use Kind::{Data, Mail, Rcpt};
        let commands = [Mail, Rcpt(Some(0)), Rcpt(Some(1)), Data];
        let codes = [250, 250, 550, 354];
        assert_eq!(
            run(&commands, &codes),
            vec![
                (Mail, 250),
                (Rcpt(Some(0)), 250),
                (Rcpt(Some(1)), 550),
                (Data, 354)
            ]
        );
    }

    #[test]
    fn a_lost_reply_does_not_shift_the_rest() {
        use Kind::{Data, Mail, Quit, Rcpt};
        assert_eq!(
            run(&[Mail, Rcpt(None), Data], &[250, 354]),
            vec![(Mail, 250), (Data, 354)]
        );
        assert_eq!(run(&[Kind::Content(None), Quit], &[221]), vec![(Quit, 221)]);
    }

    #[test]
    fn lines_that_servers_ignore_do_not_take_the_next_answer() {
        use Kind::{Bogus, Helo};
        assert_eq!(
            run(&[Bogus, Bogus, Helo], &[502, 250]),
            vec![(Bogus, 502), (Helo, 250)]
        );
    }

    #[test]
    fn a_reply_captured_before_its_command_answers_it() {
        let mut matching = Matching::default();
        assert_eq!(
            matching.reply(
                Reply {
                    code: 250,
                    ..Reply::default()
                },
                |_| {}
            ),
            Err(None)
        );
        let (early, _) = matching.command(
            Expected {
                kind: Kind::Helo,
                transaction: 0,
            },
            At::default(),
            true,
        );
        assert_eq!(early.map(|reply| reply.code), Some(250));
    }
}
