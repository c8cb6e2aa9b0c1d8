//! Every target on its kept corpus, its kept regressions, and a bounded number of seeded mutations.
//!
//! `MAILSCOPE_FUZZ_RUNS` sets the number of mutations for each target (default 300).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use mailscope_fuzzed::TARGETS;
use mailscope_fuzzed::mutate::{Random, mutate};

fn folder(kind: &str, target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz")
        .join(kind)
        .join(target)
}

fn inputs(kind: &str, target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder(kind, target)) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn kept_inputs_hold() {
    for &(name, target) in TARGETS {
        for kind in ["corpus", "regressions"] {
            for (path, input) in inputs(kind, name) {
                catch_unwind(AssertUnwindSafe(|| target(&input)))
                    .unwrap_or_else(|_| panic!("target {name} breaks on {}", path.display()));
            }
        }
    }
}

#[test]
fn seeded_mutations_hold() {
    let runs: u64 = std::env::var("MAILSCOPE_FUZZ_RUNS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(300);
    for &(name, target) in TARGETS {
        let mut seeds: Vec<Vec<u8>> = inputs("corpus", name)
            .into_iter()
            .map(|(_, input)| input)
            .collect();
        seeds.push(Vec::new());
        for run in 0..runs {
            let mut random = Random::new(run + 1);
            let (first, second) = (random.below(seeds.len()), random.below(seeds.len()));
            let input = mutate(&seeds[first], &seeds[second], 4096, &mut random);
            if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
                let kept = folder("regressions", name).join(format!("seeded-{run}"));
                fs::create_dir_all(kept.parent().unwrap()).unwrap();
                fs::write(&kept, &input).unwrap();
                panic!(
                    "target {name} breaks on mutation {run}; kept as {}",
                    kept.display()
                );
            }
        }
    }
}

#[test]
fn every_target_has_a_corpus() {
    for &(name, _) in TARGETS {
        assert!(
            !inputs("corpus", name).is_empty(),
            "fuzz/corpus/{name} is empty"
        );
    }
}
