//! What an answer shows: a database's or a program's error, the listing of a folder, a file of the system,
//! the output of a command, a login form. Facts that stand in the text; what they mean is not said here.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Text searched, in any case, and the sign that it is; a check tells look-alikes.
const WORDS: &[(&str, &str, Check)] = &[
    ("you have an error in your sql syntax", "sql-error", always),
    ("sqlstate[", "sql-error", always),
    ("sql syntax error", "sql-error", always),
    ("unclosed quotation mark", "sql-error", always),
    ("quoted string not properly terminated", "sql-error", always),
    ("mysql_fetch_", "sql-error", always),
    ("mysqli_", "sql-error", always),
    ("mysql_num_rows", "sql-error", always),
    ("mysqlsyntaxerror", "sql-error", always),
    ("pg_query(", "sql-error", always),
    ("pg_exec(", "sql-error", always),
    ("psqlexception", "sql-error", always),
    ("syntax error at or near", "sql-error", always),
    ("sqlite3::", "sql-error", always),
    ("sqlite_error", "sql-error", always),
    ("sqlite3.operationalerror", "sql-error", always),
    ("unrecognized token:", "sql-error", always),
    ("sqlexception", "sql-error", always),
    ("pdoexception", "sql-error", always),
    ("odbc sql server driver", "sql-error", always),
    ("microsoft ole db provider", "sql-error", always),
    ("incorrect syntax near", "sql-error", always),
    ("unknown column '", "sql-error", always),
    ("ora-0", "sql-error", ora),
    ("<b>warning</b>:", "php-error", always),
    ("<b>notice</b>:", "php-error", always),
    ("<b>fatal error</b>:", "php-error", always),
    ("<b>parse error</b>:", "php-error", always),
    ("<b>deprecated</b>:", "php-error", always),
    ("php warning:", "php-error", always),
    ("php fatal error:", "php-error", always),
    ("php parse error:", "php-error", always),
    ("failed to open stream:", "php-error", always),
    ("traceback (most recent call last)", "stack-trace", always),
    ("stack trace:", "stack-trace", always),
    ("exception in thread", "stack-trace", always),
    ("\tat java.", "stack-trace", always),
    ("\tat org.", "stack-trace", always),
    ("at system.web.", "stack-trace", always),
    ("server error in '", "stack-trace", always),
    ("goroutine 1 [", "stack-trace", always),
    ("<title>index of /", "directory-listing", always),
    ("directory listing for /", "directory-listing", always),
    ("[to parent directory]", "directory-listing", always),
    (":x:0:0:", "passwd-file", always),
    ("root:*:0:0:", "passwd-file", always),
    ("root:$", "shadow-file", shadow),
    ("uid=", "command-output-uid", uid),
    ("drwx", "command-output-listing", mode),
    ("-rw-r", "command-output-listing", mode),
    ("volume serial number is", "command-output-listing", always),
    ("linux version ", "system-version", always),
    ("microsoft windows [version", "system-version", always),
    ("nt authority\\", "command-output-uid", always),
    ("windows ip configuration", "network-configuration", always),
    ("link/ether ", "network-configuration", always),
    ("inet addr:", "network-configuration", always),
    ("<?php", "source-code", always),
    ("<%@ page", "source-code", always),
    ("#!/bin/", "source-code", always),
    ("#!/usr/", "source-code", always),
    ("[boot loader]", "configuration-file", always),
    ("; for 16-bit app support", "configuration-file", always),
    ("[mysqld]", "configuration-file", always),
    ("[client]", "configuration-file", always),
    ("db_password", "configuration-file", always),
    ("dbpassword", "configuration-file", always),
    ("connectionstring=", "configuration-file", always),
    ("define('db_", "configuration-file", always),
    (
        "[core]\n\trepositoryformatversion",
        "configuration-file",
        always,
    ),
    ("private key-----", "private-key", always),
    ("insert into `", "table-dump", always),
    ("insert into \"", "table-dump", always),
    ("create table ", "table-dump", always),
    ("-- mysql dump", "table-dump", always),
    ("sqlite format 3", "table-dump", always),
    ("pragma foreign_keys", "table-dump", always),
    ("phpinfo()", "phpinfo", always),
    ("http-equiv=\"refresh\"", "page-redirect", always),
    ("http-equiv='refresh'", "page-redirect", always),
    ("http-equiv=refresh", "page-redirect", always),
    ("location.href", "page-redirect", always),
    ("location.replace(", "page-redirect", always),
    ("window.location", "page-redirect", always),
    ("invalid password", "login-refused-text", always),
    ("wrong password", "login-refused-text", always),
    ("incorrect password", "login-refused-text", always),
    ("invalid credentials", "login-refused-text", always),
    ("invalid username", "login-refused-text", always),
    ("invalid login", "login-refused-text", always),
    ("login failed", "login-refused-text", always),
    ("login incorrect", "login-refused-text", always),
    ("authentication failed", "login-refused-text", always),
    ("bad login", "login-refused-text", always),
    ("access denied", "login-refused-text", always),
    ("login attempt failed", "login-refused-text", always),
    ("kennwort ist falsch", "login-refused-text", always),
    ("kennwort falsch", "login-refused-text", always),
    ("passwort ist falsch", "login-refused-text", always),
    ("passwort falsch", "login-refused-text", always),
    ("falsches passwort", "login-refused-text", always),
    ("falsches kennwort", "login-refused-text", always),
    ("anmeldung fehlgeschlagen", "login-refused-text", always),
    ("mot de passe incorrect", "login-refused-text", always),
    ("identifiants incorrects", "login-refused-text", always),
    ("contraseña incorrecta", "login-refused-text", always),
    ("senha incorreta", "login-refused-text", always),
    ("senha inválida", "login-refused-text", always),
    ("password errata", "login-refused-text", always),
    ("credenziali non valide", "login-refused-text", always),
    ("wachtwoord onjuist", "login-refused-text", always),
    ("неверный пароль", "login-refused-text", always),
    ("パスワードが正しく", "login-refused-text", always),
    ("パスワードが違い", "login-refused-text", always),
    ("パスワードが間違", "login-refused-text", always),
    ("ログインに失敗", "login-refused-text", always),
    ("密碼錯誤", "login-refused-text", always),
    ("密码错误", "login-refused-text", always),
    ("用户名或密码", "login-refused-text", always),
    ("登录失败", "login-refused-text", always),
    ("登陆失败", "login-refused-text", always),
    ("logout", "logout-link", always),
    ("log out", "logout-link", always),
    ("signout", "logout-link", always),
    ("sign out", "logout-link", always),
    ("logoff", "logout-link", always),
    ("abmelden", "logout-link", always),
    ("déconnexion", "logout-link", always),
    ("cerrar sesión", "logout-link", always),
    ("ログアウト", "logout-link", always),
    ("退出登录", "logout-link", always),
    ("注销", "logout-link", always),
];

/// Is it what it looks like: text, start and end of the place.
type Check = fn(&[u8], usize, usize) -> bool;

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .ascii_case_insensitive(true)
        // Every text of every answer goes through: larger in memory, and three times as fast.
        .kind(Some(AhoCorasickKind::DFA))
        .build(WORDS.iter().map(|(word, ..)| word))
        .ok()
});

/// The signs in a text, in order of appearance, each once.
pub(super) fn signs(text: &[u8]) -> Vec<&'static str> {
    let mut signs = Vec::new();
    if let Some(finder) = &*FINDER {
        for found in finder.find_overlapping_iter(text) {
            if let Some(&(_, sign, check)) = WORDS.get(found.pattern().as_usize())
                && !signs.contains(&sign)
                && check(text, found.start(), found.end())
            {
                signs.push(sign);
            }
        }
    }
    signs
}

/// All signs of this list.
#[cfg(test)]
pub(super) fn all_signs() -> Vec<&'static str> {
    let mut signs: Vec<_> = WORDS.iter().map(|(_, sign, _)| *sign).collect();
    signs.sort_unstable();
    signs.dedup();
    signs
}

fn always(_: &[u8], _: usize, _: usize) -> bool {
    true
}

/// `ORA-01756:`
fn ora(text: &[u8], start: usize, _: usize) -> bool {
    matches!(text.get(start + 4..start + 9), Some(number) if number.iter().all(u8::is_ascii_digit))
}

/// `root:$6$...:`
fn shadow(text: &[u8], _: usize, end: usize) -> bool {
    matches!(
        text.get(end..end + 3),
        Some([b'1' | b'2' | b'5' | b'6' | b'y', ..])
    )
}

/// `uid=33(www-data) gid=33`
fn uid(text: &[u8], _: usize, end: usize) -> bool {
    let rest = text.get(end..).unwrap_or(b"");
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = rest.get(digits..).unwrap_or(b"");
    digits > 0
        && rest.first() == Some(&b'(')
        && rest
            .get(..64.min(rest.len()))
            .is_some_and(|near| memchr::memmem::find(near, b"gid=").is_some())
}

/// `drwxr-xr-x 2 root`: ten letters of a mode at the start of a line, then links.
fn mode(text: &[u8], start: usize, _: usize) -> bool {
    let before = start.checked_sub(1).and_then(|before| text.get(before));
    let letters = text.get(start..start + 10);
    let after = text.get(start + 10..start + 12);
    before.is_none_or(|b| !b.is_ascii_alphanumeric())
        && letters.is_some_and(|mode| mode.iter().all(|b| b"drwxstSTl-".contains(b)))
        && matches!(after, Some([b' ' | b'.' | b'+' | b'\t', ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_told_from_words_that_look_alike() {
        for (text, expected) in [
            (
                "x uid=33(www-data) gid=33(www-data)",
                &["command-output-uid"][..],
            ),
            ("/?uid=33&gid=1", &[]),
            ("root:x:0:0:root:/root:/bin/bash", &["passwd-file"]),
            (
                "total 8\ndrwxr-xr-x 2 root root 4096 a",
                &["command-output-listing"],
            ),
            ("class=\"drwx\"", &[]),
            ("You have an ERROR in your SQL syntax;", &["sql-error"]),
            ("ORA-01756: quoted string not", &["sql-error"]),
            ("aurora-0x", &[]),
            ("root:$6$ab$cd:19000:0:", &["shadow-file"]),
            ("root:$HOME", &[]),
            (
                "<b>Warning</b>:  include(x): Failed to open stream: No",
                &["php-error"],
            ),
            ("密码错误", &["login-refused-text"]),
            ("hello", &[]),
        ] {
            assert_eq!(signs(text.as_bytes()), expected, "{text}");
        }
    }
}
