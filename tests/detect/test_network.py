"""Whose network it is: given, or inferred and said to be."""

from mailscope.detect.network import own_network


def pairs(*ends):
    return [{"orig_addr": a, "resp_addr": b, "flows": n} for a, b, n in ends]


def test_given_networks_are_taken_as_they_are():
    network = own_network(pairs(("10.0.0.1", "192.0.2.1", 9)), ["203.0.113.0/24"])
    assert (network.how, network.is_weak) == ("given", False)
    assert network.side("203.0.113.9") == "own"
    assert network.side("10.0.0.1") == "outside"


def test_given_networks_that_occur_nowhere_are_asked_about():
    seen = pairs(("10.0.0.1", "192.0.2.1", 9))
    assert [note.key for note in own_network(seen, ["203.0.113.0/24"]).notes] == ["network.given-unseen"]
    assert own_network(seen, ["203.0.113.0/24", "10.0.0.0/8"]).notes == []
    assert own_network([], ["203.0.113.0/24"]).notes == []


def test_private_addresses_are_own_where_public_ones_are_seen():
    network = own_network(pairs(("10.1.2.3", "192.0.2.1", 9), ("198.51.100.7", "10.1.2.4", 2)))
    assert network.side("10.1.2.3") == "own"
    assert network.side("198.51.100.7") == "outside"
    assert [note.key for note in network.notes] == ["network.private"]


def test_documentation_ranges_count_as_public():
    assert own_network(pairs(("10.1.2.3", "192.0.2.1", 1))).is_outside("192.0.2.1")


def test_a_public_network_at_one_end_of_everything_is_own():
    found = own_network(
        pairs(
            ("203.0.113.5", "192.0.2.1", 40),
            ("203.0.113.6", "198.51.100.1", 40),
            ("198.51.100.7", "203.0.113.5", 3),
            ("192.0.2.80", "198.51.100.80", 1),
        )
    )
    assert (found.how, found.is_weak) == ("cover", True)
    assert found.is_own("203.0.113.77")
    assert found.is_outside("192.0.2.1")


def test_a_single_pair_tells_nothing_unless_one_end_is_a_proxy():
    both = pairs(("198.51.100.7", "203.0.113.5", 1))
    assert own_network(both).how == "unknown"
    assert own_network(both).side("203.0.113.5") == "unknown"
    anchored = own_network(both, proxies={"203.0.113.5": {"198.51.100.7"}})
    assert anchored.is_own("203.0.113.5")
    assert anchored.is_weak


def test_an_outside_proxy_used_from_inside_does_not_become_own():
    found = own_network(pairs(("10.0.0.5", "192.0.2.1", 9)), proxies={"192.0.2.1": {"10.0.0.5"}})
    assert found.is_outside("192.0.2.1")


def test_private_addresses_only_are_one_network_unless_a_proxy_has_strangers():
    alone = pairs(("10.0.1.5", "10.0.2.1", 9))
    assert own_network(alone).is_own("10.0.2.1")
    split = own_network(alone, proxies={"10.0.2.1": {"10.0.1.5"}})
    assert split.is_own("10.0.2.9")
    assert split.is_outside("10.0.1.5")
    assert split.is_weak


def test_ipv6_and_mapped_addresses_are_understood():
    network = own_network([], ["2001:db8:1::/48", "10.0.0.0/8"])
    assert network.is_own("2001:db8:1::9")
    assert network.is_own("::ffff:10.1.2.3")
    assert network.is_outside("2001:db8:2::9")
    assert network.side("mx.example") == "unknown"


def test_the_line_has_a_site_of_each_version():
    found = own_network(
        pairs(
            ("203.0.113.5", "192.0.2.1", 40),
            ("203.0.113.6", "198.51.100.1", 4),
            ("2001:db8:51::7", "2001:db8:113::4", 30),
            ("2001:db8:113::4", "2001:db8:2::25", 30),
        )
    )
    assert found.is_own("203.0.113.77")
    assert found.is_own("2001:db8:113::9")
    assert found.is_outside("2001:db8:51::7")
    assert found.is_outside("192.0.2.1")
