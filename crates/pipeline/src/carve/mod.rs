//! The packets of chosen flows as a small capture, to be opened in Wireshark.
//!
//! Two passes: the first finds the flows and where they begin and end, the second takes their packets.

mod pcapng;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::net::IpAddr;
use std::path::Path;

use mailscope_capture::file::Packet;
use mailscope_capture::{Conversation, Endpoints, Engine, Flow, FlowRef, Handler, Interest};
use mailscope_evidence::{At, Side};
use mailscope_tables::FlowId;

use crate::pass::OnProgress;
use crate::source::{Merge, named_inputs};
use crate::{Error, Options};
use pcapng::Pcapng;

/// Microseconds around a flow in which fragments between its ends are taken to be its own.
const FRAGMENTS_US: i64 = 30_000_000;

/// Writes the packets of these flows to `out` as pcapng; returns how many.
///
/// Fragments have no ports beyond the first: those between a flow's ends, at its time, are taken too,
/// and so are all packets of its ends for protocols without ports.
///
/// # Errors
/// An id that is none or of no flow in these captures; unreadable inputs; an unwritable output.
pub fn carve(
    arguments: &[String],
    flows: &[String],
    out: &Path,
    options: &Options,
    progress: OnProgress<'_>,
) -> Result<u64, Error> {
    if flows.is_empty() {
        return Err(Error::Usage("no flow is named".into()));
    }
    let wanted = flows
        .iter()
        .map(|text| flow_id(text))
        .collect::<Result<HashSet<_>, _>>()?;
    if arguments.iter().any(|argument| argument == "-") {
        return Err(Error::Usage(
            "standard input cannot be carved: it cannot be read twice".into(),
        ));
    }
    let mut picked = found(arguments, &wanted, options, progress)?;
    let options = Options {
        hash_mb: 0,
        ..options.clone()
    };
    let mut merge = Merge::open(named_inputs(arguments)?, &options)?;
    let names = merge.names();
    let draft = Draft::create(out)?;
    let unwritten = |cause: io::Error| Error::output(out, cause);
    let mut file =
        Pcapng::begin(BufWriter::new(draft.file().map_err(unwritten)?)).map_err(unwritten)?;
    let mut count = 0;
    merge.run(
        |input, number, packet| {
            if picked.takes(input, number, packet) {
                count += 1;
                let name = names.get(input).map_or("", String::as_str);
                file.packet(input, name, number, packet)
                    .map_err(unwritten)?;
            }
            Ok(())
        },
        progress,
    )?;
    file.finish()
        .and_then(|mut out| out.flush())
        .map_err(unwritten)?;
    draft.keep().map_err(unwritten)?;
    Ok(count)
}

fn flow_id(text: &str) -> Result<FlowId, Error> {
    FlowId::parse(text).ok_or_else(|| {
        Error::Usage(format!(
            "`{text}` is no flow id: they are `F` and 16 hex digits"
        ))
    })
}

/// The first pass: which flows these are.
fn found(
    arguments: &[String],
    wanted: &HashSet<FlowId>,
    options: &Options,
    progress: OnProgress<'_>,
) -> Result<Picked, Error> {
    let mut merge = Merge::open(
        named_inputs(arguments)?,
        &Options {
            hash_mb: 0,
            ..options.clone()
        },
    )?;
    let finder = Finder {
        wanted,
        found: HashSet::new(),
        picked: Picked::default(),
    };
    let mut engine = Engine::new(finder, options.capture_limits());
    merge.run(
        |input, number, packet| {
            engine.packet(packet, u32::try_from(input).unwrap_or(u32::MAX), number);
            Ok(())
        },
        progress,
    )?;
    let finder = engine.into_handler();
    if let Some(missing) = wanted.iter().find(|id| !finder.found.contains(id)) {
        return Err(Error::Usage(format!(
            "no flow `{missing}` in these captures"
        )));
    }
    Ok(finder.picked)
}

struct Finder<'a> {
    wanted: &'a HashSet<FlowId>,
    found: HashSet<FlowId>,
    picked: Picked,
}

impl Handler for Finder<'_> {
    fn tcp_data(&mut self, _: &FlowRef, _: Side, _: At, _: &[u8]) -> Interest {
        Interest::Ignore
    }

    fn tcp_gap(&mut self, _: &FlowRef, _: Side, _: At, _: u64) -> Interest {
        Interest::Ignore
    }

    fn tcp_fin(&mut self, _: &FlowRef, _: Side, _: At) {}

    fn udp_data(&mut self, _: &FlowRef, _: Side, _: At, _: &[u8]) -> Interest {
        Interest::Ignore
    }

    fn flow(&mut self, _: u32, flow: &Flow) {
        let id = FlowId::of(&flow.ends, flow.vlan, flow.first.ts_us);
        if self.wanted.contains(&id) {
            self.found.insert(id);
            self.picked.add(flow);
        }
    }
}

/// Two addresses in ascending order, and the protocol.
type Pair = (IpAddr, IpAddr, u8);

/// The flows to take, by their ends.
#[derive(Default)]
struct Picked {
    by_ends: HashMap<Endpoints, Vec<Window>>,
    by_pair: HashMap<Pair, Vec<(i64, i64)>>,
}

/// From a flow's first packet to its last, in the order of the pass.
struct Window {
    first: At,
    last: At,
    is_open: bool,
}

impl Picked {
    fn add(&mut self, flow: &Flow) {
        let window = Window {
            first: flow.first,
            last: flow.last,
            is_open: false,
        };
        self.by_ends
            .entry(in_order(&flow.ends))
            .or_default()
            .push(window);
        let times = (
            flow.first.ts_us - FRAGMENTS_US,
            flow.last.ts_us + FRAGMENTS_US,
        );
        self.by_pair
            .entry(pair(&flow.ends))
            .or_default()
            .push(times);
    }

    /// Does this packet belong to a flow to take?
    fn takes(&mut self, input: usize, number: u64, packet: &Packet<'_>) -> bool {
        let Some(conversation) = Conversation::of(packet) else {
            return false;
        };
        if conversation.is_fragment {
            let ts_us = packet.ts_ns.div_euclid(1000);
            let times = self.by_pair.get(&pair(&conversation.ends));
            return times.is_some_and(|times| {
                times
                    .iter()
                    .any(|(from, to)| (*from..=*to).contains(&ts_us))
            });
        }
        let Some(windows) = self.by_ends.get_mut(&conversation.ends) else {
            return false;
        };
        let is_at = |at: At| at.file as usize == input && at.packet == number;
        let mut takes = false;
        for window in windows {
            window.is_open |= is_at(window.first);
            takes |= window.is_open;
            window.is_open &= !is_at(window.last);
        }
        takes
    }
}

/// The ends with the lower one first; without ports where the protocol has none.
fn in_order(ends: &Endpoints) -> Endpoints {
    let Endpoints {
        orig_addr,
        orig_port,
        resp_addr,
        resp_port,
        proto,
    } = *ends;
    let has_ports = matches!(proto, 6 | 17);
    let (orig_port, resp_port) = if has_ports {
        (orig_port, resp_port)
    } else {
        (0, 0)
    };
    if (orig_addr, orig_port) <= (resp_addr, resp_port) {
        Endpoints {
            orig_addr,
            orig_port,
            resp_addr,
            resp_port,
            proto,
        }
    } else {
        Endpoints {
            orig_addr: resp_addr,
            orig_port: resp_port,
            resp_addr: orig_addr,
            resp_port: orig_port,
            proto,
        }
    }
}

fn pair(ends: &Endpoints) -> Pair {
    let ends = in_order(ends);
    let (low, high) = (
        ends.orig_addr.min(ends.resp_addr),
        ends.orig_addr.max(ends.resp_addr),
    );
    (low, high, ends.proto)
}

/// A file under a temporary name until it is complete.
struct Draft<'a> {
    out: &'a Path,
    path: std::path::PathBuf,
}

impl<'a> Draft<'a> {
    fn create(out: &'a Path) -> Result<Self, Error> {
        let name = out
            .file_name()
            .ok_or_else(|| Error::Usage(format!("`{}` is no file name", out.display())))?;
        let mut draft = std::ffi::OsString::from(".");
        draft.push(name);
        draft.push(".part");
        Ok(Self {
            out,
            path: out.with_file_name(draft),
        })
    }

    fn file(&self) -> io::Result<fs::File> {
        fs::File::create(&self.path)
    }

    fn keep(&self) -> io::Result<()> {
        fs::rename(&self.path, self.out)
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        // Gone already when it was kept.
        let _ = fs::remove_file(&self.path);
    }
}
