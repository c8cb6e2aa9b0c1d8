//! What is kept of an open flow: three cache lines, so that a packet touches few.

use mailscope_evidence::{At, Side};

use super::Key;
use crate::facts::{Closed, Endpoints, FlowRef, OrientedBy};
use crate::packet::Encapsulation;

/// Where a flow is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    /// Closed by FIN or RST; stays a while for late packets.
    Lingering(Closed),
}

/// One direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Half {
    pub packets: u32,
    /// Sequence number of the next byte in order.
    pub next: u32,
    /// Sequence number of the SYN.
    pub isn: u32,
    pub tcp_flags: u8,
    /// [`Half::KNOWN`] and others.
    pub bits: u8,
    pub wire_bytes: u64,
    pub ip_bytes: u64,
    pub payload_bytes: u64,
}

impl Half {
    /// `next` is valid.
    pub(crate) const KNOWN: u8 = 1;
    /// `isn` is valid.
    pub(crate) const SYN: u8 = 2;
    /// The handler was told of the FIN.
    pub(crate) const FIN: u8 = 4;
    /// The handler was given data or a gap.
    pub(crate) const DATA: u8 = 8;
    /// The other side acknowledged the SYN's own number: its sender counts no number for the SYN,
    /// and data may begin there.
    pub(crate) const SYN_UNCOUNTED: u8 = 16;

    /// True when one of these bits is set.
    #[inline(always)]
    pub(crate) fn has(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }
}

/// One open flow. In C order: the first line and the line of one direction serve a packet.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub key: Key,
    pub last: At,
    pub orig: Half,
    pub serial: u64,
    /// Index of what few flows have ([`crate::rare`]), or [`Entry::NONE`].
    pub rare: u32,
    pub encapsulation: Encapsulation,
    /// Its second in the wheel of time-outs, or [`Entry::NO_SLOT`] when the place is free.
    pub slot: u16,
    pub vlan: u16,
    pub state: State,
    pub oriented_by: OrientedBy,
    /// The originator is the key's high end.
    pub orig_is_high: bool,
    /// The handler wants no more data.
    pub is_ignored: bool,
    pub resp: Half,
    pub first: At,
}

const _: () = assert!(size_of::<Entry>() == 192);

impl Entry {
    pub(crate) const NONE: u32 = u32::MAX;
    pub(crate) const NO_VLAN: u16 = u16::MAX;
    pub(crate) const NO_SLOT: u16 = u16::MAX;

    /// In no list of the wheel.
    pub(crate) const UNLISTED: u16 = u16::MAX - 1;

    pub(crate) fn is_live(&self) -> bool {
        self.slot != Self::NO_SLOT
    }

    #[inline(always)]
    pub(crate) fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Orig => &mut self.orig,
            Side::Resp => &mut self.resp,
        }
    }

    /// The side that sends upward packets (low end to high end), or the other.
    #[inline(always)]
    pub(crate) fn side(&self, upward: bool) -> Side {
        if upward == self.orig_is_high {
            Side::Resp
        } else {
            Side::Orig
        }
    }

    /// Exchanges originator and responder.
    pub(crate) fn swap_sides(&mut self) {
        self.orig_is_high = !self.orig_is_high;
        std::mem::swap(&mut self.orig, &mut self.resp);
    }

    pub(crate) fn has_start(&self) -> bool {
        self.orig.has(Half::SYN) || self.resp.has(Half::SYN)
    }

    pub(crate) fn vlan(&self) -> Option<u16> {
        (self.vlan != Self::NO_VLAN).then_some(self.vlan)
    }

    pub(crate) fn ends(&self) -> Endpoints {
        let (low, high) = (self.key.low(), self.key.high());
        let proto = self.key.proto();
        // ICMP's two numbers stay in their order, whoever began.
        let has_ports = !matches!(proto, 1 | 58);
        let ((orig_addr, orig_port), (resp_addr, resp_port)) = match (self.orig_is_high, has_ports)
        {
            (false, _) => (low, high),
            (true, true) => (high, low),
            (true, false) => ((high.0, low.1), (low.0, high.1)),
        };
        Endpoints {
            orig_addr,
            orig_port,
            resp_addr,
            resp_port,
            proto,
        }
    }

    pub(crate) fn flow_ref(&self, number: u32) -> FlowRef {
        FlowRef {
            serial: self.serial,
            slot: number,
            ends: self.ends(),
            first: self.first,
            vlan: self.vlan(),
            from_start: self.has_start(),
        }
    }
}
