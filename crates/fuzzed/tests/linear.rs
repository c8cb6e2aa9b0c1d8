//! Twice the input costs less than 2.3 times the instructions, on conversations made to be slow.
//!
//! Counted by valgrind, so that a busy machine changes nothing; without valgrind the test says so and
//! passes. A minute or two: `cargo test --release -p mailscope-fuzzed --test linear -- --ignored`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

use std::process::Command;

use mailscope_fuzzed::pathological::CASES;

/// Instructions of reading a case at a size.
fn instructions(case: &str, size: usize) -> u64 {
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--toggle-collect=mailscope_fuzzed::pathological::read*",
            env!("CARGO_BIN_EXE_pathological"),
            case,
            &size.to_string(),
        ])
        .output()
        .expect("valgrind runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{case} {size}: {text}");
    let line = text
        .lines()
        .find(|line| line.contains("Collected :"))
        .unwrap_or_else(|| panic!("no count in {text}"));
    line.split_whitespace().last().unwrap().parse().unwrap()
}

#[test]
#[ignore = "slow: a valgrind run for each case and size"]
fn twice_the_input_costs_less_than_2_3_times_the_instructions() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is not installed: nothing was counted");
        return;
    }
    let mut slow = Vec::new();
    for &(case, _, _, size) in CASES {
        let (once, twice) = (instructions(case, size), instructions(case, 2 * size));
        let ratio = twice as f64 / once as f64;
        eprintln!("{case:24} {once:>14} {twice:>14} {ratio:.2}");
        if ratio >= 2.3 {
            slow.push(format!("{case}: {ratio:.2}"));
        }
    }
    assert!(slow.is_empty(), "worse than linear: {slow:?}");
}
