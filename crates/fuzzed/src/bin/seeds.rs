//! Writes the corpus seeds: `fuzz/seeds/TARGET/NAME.txt` to `fuzz/corpus/TARGET/seed-NAME`.
//!
//! Run in the repository: `cargo run -p mailscope-fuzzed --bin seeds`.
#![allow(clippy::print_stdout)]

use std::fs;
use std::io;
use std::path::Path;

use mailscope_fuzzed::script::of_transcript;

/// The port each target's seeds are on, and the targets that share another's seeds.
const FROM: &[(&str, &str, u16)] = &[
    ("stack", "stack", 25),
    ("smtp", "smtp", 25),
    ("smtp_client", "smtp", 25),
    ("smtp_server", "smtp", 25),
    ("pop3", "pop3", 110),
    ("imap", "imap", 143),
    ("http", "http", 3128),
    ("socks", "socks", 1080),
    ("tls", "tls", 443),
];

fn main() -> io::Result<()> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    for &(target, seeds, port) in FROM {
        let corpus = fuzz.join("corpus").join(target);
        fs::create_dir_all(&corpus)?;
        for entry in fs::read_dir(fuzz.join("seeds").join(seeds))? {
            let path = entry?.path();
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            fs::write(
                corpus.join(format!("seed-{name}")),
                of_transcript(&fs::read_to_string(&path)?, port),
            )?;
        }
    }
    Ok(())
}
