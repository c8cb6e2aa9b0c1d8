//! The closed lists of signs: what an answer, and what a file sent to a server, may show. `make docs` writes
//! docs/reference/web.md from here.

/// Signs of answers, with their meaning.
pub const ANSWER_SIGNS: &[(&str, &str)] = &[
    ("sql-error", "A database's error message."),
    ("php-error", "An error message of PHP."),
    ("stack-trace", "The calls that led to a program's error."),
    (
        "directory-listing",
        "The list of a folder's files that a web server makes.",
    ),
    (
        "passwd-file",
        "A line of `/etc/passwd`: the account with number 0.",
    ),
    (
        "shadow-file",
        "A line of `/etc/shadow`: root with a password hash.",
    ),
    (
        "command-output-uid",
        "What `id` or `whoami /all` print: an account with its numbers.",
    ),
    (
        "command-output-listing",
        "What `ls -l` or `dir` print: files with their modes, or a volume.",
    ),
    ("system-version", "The version line of an operating system."),
    (
        "network-configuration",
        "What `ip`, `ifconfig` or `ipconfig` print.",
    ),
    (
        "source-code",
        "Code that a server should have run and not sent, or that a command printed.",
    ),
    (
        "configuration-file",
        "Lines of a configuration, such as a database's access data.",
    ),
    ("private-key", "The head of a private key."),
    (
        "table-dump",
        "Statements that make or fill tables, or a database file.",
    ),
    ("phpinfo", "The page of `phpinfo()`."),
    (
        "page-redirect",
        "The page, not the status, sends its reader elsewhere.",
    ),
    (
        "login-refused-text",
        "Words that refuse a login, in English or Chinese.",
    ),
    (
        "logout-link",
        "Words that offer to log out: the reader is logged in, or the page says so to all.",
    ),
    ("password-field", "A field for a password."),
    ("login-form", "A form with a field for a password."),
    ("upload-form", "A field for a file."),
    (
        "form-to-other-host",
        "A form that sends what is typed to another host than the page's.",
    ),
    (
        "constant-answered",
        "A text that the request only spelled in code (`0x716b`, `CHAR(113,107)`) stands in the answer: \
         a database worked it out.",
    ),
    (
        "markup-answered",
        "Markup of a parameter stands in the answer as it was sent.",
    ),
];

/// Signs of files, with their meaning. A type by first bytes (`png`, `zip`, `elf`, ...) is one, too.
pub const FILE_SIGNS: &[(&str, &str)] = &[
    ("php-tag", "Opens PHP code."),
    ("jsp-tag", "Opens JSP code."),
    ("asp-tag", "Opens ASP or ASP.NET code."),
    (
        "evaluates-text",
        "Runs text as code: `eval(`, `assert(`, ...",
    ),
    (
        "runs-commands",
        "Runs commands of the system: `system(`, `Runtime.exec`, ...",
    ),
    (
        "reads-request",
        "Takes its input from a request: `$_POST[`, `request.getParameter(`, ...",
    ),
    (
        "decodes-text",
        "Decodes text: `base64_decode(`, `gzinflate(`, ...",
    ),
    (
        "opens-connection",
        "Opens a connection: `fsockopen(`, `/dev/tcp/`.",
    ),
    (
        "server-configuration",
        "Tells a web server what to run: `AddHandler`, `SetHandler`, ...",
    ),
    ("script-tag", "Script for a browser."),
    ("xml-entity", "Declares an XML entity."),
    ("java-object", "A serialised Java object, raw or in base64."),
    ("php-serialized", "An object or array of PHP's `serialize`."),
    ("interpreter-line", "Begins with `#!`."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{facts, page, signs, upload};
    use crate::mail;

    fn listed(list: &[(&str, &'static str)], sign: &str) -> bool {
        list.iter().filter(|(slug, _)| *slug == sign).count() == 1
    }

    #[test]
    fn every_sign_is_listed_once() {
        let answers = [
            signs::all_signs(),
            page::SIGNS.to_vec(),
            facts::SIGNS.to_vec(),
        ]
        .concat();
        for sign in &answers {
            assert!(listed(ANSWER_SIGNS, sign), "{sign}");
        }
        assert_eq!(answers.len(), ANSWER_SIGNS.len());
        let types: Vec<_> = mail::magic_names().collect();
        for sign in upload::all_signs() {
            assert!(listed(FILE_SIGNS, sign) || types.contains(&sign), "{sign}");
        }
    }
}
