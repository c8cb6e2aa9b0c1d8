"""EVE events have the fields, types and forms that Suricata documents."""

import json
from pathlib import Path

import jsonschema
import pytest

from mailscope.report.exports.folder import write
from tests.fixtures import mail_case

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/eve.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eve")
    (path, _count), *_ = write(mail_case.tables(), "eve", folder, "1")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_event_is_of_the_documented_form(events):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for event in events:
        assert list(validator.iter_errors(event)) == []
    assert {event["event_type"] for event in events} == {"flow", "smtp", "http", "tls"}


def test_a_mail_has_envelope_and_email(events):
    first, second = (event for event in events if event["event_type"] == "smtp")
    assert first["smtp"] == {
        "helo": "pc.example",
        "mail_from": "<ann@a.example>",
        "rcpt_to": ["<bob@b.example>", "<eve,x@b.example>"],
    }
    assert first["email"]["from"] == "Ann <ann@a.example>"
    assert first["email"]["attachment"] == ["bill.pdf"]
    assert first["email"]["url"] == ["http://x.example/a"]
    assert second["smtp"]["mail_from"] == "<>"
    assert "email" not in second
    assert second["mailscope"]["delivered"] == "no"


def test_all_events_of_a_flow_share_its_number_and_name_its_packets(events):
    mail = [event for event in events if event["mailscope"]["flow_id"] == mail_case.FLOW]
    assert len({event["flow_id"] for event in mail}) == 1
    assert len(mail) == 3
    assert all("first_packet" in event["mailscope"] for event in events)


def test_a_session_of_a_mailbox_is_told_in_its_flow(events):
    flow = next(event for event in events if event["mailscope"]["flow_id"] == mail_case.IMAP_FLOW)
    assert flow["app_proto"] == "imap"
    assert flow["mailscope"]["session"]["users"] == ["ann"]
    assert flow["vlan"] == [7]
