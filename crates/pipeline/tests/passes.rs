//! A pass over captures, however they are split, stored or damaged.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use mailscope_pipeline::{Error, Options};
use support::{Folder, Stamped, mail_session, pcap, read, read_with, stamped, udp};

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [192, 0, 2, 25];

fn two_sessions() -> Vec<Stamped> {
    let first = stamped(
        1_000_000,
        mail_session((CLIENT, 40_001), (SERVER, 25), "b@mx.example"),
    );
    let second = stamped(
        1_000_500,
        mail_session((CLIENT, 40_002), (SERVER, 25), "c@mx.example"),
    );
    let mut both = [first, second].concat();
    both.sort();
    both
}

#[test]
fn a_capture_gives_flows_sessions_and_messages() {
    let folder = Folder::new();
    let (summary, tables) = read(&[folder.file("a.pcap", &pcap(&two_sessions()))]);
    assert_eq!(tables.column("flows", "app"), ["smtp", "smtp"]);
    assert_eq!(
        tables.column("mail_sessions", "helo"),
        ["client.example", "client.example"]
    );
    assert_eq!(tables.column("messages", "subject"), ["hello", "hello"]);
    assert_eq!(
        tables.column("mail_transactions", "delivered"),
        ["yes", "yes"]
    );
    assert_eq!(summary.inputs[0].end.as_ref().unwrap().kind, "complete");
    assert_eq!(summary.inputs[0].packets, 38);
    assert_eq!(summary.inputs[0].first_us, Some(1_000_000));
}

#[test]
fn keys_join_transactions_and_messages_to_their_session() {
    let folder = Folder::new();
    let (_, tables) = read(&[folder.file("a.pcap", &pcap(&two_sessions()))]);
    let flows = tables.column("flows", "flow_id");
    let sessions = tables.column("mail_sessions", "session_id");
    assert_eq!(
        sessions,
        flows
            .iter()
            .map(|flow| format!("{flow}/0"))
            .collect::<Vec<_>>()
    );
    assert_eq!(tables.column("messages", "session_id"), sessions);
    assert_eq!(tables.column("mail_transactions", "session_id"), sessions);
}

#[test]
fn flows_keep_their_ids_and_counters_however_captures_are_split() {
    let folder = Folder::new();
    let packets = two_sessions();
    let whole = read(&[folder.file("whole.pcap", &pcap(&packets))]).1;
    for cut in [1, 7, 20, 37] {
        let (head, tail) = packets.split_at(cut);
        // In any order on the command line: time decides.
        let paths = [
            folder.file("2.pcap", &pcap(tail)),
            folder.file("1.pcap", &pcap(head)),
        ];
        let (_, split) = read(&paths);
        for column in [
            "flow_id",
            "orig_packets",
            "resp_payload_bytes",
            "start",
            "end",
            "app",
        ] {
            assert_eq!(
                split.column("flows", column),
                whole.column("flows", column),
                "{column}, cut at {cut}"
            );
        }
        assert_eq!(split.column("messages", "subject"), ["hello", "hello"]);
        assert_eq!(split.column("flows", "capture")[0], paths[1]);
        assert_eq!(split.column("flows", "last_capture")[1], paths[0]);
    }
}

#[test]
fn captures_that_overlap_are_merged_by_time() {
    let folder = Folder::new();
    let packets = two_sessions();
    let whole = read(&[folder.file("whole.pcap", &pcap(&packets))]).1;
    let mut parts: [Vec<Stamped>; 3] = Default::default();
    for (index, packet) in packets.into_iter().enumerate() {
        parts[index * 7 % 3].push(packet);
    }
    let paths: Vec<_> = parts
        .iter()
        .enumerate()
        .map(|(index, part)| folder.file(&format!("{index}.pcap"), &pcap(part)))
        .collect();
    let (summary, merged) = read(&paths);
    assert_eq!(
        merged.column("flows", "flow_id"),
        whole.column("flows", "flow_id")
    );
    assert_eq!(
        merged.column("flows", "orig_retransmitted_bytes"),
        ["0", "0"]
    );
    assert_eq!(
        merged.column("mail_sessions", "commands"),
        whole.column("mail_sessions", "commands")
    );
    assert_eq!(
        summary
            .inputs
            .iter()
            .map(|input| input.packets)
            .sum::<u64>(),
        38
    );
}

#[test]
fn captures_one_after_another_are_never_open_together() {
    let folder = Folder::new();
    let packet = |us| (us, udp((CLIENT, 5000), (SERVER, 53), b"?"));
    for index in 0..600 {
        folder.file(
            &format!("{index:03}.pcap"),
            &pcap(&[
                packet(index * 1_000_000),
                packet(index * 1_000_000 + 999_999),
            ]),
        );
    }
    let (summary, tables) = read(&[folder.0.display().to_string()]);
    assert_eq!(summary.inputs.len(), 600);
    assert_eq!(tables.column("flows", "orig_packets"), ["1200"]);
}

#[test]
fn too_many_captures_at_one_time_are_refused_with_advice() {
    let folder = Folder::new();
    for index in 0..300 {
        let at = |us: i64| (us, udp((CLIENT, 5000), (SERVER, 53), b"?"));
        folder.file(&format!("{index}.pcap"), &pcap(&[at(index), at(9_000_000)]));
    }
    let paths = [folder.0.display().to_string()];
    let refused = mailscope_pipeline::tables(
        &paths,
        &Options::default(),
        support::Kept::default(),
        &mut |_| Ok(()),
    );
    let Err(Error::Input { what, hint, .. }) = refused else {
        unreachable!()
    };
    assert!(what.contains("overlap in time") && hint.is_some());
}

#[test]
fn the_same_captures_give_the_same_tables() {
    let folder = Folder::new();
    let path = folder.file("a.pcap", &pcap(&two_sessions()));
    let tables = || read(std::slice::from_ref(&path)).1;
    let (first, second) = (tables(), tables());
    for table in ["flows", "mail_sessions", "mail_transactions", "messages"] {
        assert_eq!(first.rows(table), second.rows(table));
    }
}

#[test]
fn a_capture_cut_off_keeps_what_came_before_and_says_where() {
    let folder = Folder::new();
    let mut bytes = pcap(&two_sessions());
    bytes.truncate(bytes.len() - 5);
    let (summary, tables) = read(&[folder.file("cut.pcap", &bytes)]);
    let end = summary.inputs[0].end.clone().unwrap();
    assert_eq!((end.kind, end.packets), ("cut-off-record", 37));
    assert_eq!(tables.column("messages", "subject"), ["hello", "hello"]);
}

#[test]
fn an_empty_file_is_an_outcome_and_another_file_an_error() {
    let folder = Folder::new();
    let (summary, tables) = read(&[folder.file("empty.pcap", b"")]);
    assert_eq!(summary.inputs[0].end.as_ref().unwrap().kind, "empty");
    assert!(tables.column("flows", "flow_id").is_empty());
    let path = folder.file("notes.txt", b"these are no packets, but notes about them");
    let refused = mailscope_pipeline::tables(
        &[path],
        &Options::default(),
        support::Kept::default(),
        &mut |_| Ok(()),
    );
    assert!(matches!(refused, Err(Error::Input { .. })));
}

#[test]
fn a_folder_passes_over_what_is_no_capture() {
    let folder = Folder::new();
    folder.file("a.pcap", &pcap(&two_sessions()));
    folder.file("notes.txt", b"these are no packets, but notes about them");
    let (summary, tables) = read(&[folder.0.display().to_string()]);
    let ends: Vec<_> = summary
        .inputs
        .iter()
        .map(|input| input.end.as_ref().unwrap().kind)
        .collect();
    assert_eq!(ends, ["complete", "unknown-format"]);
    assert_eq!(tables.column("flows", "app"), ["smtp", "smtp"]);
}

#[test]
fn hashes_cover_the_whole_file_up_to_the_limit() {
    let folder = Folder::new();
    let mut bytes = pcap(&two_sessions());
    bytes.extend([0xff; 40_000]);
    let path = folder.file("trailing.pcap", &bytes);
    let (summary, _) = read(std::slice::from_ref(&path));
    let expected: String = {
        use sha2::Digest as _;
        sha2::Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    assert_eq!(summary.inputs[0].sha256.as_deref(), Some(expected.as_str()));
    let (summary, _) = read_with(
        &[path],
        &Options {
            hash_mb: 0,
            ..Options::default()
        },
    );
    assert_eq!(summary.inputs[0].sha256, None);
}

#[test]
fn progress_can_stop_a_pass() {
    let folder = Folder::new();
    let path = folder.file("a.pcap", &pcap(&two_sessions()));
    let stopped = mailscope_pipeline::tables(
        &[path],
        &Options::default(),
        support::Kept::default(),
        &mut |_| Err(Error::Stopped),
    );
    assert!(matches!(stopped, Err(Error::Stopped)));
}
