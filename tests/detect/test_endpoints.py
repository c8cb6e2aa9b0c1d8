"""Ends of flows as numbers: the same answers as from the addresses themselves."""

import ipaddress

import pytest

from mailscope.detect.endpoints import PRIVATE, asked_host, is_private, parsed, prefix_of, unicast_edges


def end(text):
    edges = unicast_edges([{"orig_addr": text, "resp_addr": "192.0.2.1", "flows": 1}])
    return edges[0][0] if edges else None


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("10.255.1.2", "10.0.0.0/8"),
        ("172.31.255.1", "172.16.0.0/12"),
        ("172.32.0.1", None),
        ("100.64.0.1", "100.64.0.0/10"),
        ("::ffff:192.168.1.1", "192.168.0.0/16"),
        ("fd00::1", "fc00::/7"),
        ("2001:db8::1", None),
    ],
)
def test_private_addresses_are_known_by_their_range(text, private):
    found = end(text)
    assert (None if found.private is None else str(PRIVATE[found.private])) == private
    assert is_private(parsed(text)) == (private is not None)


@pytest.mark.parametrize(
    "text", ["224.0.0.1", "0.0.0.0", "169.254.9.9", "10.0.0.255", "ff02::1", "::", "fe80::1", "mx"]
)
def test_what_is_nobodys_address_is_no_end(text):
    assert end(text) is None


@pytest.mark.parametrize("text", ["203.0.113.77", "2001:db8:1:2::3"])
def test_a_site_is_the_network_around_an_end(text):
    lengths = (24, 48)
    site = prefix_of(end(text).site(lengths), lengths)
    assert ipaddress.ip_address(text) in site
    assert site.prefixlen in lengths


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("3325256786", "198.51.100.82"),
        ("0xC6336452", "198.51.100.82"),
        ("0306.063.25682", "198.51.100.82"),
        ("198.51.100.82.", "198.51.100.82"),
        ("4294967296", "4294967296"),
        ("1.2.3.4.5", "1.2.3.4.5"),
        ("256.1.1.1", "256.1.1.1"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("Www.Example.ORG", "www.example.org"),
        ("2001:db8::1", "2001:db8::1"),
        ("", ""),
    ],
)
def test_a_host_is_read_as_a_browser_reads_it(written, asked):
    assert asked_host(written) == asked
