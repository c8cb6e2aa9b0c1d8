//! Sequence numbers: what was lost, came late, or came twice.
//!
//! NetFlow v5 counts flows, v9 datagrams, IPFIX data records, sFlow datagrams. Exporters that count the other way
//! exist for each, so a number is in order when any way of counting expects it.

/// Datagrams whose number and content are remembered, to tell a second copy.
const REMEMBERED: usize = 64;

/// A number so far behind is a restart of the exporter, not a late datagram.
const LATE_UNITS: u32 = 1 << 16;

/// So many late datagrams, each continuing the one before, are a restart too.
const RESTART_RUN: u32 = 4;

/// How a datagram fits the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    InOrder,
    /// So many units are missing before it.
    Gap(u32),
    /// It belongs into an earlier gap.
    Late,
    /// It came before.
    #[cfg(test)]
    Duplicate,
    /// The exporter counts anew.
    Restart,
}

/// The numbers of one domain.
#[derive(Debug)]
pub(crate) struct Sequence {
    /// Number of the newest datagram, its records (`None` where they could not be counted), options among them.
    newest: Option<(u32, Option<u32>, u32)>,
    counts_datagrams: bool,
    counts_own: bool,
    recent: [(u32, u64); REMEMBERED],
    next_place: usize,
    late_expects: Option<u32>,
    late_run: u32,
}

impl Sequence {
    /// Of a format that counts datagrams, or else records.
    pub(crate) fn counting_datagrams(counts_datagrams: bool) -> Self {
        Self {
            newest: None,
            counts_datagrams,
            counts_own: false,
            recent: [(0, 0); REMEMBERED],
            next_place: 0,
            late_expects: None,
            late_run: 0,
        }
    }

    /// True while its numbers count datagrams and not records.
    pub(crate) fn counts_datagrams(&self) -> bool {
        self.counts_datagrams
    }

    /// Has a datagram with this number and content hash come before?
    pub(crate) fn is_duplicate(&self, number: u32, digest: u64) -> bool {
        self.recent.contains(&(number, digest))
    }

    /// Remembers a datagram that was not a duplicate, and says how it fits; `records` is `None` where they could
    /// not be counted; `options` of them are option records.
    pub(crate) fn passed(
        &mut self,
        number: u32,
        digest: u64,
        records: Option<u32>,
        options: u32,
    ) -> Arrival {
        if let Some(place) = self.recent.get_mut(self.next_place) {
            *place = (number, digest);
        }
        self.next_place = (self.next_place + 1) % REMEMBERED;
        let arrival = self.arrival(number, records, options);
        if arrival == Arrival::Late {
            let units = if self.counts_datagrams {
                1
            } else {
                records.unwrap_or(0)
            };
            self.late_expects = Some(number.wrapping_add(units));
        } else {
            self.late_run = 0;
            self.newest = Some((number, records, options));
        }
        arrival
    }

    fn arrival(&mut self, number: u32, records: Option<u32>, options: u32) -> Arrival {
        let Some((newest, before, options_before)) = self.newest else {
            return Arrival::InOrder;
        };
        let after = |units: Option<u32>| units.map(|units| newest.wrapping_add(units));
        let by_datagrams = newest.wrapping_add(1);
        let by_records = after(before);
        // softflowd's IPFIX numbers count the datagram's own records too, and no options.
        let by_own = after(records.map(|records| records.saturating_sub(options)));
        let without_options = after(before.map(|records| records.saturating_sub(options_before)));
        let is_records = [by_records, without_options].contains(&Some(number));
        if number == by_datagrams || is_records || Some(number) == by_own {
            if by_records != Some(by_datagrams) {
                self.counts_datagrams = number == by_datagrams;
            }
            // Datagrams of one size fit both ways: what was known stays.
            if is_records != (Some(number) == by_own) {
                self.counts_own = !is_records;
            }
            return Arrival::InOrder;
        }
        let expected = if self.counts_datagrams {
            Some(by_datagrams)
        } else if self.counts_own {
            by_own
        } else {
            by_records
        };
        let Some(expected) = expected else {
            return Arrival::InOrder;
        };
        let ahead = number.wrapping_sub(expected);
        if ahead < u32::MAX / 2 {
            return Arrival::Gap(ahead);
        }
        if expected.wrapping_sub(number) > LATE_UNITS {
            return Arrival::Restart;
        }
        self.late_run = if self.late_expects == Some(number) {
            self.late_run + 1
        } else {
            0
        };
        if self.late_run >= RESTART_RUN {
            Arrival::Restart
        } else {
            Arrival::Late
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(numbers: &[(u32, u32)], counts_datagrams: bool) -> Vec<Arrival> {
        let mut sequence = Sequence::counting_datagrams(counts_datagrams);
        let mut seen = Vec::new();
        for &(number, records) in numbers {
            let digest = u64::from(number) + 1;
            seen.push(match sequence.is_duplicate(number, digest) {
                true => Arrival::Duplicate,
                false => sequence.passed(number, digest, Some(records), 0),
            });
        }
        seen
    }

    #[test]
    fn gaps_late_datagrams_and_second_copies_are_told_apart() {
        use Arrival::{Duplicate, Gap, InOrder, Late};
        let numbers = [(0, 30), (30, 30), (90, 30), (60, 30), (90, 30), (120, 30)];
        let expected = [InOrder, InOrder, Gap(30), Late, Duplicate, InOrder];
        assert_eq!(played(&numbers, false), expected);
    }

    #[test]
    fn numbers_wrap_around() {
        let numbers = [(u32::MAX - 9, 10), (0, 10), (10, 10)];
        assert_eq!(played(&numbers, false), [Arrival::InOrder; 3]);
    }

    #[test]
    fn an_exporter_that_counts_the_other_way_loses_nothing() {
        let numbers = [(7, 20), (8, 20), (9, 20), (10, 20)];
        assert_eq!(played(&numbers, false), [Arrival::InOrder; 4]);
        assert_eq!(
            played(&[(7, 20), (8, 20), (11, 20)], false)[2],
            Arrival::Gap(2)
        );
    }

    #[test]
    fn numbers_that_count_their_own_records_are_in_order() {
        use Arrival::{Gap, InOrder};
        let numbers = [(24, 24), (30, 6), (62, 32), (94, 32), (126, 32), (190, 32)];
        let seen = played(&numbers, false);
        assert_eq!(seen, [InOrder, InOrder, InOrder, InOrder, InOrder, Gap(32)]);
    }

    #[test]
    fn counting_from_anew_is_a_restart() {
        let mut numbers = vec![(1_000_000, 30), (0, 30), (30, 30)];
        use Arrival::{InOrder, Late, Restart};
        assert_eq!(played(&numbers, false), [InOrder, Restart, InOrder]);
        numbers = vec![
            (5000, 30),
            (0, 30),
            (30, 30),
            (60, 30),
            (90, 30),
            (120, 30),
            (150, 30),
        ];
        let seen = played(&numbers, false);
        assert_eq!(seen[1..], [Late, Late, Late, Late, Restart, InOrder]);
    }
}
