"""The mailbox of a regional network: every complaint as its author's own account of it says."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from mailscope.contacts.gather import gather
from mailscope.contacts.lookup import Registry
from mailscope.desk.complaints.mailboxes import mails
from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.reader import Reader

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[2].parent / "shared"))
SCENARIO = SHARED / "scenarios" / "s4-flows-and-complaints"
pytestmark = pytest.mark.skipif(not SCENARIO.is_dir(), reason=f"{SCENARIO} is missing")
IN_A_PICTURE = 47
"""The complaint whose address and time stand in a picture: it must reach a person, and nothing may be made up."""


@pytest.fixture(scope="module")
def truth():
    return json.loads((SCENARIO / "truth.json").read_text("utf-8"))


def read(relays):
    registry = Registry(
        gather([path for path in SCENARIO.iterdir() if "snmpwalk" in path.name or path.suffix == ".csv"])
    )
    reader = Reader(Networks.of_text(["10.25.0.0/16"], relays), registry)
    return [complaint.to_json() for complaint in reader.read_all(mails(str(SCENARIO / "abuse.mbox")))]


@pytest.fixture(scope="module", params=[["10.25.8.25"], []], ids=["relay named", "relay not named"])
def pairs(request, truth):
    expected = sorted(truth["complaints"], key=lambda entry: entry["position_in_mbox"])
    return list(zip(read(request.param), expected, strict=True))


def every(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def test_nothing_is_dropped_and_the_order_is_kept(pairs):
    assert [(found["message_id"], bool(found["needs_person"])) for found, _ in pairs] == [
        (entry["message_id"], entry["needs_human"]) for _, entry in pairs
    ]


def test_the_accused_are_those_of_the_account(pairs):
    told = {entry["n"]: (every(found["accused"]), every(found["responsible"])) for found, entry in pairs}
    assert told.pop(IN_A_PICTURE) == ([], [])
    assert told == {
        entry["n"]: (entry["reported_ips"], [party["ip"] for party in entry["responsible"]])
        for _, entry in pairs
        if entry["n"] != IN_A_PICTURE
    }


def test_times_are_right_within_what_the_complaint_tells(pairs):
    for found, entry in pairs:
        if entry["event_time_utc"] is None or entry["n"] == IN_A_PICTURE:
            assert found["time"] is None
            continue
        off = (datetime.fromisoformat(entry["event_time_utc"]) - datetime.fromisoformat(found["time"])).total_seconds()
        is_exact = off == 0 or (0 <= off < 60 and found["time_uncertainty"] == 60)
        assert is_exact, (entry["n"], found["time"], entry["event_time_utc"])


def test_categories_are_those_of_the_account(pairs):
    wrong = [
        (entry["n"], found["category"], entry["category"])
        for found, entry in pairs
        if found["category"] != entry["category"]
    ]
    assert wrong == [(IN_A_PICTURE, "other", "spam")]


def test_contacts_come_from_the_longest_prefix(pairs):
    for found, entry in pairs:
        if entry["n"] != IN_A_PICTURE:
            told = [(party["ours"], party["prefix"], party["next_hop"], party["contact"]) for party in found["parties"]]
            assert told == [
                tuple(party[name] for name in ("ours", "prefix", "next_hop", "notify"))
                for party in entry["responsible"]
            ]


def test_duplicates_name_the_first(pairs):
    first = {entry["n"]: entry["message_id"] for _, entry in pairs}
    assert [found["duplicate_of"] for found, _ in pairs] == [first.get(entry.get("duplicate_of")) for _, entry in pairs]


def test_the_old_routing_table_is_said_to_hide_prefixes():
    registry = Registry(gather(sorted(SCENARIO.glob("snmpwalk-*"))))
    hidden = {conflict.subject for conflict in registry.conflicts if conflict.kind == "hidden-in-ipRouteTable"}
    assert hidden == {"10.25.17.0/24", "10.25.44.0/22", "10.25.232.0/22"}


@pytest.mark.parametrize("walk", sorted(SCENARIO.glob("snmpwalk-*Cidr*")), ids=lambda path: path.stem)
def test_each_newer_walk_alone_gives_every_route(walk, truth):
    registry = Registry(gather([walk]))
    assert {prefix: registry.entry(prefix).next_hop for prefix in truth["routes"]} == truth["routes"]


def test_without_networks_given_the_registry_says_what_is_ours(pairs):
    registry = Registry(gather([*sorted(SCENARIO.glob("snmpwalk-*")), SCENARIO / "contacts.csv"]))
    reader = Reader(Networks(), registry)
    found = [complaint.to_json() for complaint in reader.read_all(mails(str(SCENARIO / "abuse.mbox")))]
    assert [entry["ours"] for entry in found] == [entry["ours"] for entry, _ in pairs]
    assert [entry["accused"] for entry in found] == [entry["accused"] for entry, _ in pairs]
