//! One row a conversation.

use mailscope_capture::{Flow, SideCounts};
use mailscope_decode::record::Application;
use mailscope_evidence::Span;

use crate::address::Address;
use crate::column::{OptText, OptU16, U8, U16, U32, U64};
use crate::community_id::CommunityId;
use crate::context::FlowContext;
use crate::table::table;
use crate::word::{OptWord, Slug, Word};

table! {
    /// One TCP, UDP or ICMP conversation: both directions of a 5-tuple.
    flows {
        /// Label of the capture point, as given by the user.
        sensor: OptWord,
        /// Transport: `tcp`, `udp`, `icmp`, `icmp6`, else the IP protocol number.
        proto: Word,
        /// Originator: sent the first SYN, or is the likelier client.
        orig_addr: Address,
        /// Originator's port; ICMP: type.
        orig_port: U16,
        /// Responder.
        resp_addr: Address,
        /// Responder's port; ICMP: code.
        resp_port: U16,
        /// Innermost VLAN id.
        vlan: OptU16,
        /// Encapsulations, outermost first, joined by `/`; empty when none.
        encapsulation: Word,
        /// Community ID v1, seed 0: the flow's name in Zeek, Suricata, Arkime.
        community_id: CommunityId,
        /// Packets by the originator.
        orig_packets: U64,
        /// Packets by the responder.
        resp_packets: U64,
        /// Bytes on the wire by the originator: whole frames at their original length.
        orig_wire_bytes: U64,
        /// Bytes on the wire by the responder.
        resp_wire_bytes: U64,
        /// IP bytes by the originator, headers included.
        orig_ip_bytes: U64,
        /// IP bytes by the responder.
        resp_ip_bytes: U64,
        /// Payload bytes by the originator, retransmissions counted each time.
        orig_payload_bytes: U64,
        /// Payload bytes by the responder.
        resp_payload_bytes: U64,
        /// TCP flags by the originator, or-ed.
        orig_tcp_flags: U8,
        /// TCP flags by the responder, or-ed.
        resp_tcp_flags: U8,
        /// Stream bytes of the originator that were not captured.
        orig_gap_bytes: U64,
        /// Stream bytes of the responder that were not captured.
        resp_gap_bytes: U64,
        /// Stream bytes of the originator seen again.
        orig_retransmitted_bytes: U64,
        /// Stream bytes of the responder seen again.
        resp_retransmitted_bytes: U64,
        /// Bytes of the originator that overlap earlier ones with different content.
        orig_conflicting_bytes: U64,
        /// Bytes of the responder that overlap earlier ones with different content.
        resp_conflicting_bytes: U64,
        /// Packets of the originator cut by the snap length inside their payload.
        orig_cut_packets: U32,
        /// Packets of the responder cut by the snap length inside their payload.
        resp_cut_packets: U32,
        /// Whose packets were seen: `both`, `orig`, `resp`.
        sides: Slug,
        /// TCP handshake seen: `full`, `syn`, `syn-ack`, `none`.
        handshake: Slug,
        /// How it ended: `fin`, `reset-by-orig`, `reset-by-resp`, `idle`, `capture-end`, `evicted`, `replaced`.
        closed: Slug,
        /// How the originator was chosen: `syn`, `syn-ack`, `port`, `first-packet`.
        oriented_by: Slug,
        /// Application by content: `smtp`, `http`, ..., `unknown`; `none` without payload.
        app: Slug,
        /// Everything seen on the flow, outermost first, joined by `+`: `http+smtp`.
        app_layers: Word,
        /// Which bytes of which side say so.
        app_evidence: Slug,
        /// First bytes of an unknown flow, at most 16, hex.
        first_bytes: OptText,
    }
}

impl Builder {
    /// Appends a finished flow; `app` is `None` when no payload was looked at.
    pub fn append(
        &mut self,
        context: &FlowContext<'_>,
        sensor: Option<&str>,
        flow: &Flow,
        app: Option<&Application>,
    ) {
        let Flow {
            ends, orig, resp, ..
        } = flow;
        let mut number = [0; 3];
        self.push(Row {
            evidence: context.evidence(Span {
                first: flow.first,
                last: flow.last,
            }),
            sensor,
            proto: proto_name(ends.proto, &mut number),
            orig_addr: ends.orig_addr,
            orig_port: ends.orig_port,
            resp_addr: ends.resp_addr,
            resp_port: ends.resp_port,
            vlan: flow.vlan,
            encapsulation: &flow.encapsulation,
            community_id: ends,
            orig_packets: orig.packets,
            resp_packets: resp.packets,
            orig_wire_bytes: orig.wire_bytes,
            resp_wire_bytes: resp.wire_bytes,
            orig_ip_bytes: orig.ip_bytes,
            resp_ip_bytes: resp.ip_bytes,
            orig_payload_bytes: orig.payload_bytes,
            resp_payload_bytes: resp.payload_bytes,
            orig_tcp_flags: orig.tcp_flags,
            resp_tcp_flags: resp.tcp_flags,
            orig_gap_bytes: orig.gap_bytes,
            resp_gap_bytes: resp.gap_bytes,
            orig_retransmitted_bytes: orig.retransmitted_bytes,
            resp_retransmitted_bytes: resp.retransmitted_bytes,
            orig_conflicting_bytes: orig.conflicting_bytes,
            resp_conflicting_bytes: resp.conflicting_bytes,
            orig_cut_packets: orig.cut_packets,
            resp_cut_packets: resp.cut_packets,
            sides: sides(orig, resp),
            handshake: handshake(orig, resp),
            closed: flow.closed.slug(),
            oriented_by: flow.oriented_by.slug(),
            app: app.map_or("none", |app| app.app),
            app_layers: app.map_or("", |app| &app.layers),
            app_evidence: app.map_or("", |app| app.evidence),
            first_bytes: app.and_then(|app| app.first_bytes.as_deref()),
        });
    }
}

pub(crate) fn proto_name(proto: u8, number: &mut [u8; 3]) -> &str {
    match proto {
        1 => "icmp",
        6 => "tcp",
        17 => "udp",
        58 => "icmp6",
        _ => {
            *number = [
                b'0' + proto / 100,
                b'0' + proto / 10 % 10,
                b'0' + proto % 10,
            ];
            std::str::from_utf8(number).map_or("", |text| text.trim_start_matches('0'))
        }
    }
}

fn sides(orig: &SideCounts, resp: &SideCounts) -> &'static str {
    match (orig.packets > 0, resp.packets > 0) {
        (true, true) => "both",
        (false, true) => "resp",
        (_, false) => "orig",
    }
}

fn handshake(orig: &SideCounts, resp: &SideCounts) -> &'static str {
    const SYN: u8 = 0x02;
    match (orig.tcp_flags & SYN > 0, resp.tcp_flags & SYN > 0) {
        (true, true) => "full",
        (true, false) => "syn",
        (false, true) => "syn-ack",
        (false, false) => "none",
    }
}
