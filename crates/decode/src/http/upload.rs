//! Files sent to a server: what their first bytes show. Facts, no verdicts: a photograph may hold `<?`.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::layer::text;
use crate::mail;
use crate::record::UploadedFile;

/// Bytes looked at for signs.
const LOOKED_AT: usize = 64 << 10;
/// Bytes of a file name or type kept.
const NAME_BYTES: usize = 256;

/// What is searched, in any case, and the sign that it is.
const WORDS: &[(&str, &str)] = &[
    ("<?php", "php-tag"),
    ("<?=", "php-tag"),
    ("<script language=\"php\"", "php-tag"),
    ("<%@ page", "jsp-tag"),
    ("<jsp:", "jsp-tag"),
    ("<%@ language", "asp-tag"),
    ("<%@ webhandler", "asp-tag"),
    ("<% execute", "asp-tag"),
    ("<%execute", "asp-tag"),
    ("<%eval", "asp-tag"),
    ("eval(", "evaluates-text"),
    ("eval (", "evaluates-text"),
    ("assert(", "evaluates-text"),
    ("create_function(", "evaluates-text"),
    ("eval request", "evaluates-text"),
    ("system(", "runs-commands"),
    ("shell_exec(", "runs-commands"),
    ("passthru(", "runs-commands"),
    ("proc_open(", "runs-commands"),
    ("popen(", "runs-commands"),
    ("pcntl_exec(", "runs-commands"),
    ("getruntime().exec", "runs-commands"),
    ("processbuilder", "runs-commands"),
    ("wscript.shell", "runs-commands"),
    ("process.start(", "runs-commands"),
    ("child_process", "runs-commands"),
    ("os.system(", "runs-commands"),
    ("subprocess.", "runs-commands"),
    ("$_post[", "reads-request"),
    ("$_get[", "reads-request"),
    ("$_request[", "reads-request"),
    ("$_cookie[", "reads-request"),
    ("php://input", "reads-request"),
    ("request.getparameter(", "reads-request"),
    ("request.form", "reads-request"),
    ("request.item", "reads-request"),
    ("base64_decode(", "decodes-text"),
    ("gzinflate(", "decodes-text"),
    ("str_rot13(", "decodes-text"),
    ("frombase64string(", "decodes-text"),
    ("fsockopen(", "opens-connection"),
    ("/dev/tcp/", "opens-connection"),
    ("addhandler", "server-configuration"),
    ("addtype application/x-httpd", "server-configuration"),
    ("sethandler", "server-configuration"),
    ("auto_prepend_file", "server-configuration"),
    ("<script", "script-tag"),
    ("javascript:", "script-tag"),
    ("<!entity", "xml-entity"),
    ("ac ed 00 05", "java-object"),
    ("ro0ab", "java-object"),
];

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .ascii_case_insensitive(true)
        .build(WORDS.iter().map(|(word, _)| word))
        .ok()
});

/// The facts of a file. `whole`: nothing of it is missing.
pub(super) fn file(
    name: Option<&str>,
    content_type: Option<&str>,
    content: &[u8],
    whole: bool,
) -> UploadedFile {
    let kept = |value: &str| text(value.as_bytes(), NAME_BYTES);
    UploadedFile {
        name: name.map(kept),
        content_type: content_type
            .filter(|kind| !kind.is_empty())
            .map(|kind| kept(&kind.to_ascii_lowercase())),
        bytes: content.len() as u64,
        sha256: whole.then(|| mail::sha256_hex(content)),
        signs: signs(content),
    }
}

/// All signs that a file can have.
#[cfg(test)]
pub(super) fn all_signs() -> Vec<&'static str> {
    let mut signs: Vec<_> = WORDS.iter().map(|(_, sign)| *sign).collect();
    signs.extend(["java-object", "interpreter-line", "php-serialized"]);
    signs.sort_unstable();
    signs.dedup();
    signs
}

/// The type by the first bytes comes first, then what the text shows, each once.
fn signs(content: &[u8]) -> Vec<&'static str> {
    let looked_at = content.get(..LOOKED_AT).unwrap_or(content);
    let mut signs: Vec<&'static str> = mail::magic(content).into_iter().collect();
    let mut add = |sign| {
        if !signs.contains(&sign) {
            signs.push(sign);
        }
    };
    if content.starts_with(b"#!") {
        add("interpreter-line");
    }
    if content.starts_with(b"\xac\xed\x00\x05") {
        add("java-object");
    }
    if is_php_serialized(content) {
        add("php-serialized");
    }
    if let Some(finder) = &*FINDER {
        for found in finder.find_overlapping_iter(looked_at) {
            if let Some((_, sign)) = WORDS.get(found.pattern().as_usize()) {
                add(sign);
            }
        }
    }
    signs
}

/// `O:4:"Name"` or `a:2:{`: PHP's `serialize`.
fn is_php_serialized(content: &[u8]) -> bool {
    let Some(rest) = content
        .strip_prefix(b"O:")
        .or_else(|| content.strip_prefix(b"a:"))
    else {
        return false;
    };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && matches!(rest.get(digits..digits + 2), Some(b":\"" | b":{"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_shows_what_it_does_and_an_image_what_it_is() {
        let shell = file(
            Some("help.php"),
            Some("Image/PNG"),
            b"\x89PNG\r\n\x1a\n<?php @eval($_POST['x']); ?>",
            true,
        );
        assert_eq!(
            shell.signs,
            ["png", "php-tag", "evaluates-text", "reads-request"]
        );
        assert_eq!(shell.content_type.as_deref(), Some("image/png"));
        assert_eq!(shell.sha256.map(|hash| hash.len()), Some(64));
        assert_eq!(signs(b"O:4:\"User\":1:{}"), ["php-serialized"]);
        assert!(signs(b"just text").is_empty());
        assert_eq!(file(None, None, b"x", false).sha256, None);
    }
}
