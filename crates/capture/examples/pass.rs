//! One pass over captures: packets, flows, bytes and CPU. `--follow` orders every TCP stream.
//! `--flows` prints every flow as a line of JSON instead.

use std::fs::File;
use std::process::ExitCode;

use mailscope_capture::file::Reader;
use mailscope_capture::{Engine, Flow, FlowRef, Handler, Interest, Limits};
use mailscope_evidence::{At, Side};

#[derive(Default)]
struct Pass {
    follow: bool,
    print: bool,
    flows: u64,
    stream_bytes: u64,
    gap_bytes: u64,
}

impl Pass {
    fn interest(&self) -> Interest {
        if self.follow {
            Interest::Follow
        } else {
            Interest::Ignore
        }
    }
}

impl Handler for Pass {
    fn tcp_data(&mut self, _: &FlowRef, _: Side, _: At, data: &[u8]) -> Interest {
        self.stream_bytes += data.len() as u64;
        self.interest()
    }

    fn tcp_gap(&mut self, _: &FlowRef, _: Side, _: At, missing: u64) -> Interest {
        self.gap_bytes += missing;
        self.interest()
    }

    fn tcp_fin(&mut self, _: &FlowRef, _: Side, _: At) {}

    fn udp_data(&mut self, _: &FlowRef, _: Side, _: At, _: &[u8]) -> Interest {
        Interest::Ignore
    }

    fn flow(&mut self, _: u32, flow: &Flow) {
        self.flows += 1;
        if self.print {
            println!("{}", line(flow));
        }
    }
}

fn line(flow: &Flow) -> String {
    let (e, o, r) = (&flow.ends, &flow.orig, &flow.resp);
    format!(
        "{{\"proto\":{},\"client_ip\":\"{}\",\"client_port\":{},\"server_ip\":\"{}\",\"server_port\":{},\
         \"start_ts\":{:.6},\"packets\":[{},{}],\"wire\":[{},{}],\"ip\":[{},{}],\"payload\":[{},{}],\
         \"flags\":[{},{}],\"gaps\":[{},{}],\"again\":[{},{}],\"conflicts\":[{},{}],\"cut\":[{},{}],\
         \"closed\":\"{}\",\"oriented_by\":\"{}\",\"encapsulation\":\"{}\",\"vlan\":{}}}",
        e.proto,
        e.orig_addr,
        e.orig_port,
        e.resp_addr,
        e.resp_port,
        flow.first.ts_us as f64 / 1e6,
        o.packets,
        r.packets,
        o.wire_bytes,
        r.wire_bytes,
        o.ip_bytes,
        r.ip_bytes,
        o.payload_bytes,
        r.payload_bytes,
        o.tcp_flags,
        r.tcp_flags,
        o.gap_bytes,
        r.gap_bytes,
        o.retransmitted_bytes,
        r.retransmitted_bytes,
        o.conflicting_bytes,
        r.conflicting_bytes,
        o.cut_packets,
        r.cut_packets,
        flow.closed.slug(),
        flow.oriented_by.slug(),
        flow.encapsulation,
        flow.vlan.map_or("null".to_owned(), |v| v.to_string()),
    )
}

/// User and system CPU seconds, from Linux's /proc.
fn cpu() -> Option<(f64, f64)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit(") ").next()?.split(' ').skip(11);
    let mut seconds = || {
        fields
            .next()?
            .parse::<f64>()
            .ok()
            .map(|ticks| ticks / 100.0)
    };
    Some((seconds()?, seconds()?))
}

fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|a| a == name);
    let print = has("--flows");
    let handler = Pass {
        follow: has("--follow"),
        print,
        ..Pass::default()
    };
    let mut engine = Engine::new(handler, Limits::default());
    for (file, path) in (0u32..).zip(arguments.iter().filter(|a| !a.starts_with("--"))) {
        let source = match File::open(path) {
            Ok(source) => source,
            Err(e) => {
                eprintln!("{path}: {e}");
                return ExitCode::FAILURE;
            }
        };
        let mut reader = match Reader::open(Box::new(source)) {
            Ok(reader) => reader,
            Err(end) => {
                eprintln!("{path}: {end}");
                continue;
            }
        };
        let mut number = 0;
        while let Some(packet) = reader.next() {
            number += 1;
            engine.packet(&packet, file, number);
        }
        if !print {
            let links: Vec<String> = reader
                .info()
                .link_types()
                .iter()
                .map(ToString::to_string)
                .collect();
            if let Some(end) = reader.end() {
                println!(
                    "{path}: {}, {}, {end}",
                    reader.info().format,
                    links.join(" ")
                );
            }
        }
    }
    engine.finish();
    if print {
        return ExitCode::SUCCESS;
    }
    let memory = engine.memory_bytes();
    let stats = *engine.stats();
    println!("{stats:#?}");
    let pass = engine.handler();
    println!(
        "flows {} stream bytes {} gap bytes {}",
        pass.flows, pass.stream_bytes, pass.gap_bytes
    );
    println!(
        "table bytes {memory} peak KiB {:?} CPU user, system {:?}",
        peak_kib(),
        cpu()
    );
    ExitCode::SUCCESS
}
