//! Every transcript runs whole, byte by byte, cut at random places, and with one side only.
//!
//! A transcript (`tests/transcripts/*.txt`) is a conversation: `C:` and `S:` lines end in CRLF,
//! `C-` and `S-` have no line end and know `\r \n \t \\ \xNN`, `CX` and `SX` are hexadecimal,
//! `C*N` and `S*N` are N lines alike, `C<<N` and `S<<N` are N missing bytes (0: unknown). Lines of one
//! side in a row are one piece; an empty line begins a new one. Headers: `ports: ORIG RESP`, `start: mid`, `end: reset-client`,
//! `client: resp`, `udp: yes`. The records expected of the whole run stand beside it in `.records`,
//! rewritten only when `MAILSCOPE_WRITE_RECORDS` is set.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod transcripts {
    pub mod check;
    pub mod parse;
    pub mod render;
}

use std::fs;
use std::path::{Path, PathBuf};

use mailscope_decode::limits::Limits;
use mailscope_decode::record::Records;
use mailscope_decode::stack::{Stack, StreamEnd};
use mailscope_evidence::{At, Side};
use transcripts::check::{client_alone_agrees, server_alone_agrees};
use transcripts::parse::{Piece, Transcript};
use transcripts::render::render;

/// Damaged forms of each transcript that are tried.
const DAMAGED: usize = 60;
/// Bytes of a transcript of which all of them are; of longer ones fewer.
const WHOLLY_DAMAGED: usize = 4 << 10;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

fn all() -> Vec<(PathBuf, Transcript)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    assert!(
        paths.len() >= 30,
        "transcripts are missing from {}",
        folder().display()
    );
    paths
        .into_iter()
        .map(|path| {
            (
                path.clone(),
                Transcript::parse(&fs::read_to_string(path).unwrap()),
            )
        })
        .collect()
}

/// Runs a transcript; `cut` gives the length of the next piece of so many bytes.
fn run(
    transcript: &Transcript,
    only: Option<Side>,
    mut cut: impl FnMut(usize) -> usize,
) -> Records {
    let mut stack = Stack::new(&Limits::default(), transcript.hint);
    let mut out = Records::new();
    let mut at = At::default();
    for piece in &transcript.pieces {
        at.packet += 1;
        at.ts_us += 1000;
        match piece {
            Piece::Data(side, data) if only.is_none_or(|only| only == *side) => {
                let mut rest = &data[..];
                while !rest.is_empty() {
                    let length = if transcript.hint.udp {
                        rest.len()
                    } else {
                        cut(rest.len()).clamp(1, rest.len())
                    };
                    stack.data(*side, at, &rest[..length], &mut out);
                    rest = &rest[length..];
                }
            }
            Piece::Gap(side, missing) if only.is_none_or(|only| only == *side) => {
                stack.gap(*side, at, *missing, &mut out);
            }
            _ => {}
        }
    }
    stack.end(transcript.end, at, &mut out);
    out
}

#[test]
fn transcripts_give_their_records() {
    let mut wrong = Vec::new();
    for (path, transcript) in all() {
        let got = render(&run(&transcript, None, |all| all));
        let golden = path.with_extension("records");
        if std::env::var_os("MAILSCOPE_WRITE_RECORDS").is_some() {
            fs::write(&golden, &got).unwrap();
        } else if fs::read_to_string(&golden).ok().as_deref() != Some(got.as_str()) {
            wrong.push(format!("{}:\n{got}", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "records differ from the golden ones:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn byte_by_byte_gives_the_same_records() {
    for (path, transcript) in all() {
        let (whole, single) = (
            run(&transcript, None, |all| all),
            run(&transcript, None, |_| 1),
        );
        assert_eq!(render(&single), render(&whole), "{}", path.display());
    }
}

#[test]
fn random_cuts_give_the_same_records() {
    for (path, transcript) in all() {
        let whole = render(&run(&transcript, None, |all| all));
        for seed in 1..=40u64 {
            let mut state = seed;
            let cut = move |all: usize| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                1 + (state >> 33) as usize % (all.min(40 * seed as usize))
            };
            assert_eq!(
                render(&run(&transcript, None, cut)),
                whole,
                "{}, seed {seed}",
                path.display()
            );
        }
    }
}

#[test]
fn one_side_alone_is_the_same_however_it_is_cut() {
    for (path, transcript) in all() {
        for side in [Side::Orig, Side::Resp] {
            let (whole, single) = (
                run(&transcript, Some(side), |all| all),
                run(&transcript, Some(side), |_| 1),
            );
            assert_eq!(
                render(&single),
                render(&whole),
                "{}, {side:?} only",
                path.display()
            );
        }
    }
}

#[test]
fn one_side_alone_does_not_contradict_the_whole() {
    for (path, transcript) in all() {
        let whole = run(&transcript, None, |all| all);
        let client = run(&transcript, Some(transcript.client), |all| all);
        let server = run(&transcript, Some(transcript.client.other()), |all| all);
        client_alone_agrees(&whole, &client, &path.display().to_string());
        server_alone_agrees(&whole, &server, &path.display().to_string());
    }
}

/// Bytes changed, dropped and doubled at random places, and gaps where there were none.
fn damage(transcript: &Transcript, seed: u64) -> Transcript {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below.max(1)
    };
    let mut pieces = Vec::new();
    for piece in &transcript.pieces {
        let Piece::Data(side, data) = piece else {
            pieces.push(piece.clone());
            continue;
        };
        let mut data = data.clone();
        for _ in 0..random(3) {
            let place = random(data.len());
            match random(5) {
                0 if !data.is_empty() => data[place] = random(256) as u8,
                1 if !data.is_empty() => data.truncate(place),
                2 => data.extend_from_within(place..),
                3 if !data.is_empty() => drop(data.remove(place)),
                _ => pieces.push(Piece::Gap(*side, random(40) as u64)),
            }
        }
        if !data.is_empty() {
            pieces.push(Piece::Data(*side, data));
        }
    }
    Transcript {
        pieces,
        ..transcript.clone()
    }
}

#[test]
fn damaged_conversations_do_not_depend_on_the_cutting_either() {
    for (path, transcript) in all() {
        let bytes: usize = transcript.pieces.iter().map(Piece::bytes).sum();
        let rounds = (DAMAGED * WHOLLY_DAMAGED / bytes.max(1)).clamp(4, DAMAGED);
        for seed in 1..=rounds as u64 {
            let damaged = damage(&transcript, seed);
            let (whole, single) = (run(&damaged, None, |all| all), run(&damaged, None, |_| 1));
            let names: Vec<String> = damaged.pieces.iter().map(Piece::describe).collect();
            assert_eq!(
                render(&single),
                render(&whole),
                "{}, damage {seed}: {names:#?}",
                path.display()
            );
        }
    }
}

#[test]
fn a_transcript_cut_off_anywhere_ends_in_order() {
    for (_, transcript) in all() {
        let pieces = transcript.pieces.len();
        for kept in 0..pieces {
            let part = Transcript {
                pieces: transcript.pieces[..kept].to_vec(),
                end: StreamEnd::Cut,
                ..transcript.clone()
            };
            assert!(!run(&part, None, |all| all).is_empty());
        }
    }
}
