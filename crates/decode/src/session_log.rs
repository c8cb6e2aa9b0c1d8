//! What every mail decoder notes about its session, whatever the protocol.

use mailscope_evidence::{At, Span};

use crate::decoder::{Context, End, From};
use crate::outcome;
use crate::record::{Known, Login, MailProtocol, MailSession, MailTls, Record, Records, Sides};
use crate::sasl::Exchange;
use crate::sketch::SketchBuilder;

/// Items of a list without repetitions (each new one is compared with all).
pub(crate) const DISTINCT_ITEMS: usize = 200;

/// The session's row and what is needed to fill it.
#[derive(Debug)]
pub(crate) struct SessionLog {
    /// What the stack said.
    pub context: Context,
    /// The row so far.
    pub row: MailSession,
    /// Bytes of the client were seen.
    pub client_seen: bool,
    /// Bytes of the server were seen.
    pub server_seen: bool,
    /// Bytes are missing somewhere.
    pub has_gap: bool,
    client_sketch: SketchBuilder,
    server_sketch: SketchBuilder,
}

impl SessionLog {
    /// An empty log.
    pub fn new(context: Context, protocol: MailProtocol) -> Self {
        Self {
            row: context.blank_session(protocol, At::default()),
            context,
            client_seen: false,
            server_seen: false,
            has_gap: false,
            client_sketch: SketchBuilder::default(),
            server_sketch: SketchBuilder::default(),
        }
    }

    /// Something came at this packet.
    pub fn reach(&mut self, at: At) {
        let is_first = !self.client_seen && !self.server_seen && !self.has_gap;
        self.row.span = if is_first {
            Span::at(at)
        } else {
            self.row.span.to(at)
        };
    }

    /// Bytes of one side were taken.
    pub fn took(&mut self, from: From, data: &[u8]) {
        match from {
            From::Client => self.client_sketch.update(data),
            From::Server => self.server_sketch.update(data),
        }
    }

    /// Bytes of one side are missing.
    pub fn lost(&mut self, from: From, at: At, missing: u64) {
        self.reach(at);
        self.has_gap = true;
        match from {
            From::Client => {
                self.row.client_gap_bytes += missing;
                self.client_sketch.gap();
            }
            From::Server => {
                self.row.server_gap_bytes += missing;
                self.server_sketch.gap();
            }
        }
    }

    /// Notes an oddity, once.
    pub fn odd(&mut self, name: &'static str) {
        if !self.row.oddities.contains(&name) {
            self.row.oddities.push(name);
        }
    }

    /// Notes a limit that was hit, once.
    pub fn limit(&mut self, name: &'static str) {
        if !self.row.limits_hit.contains(&name) {
            self.row.limits_hit.push(name);
        }
    }

    /// Notes a command.
    pub fn command(&mut self, verb: &str) {
        if self.row.commands.len() < self.context.limits.list_items {
            self.row.commands.push(verb.to_owned());
        } else {
            self.limit("list");
        }
    }

    /// The server's first line is its greeting: nothing was lost before it.
    pub fn sees_greeting(&self) -> bool {
        self.context.from_start && self.row.server_gap_bytes == 0
    }

    /// Notes a capability, once.
    pub fn capability(&mut self, text: &str) {
        if text.is_empty() || self.row.capabilities.iter().any(|known| known == text) {
            return;
        }
        if self.row.capabilities.len() < self.context.limits.list_items.min(DISTINCT_ITEMS) {
            self.row.capabilities.push(text.to_owned());
        } else {
            self.limit("list");
        }
    }

    /// Notes a mailbox, once.
    pub fn mailbox(&mut self, name: String) {
        if self.row.mailboxes.contains(&name) {
            return;
        }
        if self.row.mailboxes.len() < self.context.limits.list_items.min(DISTINCT_ITEMS) {
            self.row.mailboxes.push(name);
        } else {
            self.limit("list");
        }
    }

    /// STARTTLS was offered.
    pub fn tls_offered(&mut self) {
        if self.row.tls == MailTls::None {
            self.row.tls = MailTls::Offered;
        }
    }

    /// STARTTLS was asked for.
    pub fn tls_requested(&mut self) {
        if self.row.tls != MailTls::StartTls {
            self.row.tls = MailTls::Requested;
        }
    }

    /// A login attempt came to its end, or will not be seen any more.
    pub fn login(
        &mut self,
        attempt: Attempt,
        service: &'static str,
        success: Known,
        out: &mut Records,
    ) {
        let cap = self.context.limits.list_items.min(DISTINCT_ITEMS);
        let Exchange {
            mechanism, user, ..
        } = attempt.exchange;
        let row = &mut self.row;
        if !mechanism.is_empty()
            && !row.auth_mechanisms.contains(&mechanism)
            && row.auth_mechanisms.len() < cap
        {
            row.auth_mechanisms.push(mechanism.clone());
        }
        if let Some(user) = user.as_ref().filter(|user| !row.auth_users.contains(user))
            && row.auth_users.len() < cap
        {
            row.auth_users.push(user.clone());
        }
        row.authenticated = match (row.authenticated, success) {
            (Known::Yes, _) | (_, Known::Yes) => Known::Yes,
            (_, Known::No) => Known::No,
            (before, Known::Unknown) => before,
        };
        out.push(Record::Login(Box::new(Login {
            session: Some(self.context.session),
            span: attempt.span,
            client_is_orig: self.context.client_is_orig,
            service,
            mechanism,
            user,
            success,
            reply_code: None,
        })));
    }

    /// A login of which only the server's answer was captured.
    pub fn unseen_login(
        &mut self,
        at: At,
        service: &'static str,
        mechanism: &str,
        success: Known,
        out: &mut Records,
    ) {
        let exchange = Exchange::named(mechanism, None);
        let span = Span::at(at);
        let mechanisms = self.row.auth_mechanisms.len();
        self.login(Attempt { exchange, span }, service, success, out);
        // What a challenge shows is the login's; the session's list holds what the client named.
        self.row.auth_mechanisms.truncate(mechanisms);
    }

    /// Which sides were seen.
    pub fn sides(&self) -> Sides {
        match (self.client_seen, self.server_seen) {
            (true, false) => Sides::Client,
            (false, true) => Sides::Server,
            _ => Sides::Both,
        }
    }

    /// What a session that reads mail came to; `farewells` are commands that do nothing.
    pub fn reader_outcome(&self, facts: Facts, farewells: &[&str], end: End) -> &'static str {
        let row = &self.row;
        let sides = self.sides();
        let is_reset = matches!(end, End::ClientReset | End::ServerReset);
        let lost_commands = row.client_gap_bytes > 0 || !self.client_seen;
        let says_nothing = row
            .commands
            .iter()
            .all(|verb| farewells.contains(&verb.as_str()));
        if facts.whole_messages > 0 || facts.parts_read > 0 {
            return match sides {
                Sides::Both => outcome::COMPLETE,
                Sides::Client => outcome::ONE_WAY_CLIENT,
                Sides::Server => outcome::ONE_WAY_SERVER,
            };
        }
        if row.tls == MailTls::StartTls {
            if was_unasked(row, self.client_seen, verb_of_tls(row.protocol)) {
                outcome::TLS_WITHOUT_STARTTLS
            } else {
                outcome::OPAQUE_AFTER_STARTTLS
            }
        } else if facts.is_compressed {
            outcome::OPAQUE_AFTER_COMPRESS
        } else if row.messages > 0 {
            if self.has_gap {
                outcome::GAP
            } else {
                outcome::CUT_IN_CONTENT
            }
        } else if facts.asked_for_messages && sides == Sides::Client {
            outcome::ONE_WAY_CLIENT
        } else if self.has_gap && (lost_commands || facts.asked_for_messages) {
            outcome::GAP
        } else if sides == Sides::Server {
            if row.banner.is_some() && facts.answers == 0 {
                outcome::GREETING_ONLY
            } else {
                outcome::ONE_WAY_SERVER
            }
        } else if !row.auth_mechanisms.is_empty() {
            match row.authenticated {
                Known::No => outcome::LOGIN_FAILED,
                _ if facts.has_left => outcome::LOGIN_LOGOUT,
                _ => outcome::LOGIN_ONLY,
            }
        } else if is_reset && !row.commands.is_empty() {
            outcome::RESET_BEFORE_MAIL
        } else if !row.from_start {
            outcome::MID_STREAM
        } else if row.oddities.contains(&"starttls-refused") {
            outcome::STARTTLS_REFUSED
        } else if says_nothing {
            outcome::GREETING_ONLY
        } else {
            outcome::COMMANDS_ONLY
        }
    }

    /// Emits the row.
    pub fn finish(&mut self, outcome: &'static str, at: At, out: &mut Records) {
        self.row.sides = self.sides();
        self.row.outcome = outcome;
        self.row.client_sketch = std::mem::take(&mut self.client_sketch).finish();
        self.row.server_sketch = std::mem::take(&mut self.server_sketch).finish();
        let blank = self.context.blank_session(self.row.protocol, at);
        out.push(Record::MailSession(Box::new(std::mem::replace(
            &mut self.row,
            blank,
        ))));
    }
}

/// The client's plain text was all seen, and `verb`, which asks for TLS, is not in it.
pub(crate) fn was_unasked(row: &MailSession, client_seen: bool, verb: &str) -> bool {
    client_seen
        && row.from_start
        && row.client_gap_bytes == 0
        && !row.limits_hit.contains(&"list")
        && !row.commands.iter().any(|command| command == verb)
}

fn verb_of_tls(protocol: MailProtocol) -> &'static str {
    match protocol {
        MailProtocol::Pop3 => "STLS",
        _ => "STARTTLS",
    }
}

/// What happened in a session that reads mail (POP3, IMAP).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    /// Messages that came whole, as far as they were asked for.
    pub whole_messages: u32,
    /// Texts and parts of messages that came whole, and of whose message no more was asked for.
    pub parts_read: u32,
    /// The client asked for messages.
    pub asked_for_messages: bool,
    /// The client said goodbye.
    pub has_left: bool,
    /// Answers after the greeting.
    pub answers: u32,
    /// The session went on compressed.
    pub is_compressed: bool,
}

/// A login attempt under way.
#[derive(Debug, Default)]
pub(crate) struct Attempt {
    /// Mechanism and user.
    pub exchange: Exchange,
    /// Its packets.
    pub span: Span,
}
