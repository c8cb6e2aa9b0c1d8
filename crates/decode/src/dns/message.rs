//! DNS messages: header, question, answer records.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use mailscope_evidence::At;

use super::{Likeness, name};
use crate::record::{DnsAnswer, Record, Records};

/// Answer records looked at in one message.
const ANSWERS: u16 = 512;
/// Bytes of a TXT answer that are kept.
const TEXT_BYTES: usize = 1024;

const A: u16 = 1;
const NS: u16 = 2;
const CNAME: u16 = 5;
const PTR: u16 = 12;
const MX: u16 = 15;
const TXT: u16 = 16;
const AAAA: u16 = 28;

struct Header {
    is_answer: bool,
    opcode: u8,
    rcode: u8,
    questions: u16,
    answers: u16,
}

/// RFC 1035, 4.1.1.
fn header(message: &[u8]) -> Option<Header> {
    let &[_, _, high, low, q0, q1, a0, a1, n0, n1, r0, r1] = message.first_chunk::<12>()?;
    let [questions, answers, names, extra] =
        [[q0, q1], [a0, a1], [n0, n1], [r0, r1]].map(u16::from_be_bytes);
    let plausible = questions <= 4 && answers <= 4096 && names <= 256 && extra <= 256;
    plausible.then_some(Header {
        is_answer: high & 0x80 != 0,
        opcode: (high >> 3) & 15,
        rcode: low & 15,
        questions,
        answers,
    })
}

/// Is this whole datagram a DNS message with one readable question (or answers without one)?
pub(crate) fn is_message(message: &[u8]) -> bool {
    let Some(header) = header(message) else {
        return false;
    };
    if header.opcode > 6
        || header.questions > 1
        || (header.questions == 0 && (!header.is_answer || header.answers == 0))
    {
        return false;
    }
    header.questions == 0 || question_end(message).is_some()
}

/// Judges the start of a message whose rest may still come.
pub(super) fn question_start(message: &[u8]) -> Likeness {
    const LONGEST_QUESTION: usize = 12 + 256 + 4;
    match *message {
        [_, _, flags, ..] if (flags >> 3) & 15 > 5 => return Likeness::Unlike,
        [_, _, _, low, ..] if low & 0x40 != 0 => return Likeness::Unlike,
        [_, _, _, _, high, ..] if high != 0 => return Likeness::Unlike,
        [_, _, _, _, _, low, ..] if low != 1 => return Likeness::Unlike,
        _ => {}
    }
    if message.len() < 12 {
        return Likeness::Short;
    }
    match (header(message), question_end(message)) {
        (Some(header), Some(_)) => Likeness::Like(header.is_answer),
        (Some(_), None) if message.len() < LONGEST_QUESTION && label_bytes_plausible(message) => {
            Likeness::Short
        }
        _ => Likeness::Unlike,
    }
}

/// The labels of the question as far as they are there.
fn label_bytes_plausible(message: &[u8]) -> bool {
    let mut at = 12;
    while let Some(&length) = message.get(at) {
        if length > 63 {
            return false;
        }
        if length == 0 {
            return message.len() < at + 5;
        }
        at += 1 + usize::from(length);
    }
    true
}

/// Type and the place after the question, as [`question`] reads them.
fn question_end(message: &[u8]) -> Option<(u16, usize)> {
    question_after(message, name::end(message, 12)?)
}

/// What stands behind the name of a question.
fn question_after(message: &[u8], at: usize) -> Option<(u16, usize)> {
    let &[t0, t1, c0, c1] = message.get(at..)?.first_chunk::<4>()?;
    let class = u16::from_be_bytes([c0, c1]) & 0x7fff;
    matches!(class, 1 | 3 | 4 | 255).then_some((u16::from_be_bytes([t0, t1]), at + 4))
}

/// Name, type and the place after the question; class must be IN, CH, HS or ANY.
fn question(message: &[u8]) -> Option<(String, u16, usize)> {
    let (name, at) = name::read(message, 12)?;
    let (qtype, end) = question_after(message, at)?;
    Some((name, qtype, end))
}

/// Adds the answers of one message; a message that is no answer adds nothing.
pub(crate) fn answers(message: &[u8], at: At, from_responder: bool, out: &mut Records) {
    let Some(header) = header(message) else {
        return;
    };
    if !header.is_answer || header.questions > 1 {
        return;
    }
    let (query, qtype, mut place) = match (header.questions, question(message)) {
        (1, Some(question)) => question,
        (0, _) => (String::new(), 0, 12),
        _ => return,
    };
    let blank = DnsAnswer {
        at,
        client_is_orig: from_responder,
        query,
        qtype: type_name(qtype),
        rcode: header.rcode,
        name: String::new(),
        rtype: Cow::Borrowed(""),
        answer: String::new(),
        ttl: 0,
    };
    let mut any = false;
    for _ in 0..header.answers.min(ANSWERS) {
        let Some((answer, next)) = record(message, place, &blank) else {
            break;
        };
        place = next;
        if let Some(answer) = answer {
            any = true;
            out.push(Record::DnsAnswer(Box::new(answer)));
        }
    }
    if !any {
        out.push(Record::DnsAnswer(Box::new(blank)));
    }
}

/// One resource record (RFC 1035, 4.1.3) and the place after it; types that aren't kept give `None`.
fn record(message: &[u8], start: usize, blank: &DnsAnswer) -> Option<(Option<DnsAnswer>, usize)> {
    let (owner, at) = name::read(message, start)?;
    let &[t0, t1, _, _, l0, l1, l2, l3, d0, d1] = message.get(at..)?.first_chunk::<10>()?;
    let (rtype, length) = (
        u16::from_be_bytes([t0, t1]),
        usize::from(u16::from_be_bytes([d0, d1])),
    );
    let data = message.get(at + 10..at + 10 + length)?;
    let answer = rdata(message, at + 10, rtype, data).map(|answer| DnsAnswer {
        name: owner,
        rtype: type_name(rtype),
        answer,
        ttl: u32::from_be_bytes([l0, l1, l2, l3]),
        ..blank.clone()
    });
    Some((answer, at + 10 + length))
}

fn rdata(message: &[u8], place: usize, rtype: u16, data: &[u8]) -> Option<String> {
    match rtype {
        A => <[u8; 4]>::try_from(data).ok().map(dotted_quad),
        AAAA => <[u8; 16]>::try_from(data)
            .ok()
            .map(|octets| Ipv6Addr::from(octets).to_string()),
        NS | CNAME | PTR => name::read(message, place).map(|(name, _)| name),
        MX => name::read(message, place + 2).map(|(name, _)| name),
        TXT => Some(strings(data)),
        _ => None,
    }
}

/// As `Ipv4Addr` is displayed, without the formatter's detours: most answers are addresses.
fn dotted_quad(octets: [u8; 4]) -> String {
    let mut text = String::with_capacity("255.255.255.255".len());
    for octet in octets {
        if !text.is_empty() {
            text.push('.');
        }
        if octet >= 100 {
            text.push(char::from(b'0' + octet / 100));
        }
        if octet >= 10 {
            text.push(char::from(b'0' + octet / 10 % 10));
        }
        text.push(char::from(b'0' + octet % 10));
    }
    text
}

/// `<character-string>`s joined.
fn strings(mut data: &[u8]) -> String {
    let mut joined = Vec::new();
    while let Some((&length, rest)) = data.split_first() {
        let (string, after) = rest
            .split_at_checked(usize::from(length))
            .unwrap_or((rest, b""));
        joined.extend_from_slice(string);
        data = after;
    }
    crate::layer::text(&joined, TEXT_BYTES)
}

fn type_name(number: u16) -> Cow<'static, str> {
    Cow::Borrowed(match number {
        0 => "",
        A => "A",
        NS => "NS",
        CNAME => "CNAME",
        6 => "SOA",
        PTR => "PTR",
        MX => "MX",
        TXT => "TXT",
        AAAA => "AAAA",
        33 => "SRV",
        64 => "SVCB",
        65 => "HTTPS",
        255 => "ANY",
        other => return Cow::Owned(format!("TYPE{other}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn addresses_are_written_as_the_standard_library_writes_them() {
        for octet in 0..=255u8 {
            let octets = [octet, 255 - octet, 0, octet / 3];
            assert_eq!(dotted_quad(octets), Ipv4Addr::from(octets).to_string());
        }
    }
}
