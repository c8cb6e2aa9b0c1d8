//! Headers of NetFlow v9 and IPFIX, the sets behind them, and what is recognised by structure alone.

use std::net::IpAddr;

use crate::cursor::Cursor;
use crate::draft::Header;
use crate::record::Format;
use crate::template::{self, Definition};
use crate::{netflow5, sflow};

/// After the version: count, uptime, seconds, sequence, source id.
pub(crate) fn v9_header(exporter: IpAddr, rest: &mut Cursor<'_>) -> Option<(u16, Header)> {
    let (count, uptime_ms, seconds) = (rest.u16()?, rest.u32()?, rest.u32()?);
    let header = Header {
        format: Format::NetflowV9,
        exporter,
        sequence: rest.u32()?,
        domain: rest.u32()?,
        export_us: i64::from(seconds) * 1_000_000,
        uptime_ms: Some(uptime_ms),
    };
    Some((count, header))
}

/// After the version: length, seconds, sequence, observation domain.
pub(crate) fn ipfix_header(exporter: IpAddr, rest: &mut Cursor<'_>) -> Option<(usize, Header)> {
    let (length, seconds) = (rest.u16()?, rest.u32()?);
    let header = Header {
        format: Format::Ipfix,
        exporter,
        sequence: rest.u32()?,
        domain: rest.u32()?,
        export_us: i64::from(seconds) * 1_000_000,
        uptime_ms: None,
    };
    Some((usize::from(length), header))
}

/// The next set: its id and its content.
pub(crate) fn next_set<'a>(rest: &mut Cursor<'a>) -> Option<(u16, Cursor<'a>)> {
    let (id, length) = (rest.u16()?, rest.u16()?);
    let content = rest.take(usize::from(length).checked_sub(4)?)?;
    Some((id, Cursor(content)))
}

pub(crate) type ReadDefinition = fn(&mut Cursor<'_>) -> Option<Definition>;

/// How the definitions in this set are read; `None` when it holds none.
pub(crate) fn template_kind(format: Format, set_id: u16) -> Option<ReadDefinition> {
    match (format, set_id) {
        (Format::NetflowV9, 0) => Some(template::v9_template),
        (Format::NetflowV9, 1) => Some(template::v9_options_template),
        (Format::Ipfix, 2) => Some(template::ipfix_template),
        (Format::Ipfix, 3) => Some(template::ipfix_options_template),
        _ => None,
    }
}

/// The format of a payload whose whole structure is that of an export datagram; `None` for anything else. For
/// captures, where any port may carry anything.
#[must_use]
pub fn recognised(payload: &[u8]) -> Option<Format> {
    let mut rest = Cursor(payload);
    let unspecified = IpAddr::from([0, 0, 0, 0]);
    match rest.u16()? {
        5 => {
            let header = netflow5::header(&mut rest)?;
            let whole = usize::from(header.count) * netflow5::RECORD_BYTES == rest.len();
            (whole && header.count > 0).then_some(Format::NetflowV5)
        }
        9 => {
            let (count, _) = v9_header(unspecified, &mut rest)?;
            (count > 0 && is_sets(Format::NetflowV9, rest)).then_some(Format::NetflowV9)
        }
        10 => {
            let (length, _) = ipfix_header(unspecified, &mut rest)?;
            (length == payload.len() && is_sets(Format::Ipfix, rest)).then_some(Format::Ipfix)
        }
        0 if rest.u16()? == 5 => {
            let header = sflow::header(&mut rest)?;
            for _ in 0..header.samples {
                if !matches!(rest.0, [0, 0, 0, kind, ..] if sflow::KINDS.contains(kind)) {
                    return None;
                }
                sflow::sample(&header, &mut rest)?;
            }
            (header.samples > 0).then_some(Format::SflowV5)
        }
        _ => None,
    }
}

/// Is this nothing but sets, at least one?
fn is_sets(format: Format, mut rest: Cursor<'_>) -> bool {
    let mut count = 0;
    while rest.len() >= 4 {
        match next_set(&mut rest) {
            Some((id, _)) if id >= 256 || template_kind(format, id).is_some() => count += 1,
            _ => return false,
        }
    }
    count > 0 && rest.0.iter().all(|byte| *byte == 0)
}
