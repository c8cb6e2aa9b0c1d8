//! The name of a flow, and the names made from it.

use std::io::Write as _;
use std::net::IpAddr;

use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, DataType};
use mailscope_capture::Endpoints;
use twox_hash::XxHash64;

use crate::column::Column;
use crate::strings::{OptStrings, Strings};

/// Names a flow: the same packets have the same id however the captures are split, named or merged.
///
/// XXH64 with seed 0 over 47 bytes: protocol number; the two ends in ascending order, each as 16
/// address bytes (IPv4 as `::ffff:a.b.c.d`) and 2 port bytes; 2 bytes VLAN (`ffff` when untagged);
/// 8 bytes time of the first packet in microseconds since the epoch. Numbers are big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(pub u64);

const HASHED_BYTES: usize = 1 + 2 * 18 + 2 + 8;

impl FlowId {
    /// The id of the flow between these ends whose first packet came at `first_us`.
    #[must_use]
    pub fn of(ends: &Endpoints, vlan: Option<u16>, first_us: i64) -> Self {
        let orig = (mapped(ends.orig_addr), ends.orig_port);
        let resp = (mapped(ends.resp_addr), ends.resp_port);
        let (low, high) = if orig <= resp {
            (orig, resp)
        } else {
            (resp, orig)
        };
        let mut bytes = [0; HASHED_BYTES];
        let mut len = 0;
        for part in [
            &[ends.proto][..],
            &low.0,
            &low.1.to_be_bytes(),
            &high.0,
            &high.1.to_be_bytes(),
            &vlan.unwrap_or(u16::MAX).to_be_bytes(),
            &first_us.to_be_bytes(),
        ] {
            if let Some(room) = bytes.get_mut(len..len + part.len()) {
                room.copy_from_slice(part);
                len += part.len();
            }
        }
        Self(XxHash64::oneshot(0, &bytes))
    }

    /// The id as text: `F` and 16 hex digits.
    #[must_use]
    pub fn text(self) -> [u8; 17] {
        let mut text = [b'F'; 17];
        let (_, digits) = text.split_at_mut(1);
        for (pair, byte) in digits
            .as_chunks_mut::<2>()
            .0
            .iter_mut()
            .zip(self.0.to_be_bytes())
        {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        text
    }

    /// Reads the text form back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('F').filter(|digits| digits.len() == 16)?;
        u64::from_str_radix(digits, 16).ok().map(Self)
    }
}

/// The hexadecimal digit of a value below 16.
fn digit(value: u8) -> u8 {
    value + if value < 10 { b'0' } else { b'a' - 10 }
}

impl std::fmt::Display for FlowId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "F{:016x}", self.0)
    }
}

fn mapped(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(addr) => addr.to_ipv6_mapped().octets(),
        IpAddr::V6(addr) => addr.octets(),
    }
}

macro_rules! id_column {
    ($(#[doc = $doc:literal])+ $name:ident, $value:ty, |$out:ident, $id:ident| $write:block) => {
        $(#[doc = $doc])+
        #[derive(Default)]
        pub struct $name(Strings);

        impl Column for $name {
            type Value<'a> = $value;
            const NULLABLE: bool = false;
            const TYPE: &'static str = "text";
            fn arrow_type() -> DataType {
                DataType::Utf8
            }
            fn push(&mut self, $id: $value) {
                self.0.push_with(|$out| $write);
            }
            fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
                self.0.finish(None)
            }
        }
    };
}

macro_rules! opt_id_column {
    ($(#[doc = $doc:literal])+ $name:ident, $between:literal) => {
        $(#[doc = $doc])+
        #[derive(Default)]
        pub struct $name(OptStrings);

        impl Column for $name {
            type Value<'a> = (FlowId, Option<u32>);
            const NULLABLE: bool = true;
            const TYPE: &'static str = "text";
            fn arrow_type() -> DataType {
                DataType::Utf8
            }
            fn push(&mut self, (flow, number): (FlowId, Option<u32>)) {
                match number {
                    Some(number) => self.0.push_with(|out| flow.write(out, $between, number)),
                    None => self.0.push_null(),
                }
            }
            fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
                self.0.finish()
            }
        }
    };
}

impl FlowId {
    /// The name of the flow's session or request of this number.
    fn write(self, out: &mut Vec<u8>, between: &str, number: u32) {
        out.extend_from_slice(&self.text());
        let _ = write!(out, "{between}{number}");
    }
}

id_column! {
    /// A flow id.
    FlowIdText, FlowId, |out, id| { out.extend_from_slice(&id.text()) }
}

id_column! {
    /// A session id: flow id, `/`, number of the session on its flow.
    SessionIdText, (FlowId, u32), |out, id| { id.0.write(out, "/", id.1) }
}

id_column! {
    /// A proxy request's id: flow id, `/p`, number of the request on its flow.
    ProxyIdText, (FlowId, u32), |out, id| { id.0.write(out, "/p", id.1) }
}

opt_id_column! {
    /// As [`SessionIdText`], but may be null.
    OptSessionIdText, "/"
}

opt_id_column! {
    /// As [`ProxyIdText`], but may be null.
    OptProxyIdText, "/p"
}
