//! Values of credential-like keys become `***` before anything is kept: in URIs, forms, JSON, XML
//! and multipart bodies.

use super::secret;
use crate::encoding;

/// What a secret is replaced by.
pub(super) const MASK: &str = "***";
/// Values of `code` and `key` shorter than this are numbers of something, no secrets.
const SHORT_BYTES: usize = 4;
/// Longest key looked at before a separator.
const KEY_BYTES: usize = 64;

/// Words inside a key that make its value a secret, in any case and language we met.
const SECRET_WORDS: &[&[u8]] = &[
    b"pass",
    b"pwd",
    b"secret",
    b"token",
    b"api_key",
    b"apikey",
    b"api-key",
    b"authoriz",
    b"oauth",
    b"cookie",
    b"sessi",
    b"credential",
    b"contrase",
    b"senha",
    b"kennwort",
    b"clave",
    b"parol",
    b"heslo",
    b"haslo",
    b"wachtwoord",
    b"salasana",
    b"jwt",
    b"jelszo",
    b"losenord",
    b"l\xc3\xb6senord",
    b"adgangskode",
    b"kodeord",
    "密码".as_bytes(),
    "密碼".as_bytes(),
    "パスワード".as_bytes(),
    "비밀번호".as_bytes(),
    "пароль".as_bytes(),
    "Пароль".as_bytes(),
];

/// Last words of a key that make its value a secret.
const SECRET_KEYS: &[&[u8]] = &[
    b"pw", b"code", b"pin", b"key", b"auth", b"otp", b"mima", b"pswd", b"psw", b"psd", b"csrf",
    b"captcha", b"sifre", b"mdp",
];

/// Is the value of this key a secret?
pub(super) fn is_secret(key: &[u8]) -> bool {
    let key = encoding::percent(key).to_ascii_lowercase();
    let last = key
        .rsplit(|b| matches!(b, b'[' | b'.' | b'_' | b'-' | b'$'))
        .find(|part| !part.is_empty())
        .unwrap_or(&key);
    let last = last.strip_suffix(b"]").unwrap_or(last);
    has_secret_word(&key) || SECRET_KEYS.contains(&last) || secret::is_card(&key)
}

/// Bit `n`: the word `n` of [`SECRET_WORDS`] begins with this byte.
#[allow(clippy::indexing_slicing)] // evaluated by the compiler, which checks the place
const STARTS: [u64; 256] = {
    let mut starts = [0; 256];
    let mut word = 0;
    while word < SECRET_WORDS.len() {
        starts[SECRET_WORDS[word][0] as usize] |= 1u64 << word;
        word += 1;
    }
    starts
};

/// Does one of the words stand anywhere in the key? Every field of every answer is asked, and few places of a
/// key can begin a word.
fn has_secret_word(key: &[u8]) -> bool {
    let mut rest = key;
    while let Some((&byte, after)) = rest.split_first() {
        let mut words = STARTS.get(usize::from(byte)).copied().unwrap_or(0);
        while words != 0 {
            let word = SECRET_WORDS.get(words.trailing_zeros() as usize);
            if word.is_some_and(|word| rest.starts_with(word)) {
                return true;
            }
            words &= words - 1;
        }
        rest = after;
    }
    false
}

/// Is this value, of this key, a secret?
pub(super) fn hides(key: &[u8], value: &[u8]) -> bool {
    is_secret(key) && !(value.len() < SHORT_BYTES && is_short_by_nature(key))
}

/// Words that are more often a number than a secret.
fn is_short_by_nature(key: &[u8]) -> bool {
    key.eq_ignore_ascii_case(b"code") || key.eq_ignore_ascii_case(b"key")
}

/// Is the value of this key a password?
pub(super) fn is_password(key: &[u8]) -> bool {
    let key = encoding::percent(key).to_ascii_lowercase();
    let words: [&[u8]; 22] = [
        b"pass",
        b"pwd",
        b"pswd",
        b"psw",
        b"contrase",
        b"senha",
        b"kennwort",
        b"clave",
        b"parol",
        b"mima",
        b"heslo",
        b"haslo",
        b"wachtwoord",
        b"salasana",
        b"jelszo",
        b"losenord",
        b"l\xc3\xb6senord",
        "密码".as_bytes(),
        "密碼".as_bytes(),
        "パスワード".as_bytes(),
        "пароль".as_bytes(),
        "Пароль".as_bytes(),
    ];
    words.iter().any(|word| contains(&key, word))
        || matches!(key.rsplit(|b| *b == b'_').next(), Some(b"pw" | b"mdp"))
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

/// A request target or URL: the password of its userinfo and secrets of its query are masked.
pub(super) fn uri(uri: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(uri.len());
    let query = memchr::memchr3(b'?', b'#', b';', uri).unwrap_or(uri.len());
    let (place, rest) = uri.split_at_checked(query).unwrap_or((uri, b""));
    clean.extend_from_slice(&userinfo(place));
    clean.extend_from_slice(&pairs(rest, true));
    if rest.is_empty() || !leaks(rest, &clean) {
        clean
    } else {
        [place_only(&clean, query), b"?***"].concat()
    }
}

fn place_only(clean: &[u8], query: usize) -> &[u8] {
    clean
        .get(..query.min(memchr::memchr3(b'?', b'#', b';', clean).unwrap_or(clean.len())))
        .unwrap_or(clean)
}

/// A request line whose target is masked.
pub(super) fn uri_in_line(line: &[u8], target: &[u8]) -> Vec<u8> {
    let line = line.trim_ascii();
    let Some(start) = memchr::memmem::find(line, target) else {
        return MASK.as_bytes().to_vec();
    };
    let keep = |range: std::ops::Range<usize>| line.get(range).unwrap_or(b"");
    [
        keep(0..start),
        &uri(target),
        &uri(keep(start + target.len()..line.len())),
    ]
    .concat()
}

/// `user:password@` becomes `user:***@`.
fn userinfo(place: &[u8]) -> Vec<u8> {
    let start = place
        .windows(3)
        .position(|window| window == b"://")
        .map_or(0, |at| at + 3);
    let authority_end = place
        .iter()
        .skip(start)
        .position(|b| *b == b'/')
        .map_or(place.len(), |end| start + end);
    let authority = place.get(start..authority_end).unwrap_or(b"");
    let Some(at) = memchr::memrchr(b'@', authority) else {
        return place.to_vec();
    };
    let Some(colon) = memchr::memchr(b':', authority.get(..at).unwrap_or(b"")) else {
        return place.to_vec();
    };
    let keep = |range: std::ops::Range<usize>| place.get(range).unwrap_or(b"");
    [
        keep(0..start + colon + 1),
        MASK.as_bytes(),
        keep(start + at..place.len()),
    ]
    .concat()
}

/// A body's first bytes: every secret masked; all of it when secrets hide in an inner encoding.
pub(super) fn body(body: &[u8]) -> Vec<u8> {
    let clean = pairs(&multipart(body), false);
    if leaks(body, &clean) {
        MASK.as_bytes().to_vec()
    } else {
        clean
    }
}

/// Does the text still show a secret when its percent-encoding is undone?
fn leaks(before: &[u8], clean: &[u8]) -> bool {
    if memchr::memchr(b'%', before).is_none() {
        return false;
    }
    let decoded = encoding::percent(clean);
    pairs(&decoded, false) != decoded
}

/// Masks values after `key=`, `key:`, `"key": ` and `<key>`.
fn pairs(text: &[u8], in_uri: bool) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    let mut done = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr3(b'=', b':', b'>', text.get(at..).unwrap_or(b"")) {
        let separator = at + found;
        at = separator + 1;
        let before = text.get(done..separator).unwrap_or(b"");
        let Some((key, quoted)) = key_before(before) else {
            continue;
        };
        if text.get(separator) == Some(&b'>') && is_path_end(before, key) {
            continue;
        }
        if !is_secret(key) {
            continue;
        }
        let (start, end) = value_after(text, separator, quoted, in_uri);
        if start >= end || (end - start < SHORT_BYTES && is_short_by_nature(key)) {
            continue;
        }
        clean.extend_from_slice(text.get(done..start).unwrap_or(b""));
        clean.extend_from_slice(MASK.as_bytes());
        done = end;
        at = end;
    }
    clean.extend_from_slice(text.get(done..).unwrap_or(b""));
    clean
}

/// The key that ends here, and whether it was quoted.
fn key_before(text: &[u8]) -> Option<(&[u8], bool)> {
    let text = text.trim_ascii_end();
    let unquoted = text.strip_suffix(b"\"").or_else(|| text.strip_suffix(b"'"));
    let quoted = unquoted.is_some();
    let text = unquoted.unwrap_or(text);
    let text = text.strip_suffix(b"\\").unwrap_or(text);
    let is_key = |b: &u8| b.is_ascii_alphanumeric() || *b >= 0x80 || b"_-.[]%$+".contains(b);
    let start = text.iter().rposition(|b| !is_key(b)).map_or(0, |at| at + 1);
    let start = start.max(text.len().saturating_sub(KEY_BYTES));
    text.get(start..)
        .filter(|key| !key.is_empty())
        .map(|key| (key, quoted))
}

/// `</key>` and `"/a/key">` are no keys of what follows.
fn is_path_end(before: &[u8], key: &[u8]) -> bool {
    let key_end = before.iter().rposition(|b| key.last() == Some(b));
    key_end
        .and_then(|end| (end + 1).checked_sub(key.len())?.checked_sub(1))
        .and_then(|slash| before.get(slash))
        == Some(&b'/')
}

/// Where the value after a separator starts and ends.
fn value_after(text: &[u8], separator: usize, key_quoted: bool, in_uri: bool) -> (usize, usize) {
    let mut start = separator + 1;
    while matches!(text.get(start), Some(b' ' | b'\t')) {
        start += 1;
    }
    let escaped = text.get(start..start + 2) == Some(b"\\\"");
    let quote = text
        .get(start + usize::from(escaped))
        .copied()
        .filter(|b| matches!(b, b'"' | b'\''));
    if let Some(quote) = quote {
        start += 1 + usize::from(escaped);
        return (start, quoted_end(text, start, quote, escaped));
    }
    let is_end: fn(u8) -> bool = match text.get(separator) {
        _ if in_uri => |b| matches!(b, b'&' | b'#' | b' '),
        Some(b'>') => |b| b == b'<',
        Some(b':') if key_quoted => |b| matches!(b, b',' | b'}' | b']' | b'\r' | b'\n'),
        _ => |b| matches!(b, b'&' | b'\r' | b'\n'),
    };
    if matches!(text.get(start), Some(b'[' | b'{')) && key_quoted {
        return (start, text.len());
    }
    let end = text
        .iter()
        .skip(start)
        .position(|b| is_end(*b))
        .map_or(text.len(), |length| start + length);
    (start, end)
}

fn quoted_end(text: &[u8], start: usize, quote: u8, escaped: bool) -> usize {
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' if escaped && text.get(at + 1) == Some(&quote) => return at,
            b'\\' => at += 1,
            byte if byte == quote && !escaped => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Masks the content of multipart parts whose name is a secret's.
fn multipart(text: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"name=";
    let mut clean = Vec::new();
    let mut done = 0;
    let finder = memchr::memmem::Finder::new(NAME);
    for found in finder.find_iter(text) {
        let name = text.get(found + NAME.len()..).unwrap_or(b"");
        let name = name.strip_prefix(b"\"").unwrap_or(name);
        let end = name
            .iter()
            .take(KEY_BYTES)
            .position(|b| matches!(b, b'"' | b'\r' | b'\n' | b';'));
        if found < done || !end.and_then(|end| name.get(..end)).is_some_and(is_secret) {
            continue;
        }
        let Some(start) = blank_line_after(text, found) else {
            continue;
        };
        let value = text.get(start..).unwrap_or(b"");
        let end = memchr::memmem::find(value, b"\n--").map_or(text.len(), |length| start + length);
        clean.extend_from_slice(text.get(done..start).unwrap_or(b""));
        clean.extend_from_slice(MASK.as_bytes());
        done = end;
    }
    clean.extend_from_slice(text.get(done..).unwrap_or(b""));
    clean
}

/// Where the line after the next empty one begins.
fn blank_line_after(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let crlf = memchr::memmem::find(rest, b"\r\n\r\n").map(|at| from + at + 4);
    crlf.or_else(|| memchr::memmem::find(rest, b"\n\n").map(|at| from + at + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        String::from_utf8(body(text.as_bytes())).unwrap()
    }

    fn masked_uri(text: &str) -> String {
        String::from_utf8(uri(text.as_bytes())).unwrap()
    }

    #[test]
    fn secrets_of_forms_are_masked() {
        assert_eq!(
            masked("user=a&password=hunter2&x=1"),
            "user=a&password=***&x=1"
        );
        assert_eq!(masked("_user=a&_pass=hunter2"), "_user=a&_pass=***");
        assert_eq!(
            masked("user%5Bpass%77ord%5D=hunter2&b=1"),
            "user%5Bpass%77ord%5D=***&b=1"
        );
        assert_eq!(masked("pw=hunter2"), "pw=***");
        assert_eq!(masked("a=1&password="), "a=1&password=");
    }

    #[test]
    fn secrets_of_json_xml_and_multipart_are_masked() {
        assert_eq!(
            masked(r#"{"user":"a","password":"hun\"ter2","n":1}"#),
            r#"{"user":"a","password":"***","n":1}"#
        );
        assert_eq!(masked(r#"{"pin": 1234, "n":1}"#), r#"{"pin": ***, "n":1}"#);
        assert_eq!(
            masked("<u>a</u><password>hunter2</password>"),
            "<u>a</u><password>***</password>"
        );
        assert_eq!(
            masked("--b\r\nContent-Disposition: form-data; name=\"pass\"\r\n\r\nhunter2\r\n--b--"),
            "--b\r\nContent-Disposition: form-data; name=\"pass\"\r\n\r\n***\n--b--"
        );
        assert_eq!(masked("data=%7B%22password%22%3A%22hunter2%22%7D"), "***");
    }

    #[test]
    fn a_secret_word_is_found_wherever_it_stands_in_a_key() {
        for word in SECRET_WORDS {
            for (before, after) in [("", ""), ("x", ""), ("", "s"), ("api", "_1")] {
                let key = [before.as_bytes(), word, after.as_bytes()].concat();
                assert!(has_secret_word(&key), "{}", String::from_utf8_lossy(&key));
                assert!(is_secret(&key.to_ascii_uppercase()));
            }
            assert!(!has_secret_word(&word[..word.len() - 1]));
        }
        assert!(!has_secret_word(b""));
    }

    #[test]
    fn secrets_of_uris_are_masked() {
        assert_eq!(
            masked_uri("/login?user=a&token=abc#x"),
            "/login?user=a&token=***#x"
        );
        assert_eq!(
            masked_uri("http://me:hunter2@mx.example:25/"),
            "http://me:***@mx.example:25/"
        );
        assert_eq!(masked_uri("/plain/path?q=1"), "/plain/path?q=1");
        assert_eq!(masked_uri("mx.example:25"), "mx.example:25");
    }
}
