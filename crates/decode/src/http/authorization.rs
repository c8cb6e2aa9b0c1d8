//! Who logs in with Basic (RFC 7617), Digest (RFC 7616) or NTLM. Passwords are never kept.

use std::hash::{DefaultHasher, Hash, Hasher};

use mail_parser::decoders::base64::base64_decode;

use crate::layer;

/// Longest user name kept.
const USER_BYTES: usize = 256;

/// One `Authorization` or `Proxy-Authorization` field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credentials {
    /// Scheme, upper case.
    pub mechanism: &'static str,
    /// User, when it can be read.
    pub user: Option<String>,
    /// Tells two fields apart without keeping them.
    pub fingerprint: u64,
}

/// Reads a field's value; schemes without a user (tokens, the first steps of NTLM) give `None`.
pub(super) fn credentials(value: &[u8]) -> Option<Credentials> {
    let end = value.iter().position(|b| *b == b' ' || *b == b'\t')?;
    let (scheme, rest) = value.split_at_checked(end)?;
    let rest = rest.trim_ascii();
    let (mechanism, user) = match scheme.to_ascii_lowercase().as_slice() {
        b"basic" => ("BASIC", basic_user(rest)),
        b"digest" => ("DIGEST", digest_user(rest)),
        b"ntlm" => ("NTLM", Some(ntlm_user(rest)?)),
        b"negotiate" => ("NTLM", Some(ntlm_user(rest)?)),
        _ => return None,
    };
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    Some(Credentials {
        mechanism,
        user,
        fingerprint: hasher.finish(),
    })
}

/// `base64(user-id ":" password)`.
fn basic_user(token: &[u8]) -> Option<String> {
    let decoded = base64_decode(token)?;
    let end = memchr::memchr(b':', &decoded)?;
    decoded.get(..end).map(|user| layer::text(user, USER_BYTES))
}

/// The `username` parameter.
fn digest_user(parameters: &[u8]) -> Option<String> {
    let key = b"username=";
    let start = parameters
        .windows(key.len())
        .position(|window| window.eq_ignore_ascii_case(key))?;
    let value = parameters.get(start + key.len()..)?;
    let user = match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|b| *b == b'"').next()?,
        None => value.split(|b| *b == b',' || *b == b' ').next()?,
    };
    Some(layer::text(user, USER_BYTES))
}

/// Domain and user of an AUTHENTICATE message (MS-NLMP, 2.2.1.3), as `DOMAIN\user`.
fn ntlm_user(token: &[u8]) -> Option<String> {
    let message = base64_decode(token)?;
    if !message.starts_with(b"NTLMSSP\0\x03\0\0\0") {
        return None;
    }
    let is_unicode = message.get(60).is_none_or(|flags| flags & 1 != 0);
    let field = |at: usize| -> Option<String> {
        let &[l0, l1, _, _, o0, o1, o2, o3] = message.get(at..)?.first_chunk::<8>()?;
        let start = usize::try_from(u32::from_le_bytes([o0, o1, o2, o3])).ok()?;
        let bytes =
            message.get(start..start.checked_add(usize::from(u16::from_le_bytes([l0, l1])))?)?;
        if !is_unicode {
            return Some(layer::text(bytes, USER_BYTES));
        }
        let units: Vec<u16> = bytes
            .as_chunks::<2>()
            .0
            .iter()
            .take(USER_BYTES)
            .map(|pair| u16::from_le_bytes(*pair))
            .collect();
        Some(String::from_utf16_lossy(&units))
    };
    let (domain, user) = (field(28)?, field(36)?);
    Some(if domain.is_empty() {
        user
    } else {
        format!("{domain}\\{user}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_and_passwords_are_not() {
        let basic = credentials(b"Basic YWxpY2U6czNjcmV0").unwrap();
        assert_eq!(
            (basic.mechanism, basic.user.as_deref()),
            ("BASIC", Some("alice"))
        );
        let digest = credentials(b"Digest username=\"bob\", realm=\"x\", response=\"00\"").unwrap();
        assert_eq!(
            (digest.mechanism, digest.user.as_deref()),
            ("DIGEST", Some("bob"))
        );
        assert_eq!(credentials(b"Bearer abc"), None);
    }
}
