//! Server lines: `Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF`
//! (RFC 5321, 4.2), and enhanced status codes (RFC 2034, 3463).

/// One line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyLine<'a> {
    /// Three digits, 200 to 599.
    pub code: u16,
    /// True when more lines of the same reply follow.
    pub continues: bool,
    /// The text after the separator.
    pub text: &'a [u8],
}

/// Reads a line without its line end; `None` when it is no reply line.
#[must_use]
pub fn parse(line: &[u8]) -> Option<ReplyLine<'_>> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code = digits.iter().try_fold(0u16, |sum, b| {
        b.is_ascii_digit().then(|| sum * 10 + u16::from(b - b'0'))
    })?;
    if !(200..=599).contains(&code) {
        return None;
    }
    let (continues, text) = match rest {
        [] => (false, rest),
        [b'-', text @ ..] => (true, text),
        [b' ' | b'\t', text @ ..] => (false, text),
        _ => return None,
    };
    Some(ReplyLine {
        code,
        continues,
        text: text.trim_ascii(),
    })
}

/// `class "." subject "." detail` at the start of a reply's text, as (class, subject, detail).
#[must_use]
pub fn enhanced_status(text: &[u8]) -> Option<(u8, u16, u16)> {
    let word = text.split(u8::is_ascii_whitespace).next()?;
    let mut numbers = word.split(|&b| b == b'.').map(number);
    let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let class = u8::try_from(class).ok()?;
    (numbers.next().is_none() && matches!(class, 2 | 4 | 5)).then_some((class, subject, detail))
}

fn number(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 3 {
        return None;
    }
    digits.iter().try_fold(0u16, |sum, b| {
        b.is_ascii_digit().then(|| sum * 10 + u16::from(b - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reply_lines_are_read() {
        assert_eq!(
            parse(b"250-SIZE 10"),
            Some(ReplyLine {
                code: 250,
                continues: true,
                text: b"SIZE 10"
            })
        );
        assert_eq!(
            parse(b"250"),
            Some(ReplyLine {
                code: 250,
                continues: false,
                text: b""
            })
        );
        assert_eq!(parse(b"2500 x"), None);
        assert_eq!(parse(b"99 x"), None);
        assert_eq!(parse(b"+OK"), None);
    }

    #[test]
    fn enhanced_status_codes_are_read() {
        assert_eq!(enhanced_status(b"2.1.5 Ok"), Some((2, 1, 5)));
        assert_eq!(enhanced_status(b"5.7.1"), Some((5, 7, 1)));
        assert_eq!(enhanced_status(b"192.0.2.1 hello"), None);
        assert_eq!(enhanced_status(b"mx.example"), None);
    }
}
