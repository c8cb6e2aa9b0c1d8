//! The words of a message's text: a 64-bit simhash that near copies share, and a short excerpt.

/// Text looked at per message.
const TEXT_BYTES: usize = 64 << 10;
/// Text kept as excerpt.
const EXCERPT_BYTES: usize = 4 << 10;
/// Counter planes: enough for `TEXT_BYTES` words.
const PLANES: usize = 17;

/// Collects the words of text as it comes.
///
/// Each word (a run of letters and digits, lower case; for scripts without blanks each pair of
/// neighbouring characters) is hashed to 64 bits. Bit `i` of the simhash is set when more than
/// half of the words have bit `i`. The 64 counts are kept as bit planes, so that a word costs a
/// few operations.
#[derive(Debug, Default)]
pub struct Words {
    planes: [u64; PLANES],
    count: u32,
    seen_bytes: usize,
    /// Text with blanks folded, at most [`EXCERPT_BYTES`]; only when it is kept.
    excerpt: Option<String>,
}

impl Words {
    /// A collector; with `keep`, an excerpt is kept as well.
    #[must_use]
    pub fn new(keep: bool) -> Self {
        Self {
            excerpt: keep.then(String::new),
            ..Self::default()
        }
    }

    /// True while no word was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes text. A word does not continue from one call to the next.
    pub fn feed(&mut self, text: &str) {
        let text = up_to(text, TEXT_BYTES.saturating_sub(self.seen_bytes));
        self.seen_bytes += text.len();
        self.feed_excerpt(text);
        let mut hash = START;
        let mut letters = 0u32;
        let mut before: Option<char> = None;
        for c in text.chars() {
            if c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric() && !is_dense(c)) {
                let lower = if c.is_ascii() {
                    c.to_ascii_lowercase()
                } else {
                    c.to_lowercase().next().unwrap_or(c)
                };
                hash = (hash ^ u64::from(u32::from(lower))).wrapping_mul(PRIME);
                letters += 1;
                before = None;
                continue;
            }
            if letters > 0 {
                self.add(hash);
                (hash, letters) = (START, 0);
            }
            let dense = is_dense(c);
            if dense && let Some(before) = before {
                let pair = (START ^ u64::from(u32::from(before))).wrapping_mul(PRIME);
                self.add((pair ^ u64::from(u32::from(c))).wrapping_mul(PRIME));
            }
            before = dense.then_some(c);
        }
        if letters > 0 {
            self.add(hash);
        }
    }

    /// The simhash; `None` when there was no word.
    #[must_use]
    pub fn simhash(&self) -> Option<u64> {
        (self.count > 0).then(|| {
            (0..64u32).fold(0u64, |hash, bit| {
                let ones = self
                    .planes
                    .iter()
                    .rev()
                    .fold(0u64, |sum, plane| sum << 1 | (plane >> bit & 1));
                hash | u64::from(ones * 2 > u64::from(self.count)) << bit
            })
        })
    }

    /// The excerpt, when it was kept and is not empty.
    #[must_use]
    pub fn into_excerpt(self) -> Option<String> {
        self.excerpt
            .map(|text| text.trim_end().to_owned())
            .filter(|text| !text.is_empty())
    }

    /// Adds a word to the 64 counts: a ripple-carry addition over the planes.
    fn add(&mut self, hash: u64) {
        self.count += 1;
        let mut carry = mix(hash);
        for plane in &mut self.planes {
            (*plane, carry) = (*plane ^ carry, *plane & carry);
            if carry == 0 {
                break;
            }
        }
    }

    fn feed_excerpt(&mut self, text: &str) {
        let Some(excerpt) = self
            .excerpt
            .as_mut()
            .filter(|excerpt| excerpt.len() < EXCERPT_BYTES)
        else {
            return;
        };
        for word in text.split_whitespace() {
            let room = EXCERPT_BYTES.saturating_sub(excerpt.len());
            if room == 0 {
                break;
            }
            excerpt.push_str(up_to(word, room));
            excerpt.push(' ');
        }
    }
}

const START: u64 = 0xCBF2_9CE4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01B3;

fn mix(hash: u64) -> u64 {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ (mixed >> 32)
}

/// Scripts that are written without blanks: Han, Kana, Thai, Lao, Khmer, Burmese, Hangul.
#[must_use]
pub fn is_dense(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF
        | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0x20000..=0x3134F)
}

/// The longest start of `text` with at most `bytes` bytes.
#[must_use]
pub fn up_to(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simhash(text: &str) -> u64 {
        let mut words = Words::new(false);
        words.feed(text);
        words.simhash().unwrap()
    }

    #[test]
    fn near_copies_are_near_and_others_are_far() {
        let text = "Dear customer, your account has been suspended. Please confirm your identity within two days, \
                    or access to your mailbox will be closed. The help desk of your university.";
        let near = (simhash(text) ^ simhash(&text.replace("two days", "48 hours"))).count_ones();
        let far = (simhash(text)
            ^ simhash(
                "The minutes of the meeting are attached; the next one is on Tuesday at ten.",
            ))
        .count_ones();
        assert!(near <= 12 && far >= 20, "{near} {far}");
        let chinese =
            "尊敬的用户,您的邮箱已超过限额,请立即点击下面的链接验证您的帐户,否则将被停用。";
        let near = (simhash(chinese) ^ simhash(&chinese.replace("立即", "马上"))).count_ones();
        assert!(near <= 16, "{near}");
    }

    #[test]
    fn text_without_words_has_no_simhash() {
        let mut words = Words::new(true);
        words.feed(" \r\n.,;");
        assert_eq!(
            (words.simhash(), words.into_excerpt()),
            (None, Some(".,;".into()))
        );
    }
}
