//! Reads one pathological conversation: `pathological NAME SIZE`. The linear-time test counts its instructions.
#![allow(clippy::print_stdout)]

use mailscope_fuzzed::pathological::{CASES, read};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, size) = (
        arguments.first().map_or("", String::as_str),
        arguments.get(1).and_then(|n| n.parse().ok()).unwrap_or(0),
    );
    for &(case, port, talk, _) in CASES.iter().filter(|case| case.0 == name) {
        println!("{case}: {} records", read(port, &talk(size)));
    }
}
