//! Transfer encodings of short fields.

/// Decodes `%XX`; `+` becomes a space.
pub(crate) fn percent(text: &[u8]) -> Vec<u8> {
    let plus: Vec<u8> = text
        .iter()
        .map(|b| if *b == b'+' { b' ' } else { *b })
        .collect();
    match memchr::memchr(b'%', &plus) {
        Some(_) => percent_only(&plus),
        None => plus,
    }
}

/// Decodes `%XX` and nothing else.
pub(crate) fn percent_only(text: &[u8]) -> Vec<u8> {
    if memchr::memchr(b'%', text).is_none() {
        return text.to_vec();
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let hex = |b: &u8| char::from(*b).to_digit(16);
        match (byte, after) {
            (b'%', [high, low, tail @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                let value = hex(high).unwrap_or(0) << 4 | hex(low).unwrap_or(0);
                decoded.push(value.to_le_bytes()[0]);
                rest = tail;
            }
            _ => decoded.push(byte),
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_undone() {
        assert_eq!(percent(b"a%40b+c%zz%4"), b"a@b c%zz%4");
    }
}
