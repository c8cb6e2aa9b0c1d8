//! Why a session was, was partly, or was not decoded: one slug for each session, from this closed
//! list. Flows without a mail decoder use the same list (`no-payload`, `not-mail-on-mail-port`).

/// Mail (or a login with mail read) was decoded from both sides to its end.
pub const COMPLETE: &str = "complete";
/// The connection carried no payload.
pub const NO_PAYLOAD: &str = "no-payload";
/// The server greeted and the client said nothing.
pub const GREETING_ONLY: &str = "greeting-only";
/// The server refused the session in its greeting.
pub const REJECTED_GREETING: &str = "rejected-greeting";
/// The client introduced itself and began no mail.
pub const EHLO_ONLY: &str = "ehlo-only";
/// STARTTLS was asked for and refused, and nothing followed.
pub const STARTTLS_REFUSED: &str = "starttls-refused";
/// The client began TLS where plain text was expected, without STARTTLS.
pub const TLS_WITHOUT_STARTTLS: &str = "tls-without-starttls";
/// Commands were given, and none of them began a mail or read one.
pub const COMMANDS_ONLY: &str = "commands-only";
/// Only the client's bytes were captured, and mail was decoded from them.
pub const ONE_WAY_CLIENT: &str = "one-way-client";
/// Only the server's bytes were captured.
pub const ONE_WAY_SERVER: &str = "one-way-server";
/// The connection was reset before mail began.
pub const RESET_BEFORE_MAIL: &str = "reset-before-mail";
/// The connection was reset after mail began and before its content.
pub const RESET_BEFORE_DATA: &str = "reset-before-data";
/// The connection ended inside a message.
pub const CUT_IN_CONTENT: &str = "cut-in-content";
/// Sender or every recipient was refused, so that no content followed.
pub const REJECTED_BEFORE_DATA: &str = "rejected-before-data";
/// Mail was begun, no content followed, and no refusal is visible.
pub const NO_DATA: &str = "no-data";
/// The content was refused, or the server refused to take it.
pub const REJECTED_DATA: &str = "rejected-data";
/// The content was sent, and no answer to it is visible.
pub const UNANSWERED: &str = "unanswered";
/// The session went on under TLS after STARTTLS.
pub const OPAQUE_AFTER_STARTTLS: &str = "opaque-after-starttls";
/// TLS from the first byte.
pub const IMPLICIT_TLS: &str = "implicit-tls";
/// The session went on compressed.
pub const OPAQUE_AFTER_COMPRESS: &str = "opaque-after-compress";
/// A login was tried, and nothing is known to have followed.
pub const LOGIN_ONLY: &str = "login-only";
/// The login failed.
pub const LOGIN_FAILED: &str = "login-failed";
/// A login was given and the client left, with no message moved between.
pub const LOGIN_LOGOUT: &str = "login-logout";
/// Bytes are missing, so that mail may have been overlooked.
pub const GAP: &str = "gap";
/// Packets were cut short when they were captured.
pub const CUT_BY_SNAPLEN: &str = "cut-by-snaplen";
/// The capture began after the session did, so that its start is not known.
pub const MID_STREAM: &str = "mid-stream";
/// A port of mail that carried something else.
pub const NOT_MAIL_ON_MAIL_PORT: &str = "not-mail-on-mail-port";
/// A limit ended the decoding.
pub const LIMIT_REACHED: &str = "limit-reached";
/// None of the other reasons fits.
pub const UNKNOWN: &str = "unknown";

/// Every outcome with its meaning in one sentence, in the order of the documentation.
pub const OUTCOMES: &[(&str, &str)] = &[
    (
        COMPLETE,
        "Both sides were seen, and mail was decoded from its first command to the server's answer.",
    ),
    (NO_PAYLOAD, "The connection carried no payload."),
    (
        GREETING_ONLY,
        "The server greeted, and the client said nothing, or nothing but goodbye.",
    ),
    (
        REJECTED_GREETING,
        "The server refused the session in its greeting.",
    ),
    (EHLO_ONLY, "The client introduced itself and began no mail."),
    (
        STARTTLS_REFUSED,
        "The client asked for STARTTLS, the server refused it, and no login or mail followed.",
    ),
    (
        TLS_WITHOUT_STARTTLS,
        "The client began TLS without STARTTLS where the server expected plain text.",
    ),
    (
        COMMANDS_ONLY,
        "Commands were given, and none of them began a mail or read one.",
    ),
    (
        ONE_WAY_CLIENT,
        "Only the client's bytes were captured; what the server said is not visible.",
    ),
    (
        ONE_WAY_SERVER,
        "Only the server's bytes were captured; what the client said is not visible.",
    ),
    (
        RESET_BEFORE_MAIL,
        "The connection was reset before a mail began.",
    ),
    (
        RESET_BEFORE_DATA,
        "The connection was reset after a mail began and before its content.",
    ),
    (
        CUT_IN_CONTENT,
        "The connection ended inside the content of a message.",
    ),
    (
        REJECTED_BEFORE_DATA,
        "The sender or every recipient was refused, so that no content followed.",
    ),
    (
        NO_DATA,
        "A mail was begun, no content followed, and no refusal is visible.",
    ),
    (REJECTED_DATA, "The server refused the content of the mail."),
    (
        UNANSWERED,
        "The content was sent to its end, and no answer to it is visible.",
    ),
    (
        OPAQUE_AFTER_STARTTLS,
        "The session went on under TLS after STARTTLS; only what came before is visible.",
    ),
    (
        IMPLICIT_TLS,
        "The session ran under TLS from its first byte.",
    ),
    (
        OPAQUE_AFTER_COMPRESS,
        "The session went on compressed; only what came before is visible.",
    ),
    (
        LOGIN_ONLY,
        "A login was tried, and nothing more is visible.",
    ),
    (LOGIN_FAILED, "The login failed, and no mail moved."),
    (
        LOGIN_LOGOUT,
        "The client gave a login and left, and no message moved between.",
    ),
    (
        GAP,
        "Bytes are missing, so that mail may have been overlooked.",
    ),
    (
        CUT_BY_SNAPLEN,
        "Packets were cut short when they were captured, so that mail may have been overlooked.",
    ),
    (
        MID_STREAM,
        "The session began before the capture did, and no mail is visible in the rest.",
    ),
    (
        NOT_MAIL_ON_MAIL_PORT,
        "A port of mail carried something else.",
    ),
    (
        LIMIT_REACHED,
        "A limit ended the decoding before any mail was seen.",
    ),
    (
        UNKNOWN,
        "None of the other reasons fits; the first bytes are in the flow's row.",
    ),
];

#[cfg(test)]
mod tests {
    use super::OUTCOMES;

    #[test]
    fn outcomes_are_distinct_kebab_case_and_explained() {
        for (i, (slug, meaning)) in OUTCOMES.iter().enumerate() {
            assert!(
                slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{slug}"
            );
            assert!(meaning.ends_with('.'), "{slug}");
            assert!(
                OUTCOMES.iter().skip(i + 1).all(|(other, _)| other != slug),
                "{slug}"
            );
        }
    }
}
