from datetime import timedelta

import pytest

from mailscope.investigation.investigate import investigate
from mailscope.report.build import report
from mailscope.report.events import events, persons
from tests.fixtures.relays import Relay
from tests.fixtures.rows import START
from tests.fixtures.wire import write


@pytest.fixture
def relay_case(tmp_path):
    return investigate(write(tmp_path / "a.pcap", Relay().packets()), own=["203.0.113.0/24"])


def person(name, **steps):
    row = {"person": name, "one_of": [], "delivered": "accepted", "clients": ["10.0.0.9"], "events": []}
    for number, step in enumerate(("fetched", "looked_up", "opened", "submitted", "account_used")):
        row[step] = START + timedelta(minutes=number) if step in steps else None
        if step in steps:
            row["events"].append(
                {
                    "kind": step.replace("_", "-"),
                    "time": row[step],
                    "how": "http",
                    "client": "10.0.0.9",
                    "capture": "a.pcap",
                    "packets": [7, 8],
                }
            )
    return row


def view_of(found, *people):
    view = report(found)
    for finding in view.found.findings:
        finding.details["victims"] = list(people)
    return view


def test_steps_of_people_are_events_with_their_packet(relay_case):
    view = view_of(relay_case, person("a@own.example", fetched=1, opened=1))
    found = [event for event in events(view) if event.lane == "person"]
    assert [event.who for event in found] == ["a@own.example"] * 2
    assert all(event.where.endswith(" 7") for event in found)
    assert found[0].start < found[1].start


def test_who_gave_most_away_comes_first(relay_case):
    people = (
        person("b@own.example", fetched=1),
        person("c@own.example", fetched=1, submitted=1),
        person("a@own.example"),
    )
    rows = persons(view_of(relay_case, *people))
    assert [row["person"] for row in rows] == ["c@own.example", "b@own.example", "a@own.example"]
    assert rows[0]["submitted"] == "12:03:00"


def test_a_hostile_name_cannot_move_the_cursor(relay_case):
    rows = persons(view_of(relay_case, person("\x1b[2Ja@own.example", opened=1)))
    assert "\x1b" not in rows[0]["person"]
