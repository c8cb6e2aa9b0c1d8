//! `ENVELOPE` of a FETCH answer (RFC 9051, 7.5.2): a message's header as the server read it.

use crate::mail;
use crate::record::Message;

/// Values nested deeper are skipped.
const DEPTH: usize = 8;
/// Addresses of one list that are kept.
const ADDRESSES: usize = 1_000;

/// A parenthesised value.
#[derive(Debug, PartialEq, Eq)]
enum Value {
    Nil,
    Text(Vec<u8>),
    List(Vec<Value>),
}

/// Fills a row from the text after `ENVELOPE `; `None` when it is not whole.
///
/// `envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP
/// env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"`
#[must_use]
pub fn fill(text: &[u8], message: &mut Message) -> Option<()> {
    let (Value::List(fields), _) = value(text, 0)? else {
        return None;
    };
    let [
        date,
        subject,
        from,
        sender,
        reply_to,
        to,
        cc,
        _bcc,
        in_reply_to,
        message_id,
    ] = fields.as_slice()
    else {
        return None;
    };
    let decoded = |value: &Value| {
        if let Value::Text(text) = value {
            Some(mail::field_text(text))
        } else {
            None
        }
    };
    let id = |value: &Value| {
        decoded(value)
            .map(|id| id.trim_matches(['<', '>', ' ']).to_owned())
            .filter(|id| !id.is_empty())
    };
    message.date_text = decoded(date);
    message.date_us = if let Value::Text(date) = date {
        mail::date_us(date)
    } else {
        None
    };
    message.subject = decoded(subject);
    for (address, name) in addresses(from) {
        message.from_addrs.push(address);
        message.from_names.push(name);
    }
    let plain = |value| {
        addresses(value)
            .into_iter()
            .map(|(address, _)| address)
            .collect::<Vec<_>>()
    };
    message.sender = plain(sender)
        .into_iter()
        .next()
        .filter(|sender| !message.from_addrs.contains(sender));
    message.reply_to = plain(reply_to)
        .into_iter()
        .filter(|address| !message.from_addrs.contains(address))
        .collect();
    message.to_addrs = plain(to);
    message.cc_addrs = plain(cc);
    message.in_reply_to = id(in_reply_to);
    message.message_id = id(message_id);
    Some(())
}

/// `address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"`.
fn addresses(value: &Value) -> Vec<(String, String)> {
    let Value::List(list) = value else {
        return Vec::new();
    };
    let text = |value: &Value| {
        if let Value::Text(text) = value {
            mail::field_text(text)
        } else {
            String::new()
        }
    };
    let one = |entry: &Value| {
        let Value::List(parts) = entry else {
            return None;
        };
        let [name, _route, mailbox, host] = parts.as_slice() else {
            return None;
        };
        // A group's start and end have no host.
        let Value::Text(_) = host else { return None };
        Some((format!("{}@{}", text(mailbox), text(host)), text(name)))
    };
    list.iter().filter_map(one).take(ADDRESSES).collect()
}

fn value(text: &[u8], depth: usize) -> Option<(Value, &[u8])> {
    let text = text.trim_ascii_start();
    match text.first()? {
        b'(' if depth < DEPTH => {
            let mut rest = text.get(1..)?;
            let mut items = Vec::new();
            loop {
                rest = rest.trim_ascii_start();
                if let Some(after) = rest.strip_prefix(b")") {
                    return Some((Value::List(items), after));
                }
                let (item, after) = value(rest, depth + 1)?;
                items.push(item);
                rest = after;
            }
        }
        b'"' => {
            let mut string = Vec::new();
            let mut escaped = false;
            for (at, &byte) in text.iter().enumerate().skip(1) {
                match byte {
                    b'\\' if !escaped => escaped = true,
                    b'"' if !escaped => return Some((Value::Text(string), text.get(at + 1..)?)),
                    _ => {
                        escaped = false;
                        string.push(byte);
                    }
                }
            }
            None
        }
        b'(' | b')' => None,
        _ => {
            let end = text
                .iter()
                .position(|b| matches!(b, b' ' | b'(' | b')'))
                .unwrap_or(text.len());
            let (atom, rest) = text.split_at_checked(end)?;
            let value = if atom.eq_ignore_ascii_case(b"NIL") {
                Value::Nil
            } else {
                Value::Text(atom.to_vec())
            };
            Some((value, rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_fills_the_row() {
        let mut message = Message::default();
        let text = br#"("Thu, 1 Jan 1970 00:00:01 +0000" "=?utf-8?Q?a_b?=" (("Al" NIL "a" "x")) (("Al" NIL "a" "x")) NIL ((NIL NIL "b" "y")(NIL NIL "c" "z")) NIL NIL NIL "<id@x>") UID 3)"#;
        assert!(fill(text, &mut message).is_some());
        assert_eq!(
            (message.subject.as_deref(), message.message_id.as_deref()),
            (Some("a b"), Some("id@x"))
        );
        assert_eq!(
            (message.from_addrs, message.to_addrs, message.date_us),
            (
                vec!["a@x".to_owned()],
                vec!["b@y".to_owned(), "c@z".into()],
                Some(1_000_000)
            )
        );
        assert!(fill(b"(\"cut", &mut Message::default()).is_none());
        assert!(fill(b"((((((((((((((((((", &mut Message::default()).is_none());
    }
}
