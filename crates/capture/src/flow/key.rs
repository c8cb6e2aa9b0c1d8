//! What makes two packets belong to one flow.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::packet::{Addr, Ends};

/// Both ends in numerical order, and the protocol.
///
/// VLAN ids and tunnels do not belong to it: many taps tag one direction only, and a capture on
/// all interfaces of a tunnel's end sees each packet inside and outside. The price is that equal
/// private addresses in two VLANs share a flow when their ports are equal too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    low: Addr,
    high: Addr,
    low_port: u16,
    high_port: u16,
    proto: u8,
    is_v6: bool,
}

impl Key {
    /// The key, and whether the packet goes from the low end to the high one.
    #[inline(always)]
    pub(crate) fn new(ends: &Ends, src_port: u16, dst_port: u16) -> (Self, bool) {
        let upward = (ends.src, src_port) <= (ends.dst, dst_port);
        let (low, low_port, high, high_port) = if upward {
            (ends.src, src_port, ends.dst, dst_port)
        } else {
            (ends.dst, dst_port, ends.src, src_port)
        };
        (
            Self {
                low,
                high,
                low_port,
                high_port,
                proto: ends.proto,
                is_v6: ends.is_v6,
            },
            upward,
        )
    }

    /// A key of a protocol whose two numbers (type, code) belong to the flow, not to an end.
    pub(crate) fn without_ports(ends: &Ends, first: u16, second: u16) -> (Self, bool) {
        let upward = ends.src <= ends.dst;
        let (low, high) = if upward {
            (ends.src, ends.dst)
        } else {
            (ends.dst, ends.src)
        };
        let key = Self {
            low,
            high,
            low_port: first,
            high_port: second,
            proto: ends.proto,
            is_v6: ends.is_v6,
        };
        (key, upward)
    }

    #[inline(always)]
    pub(crate) fn words(&self) -> [u64; 5] {
        let ports = u64::from(self.low_port) << 32 | u64::from(self.high_port) << 16;
        let kind = u64::from(self.proto) << 8 | u64::from(self.is_v6);
        [
            self.low[0],
            self.low[1],
            self.high[0],
            self.high[1],
            ports | kind,
        ]
    }

    pub(crate) fn proto(&self) -> u8 {
        self.proto
    }

    pub(crate) fn low(&self) -> (IpAddr, u16) {
        (ip(self.low, self.is_v6), self.low_port)
    }

    pub(crate) fn high(&self) -> (IpAddr, u16) {
        (ip(self.high, self.is_v6), self.high_port)
    }
}

fn ip(addr: Addr, is_v6: bool) -> IpAddr {
    let [high, low] = addr;
    if is_v6 {
        Ipv6Addr::from(u128::from(high) << 64 | u128::from(low)).into()
    } else {
        Ipv4Addr::from((low & 0xffff_ffff) as u32).into()
    }
}
