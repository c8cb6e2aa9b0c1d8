//! Carved packets are those of the flow, read back by our own reader.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use mailscope_pipeline::{Error, Options, carve};
use support::{Folder, mail_session, pcap, read, stamped, udp};

const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 40_001);
const SERVER: ([u8; 4], u16) = ([192, 0, 2, 25], 25);

fn carved(folder: &Folder, paths: &[String], flows: &[String]) -> Result<u64, Error> {
    carve(
        paths,
        flows,
        &folder.path("out.pcapng"),
        &Options::default(),
        &mut |_| Ok(()),
    )
}

#[test]
fn a_carved_flow_is_the_same_flow_when_read_back() {
    let folder = Folder::new();
    let mut packets = stamped(1_000_000, mail_session(CLIENT, SERVER, "b@mx.example"));
    packets.extend(stamped(
        1_000_300,
        (0..20).map(|_| udp((CLIENT.0, 5000), (SERVER.0, 53), b"?")),
    ));
    packets.sort();
    let (head, tail) = packets.split_at(13);
    let paths = [
        folder.file("1.pcap", &pcap(head)),
        folder.file("2.pcap", &pcap(tail)),
    ];
    let (_, all) = read(&paths);
    let place = all
        .column("flows", "app")
        .iter()
        .position(|app| app == "smtp")
        .unwrap();
    let flow = all.column("flows", "flow_id")[place].clone();
    assert_eq!(
        carved(&folder, &paths, std::slice::from_ref(&flow)).unwrap(),
        19
    );
    let (summary, back) = read(&[folder.path("out.pcapng").display().to_string()]);
    assert_eq!(summary.inputs[0].format, "pcapng");
    assert_eq!(summary.inputs[0].interfaces.len(), 2);
    assert_eq!(back.column("flows", "flow_id"), [flow]);
    assert_eq!(back.column("messages", "subject"), ["hello"]);
}

#[test]
fn of_two_connections_on_the_same_ports_only_the_one_named_is_taken() {
    let folder = Folder::new();
    let mut packets = stamped(1_000_000, mail_session(CLIENT, SERVER, "b@mx.example"));
    packets.extend(stamped(
        9_000_000,
        mail_session(CLIENT, SERVER, "c@mx.example"),
    ));
    let paths = [folder.file("a.pcap", &pcap(&packets))];
    let (_, all) = read(&paths);
    let flows = all.column("flows", "flow_id");
    assert_eq!(flows.len(), 2);
    assert_eq!(carved(&folder, &paths, &flows[1..]).unwrap(), 19);
    let (_, back) = read(&[folder.path("out.pcapng").display().to_string()]);
    assert_eq!(
        back.column("mail_transactions", "rcpt_to"),
        all.column("mail_transactions", "rcpt_to")[1..]
    );
}

#[test]
fn a_flow_that_is_not_there_leaves_no_file() {
    let folder = Folder::new();
    let paths = [folder.file(
        "a.pcap",
        &pcap(&stamped(1, mail_session(CLIENT, SERVER, "b@mx.example"))),
    )];
    for flow in ["F0123456789abcdef", "F12", "../../x"] {
        assert!(matches!(
            carved(&folder, &paths, &[flow.to_owned()]),
            Err(Error::Usage(_))
        ));
    }
    assert!(!folder.path("out.pcapng").exists());
}
