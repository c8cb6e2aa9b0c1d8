//! Uuencoded files in text, as mailers sent them before MIME.

use super::header::next_line;

/// Files looked for in one text.
const FILES: usize = 50;

/// Calls `found` with name and content of each `begin MODE NAME` ... `end` block.
pub fn files(text: &[u8], mut found: impl FnMut(String, Vec<u8>)) {
    let mut rest = text;
    for _ in 0..FILES {
        let Some(at) = memchr::memmem::find(rest, b"begin ") else {
            return;
        };
        let at_start = at == 0 || rest.get(at - 1) == Some(&b'\n');
        let from = rest.get(at..).unwrap_or(b"");
        let (line, after) = next_line(from);
        rest = after;
        let Some((mode, name)) = line
            .strip_prefix(b"begin ")
            .and_then(|l| l.split_at_checked(l.iter().position(|&b| b == b' ')?))
        else {
            continue;
        };
        let name = name.trim_ascii();
        let is_mode =
            (3..=4).contains(&mode.len()) && mode.iter().all(|b| (b'0'..=b'7').contains(b));
        if !at_start || !is_mode || name.is_empty() || name.len() > 255 {
            continue;
        }
        let content = decode(rest);
        if !content.is_empty() {
            found(String::from_utf8_lossy(name).into_owned(), content);
        }
    }
}

/// Decodes lines up to `end`, an empty line of data, or a line that is none. A `begin` line is skipped.
#[must_use]
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = next_line(rest);
        rest = after;
        if line.starts_with(b"begin ") || (line.is_empty() && decoded.is_empty()) {
            continue;
        }
        let Some((&length, data)) = line.split_first() else {
            break;
        };
        if line == b"end" || !(b'!'..=b'M').contains(&length) {
            break;
        }
        let length = usize::from(length - b' ');
        if data.len() < (length * 4).div_ceil(3) {
            break;
        }
        let before = decoded.len();
        for group in data.chunks(4) {
            let digits = group.iter().chain([b' '; 3].iter()).take(4);
            let word = digits.fold(0u32, |word, &d| {
                word << 6 | u32::from(d.wrapping_sub(b' ') & 0x3F)
            });
            let [_, x, y, z] = word.to_be_bytes();
            decoded.extend_from_slice(&[x, y, z]);
        }
        decoded.truncate(before + length);
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuencoded_file_in_text_is_found() {
        let mut all = Vec::new();
        files(
            b"hi\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n",
            |name, content| all.push((name, content)),
        );
        assert_eq!(all, [("cat.txt".to_owned(), b"Cat".to_vec())]);
        files(b"begin the day\r\nbegin 644 x", |_, _| panic!("no file"));
    }
}
