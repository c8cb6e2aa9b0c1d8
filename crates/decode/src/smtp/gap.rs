//! What the session is after bytes that were not captured.

use mailscope_evidence::At;

use super::held::Held;
use super::matching::Reply;
use super::reply;
use super::state::{Mode, SmtpDecoder};
use crate::record::Records;

/// What stands in place of text that is missing.
const CUT: char = '\u{2026}';

impl SmtpDecoder {
    pub(super) fn client_gap(&mut self, at: At, missing: u64, out: &mut Records) {
        self.client_lines.reset();
        self.release_undecided(out);
        // A first line after DATA that the gap cut off is lost like any other begun line: kept, it
        // would be joined to what a later DATA brings.
        self.held = Held::default();
        self.is_client_missing = true;
        match self.mode {
            Mode::Content => {
                if let Some((content, _, _)) = &mut self.content {
                    content.gap();
                }
            }
            Mode::Chunk { left, last } => {
                if let Some((content, _, _)) = &mut self.content {
                    content.mark_gap();
                }
                self.is_client_missing = missing == 0 || missing > left;
                if missing > 0 && missing < left {
                    self.mode = Mode::Chunk {
                        left: left - missing,
                        last,
                    };
                } else if missing == left {
                    self.end_chunk(last, at, out);
                } else {
                    self.mode = Mode::Lost;
                }
            }
            _ => {
                if let Some((content, _, _)) = &mut self.content {
                    content.mark_gap();
                }
                if let Some(login) = &mut self.login {
                    login.exchange.lose();
                }
                let current = self.ledger.current.unwrap_or(0);
                if let Some(open) = self.ledger.find(current) {
                    open.has_lost_commands = true;
                    open.lost_bytes = open.lost_bytes.saturating_add(missing);
                }
                self.mode = Mode::Lost;
            }
        }
    }

    /// Replies came before it was known that what they answer is missing: the end of the content, or commands.
    pub(super) fn answered_before(&mut self, early: Vec<Reply>, out: &mut Records) {
        let content = self.content.as_ref().filter(|_| self.mode == Mode::Content);
        let began = content.map(|(_, _, began)| *began);
        if !matches!(self.mode, Mode::Content | Mode::Lost) {
            return;
        }
        for reply in early {
            if self.mode == Mode::Lost && reply.code == 354 {
                self.find_content_behind_gap(&reply);
            } else if began.is_none_or(|began| reply.at >= began) {
                self.answer_in_order(reply, out);
            }
        }
    }

    /// The last line of a reply is cut off: its code, and that it is the last, stand at its start. Of a reply
    /// whose further lines are cut off, what came before counts.
    pub(super) fn cut_reply(&mut self, at: At, out: &mut Records) {
        let begun = self.server_lines.begun();
        let (code, continues, text) = match reply::parse(begun).filter(|_| begun.len() > 3) {
            Some(line) => (
                line.code,
                line.continues,
                String::from_utf8_lossy(line.text),
            ),
            None => return,
        };
        let mut whole = self.reply.take().unwrap_or_default();
        if whole.lines.is_empty() {
            whole.lines.push(format!("{text}{CUT}"));
        }
        whole.code = code;
        whole.at = at;
        whole.is_long |= continues;
        self.take_reply(whole, out);
    }

    /// Replies were lost: what waits for them will not be told apart any more.
    pub(super) fn server_gap(&mut self, out: &mut Records) {
        // What was held came before the loss was seen, too.
        self.release_undecided(out);
        self.unplaced.has_lost = true;
        for given_up in self.matching.give_up() {
            self.unanswered(given_up);
        }
        self.ledger.flush(out);
    }
}
