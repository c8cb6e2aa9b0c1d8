//! Files of nfcapd: blocks read one at a time, so that memory stays bounded.

use std::io::{self, Read};

use mailscope_flowrec::nfcapd::{
    self, BLOCK_BYTES, BlockHeader, Compression, Damage, FileHeader, Records,
};
use mailscope_tables::flow_records::{Builder, Place};
use mailscope_tables::{Batches, hand_on_if_full};

use super::{FlowInput, read_some};
use crate::pass::OnProgress;
use crate::source::{InputName, Opened, Progress, io_text};
use crate::{Error, Options};

/// Reads one file.
pub(super) fn read<B: Batches>(
    name: &InputName,
    options: &Options,
    builder: &mut Builder,
    out: &mut B,
    progress: OnProgress<'_>,
) -> Result<FlowInput, Error> {
    let mut opened = Opened::open(name, options.hash_mb << 20)?;
    let mut report = FlowInput {
        path: name
            .path
            .as_ref()
            .map_or_else(|| "-".into(), |path| path.display().to_string()),
        name: name.name.clone(),
        format: "nfcapd",
        compression: opened.compression,
        end: "complete",
        ..FlowInput::default()
    };
    match blocks(&mut opened, &mut report, builder, out, progress) {
        Ok(()) => {}
        Err(Stop::Damage(damage)) => report.end = damage.slug(),
        Err(Stop::Read(cause)) => {
            report.end = "read-failed";
            report.end_detail = Some(io_text(&cause));
        }
        Err(Stop::Error(error)) => return Err(error),
    }
    (report.bytes, report.sha256) = opened.close();
    Ok(report)
}

/// Why reading stopped.
enum Stop {
    Damage(Damage),
    Read(io::Error),
    Error(Error),
}

impl From<io::Error> for Stop {
    fn from(cause: io::Error) -> Self {
        Self::Read(cause)
    }
}

fn blocks<B: Batches>(
    opened: &mut Opened,
    report: &mut FlowInput,
    builder: &mut Builder,
    out: &mut B,
    progress: OnProgress<'_>,
) -> Result<(), Stop> {
    let mut head = [0; FileHeader::BYTES];
    let filled = read_some(&mut opened.source, &mut head)?;
    let file = FileHeader::read(head.get(..filled).unwrap_or_default()).map_err(Stop::Damage)?;
    (report.format, report.compression) = match file.layout {
        1 => ("nfcapd-v1", file.compression.slug()),
        _ => ("nfcapd-v2", file.compression.slug()),
    };
    let skipped = (file.length - FileHeader::BYTES) as u64;
    io::copy(&mut (&mut opened.source).take(skipped), &mut io::sink())?;
    let mut records = Records::default();
    let mut number = 0;
    loop {
        let mut head = [0; BlockHeader::BYTES];
        match read_some(&mut opened.source, &mut head)? {
            0 => return Ok(()),
            BlockHeader::BYTES => {}
            _ => return Err(Stop::Damage(Damage::CutOff)),
        }
        let header = BlockHeader::read(&head, &file).map_err(Stop::Damage)?;
        let mut stored = vec![0; header.stored_bytes];
        if read_some(&mut opened.source, &mut stored)? < stored.len() {
            return Err(Stop::Damage(Damage::CutOff));
        }
        report.packets += 1;
        if header.has_records {
            let block = uncompressed(header.compression, &stored).map_err(Stop::Damage)?;
            let mut failure = None;
            let whole = records.block(&block, &mut |record| {
                number += 1;
                let place = Place {
                    input: &report.name,
                    datagram: report.packets,
                    record: number,
                };
                builder.append(place, record);
                if let Err(refused) = hand_on_if_full(builder, out) {
                    failure.get_or_insert(refused);
                }
            });
            report.records = number;
            if let Some(refused) = failure {
                return Err(Stop::Error(refused.into()));
            }
            if !whole {
                return Err(Stop::Damage(Damage::BadBlock));
            }
        }
        let done = Progress {
            bytes: opened.bytes(),
            total_bytes: None,
            packets: number,
        };
        progress(done).map_err(Stop::Error)?;
    }
}

/// The records of a block.
fn uncompressed(compression: Compression, stored: &[u8]) -> Result<Vec<u8>, Damage> {
    if let Some(block) = nfcapd::uncompressed(compression, stored) {
        return block;
    }
    match compression {
        Compression::Lz4 => {
            // nfdump does not store the length; what a byte can become at most is known (255 of one).
            let most = stored.len().saturating_mul(255).min(BLOCK_BYTES);
            lz4_flex::block::decompress(stored, most).map_err(|_| Damage::BadBlock)
        }
        Compression::Bzip2 => whole(bzip2::read::BzDecoder::new(stored)),
        Compression::Zstd => {
            whole(ruzstd::decoding::StreamingDecoder::new(stored).map_err(|_| Damage::BadBlock)?)
        }
        Compression::None | Compression::Lzo => Err(Damage::BadBlock),
    }
}

fn whole(source: impl Read) -> Result<Vec<u8>, Damage> {
    let mut block = Vec::new();
    let limit = BLOCK_BYTES as u64 + 1;
    match source.take(limit).read_to_end(&mut block) {
        Ok(_) if block.len() > BLOCK_BYTES => Err(Damage::BlockTooLarge),
        Ok(_) => Ok(block),
        Err(_) => Err(Damage::BadBlock),
    }
}
