"""Scans and floods, and what looks like them."""

from datetime import timedelta

import pytest

from mailscope.detect.amplification import reflections
from mailscope.detect.network import own_network
from mailscope.detect.port_profile import matches
from tests.fixtures.flow_rows import SYN_ONLY, attempts, exchange, record, records

OWN = own_network([], ["10.0.0.0/8"]).prefixes


def found(*groups):
    rows = matches(records(*groups), OWN).to_pyarrow().to_pylist()
    return {(row["subject"], row["kind"], row["port"]) for row in rows}


def answered(client, servers, port):
    return [row for n in range(servers) for row in exchange(client, f"203.0.{n // 250}.{1 + n % 250}", n, n, port)]


def test_the_same_port_at_many_silent_addresses_is_a_scan():
    assert found(attempts("10.0.0.1", servers=60, dport=445)) == {("10.0.0.1", "scan", 445)}
    assert found(attempts("10.0.0.1", servers=60, dport=17300)) == {("10.0.0.1", "scan", 17300)}


@pytest.mark.long
def test_file_sharing_with_peers_that_answer_is_none():
    assert found(answered("10.0.0.1", servers=300, port=4662)) == set()


@pytest.mark.long
def test_a_few_dead_peers_among_many_are_none():
    assert found(answered("10.0.0.1", servers=100, port=4662), attempts("10.0.0.1", servers=60, dport=4662)) == set()


@pytest.mark.long
def test_outside_scanners_are_not_the_owners_hosts():
    assert found(attempts("198.51.100.1", servers=100, dport=22)) == set()


def test_one_silent_address_tried_again_and_again_is_a_syn_flood():
    flood = [record("10.0.0.1", 1024 + n, "203.0.113.1", 80, n * 0.01, tcp_flags=SYN_ONLY) for n in range(500)]
    assert found(flood) == {("10.0.0.1", "syn-flood", 80)}


@pytest.mark.long
def test_a_service_that_is_down_and_retried_now_and_then_is_none():
    retries = [record("10.0.0.1", 1024 + n, "203.0.113.1", 443, n * 60, tcp_flags=SYN_ONLY) for n in range(500)]
    assert found(retries) == set()


def ping(packets, seconds, kind=8):
    row = record("10.0.0.1", 0, "203.0.113.1", 0, proto="icmp", icmp_type=kind, tcp_flags=None, packets=packets)
    return [row | {"end": row["start"] + timedelta(seconds=seconds)}]


@pytest.mark.long
def test_echo_requests_faster_than_a_ping_are_a_flood():
    assert found(ping(6000, 30)) == {("10.0.0.1", "ping-flood", 0)}
    assert found(ping(6000, 6000)) == set()
    assert found(ping(6000, 30, kind=0)) == set()


@pytest.mark.long
def test_connections_to_one_web_server_faster_than_a_browser_are_a_flood():
    flood = [row for n in range(2000) for row in exchange("10.0.0.1", "203.0.113.1", n, n * 0.01, 80)]
    assert found(flood) == {("10.0.0.1", "web-flood", 80)}


@pytest.mark.long
def test_attempts_at_a_web_server_that_never_opened_are_a_syn_flood_and_no_other():
    silent = [record("10.0.0.1", 1024 + n, "203.0.113.1", 80, n * 0.01, tcp_flags=SYN_ONLY) for n in range(3000)]
    assert found(silent) == {("10.0.0.1", "syn-flood", 80)}


@pytest.mark.long
def test_the_same_records_from_two_exporters_count_once():
    once = attempts("10.0.0.1", servers=60, dport=445)
    rows = records([row | {"exporter": "192.0.2.1"} for row in once], [row | {"exporter": "192.0.2.2"} for row in once])
    (row,) = matches(rows, OWN).to_pyarrow().to_pylist()
    assert (row["flows"], row["targets"]) == (60, 60)


def udp(src, sport, dst, dport, size):
    return record(src, sport, dst, dport, proto="udp", tcp_flags=None, packets=max(size // 1000, 1), bytes=size)


def test_answers_ten_times_the_questions_are_an_amplification():
    asked = udp("203.0.113.1", 4000, "10.0.0.53", 123, 60_000)
    answer = udp("10.0.0.53", 123, "203.0.113.1", 4000, 5_000_000)
    (row,) = reflections(records([asked, answer]), OWN).to_pyarrow().to_pylist()
    assert (row["subject"], row["role"], row["port"], row["asked_bytes"]) == ("10.0.0.53", "reflector", 123, 60_000)


@pytest.mark.long
def test_an_ordinary_resolver_is_none():
    asked = udp("203.0.113.1", 4000, "10.0.0.53", 53, 2_000_000)
    answer = udp("10.0.0.53", 53, "203.0.113.1", 4000, 5_000_000)
    assert reflections(records([asked, answer]), OWN).to_pyarrow().num_rows == 0


def resolver(asked, servers=2000):
    """A resolver of whose questions some have answers of many times their size."""
    asks = [udp("10.0.0.53", 40000, f"198.51.{n // 250}.{n % 250}", 53, asked) for n in range(servers)]
    sizes = (150, 300, 1300)
    gets = [udp(f"198.51.{n // 250}.{n % 250}", 53, "10.0.0.53", 40000, sizes[n % 3]) for n in range(servers)]
    return asks, [row | {"packets": 1} for row in gets]


def targets(*groups):
    rows = reflections(records(*groups), OWN).to_pyarrow().to_pylist()
    return [row["subject"] for row in rows if row["role"] == "target"]


def test_a_resolver_whose_servers_answer_some_questions_at_length_is_no_target():
    assert targets(*resolver(asked=80, servers=6000)) == []


def test_answers_alone_make_no_resolver_a_target():
    _asks, gets = resolver(asked=80, servers=6000)
    assert targets(gets) == []


def test_answers_of_many_reflectors_name_their_target():
    rows = [udp(f"203.0.113.{n}", 53, "10.0.0.9", 4000, 200_000) for n in range(1, 21)]
    (row,) = reflections(records(rows), OWN).to_pyarrow().to_pylist()
    assert (row["subject"], row["role"], row["peers"]) == ("10.0.0.9", "target", 20)


@pytest.mark.long
def test_a_busy_server_that_answers_is_no_syn_flood_because_others_do_not():
    busy = [row for n in range(500) for row in exchange("10.0.0.1", "203.0.113.1", n, n * 0.1, 443)]
    assert found(busy, attempts("10.0.0.1", servers=9, dport=443, net="198.51")) == set()


def test_echo_requests_to_many_addresses_are_a_sweep():
    sweep = [row | {"dst_addr": f"203.0.113.{n}"} for n in range(120) for row in ping(1, 1)]
    assert found(sweep) == {("10.0.0.1", "ping-sweep", 0)}


def test_a_flood_from_one_port_is_one_record_of_many_syns():
    flood = record("10.0.0.1", 4000, "203.0.113.80", 80, tcp_flags=SYN_ONLY, packets=60_000, bytes=2_400_000)
    assert found([flood | {"end": flood["end"] + timedelta(seconds=60)}]) == {("10.0.0.1", "syn-flood", 80)}


@pytest.mark.long
def test_scans_and_floods_are_found_in_samples():
    scan = [row | {"sampling": 100, "packets": 1, "bytes": 40} for row in attempts("10.0.0.1", servers=15, dport=445)]
    flood = [
        record("10.0.0.2", 4000 + n, "203.0.113.80", 80, 2.0 * n, tcp_flags=SYN_ONLY, packets=1, sampling=100)
        for n in range(30)
    ]
    assert found(scan, flood) == {("10.0.0.1", "scan", 445), ("10.0.0.2", "syn-flood", 80)}


@pytest.mark.long
def test_a_few_dead_peers_and_a_long_download_are_none():
    download = exchange("10.0.0.1", "203.0.113.1", 1, 0, 443, packets=900_000)
    assert found(attempts("10.0.0.1", servers=12, dport=443, net="198.51"), download) == set()
