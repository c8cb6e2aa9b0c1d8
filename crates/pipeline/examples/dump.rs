//! scratch
#![allow(clippy::all, clippy::indexing_slicing, clippy::unwrap_used, missing_docs)]
use std::collections::HashMap;
use std::fs::File;
use mailscope_capture::file::Reader;
use mailscope_capture::{Closed, Engine, Flow, FlowRef, Handler, Interest, Limits};
use mailscope_decode::stack::{FlowHint, Stack, StreamEnd};
use mailscope_decode::record::Record;
use mailscope_evidence::{At, Side};

#[derive(Default)]
struct D { stacks: HashMap<u32, (Stack, bool)>, out: Vec<Record>, records: HashMap<u32, Vec<Record>>, quiet: bool, n: u64, held: usize }
impl D {
    fn st(&mut self, f: &FlowRef, udp: bool) -> &mut (Stack, bool) {
        self.stacks.entry(f.slot).or_insert_with(|| (Stack::new(&Default::default(), FlowHint { orig_port: f.ends.orig_port, resp_port: f.ends.resp_port, from_start: f.from_start, udp, keep_messages: false, decode_as: None }), true))
    }
}
fn i(b: bool) -> Interest { if b { Interest::Follow } else { Interest::Ignore } }
impl Handler for D {
    fn tcp_data(&mut self, f: &FlowRef, s: Side, at: At, d: &[u8]) -> Interest { let mut o = std::mem::take(self.records.entry(f.slot).or_default()); let r = self.st(f, false).0.data(s, at, d, &mut o); self.records.insert(f.slot, o); i(r) }
    fn tcp_gap(&mut self, f: &FlowRef, s: Side, at: At, m: u64) -> Interest { let mut o = std::mem::take(self.records.entry(f.slot).or_default()); let r = self.st(f, false).0.gap(s, at, m, &mut o); self.records.insert(f.slot, o); i(r) }
    fn tcp_fin(&mut self, _: &FlowRef, _: Side, _: At) {}
    fn udp_data(&mut self, f: &FlowRef, s: Side, at: At, d: &[u8]) -> Interest { let mut o = std::mem::take(self.records.entry(f.slot).or_default()); let r = self.st(f, true).0.data(s, at, d, &mut o); self.records.insert(f.slot, o); i(r) }
    fn flow(&mut self, slot: u32, f: &Flow) {
        let mut o = self.records.remove(&slot).unwrap_or_default();
        if let Some((mut s, _)) = self.stacks.remove(&slot) {
            let e = match f.closed { Closed::Fin => StreamEnd::Fin, Closed::ResetByOrig => StreamEnd::ResetByOrig, Closed::ResetByResp => StreamEnd::ResetByResp, _ => StreamEnd::Cut };
            s.end(e, f.last, &mut o);
        }
        self.n += o.len() as u64;
        if self.quiet { return; }
        println!("== {}:{} -> {}:{} proto {} {:?}", f.ends.orig_addr, f.ends.orig_port, f.ends.resp_addr, f.ends.resp_port, f.ends.proto, f.closed);
        for r in o { let t = format!("{r:?}"); println!("   {}", t.replace("None", "-").replace("Some(", "(")); }
    }
}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let quiet = args.iter().any(|a| a == "-q");
    let mut engine = Engine::new(D { quiet, ..D::default() }, Limits::default());
    for (file, path) in (0u32..).zip(args.iter().filter(|a| *a != "-q")) {
        let mut reader = Reader::open(Box::new(File::open(path).unwrap())).unwrap();
        let mut number = 0;
        while let Some(packet) = reader.next() {
            number += 1;
            engine.packet(&packet, file, number);
        }
    }
    engine.finish();
    let d = engine.handler();
    println!("records {}", d.n);
}
