//! Several messages read one after another, with the MD5 of their attachments computed side by side.

use super::md5_lanes::Lanes;
use super::{Transfer, read_unhashed};
use crate::layer::hex;
use crate::limits::Limits;
use crate::record::{Record, Records};

/// What a message came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    /// The number that was given with it.
    pub number: u64,
    /// Its rows.
    pub records: Records,
    /// Names of limits that it hit.
    pub limits_hit: Vec<&'static str>,
}

/// A message that is read but for digests of attachments.
#[derive(Debug)]
struct Open {
    read: Read,
    /// Place of its first attachment among its rows.
    first: usize,
    /// Digests that are missing.
    missing: usize,
}

/// Reads messages. One with attachments may have to wait for others.
#[derive(Debug, Default)]
pub struct Several {
    lanes: Lanes,
    open: Vec<Open>,
    done: Vec<Read>,
}

impl Several {
    /// Reads a message with gaps at these ascending offsets.
    pub fn read(
        &mut self,
        number: u64,
        raw: Vec<u8>,
        gaps: &[usize],
        transfer: Transfer,
        limits: &Limits,
    ) {
        let mut records = Records::new();
        let mut missing = 0;
        let lanes = &mut self.lanes;
        let limits_hit = read_unhashed(
            raw,
            gaps,
            transfer,
            limits,
            &mut records,
            &mut |at, content| {
                missing += 1;
                lanes.give((number, at), content);
            },
        );
        let attachments = records
            .iter()
            .rev()
            .take_while(|record| matches!(record, Record::Attachment(_)))
            .count();
        let first = records.len() - attachments;
        let read = Read {
            number,
            records,
            limits_hit,
        };
        if missing == 0 {
            self.done.push(read);
            return;
        }
        self.open.push(Open {
            read,
            first,
            missing,
        });
        self.settle();
    }

    /// Messages that are read by now.
    pub fn done(&mut self) -> Vec<Read> {
        std::mem::take(&mut self.done)
    }

    /// All others.
    pub fn finish(&mut self) -> Vec<Read> {
        self.lanes.finish();
        self.settle();
        self.done()
    }

    /// Puts digests into their rows.
    fn settle(&mut self) {
        for ((number, at), digest) in self.lanes.done.drain(..) {
            let Some(place) = self.open.iter().position(|open| open.read.number == number) else {
                continue;
            };
            let Some(open) = self.open.get_mut(place) else {
                continue;
            };
            if let Some(Record::Attachment(row)) = open.read.records.get_mut(open.first + at) {
                row.md5 = hex(&digest);
            }
            open.missing -= 1;
            if open.missing == 0 {
                self.done.push(self.open.remove(place).read);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::mail::read;
    use crate::mail::tests::transfer;

    /// A message with attachments of such lengths.
    fn mail(number: usize, lengths: &[usize]) -> Vec<u8> {
        let mut mail =
            format!("Subject: {number}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
        for length in lengths {
            mail += "--b\r\nContent-Type: application/x-test\r\n\r\n";
            mail += &char::from(b'a' + number as u8 % 26)
                .to_string()
                .repeat(*length);
            mail += "\r\n";
        }
        (mail + "--b--\r\n").into_bytes()
    }

    #[test]
    fn messages_read_together_are_what_they_are_alone() {
        let mails: Vec<Vec<u8>> = (0..60)
            .map(|n| mail(n, &[n * n, 700, 3, n * 911 % 5000][..n % 5]))
            .chain([mail(60, &[600 << 10, 300, 256, 255])])
            .collect();
        let limits = Limits::default();
        let (mut several, mut found) = (Several::default(), Vec::new());
        for (number, mail) in mails.iter().enumerate() {
            several.read(number as u64, mail.clone(), &[], transfer(), &limits);
            found.extend(several.done());
        }
        assert!(
            found.len() > 50 && several.open.len() < 4,
            "{}",
            found.len()
        );
        found.extend(several.finish());
        found.sort_by_key(|read| read.number);
        assert_eq!(found.len(), mails.len());
        for (one, mail) in found.iter().zip(mails) {
            let mut alone = Records::new();
            let limits_hit = read(mail, transfer(), &limits, &mut alone);
            assert_eq!((&one.records, &one.limits_hit), (&alone, &limits_hit));
            let digests = alone.iter().filter_map(|record| match record {
                Record::Attachment(row) => Some(row.md5.len()),
                _ => None,
            });
            assert!(digests.eq((0..alone.len() - 1).map(|_| 32)), "{alone:?}");
        }
    }
}
