//! Capture files: pcap, pcapng and snoop behind one [`Reader`].

mod buffer;
mod end;
mod link_type;
mod pcap;
mod pcapng;
mod reader;
mod resync;
mod snoop;

pub use end::{Damage, EndKind, ReadEnd};
pub use link_type::LinkType;
pub use reader::{Info, Interface, Packet, Reader};

/// Longest record accepted. Frames are at most 64 KiB, with offload 256 KiB; more is damage.
pub const MAX_RECORD_BYTES: usize = 4 << 20;
