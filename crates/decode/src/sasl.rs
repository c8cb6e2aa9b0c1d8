//! SASL exchanges (RFC 4422) of SMTP, POP3 and IMAP: who logged in, never with what.
//!
//! Client responses pass through here and nowhere else. What comes out is a user name, and only
//! where the mechanism and the response's place in the exchange leave no doubt that it is one.

use mail_parser::decoders::base64::base64_decode;

/// Longest user name kept.
const USER_BYTES: usize = 256;

/// Mechanisms that are recorded by name (IANA's list and those of common mailers). Any other word may
/// be something else: a line `AUTH secret` is a login of Redis.
const MECHANISMS: &[&str] = &[
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "DIGEST-MD5",
    "NTLM",
    "GSSAPI",
    "GSS-SPNEGO",
    "KERBEROS_V4",
    "KERBEROS_V5",
    "EXTERNAL",
    "ANONYMOUS",
    "OTP",
    "SKEY",
    "SECURID",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-512",
    "XOAUTH",
    "XOAUTH2",
    "OAUTHBEARER",
    "MSN",
    "SRP",
    "APOP",
    "CRAM-SHA1",
    "CRAM-SHA256",
    "9798-U-RSA-SHA1-ENC",
    "X-NETSCAPE-ACCOUNT-MGT",
    "XYMPKI",
    "XYMCOOKIE",
    "XYMECOOKIE",
    "XYMCOOKIEB64",
    "ATOKEN",
    "PLAIN-CLIENTTOKEN",
];

/// One login attempt under way.
#[derive(Debug, Default)]
pub struct Exchange {
    /// Mechanism, upper case.
    pub mechanism: String,
    /// User, once it is known.
    pub user: Option<String>,
    /// Responses taken so far, the initial one included.
    responses: u32,
    /// Bytes were lost: nothing more is read.
    is_doubtful: bool,
}

impl Exchange {
    /// Begins with the arguments of AUTH or AUTHENTICATE: a mechanism and perhaps an initial response.
    #[must_use]
    pub fn begin(arguments: &[u8]) -> Self {
        let mut words = arguments
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        let mechanism = words.next().unwrap_or(b"");
        let known = MECHANISMS
            .iter()
            .find(|known| known.as_bytes().eq_ignore_ascii_case(mechanism));
        let mut exchange = Self {
            mechanism: known.copied().unwrap_or("OTHER").to_owned(),
            ..Self::default()
        };
        if let Some(initial) = words.next() {
            exchange.respond(if initial == b"=" { b"" } else { initial }, None);
        }
        exchange
    }

    /// A login by a command of the protocol's own.
    #[must_use]
    pub fn named(mechanism: &str, user: Option<&[u8]>) -> Self {
        Self {
            mechanism: mechanism.to_owned(),
            user: user.and_then(user_text),
            ..Self::default()
        }
    }

    /// Bytes were lost between responses: no later response is read.
    pub fn lose(&mut self) {
        self.is_doubtful = true;
    }

    /// Takes a client response in base64; `prompt` is the server's challenge, where it was seen.
    pub fn respond(&mut self, response: &[u8], prompt: Option<&[u8]>) {
        self.responses += 1;
        if self.is_doubtful || self.user.is_some() {
            return;
        }
        let response = response.trim_ascii();
        if !is_base64(response) {
            return;
        }
        let Some(decoded) = base64_decode(response) else {
            return;
        };
        self.user = match self.mechanism.as_str() {
            "NTLM" | "GSS-SPNEGO" => ntlm_user(&decoded),
            _ => self.user_in(&decoded, prompt).and_then(user_text),
        };
    }

    /// How many client responses the mechanism still has; `None` when that is open.
    #[must_use]
    pub fn responses_left(&self) -> Option<u32> {
        let all = match self.mechanism.as_str() {
            "PLAIN" | "CRAM-MD5" | "XOAUTH2" | "OAUTHBEARER" | "EXTERNAL" | "ANONYMOUS" => 1,
            "LOGIN" | "NTLM" => 2,
            _ => return None,
        };
        Some(u32::saturating_sub(all, self.responses))
    }

    /// The user in a response, by mechanism and place.
    fn user_in<'a>(&self, decoded: &'a [u8], prompt: Option<&[u8]>) -> Option<&'a [u8]> {
        match self.mechanism.as_str() {
            "PLAIN" => plain(decoded),
            "LOGIN" if self.responses == 1 && !prompt.is_some_and(asks_for_password) => {
                Some(decoded)
            }
            "CRAM-MD5" => cram_md5(decoded),
            "XOAUTH2" => between(decoded, b"user=", 1),
            "OAUTHBEARER" | "SCRAM-SHA-1" | "SCRAM-SHA-256" | "SCRAM-SHA-1-PLUS"
            | "SCRAM-SHA-256-PLUS" => gs2(decoded),
            "DIGEST-MD5" => between(decoded, b"username=\"", b'"'),
            "EXTERNAL" | "ANONYMOUS" if self.responses == 1 => Some(decoded),
            _ => None,
        }
    }
}

/// The mechanism that a challenge (base64) shows where AUTH itself was not seen; empty when it does
/// not: PLAIN and others have no challenge, SCRAM's is the same for every hash.
#[must_use]
pub fn mechanism_of_challenge(challenge: &[u8]) -> &'static str {
    let challenge = challenge.trim_ascii();
    if challenge.is_empty() || !is_base64(challenge) {
        return "";
    }
    let text = base64_decode(challenge)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let names = |word: &[u8]| memchr::memmem::find(&text, word).is_some();
    if text.starts_with(b"<") && text.trim_ascii_end().ends_with(b">") {
        "CRAM-MD5" // RFC 2195: a message id
    } else if text.starts_with(b"ntlmssp\0") {
        "NTLM"
    } else if names(b"nonce=\"") {
        "DIGEST-MD5"
    } else if names(b"user") || names(b"pass") {
        "LOGIN"
    } else {
        ""
    }
}

/// True for text of the base64 alphabet with its padding.
#[must_use]
pub fn is_base64(text: &[u8]) -> bool {
    let padding = text.iter().rev().take_while(|&&b| b == b'=').count();
    let (body, _) = text
        .split_at_checked(text.len() - padding)
        .unwrap_or((text, b""));
    text.len().is_multiple_of(4)
        && padding <= 2
        && body
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'+' || *b == b'/')
}

/// `message = [authzid] UTF8NUL authcid UTF8NUL passwd` (RFC 4616).
fn plain(decoded: &[u8]) -> Option<&[u8]> {
    let mut parts = decoded.split(|&b| b == 0);
    let (authzid, authcid, _password) = (parts.next()?, parts.next()?, parts.next()?);
    Some(if authcid.is_empty() { authzid } else { authcid })
}

/// `user SP digest`, the digest 32 hexadecimal digits (RFC 2195).
fn cram_md5(decoded: &[u8]) -> Option<&[u8]> {
    let space = decoded.iter().rposition(|&b| b == b' ')?;
    let (user, digest) = decoded.split_at_checked(space)?;
    let digest = digest.trim_ascii();
    (digest.len() == 32 && digest.iter().all(u8::is_ascii_hexdigit)).then_some(user)
}

/// `gs2-header`: `n,a=user,` (RFC 5801), or SCRAM's `n=user` in the bare message (RFC 5802).
fn gs2(decoded: &[u8]) -> Option<&[u8]> {
    let header = decoded.split(|&b| b == 1).next()?;
    let mut fields = header.split(|&b| b == b',');
    fields.find_map(|field| {
        field
            .strip_prefix(b"a=")
            .or_else(|| field.strip_prefix(b"n="))
    })
}

fn between<'a>(text: &'a [u8], start: &[u8], end: u8) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(text, start)?;
    let rest = text.get(at + start.len()..)?;
    rest.get(..memchr::memchr(end, rest)?)
}

/// User of an NTLM type 3 message (MS-NLMP 2.2.1.3): length, offset at 36; UTF-16LE or OEM text.
fn ntlm_user(message: &[u8]) -> Option<String> {
    if !message.starts_with(b"NTLMSSP\0\x03\0\0\0") {
        return None;
    }
    let field = message.get(36..44)?;
    let [l0, l1, _, _, o0, o1, o2, o3] = <[u8; 8]>::try_from(field).ok()?;
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    let offset = usize::try_from(u32::from_le_bytes([o0, o1, o2, o3])).ok()?;
    let raw = message.get(offset..offset.checked_add(length)?)?;
    let flags = message
        .get(60..64)
        .map_or(1, |f| f.first().copied().unwrap_or(1));
    if flags & 1 == 0 {
        return user_text(raw);
    }
    let (units, _) = raw.as_chunks::<2>();
    let text: String = char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)))
        .map_while(Result::ok)
        .collect();
    user_text(text.as_bytes())
}

/// A user name as text; nothing when it does not look like one.
fn user_text(raw: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(raw).ok()?.trim();
    let fits = !text.is_empty() && text.len() <= USER_BYTES && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// Does a LOGIN challenge (base64) ask for the password?
fn asks_for_password(prompt: &[u8]) -> bool {
    let text = base64_decode(prompt.trim_ascii())
        .unwrap_or_default()
        .to_ascii_lowercase();
    memchr::memmem::find(&text, b"pass").is_some() || memchr::memmem::find(prompt, b"ass").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(arguments: &str, responses: &[&str]) -> Option<String> {
        let mut exchange = Exchange::begin(arguments.as_bytes());
        for response in responses {
            exchange.respond(response.as_bytes(), None);
        }
        exchange.user
    }

    #[test]
    fn users_are_read_and_secrets_are_not() {
        assert_eq!(
            user("PLAIN AGFsaWNlAHMzY3JldA==", &[]),
            Some("alice".into())
        );
        assert_eq!(
            user("plain", &["YWxpY2UAAHMzY3JldA=="]),
            Some("alice".into())
        );
        assert_eq!(
            user("LOGIN", &["YWxpY2U=", "czNjcmV0"]),
            Some("alice".into())
        );
        assert_eq!(user("LOGIN YWxpY2U=", &["czNjcmV0"]), Some("alice".into()));
        assert_eq!(
            user(
                "CRAM-MD5",
                &["dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"]
            ),
            Some("tim".into())
        );
        assert_eq!(
            user("XOAUTH2 dXNlcj1hQGIBYXV0aD1CZWFyZXIgeAEB", &[]),
            Some("a@b".into())
        );
        assert_eq!(
            user(
                "SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05SdjlxeGRhd0w=",
                &[]
            ),
            Some("user".into())
        );
    }

    #[test]
    fn challenges_name_their_mechanism() {
        let named = [
            (&b"VXNlcm5hbWU6"[..], "LOGIN"),
            (b"UGFzc3dvcmQ6", "LOGIN"),
            (
                b"PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
                "CRAM-MD5",
            ),
            (b"cmVhbG09IngiLG5vbmNlPSJhIixxb3A9ImF1dGgi", "DIGEST-MD5"),
            (b"TlRMTVNTUAACAAAA", "NTLM"),
            (b"", ""),
            (b"go on", ""),
        ];
        for (challenge, mechanism) in named {
            assert_eq!(mechanism_of_challenge(challenge), mechanism);
        }
    }

    #[test]
    fn doubt_keeps_nothing() {
        assert_eq!(
            user("PLAIN c2VjcmV0", &[]),
            None,
            "no NUL: not a PLAIN message"
        );
        assert_eq!(Exchange::begin(b"hunter2").mechanism, "OTHER");
        let mut exchange = Exchange::begin(b"LOGIN");
        exchange.lose();
        exchange.respond(b"czNjcmV0", None);
        assert_eq!(exchange.user, None);
        let mut exchange = Exchange::begin(b"LOGIN");
        exchange.respond(b"czNjcmV0", Some(b"UGFzc3dvcmQ6"));
        assert_eq!(exchange.user, None);
    }

    #[test]
    fn an_unreadable_first_login_response_does_not_turn_the_second_into_a_user() {
        assert_eq!(user("LOGIN", &["*bad*", "czNjcmV0"]), None);
    }
}
