from datetime import date
from ipaddress import ip_network

import pytest

from mailscope.contacts.registry_store import load, save
from mailscope.contacts.route import Conflict, Contact, Gathered, Route
from mailscope.errors import StoreError


def test_what_was_saved_is_loaded_and_a_new_import_replaces_the_old(tmp_path):
    url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    routes = [Route(ip_network("2001:db8::/32"), "2001:db8::1", "walk", "inetCidrRouteTable", date(2026, 1, 2))]
    contacts = [Contact("2001:db8::1", "東縣", "李", "a@x.example", updated=date(2026, 1, 1), source="list")]
    save(url, Gathered(routes, contacts, [Conflict("two-masks", "10.0.0.0", "one", "other")]))
    found = load(url)
    assert (found.routes, found.contacts) == (routes, contacts)
    assert found.conflicts[0].kind == "two-masks"
    save(url, Gathered([Route(ip_network("10.0.0.0/8"), None, "walk", "t")]))
    assert [str(route.prefix) for route in load(url).routes] == ["10.0.0.0/8"]
    assert load(url).contacts == contacts


def test_a_missing_registry_is_said_with_what_to_do(tmp_path):
    with pytest.raises(StoreError, match="no registry"):
        load(f"sqlite:///{tmp_path / 'none.sqlite'}")
