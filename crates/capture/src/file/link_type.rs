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
            6 => "token-ring",
            9 => "ppp",
            10 => "fddi",
            12 | 14 | 101 => "raw-ip",
            50 => "ppp-hdlc",
            51 => "pppoe",
            100 => "atm-rfc1483",
            104 => "cisco-hdlc",
            105 => "ieee-802.11",
            107 => "frame-relay",
            109 => "enc",
            113 => "linux-sll",
            117 => "pflog",
            119 => "ieee-802.11-prism",
            127 => "ieee-802.11-radiotap",
            163 => "ieee-802.11-avs",
            192 => "ppi",
            219 => "mpls",
            228 => "raw-ipv4",
            229 => "raw-ipv6",
            239 => "nflog",
            258 => "pktap",
            276 => "linux-sll2",
            other => return write!(f, "dlt-{other}"),
        })
    }
}
