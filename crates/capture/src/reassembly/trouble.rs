//! What few flows have beside their entry.

use mailscope_evidence::Side;

use super::{Pending, Skimmed};

/// Counters that few flows need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub gap_bytes: u64,
    pub retransmitted_bytes: u64,
    pub conflicting_bytes: u64,
    pub cut_packets: u32,
    /// Sequence number that this side had reached when a side closed or reset, if that is further than what
    /// was captured by then.
    pub reached: Option<u32>,
}

impl Trouble {
    /// Books what [`skim`] saw.
    pub(crate) fn skimmed(&mut self, seen: &Skimmed) {
        match seen {
            Skimmed::InOrder => {}
            Skimmed::Missing(bytes) => self.gap_bytes += u64::from(*bytes),
            Skimmed::Again(bytes) => {
                let filled = self.gap_bytes.min(u64::from(*bytes));
                self.gap_bytes -= filled;
                self.retransmitted_bytes += u64::from(*bytes) - filled;
            }
        }
    }
}

/// What few flows have beside their entry.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    pub orig: Trouble,
    pub resp: Trouble,
    pub pending: Option<Box<Pending>>,
}

impl Rare {
    /// True when dropping it loses nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        self.pending.is_none() && self.orig == Trouble::default() && self.resp == Trouble::default()
    }

    pub(crate) fn trouble(&mut self, side: Side) -> &mut Trouble {
        match side {
            Side::Orig => &mut self.orig,
            Side::Resp => &mut self.resp,
        }
    }
}
