//! Where a fact stands: capture, packet, time, direction. The one vocabulary that packets and
//! decoders share, so that they need not know each other.

/// Where a fact stands: capture file, packet in it, and the packet's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct At {
    /// Microseconds since the epoch, UTC.
    pub ts_us: i64,
    /// Number of the input in the order given, from 0.
    pub file: u32,
    /// Number of the packet in its file, from 1, as Wireshark shows it.
    pub packet: u64,
}

/// A direction of a flow. `Orig` sent the first SYN, or, without one, is the likelier client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// From the originator to the responder.
    Orig,
    /// From the responder to the originator.
    Resp,
}

impl Side {
    /// The other direction.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Orig => Self::Resp,
            Self::Resp => Self::Orig,
        }
    }
}

/// First and last packet of something seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Where it began.
    pub first: At,
    /// Where it ended.
    pub last: At,
}

impl Span {
    /// A span of one packet.
    #[must_use]
    pub fn at(at: At) -> Self {
        Self {
            first: at,
            last: at,
        }
    }

    /// The same span, reaching to `at`.
    #[must_use]
    pub fn to(self, at: At) -> Self {
        Self {
            first: self.first,
            last: at,
        }
    }
}
