//! Link types by their number in capture files (LINKTYPE_ values).

use std::fmt;

/// What the first header of a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkType(pub u32);

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0 | 108 => "loopback",
            1 => "ethernet",
            9 => "ppp",
            12 | 14 | 101 => "raw-ip",
            50 => "ppp-hdlc",
            51 => "pppoe",
            104 => "cisco-hdlc",
            105 => "ieee-802.11",
            107 => "frame-relay",
            113 => "linux-sll",
            127 => "ieee-802.11-radiotap",
            219 => "mpls",
            228 => "raw-ipv4",
            229 => "raw-ipv6",
            276 => "linux-sll2",
            other => return write!(f, "dlt-{other}"),
        })
    }
}
