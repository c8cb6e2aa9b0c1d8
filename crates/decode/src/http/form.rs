//! Logins in form posts: which user, never which password.

use super::redact;
use crate::encoding;
use crate::layer;

/// Fields looked at in one form.
const FIELDS: usize = 200;
/// Longest user name kept.
const USER_BYTES: usize = 256;

/// "User" in keys of other languages, lower case where the script has cases.
const USER_WORDS: &[&[u8]] = &[
    b"usuario",
    "usuário".as_bytes(),
    b"benutzer",
    b"nutzer",
    b"kennung",
    b"utilisateur",
    b"identifiant",
    b"utente",
    b"gebruiker",
    b"bruker",
    b"bruger",
    b"anvandar",
    b"uzytkownik",
    b"uzivatel",
    b"kullanici",
    b"felhasznalo",
    b"kayttaja",
    b"yonghu",
    b"zhanghao",
    "用户".as_bytes(),
    "用戶".as_bytes(),
    "账号".as_bytes(),
    "帐号".as_bytes(),
    "帳號".as_bytes(),
    "ユーザ".as_bytes(),
    "логин".as_bytes(),
];

/// The user of a form, JSON object or multipart body that also has a password; `None` when it has
/// no password, `Some(None)` when no field names the user.
pub(super) fn login(body: &[u8], content_type: &str) -> Option<Option<String>> {
    let fields = match content_type {
        kind if kind.contains("json") => json(body),
        kind if kind.contains("multipart") => multipart(body),
        _ => urlencoded(body),
    };
    let has_password = fields
        .iter()
        .any(|(key, value)| redact::is_password(key) && !value.is_empty());
    if !has_password {
        return None;
    }
    let user = fields
        .iter()
        .filter(|(key, value)| !redact::is_secret(key) && !value.is_empty() && rank(key) > 0)
        .max_by_key(|(key, _)| rank(key));
    Some(user.map(|(_, value)| layer::text(value, USER_BYTES)))
}

/// The login of a query string.
pub(super) fn query_login(uri: &[u8]) -> Option<Option<String>> {
    let start = memchr::memchr(b'?', uri)?;
    login(uri.get(start + 1..)?, "")
}

/// How likely a field holds the user's name; 0: not at all.
pub(super) fn rank(key: &[u8]) -> u8 {
    let key = key.to_ascii_lowercase();
    let has = |word: &[u8]| key.windows(word.len()).any(|window| window == word);
    let last = key
        .rsplit(|b| !b.is_ascii_alphanumeric())
        .find(|part| !part.is_empty())
        .unwrap_or(&key);
    match last {
        _ if has(b"user")
            || has(b"uname")
            || has(b"usr")
            || USER_WORDS.iter().any(|word| has(word)) =>
        {
            5
        }
        _ if has(b"login") || has(b"logon") || last == b"log" => 4,
        _ if has(b"mail") => 3,
        _ if has(b"account") || has(b"acct") || has(b"konto") => 3,
        b"uid" | b"id" | b"name" | b"u" | b"nick" | b"nome" | b"nom" => 2,
        _ => 0,
    }
}

fn urlencoded(body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pair = |pair: &[u8]| -> Option<(Vec<u8>, Vec<u8>)> {
        let separator = memchr::memchr(b'=', pair)?;
        let (key, value) = pair.split_at_checked(separator)?;
        Some((
            encoding::percent(key.trim_ascii()),
            encoding::percent(value.get(1..)?.trim_ascii()),
        ))
    };
    body.split(|b| matches!(b, b'&' | b'\n'))
        .take(FIELDS)
        .filter_map(pair)
        .collect()
}

/// Strings of a JSON object with their keys, at any depth; no more JSON than that is needed.
fn json(body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut fields = Vec::new();
    let mut rest = body;
    while let Some((key, after)) = json_string(rest) {
        let after = after.trim_ascii_start();
        rest = after;
        let Some(value) = after.strip_prefix(b":") else {
            continue;
        };
        let value = value.trim_ascii_start();
        if value.first() == Some(&b'"')
            && let Some((value, after)) = json_string(value)
        {
            rest = after;
            fields.push((key, value));
        } else if value.first().is_some_and(u8::is_ascii_digit) {
            let digits = value
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .copied()
                .collect();
            fields.push((key, digits));
        }
        if fields.len() >= FIELDS {
            break;
        }
    }
    fields
}

/// The next string, escapes of quotes and backslashes undone, and what follows it.
fn json_string(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let start = memchr::memchr(b'"', text)? + 1;
    let mut value = Vec::new();
    let mut bytes = text.get(start..)?.iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'"' => return Some((value, text.get(start + at + 1..)?)),
            b'\\' => value.push(*bytes.next()?.1),
            _ => value.push(byte),
        }
    }
    None
}

fn multipart(body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut fields = Vec::new();
    for found in memchr::memmem::find_iter(body, b"name=\"").take(FIELDS) {
        let rest = body.get(found + 6..).unwrap_or(b"");
        let Some(end) = memchr::memchr(b'"', rest) else {
            break;
        };
        let (key, rest) = rest.split_at_checked(end).unwrap_or((rest, b""));
        let Some(start) = memchr::memmem::find(rest, b"\r\n\r\n") else {
            break;
        };
        let value = rest.get(start + 4..).unwrap_or(b"");
        let end = memchr::memmem::find(value, b"\r\n--").unwrap_or(value.len());
        fields.push((
            key.to_vec(),
            value.get(..end.min(USER_BYTES)).unwrap_or(value).to_vec(),
        ));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_beside_a_password_is_found() {
        let form = b"_task=login&_token=1&_user=alice%40example.org&_pass=x";
        assert_eq!(
            login(form, "application/x-www-form-urlencoded"),
            Some(Some("alice@example.org".into()))
        );
        assert_eq!(
            login(br#"{"email":"a@b","password":"x"}"#, "application/json"),
            Some(Some("a@b".into()))
        );
        let multipart = b"--b\r\nContent-Disposition: form-data; name=\"login\"\r\n\r\nbob\r\n--b\r\nContent-Disposition: form-data; name=\"pwd\"\r\n\r\nx\r\n--b--";
        assert_eq!(
            login(multipart, "multipart/form-data; boundary=b"),
            Some(Some("bob".into()))
        );
        assert_eq!(login(b"q=user&name=x", ""), None);
        assert_eq!(
            login("Benutzerkennung=meier&Kennwort=x".as_bytes(), ""),
            Some(Some("meier".into()))
        );
        assert_eq!(
            login("メール=1&ユーザー名=sato&パスワード=x".as_bytes(), ""),
            Some(Some("sato".into()))
        );
        assert_eq!(
            login(b"identifiant=dupont&mdp=x", ""),
            Some(Some("dupont".into()))
        );
    }
}
