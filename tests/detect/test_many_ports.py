"""Many ports of one host tried, and what looks like it."""

from mailscope.detect.many_ports import vertical_scans
from mailscope.detect.network import own_network
from tests.fixtures.flow_rows import SYN_ONLY, exchange, record, records

OWN = own_network([], ["10.0.0.0/8"]).prefixes


def found(*groups):
    rows = vertical_scans(records(*groups), OWN).to_pyarrow().to_pylist()
    return {(row["subject"], row["kind"], row["targets"], row["most_flows"]) for row in rows}


def tried(client, ports, targets=1):
    return [
        record(client, 40000, f"203.0.113.{n + 1}", port, 0.1 * port, tcp_flags=SYN_ONLY, packets=1)
        for n in range(targets)
        for port in ports
    ]


def test_the_ports_of_one_host_tried_one_by_one_are_a_scan():
    opened = exchange("10.0.0.1", "203.0.113.1", 1, 0, 80)
    assert found(tried("10.0.0.1", range(100, 200)), opened) == {("10.0.0.1", "port-scan", 1, 101)}


def test_a_port_or_two_of_each_of_many_peers_are_none():
    assert found(tried("10.0.0.1", (6881, 51413), targets=200)) == set()


def test_many_ports_that_open_are_none():
    transfers = [row for port in range(30000, 30100) for row in exchange("10.0.0.1", "203.0.113.1", port, 0, port)]
    assert found(transfers, tried("10.0.0.1", range(100, 120))) == set()


def test_outside_scanners_are_not_the_owners_hosts():
    assert found(tried("203.0.113.9", range(100, 200))) == set()
