//! The stack of encapsulations around an IP packet, packed into one number.

/// One kind of encapsulation; the number is its digit in [`Encapsulation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrap {
    Vlan = 1,
    Qinq,
    Mpls,
    Pppoe,
    Gre,
    Erspan,
    Vxlan,
    Geneve,
    Gtpu,
    Ipip,
    SixInFour,
    Teredo,
    L2tp,
    Pbb,
    Eoip,
    Vntag,
    Etag,
    Hsr,
    Nsh,
    FabricPath,
    Trill,
    Macsec,
    EtherIp,
    Lisp,
    Capwap,
    Tzsp,
}

const NAMES: [&str; 27] = [
    "",
    "vlan",
    "qinq",
    "mpls",
    "pppoe",
    "gre",
    "erspan",
    "vxlan",
    "geneve",
    "gtpu",
    "ipip",
    "6in4",
    "teredo",
    "l2tp",
    "pbb",
    "eoip",
    "vntag",
    "etag",
    "hsr",
    "nsh",
    "fabricpath",
    "trill",
    "macsec",
    "etherip",
    "lisp",
    "capwap",
    "tzsp",
];

/// Bits of a digit.
const DIGIT: u32 = 5;

/// Up to six encapsulations, outermost in the highest digit in use; deeper ones are not named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encapsulation(u32);

impl Encapsulation {
    pub(crate) fn push(&mut self, wrap: Wrap) {
        if self.0 >> (5 * DIGIT) == 0 {
            self.0 = self.0 << DIGIT | wrap as u32;
        }
    }

    /// Names joined by `/`, outermost first.
    pub(crate) fn text(self) -> String {
        if self.0 == 0 {
            return String::new();
        }
        let digits = (0..6)
            .rev()
            .map(|i| (self.0 >> (DIGIT * i) & 0x1f) as usize)
            .filter(|d| *d != 0);
        let names: Vec<&str> = digits.filter_map(|d| NAMES.get(d).copied()).collect();
        names.join("/")
    }
}
