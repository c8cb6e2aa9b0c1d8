from datetime import date
from ipaddress import ip_network

from mailscope.contacts.lookup import Registry
from mailscope.contacts.route import Contact, Gathered, Route


def route(prefix, hop, source="walk", table="ipCidrRouteTable"):
    return Route(ip_network(prefix), hop, source, table, date(2026, 1, 1))


def test_the_longest_prefix_names_the_contact():
    gathered = Gathered(
        [route("10.1.0.0/16", "10.0.0.1"), route("10.1.2.0/26", "10.0.0.2")],
        [Contact("10.0.0.1", "Big", email="a@x"), Contact("10.0.0.2", "Small", email="b@x")],
    )
    registry = Registry(gathered)
    assert registry.find("10.1.2.7").organization == "Small"
    assert registry.find("10.1.2.99").organization == "Big"
    assert registry.find("192.0.2.1") is None


def test_two_next_hops_for_one_prefix_are_reported_and_both_kept():
    registry = Registry(
        Gathered([route("192.192.40.0/22", "203.71.2.72", "old"), route("192.192.40.0/22", "203.71.2.209", "new")])
    )
    (conflict,) = registry.conflicts
    assert (conflict.kind, conflict.subject) == ("two-next-hops", "192.192.40.0/22")
    assert "203.71.2.72" in conflict.one
    assert "203.71.2.209" in conflict.other
    assert registry.find("192.192.41.1").conflicts == (conflict,)


def test_a_contact_not_confirmed_for_long_is_stale():
    contacts = [Contact("10.0.0.1", "Org", email="a@x", updated=date(2020, 1, 1))]
    registry = Registry(Gathered([route("10.1.0.0/16", "10.0.0.1")], contacts), today=date(2026, 1, 1))
    assert registry.find("10.1.0.1").is_stale
    assert (
        not Registry(Gathered([route("10.1.0.0/16", "10.0.0.1")], contacts), today=date(2020, 6, 1))
        .find("10.1.0.1")
        .is_stale
    )
