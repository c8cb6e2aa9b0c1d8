//! Which parameters are secrets, and of which kind.

use super::redact;
use crate::encoding;

/// Last words of a name that tell of a payment card.
const CARDS: &[&[u8]] = &[
    b"card",
    b"cardno",
    b"cardnum",
    b"cardnumber",
    b"ccnum",
    b"ccnumber",
    b"creditcard",
    b"cvv",
    b"cvv2",
    b"cvc",
    b"cvc2",
    b"cvn",
    b"cvnum",
    b"iban",
    b"kreditkarte",
    b"tarjeta",
];
/// Last words that tell of a number that a person types.
const PINS: &[&[u8]] = &[b"pin", b"tan", b"mtan"];
/// Last words that tell of a code sent to a person.
const CODES: &[&[u8]] = &[
    b"otp",
    b"totp",
    b"mfa",
    b"2fa",
    b"smscode",
    b"passcode",
    b"verifycode",
    b"captcha",
];

/// The kind of secret that a name tells of: `password`, `pin`, `code`, `card`, `token`.
pub(super) fn kind(name: &[u8], value: &[u8]) -> Option<&'static str> {
    if CODES.contains(&last_word(name).as_slice()) {
        return Some("code");
    }
    if redact::is_password(name) {
        return Some("password");
    }
    let last = last_word(name);
    if is_card(name) {
        Some("card")
    } else if PINS.contains(&last.as_slice()) {
        Some("pin")
    } else if redact::hides(name, value) {
        Some("token")
    } else {
        None
    }
}

/// Does the name tell of a payment card?
pub(super) fn is_card(name: &[u8]) -> bool {
    CARDS.contains(&last_word(name).as_slice())
}

/// The last word of a name in lower case, without separators: `card_number` is `cardnumber`.
fn last_word(name: &[u8]) -> Vec<u8> {
    let name = encoding::percent(name).to_ascii_lowercase();
    let name = name
        .rsplit(|b| matches!(b, b'[' | b'.' | b'/' | b'@'))
        .find(|part| part.iter().any(u8::is_ascii_alphanumeric))
        .unwrap_or(&name);
    name.iter()
        .copied()
        .filter(|b| !matches!(b, b'_' | b'-' | b']' | b' '))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_kind() {
        for (name, is) in [
            ("password", Some("password")),
            ("user[_pass]", Some("password")),
            ("card_number", Some("card")),
            ("cvv", Some("card")),
            ("login.pin", Some("pin")),
            ("otp", Some("code")),
            ("csrf_token", Some("token")),
            ("id", None),
            ("postcard", None),
            ("user", None),
        ] {
            assert_eq!(kind(name.as_bytes(), b"123456"), is, "{name}");
        }
    }
}
