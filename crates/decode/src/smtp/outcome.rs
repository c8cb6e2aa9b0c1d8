//! Which of the outcomes a session came to.

use super::state::{Greeting, Mode, SmtpDecoder};
use super::transaction::LEAST_MAIL_BYTES;
use crate::decoder::End;
use crate::outcome::*;
use crate::record::{Known, MailTls, Sides};
use crate::session_log::was_unasked;

/// The session's outcome, once its transactions are tallied.
pub(super) fn of(session: &SmtpDecoder, end: End) -> &'static str {
    let row = &session.row;
    if row.tls == MailTls::StartTls && row.transactions == 0 {
        return if was_unasked(row, session.client_seen, "STARTTLS") {
            TLS_WITHOUT_STARTTLS
        } else {
            OPAQUE_AFTER_STARTTLS
        };
    }
    if row.transactions > 0 {
        return of_mail(session, end);
    }
    if session.greeting == Greeting::Refused {
        return REJECTED_GREETING;
    }
    if row.sides == Sides::Server && row.client_gap_bytes == 0 {
        return of_server_alone(session);
    }
    let is_empty = row.commands.iter().all(|verb| verb == "QUIT");
    // What the client said shows that no mail was begun, whatever is missing of the server.
    if session.ledger.has_gap && (row.client_gap_bytes > 0 || !session.client_seen) {
        return GAP;
    }
    if is_reset(end) && !is_empty {
        return RESET_BEFORE_MAIL;
    }
    if !row.auth_mechanisms.is_empty() {
        let has_left = row.commands.last().is_some_and(|verb| verb == "QUIT");
        return match row.authenticated {
            Known::No => LOGIN_FAILED,
            _ if has_left => LOGIN_LOGOUT,
            _ => LOGIN_ONLY,
        };
    }
    if is_empty {
        return if row.from_start && session.server_seen {
            GREETING_ONLY
        } else if row.from_start && !row.commands.is_empty() {
            COMMANDS_ONLY
        } else if row.from_start {
            UNKNOWN
        } else {
            MID_STREAM
        };
    }
    if row.oddities.contains(&"starttls-refused") {
        return STARTTLS_REFUSED;
    }
    let is_introduction = |verb: &String| {
        matches!(
            verb.as_str(),
            "HELO" | "EHLO" | "LHLO" | "QUIT" | "RSET" | "NOOP" | "STARTTLS"
        )
    };
    if row.helo.is_some() && row.commands.iter().all(is_introduction) {
        EHLO_ONLY
    } else {
        COMMANDS_ONLY
    }
}

fn of_mail(session: &SmtpDecoder, end: End) -> &'static str {
    let (row, tally) = (&session.row, &session.ledger.tally);
    if row.sides == Sides::Server && row.client_gap_bytes == 0 {
        return ONE_WAY_SERVER;
    }
    if tally.delivered > 0 {
        return COMPLETE;
    }
    if tally.content_refused > 0 {
        return REJECTED_DATA;
    }
    if tally.with_content > 0 {
        return match row.sides {
            Sides::Client if row.server_gap_bytes == 0 => ONE_WAY_CLIENT,
            _ if session.ledger.has_gap => GAP,
            _ => UNANSWERED,
        };
    }
    if tally.cut_in_content > 0 {
        return if session.ledger.has_gap {
            GAP
        } else {
            CUT_IN_CONTENT
        };
    }
    // Behind the mail that was refused another one may be missing.
    if tally.envelope_refused > 0 && row.client_gap_bytes < LEAST_MAIL_BYTES {
        return REJECTED_BEFORE_DATA;
    }
    if session.ledger.has_gap {
        return GAP;
    }
    if is_reset(end) {
        RESET_BEFORE_DATA
    } else {
        NO_DATA
    }
}

/// Greeting, answer to EHLO, goodbye: nothing else happened.
fn of_server_alone(session: &SmtpDecoder) -> &'static str {
    let codes = session.row.reply_codes.as_slice();
    if session.mode == Mode::Lost || session.ledger.has_gap {
        return ONE_WAY_SERVER;
    }
    match codes {
        [220] | [220, 221 | 421] => GREETING_ONLY,
        [220, 250] | [220, 250, 221 | 421] => EHLO_ONLY,
        _ => ONE_WAY_SERVER,
    }
}

fn is_reset(end: End) -> bool {
    matches!(end, End::ClientReset | End::ServerReset)
}
