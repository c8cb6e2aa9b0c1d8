//! A pcapng file (draft-ietf-opsawg-pcapng): one section, one interface per input and link type.

use std::io::{self, Write};

use mailscope_capture::file::{LinkType, Packet};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

const OPT_COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;

/// Longest comment or name written; options hold at most 65535 bytes.
const TEXT_BYTES: usize = 4096;

/// Writes packets with nanosecond stamps, each with the input and number it comes from.
pub(super) struct Pcapng<W> {
    out: W,
    interfaces: Vec<(usize, LinkType)>,
    block: Vec<u8>,
}

impl<W: Write> Pcapng<W> {
    /// Writes the section header.
    pub(super) fn begin(out: W) -> io::Result<Self> {
        let mut file = Self {
            out,
            interfaces: Vec::new(),
            block: Vec::new(),
        };
        file.block.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        file.block.extend([1, 0, 0, 0]);
        file.block.extend(u64::MAX.to_le_bytes());
        file.option(
            SHB_USERAPPL,
            concat!("mailscope ", env!("CARGO_PKG_VERSION")).as_bytes(),
        );
        file.end_block(SECTION_HEADER)?;
        Ok(file)
    }

    /// Appends a packet.
    pub(super) fn packet(
        &mut self,
        input: usize,
        name: &str,
        number: u64,
        packet: &Packet<'_>,
    ) -> io::Result<()> {
        let interface = self.interface(input, name, packet.link)?;
        let ts = packet.ts_ns.cast_unsigned();
        let length = u32::try_from(packet.data.len()).map_err(io::Error::other)?;
        for word in [
            interface,
            (ts >> 32) as u32,
            (ts & 0xffff_ffff) as u32,
            length,
            packet.wire_len,
        ] {
            self.block.extend(word.to_le_bytes());
        }
        self.block.extend(packet.data);
        self.pad();
        self.option(OPT_COMMENT, format!("{name} packet {number}").as_bytes());
        self.end_block(ENHANCED_PACKET)
    }

    /// The number of the interface for this input and link type, described at its first packet.
    fn interface(&mut self, input: usize, name: &str, link: LinkType) -> io::Result<u32> {
        let number = match self
            .interfaces
            .iter()
            .position(|known| *known == (input, link))
        {
            Some(number) => number,
            None => {
                self.interfaces.push((input, link));
                self.block.extend((link.0 as u16).to_le_bytes());
                self.block.extend([0; 6]);
                self.option(IF_NAME, name.as_bytes());
                self.option(IF_TSRESOL, &[9]);
                self.end_block(INTERFACE_DESCRIPTION)?;
                self.interfaces.len() - 1
            }
        };
        u32::try_from(number).map_err(io::Error::other)
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        let value = value.get(..value.len().min(TEXT_BYTES)).unwrap_or_default();
        self.block.extend(code.to_le_bytes());
        self.block.extend((value.len() as u16).to_le_bytes());
        self.block.extend(value);
        self.pad();
    }

    fn pad(&mut self) {
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    fn end_block(&mut self, kind: u32) -> io::Result<()> {
        self.block.extend([0; 4]); // opt_endofopt
        let length = u32::try_from(self.block.len() + 12)
            .map_err(io::Error::other)?
            .to_le_bytes();
        self.out.write_all(&kind.to_le_bytes())?;
        self.out.write_all(&length)?;
        self.out.write_all(&self.block)?;
        self.out.write_all(&length)?;
        self.block.clear();
        Ok(())
    }

    /// Gives back the output, complete.
    pub(super) fn finish(self) -> io::Result<W> {
        Ok(self.out)
    }
}
