"""Sources by their content; the third-party tables with what their own readers made of them."""

import gzip
import json
import os
from pathlib import Path

import pytest

from mailscope.contacts.gather import gather, read_source
from mailscope.errors import InputError

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[2].parent / "shared")) / "realdata" / "registry"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is missing")


def test_contacts_by_next_hop_and_by_prefix(tmp_path):
    (tmp_path / "walk").write_text(
        "ipRouteNextHop.10.1.0.0 = IpAddress: 10.0.0.1\nipRouteMask.10.1.0.0 = IpAddress: 255.255.0.0\n"
    )
    (tmp_path / "list.csv").write_text(
        'next_hop,organization,email\n10.0.0.1,"Institute, Art",a@x.example\nno,No,b@x.example\n'
    )
    (tmp_path / "own.csv").write_text("Prefix;Organisation;E-Mail\n10.2.0.0/16;Two;c@x.example\n")
    gathered = gather([tmp_path])
    assert [str(route.prefix) for route in gathered.routes] == ["10.2.0.0/16", "10.1.0.0/16"]
    assert {contact.key: contact.email for contact in gathered.contacts} == {
        "10.0.0.1": "a@x.example",
        "10.2.0.0/16": "c@x.example",
    }
    assert gathered.unread == ["list.csv, row 3"]


def test_prefixes_of_netbox(tmp_path):
    item = {
        "prefix": "2001:db8::/48",
        "tenant": {"name": "Dorm"},
        "custom_fields": {"abuse_mail": "d@x.example"},
        "last_updated": "2026-01-02T00:00:00Z",
    }
    (tmp_path / "netbox.json").write_text(json.dumps({"count": 1, "results": [item, {"prefix": "x"}]}))
    gathered = gather([tmp_path / "netbox.json"])
    assert (gathered.contacts[0].organization, gathered.contacts[0].email) == ("Dorm", "d@x.example")
    assert len(gathered.unread) == 1


def test_what_is_no_source_is_said(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear all,\nwe own 10.1.0.0/16 and 10.2.0.0/16.\n")
    with pytest.raises(InputError, match="no routes"):
        gather([tmp_path / "letter.txt"])


@needs_shared
@pytest.mark.parametrize("name", ["bview.64k_stream_overflow.gz", "bview.ipv4_unicast_add_path.gz"])
def test_mrt_dumps_give_the_routes_that_another_reader_gives(name):
    lines = gzip.decompress((SHARED / "mrt" / "test_expect" / f"{name}.bgp.gz").read_bytes()).decode().splitlines()
    hop = 9 if "_AP" in lines[0] else 8
    told = {(line.split("|")[5], line.split("|")[hop].replace("::ffff:", "")) for line in lines}
    found = {
        (str(route.prefix), route.next_hop or "255.255.255.255")
        for route in read_source(SHARED / "mrt" / "test_data" / name).routes
    }
    assert found == told


@needs_shared
def test_statistics_of_a_registry_and_a_tree_of_rwhoisd():
    assert len(gather([SHARED / "delegated"]).routes) == 26240
    tree = gather([SHARED / "rwhois_sample"])
    assert next(contact for contact in tree.contacts if contact.key == "10.0.0.0/8").email == "johnq@a.com"
