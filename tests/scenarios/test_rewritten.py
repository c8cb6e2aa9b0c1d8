"""However the same traffic is written down, the answer is the same."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from mailscope.investigation.investigate import investigate
from tests.fixtures.rewritten import double_vlan, gre, mpls, packets_of, pppoe, renamed, rewritten, vlan
from tests.fixtures.wire import cut, merged, pcap_bytes, pcapng_bytes, write

pytestmark = pytest.mark.long
PACKETS = packets_of(Path(__file__).parent / "real-proxies" / "input.pcap")
ROLES = {"commander": ["127.9.9.9"], "proxy": ["127.0.0.4"], "victim": ["127.2.2.25:25"]}


def told(captures, own="127.0.0.0/24"):
    found = investigate(captures, own=[own])
    assert [item.kind for item in found.findings] == ["open-proxy-relay"]
    return found.findings[0]


def holds(finding, roles=ROLES):
    counts = finding.details["counts"]
    assert finding.roles == roles
    assert (counts["commands_seen"], counts["legs_seen"], counts["mails_accepted"]) == (7, 7, 7)


def later(packets, by_us):
    return [replace(packet, ts_us=packet.ts_us + by_us) for packet in packets]


@pytest.mark.parametrize("rewrite", [vlan, double_vlan, pppoe, mpls, gre])
def test_encapsulation_changes_nothing(tmp_path, rewrite):
    holds(told(write(tmp_path / "capture.pcap", rewritten(PACKETS, rewrite))))


def test_files_may_be_split_compressed_and_given_in_any_order(tmp_path):
    third = len(PACKETS) // 3
    parts = [PACKETS[:third], PACKETS[third : 2 * third], PACKETS[2 * third :]]
    first, second, last = (tmp_path / name for name in ("b.pcap.gz", "c.pcapng", "a.pcap"))
    first.write_bytes(gzip.compress(pcap_bytes(parts[0])))
    second.write_bytes(pcapng_bytes(parts[1]))
    write(last, parts[2])
    holds(told([second, last, first]))


def test_the_year_does_not_matter(tmp_path):
    holds(told(write(tmp_path / "capture.pcap", later(PACKETS, -700 * 86_400_000_000))))


@pytest.mark.parametrize("by_us", [0, 40, 900])
def test_packets_captured_twice_count_once(tmp_path, by_us):
    twice = write(tmp_path / "capture.pcap", merged(PACKETS, later(PACKETS, by_us)))
    holds(told(twice))


def test_two_captures_that_overlap_count_once(tmp_path):
    cut = len(PACKETS) // 4
    one = write(tmp_path / "one.pcap", PACKETS[: 3 * cut])
    other = write(tmp_path / "other.pcap", later(PACKETS[cut:], 120))
    holds(told([one, other]))


@pytest.mark.parametrize("snaplen", [120, 200])
def test_packets_cut_short_still_show_who_commanded(tmp_path, snaplen):
    finding = told(write(tmp_path / "capture.pcap", cut(PACKETS, snaplen)))
    assert finding.roles == ROLES
    counts = finding.details["counts"]
    assert counts["legs_seen"] == 7
    # Two of the seven are handed in whole within one packet (POST), which is cut: the answers tell what became of them,
    # unless these come in one packet as well.
    assert counts["mails_accepted"] == 6


def test_a_tunnel_whose_content_is_cut_away_did_not_lead_nowhere(tmp_path):
    client, leg = (port.to_bytes(2, "big") for port in (41155, 46969))
    packets = []
    told_packets = 0
    for packet in PACKETS:
        ports = packet.frame[34:38]
        told_packets += client in ports
        if leg not in ports:
            packets += cut([packet], 68) if client in ports and told_packets > 6 else [packet]
    finding = told(write(tmp_path / "capture.pcap", packets))
    (attempt,) = finding.details["attempts"]
    assert attempt.is_cut
    assert attempt.reply.startswith("HTTP/1.0 200")


def test_other_addresses_play_the_same_parts(tmp_path):
    names = {"127.9.9.9": "198.5.9.9", "127.0.0.4": "203.7.0.4", "127.2.2.25": "192.8.2.25"}
    packets = rewritten(PACKETS, renamed(names))
    roles = {"commander": ["198.5.9.9"], "proxy": ["203.7.0.4"], "victim": ["192.8.2.25:25"]}
    holds(told(write(tmp_path / "capture.pcap", packets), own="203.7.0.0/24"), roles)
