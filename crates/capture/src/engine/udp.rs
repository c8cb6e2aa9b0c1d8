//! UDP, ICMP, and the protocols that are only counted.

use super::{Engine, Origin, Weight, by_port, count};
use crate::facts::OrientedBy;
use crate::flow::Key;
use crate::handler::{Handler, Interest};
use crate::packet::{self, Inner};

impl<H: Handler> Engine<H> {
    #[inline(always)]
    pub(super) fn udp(&mut self, inner: &Inner<'_>, weight: Weight, origin: &Origin) -> Option<()> {
        let (src, dst, payload, len) = packet::udp(inner.payload, inner.payload_len)?;
        let (key, upward) = Key::new(&inner.ends, src, dst);
        let hash = self.table.hash(&key);
        let number = match self.table.find(hash, &key) {
            Some(number) => number,
            None => self.open(hash, key, by_port(src, dst, upward), origin),
        };
        let entry = self.table.get(number)?;
        let side = entry.side(upward);
        count(entry, side, weight, origin.at, len);
        if (payload.len() as u64) < u64::from(len) {
            self.rare.of(entry).trouble(side).cut_packets += 1;
        }
        if !entry.is_ignored && !payload.is_empty() {
            let flow = entry.flow_ref(number);
            if self.handler.udp_data(&flow, side, origin.at, payload) == Interest::Ignore {
                entry.is_ignored = true;
            }
        }
        Some(())
    }

    /// ICMP, and every protocol that is only counted.
    pub(super) fn other(
        &mut self,
        inner: &Inner<'_>,
        weight: Weight,
        origin: &Origin,
    ) -> Option<()> {
        let mut is_answer = false;
        let (key, upward, header) = match (inner.ends.proto, inner.payload) {
            (proto @ (1 | 58), [kind, code, ..]) => {
                let request = icmp_request(proto, *kind);
                is_answer = request != *kind;
                let (key, upward) =
                    Key::without_ports(&inner.ends, u16::from(request), u16::from(*code));
                (key, upward, 8)
            }
            (1 | 58, _) => return None,
            // SCTP and UDP-Lite have ports where TCP has them.
            (132 | 136, [a, b, c, d, ..]) => {
                let (src, dst) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
                let (key, upward) = Key::new(&inner.ends, src, dst);
                (key, upward, if inner.ends.proto == 132 { 12 } else { 8 })
            }
            _ => {
                let (key, upward) = Key::without_ports(&inner.ends, 0, 0);
                (key, upward, 0)
            }
        };
        let hash = self.table.hash(&key);
        let number = match self.table.find(hash, &key) {
            Some(number) => number,
            None => {
                let by = if is_answer {
                    OrientedBy::Port
                } else {
                    OrientedBy::First
                };
                self.open(hash, key, (upward == is_answer, by), origin)
            }
        };
        let entry = self.table.get(number)?;
        let side = entry.side(upward);
        count(
            entry,
            side,
            weight,
            origin.at,
            inner.payload_len.saturating_sub(header),
        );
        Some(())
    }
}

/// The type of the request that an ICMP message answers, or its own.
fn icmp_request(proto: u8, kind: u8) -> u8 {
    match (proto, kind) {
        (1, 0) => 8,
        (1, 14 | 16 | 18) => kind - 1,
        (58, 129) => 128,
        (58, 136) => 135,
        (58, 134) => 133,
        _ => kind,
    }
}
