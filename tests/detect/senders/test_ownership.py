"""Prefixes against addresses as text."""

import ipaddress

import ibis
import pyarrow as pa
import pytest

from mailscope.detect.senders.ownership import is_in
from mailscope.store import engine

ADDRESSES = [
    *("10.0.0.1", "10.255.255.255", "11.0.0.0", "172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
    *("192.0.2.127", "192.0.2.128", "192.0.2.255", "192.0.20.1", "255.255.255.255", "0.0.0.0"),
    *("2001:db8::1", "2001:db8:1::1", "2001:db8:1:2::", "2001:db9::1", "::1", "fd00::1", "fe80::1", "2001:db8:0:1::5"),
]
PREFIXES = [
    *("10.0.0.0/8", "172.16.0.0/12", "192.0.2.128/25", "192.0.2.0/24", "192.0.2.128/32", "0.0.0.0/0"),
    *("2001:db8::/32", "2001:db8::/48", "2001:db8:1::/48", "fc00::/7", "::/0", "2001:db8::/31"),
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_expression_says_what_the_standard_library_says(prefix):
    network = ipaddress.ip_network(prefix)
    table = engine.add_arrow(engine.connect(), "t", pa.table({"a": ADDRESSES}))
    found = table.select("a", inside=is_in(table.a, [network])).to_pyarrow().to_pylist()
    expected = {
        a: ipaddress.ip_address(a).version == network.version and ipaddress.ip_address(a) in network for a in ADDRESSES
    }
    assert {row["a"]: row["inside"] for row in found} == expected


def test_without_prefixes_everybody_may_be_the_owners():
    table = engine.add_arrow(engine.connect(), "t", pa.table({"a": ADDRESSES}))
    assert table.filter(is_in(table.a, [])).count().to_pyarrow().as_py() == len(ADDRESSES)
    assert isinstance(is_in(table.a, []), ibis.Value)
