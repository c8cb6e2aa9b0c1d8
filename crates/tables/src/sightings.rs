//! One row a place where searched bytes were seen.

use mailscope_evidence::{At, Side, Span};

use crate::address::Address;
use crate::column::{Flag, Text, U16, U64};
use crate::context::FlowContext;
use crate::table::table;
use crate::word::Word;

table! {
    /// One place where searched bytes were seen in a TCP stream or a UDP payload; made by the search pass.
    sightings {
        /// Sender of the stream they were seen in.
        src_addr: Address,
        /// Its port.
        src_port: U16,
        /// Receiver of that stream.
        dst_addr: Address,
        /// Its port.
        dst_port: U16,
        /// The searcher's name for what was searched.
        needle: Word,
        /// Form in which it was searched: `ascii`, `hostname`, `socks`, `hex`, `url-encoded`, `decimal`, `payload`, `near`, ...
        form: Word,
        /// Direction of the stream: `orig`, `resp`.
        side: Word,
        /// Offset of the first matched byte in that stream as captured, missing bytes counted.
        offset: U64,
        /// The matched bytes, `\xNN` where not printable.
        matched: Text,
        /// Up to 80 characters around them, `\xNN` where not printable.
        excerpt: Text,
        /// The last one listed of its direction: the limit was reached, later ones were passed over.
        limit_reached: Flag,
    }
}

/// One match.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The searcher's name for what was searched.
    pub needle: &'a str,
    /// Form in which it was searched.
    pub form: &'a str,
    /// Direction of the stream.
    pub side: Side,
    /// Packets with its first and its last byte.
    pub first: At,
    /// See `first`.
    pub last: At,
    /// Offset of the first matched byte.
    pub offset: u64,
    /// The matched bytes, printable.
    pub matched: &'a str,
    /// What stands around them, printable.
    pub excerpt: &'a str,
    /// The last one listed of its direction.
    pub limit_reached: bool,
}

impl Builder {
    /// Appends a sighting.
    pub fn append(&mut self, context: &FlowContext<'_>, sighting: &Sighting<'_>) {
        let is_orig = sighting.side == Side::Orig;
        let (src, dst) = context.oriented(is_orig);
        self.push(Row {
            evidence: context.evidence(Span {
                first: sighting.first,
                last: sighting.last,
            }),
            src_addr: src.0,
            src_port: src.1,
            dst_addr: dst.0,
            dst_port: dst.1,
            needle: sighting.needle,
            form: sighting.form,
            side: if is_orig { "orig" } else { "resp" },
            offset: sighting.offset,
            matched: sighting.matched,
            excerpt: sighting.excerpt,
            limit_reached: sighting.limit_reached,
        });
    }
}
