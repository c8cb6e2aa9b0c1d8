"""OCSF events satisfy the published schema of class 4009."""

import json

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from mailscope.report.exports.folder import write
from mailscope.report.exports.ocsf import OCSF_VERSION, valid
from tests.fixtures import mail_case


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    (path, _count), *_ = write(mail_case.tables(), "ocsf", tmp_path_factory.mktemp("ocsf"), "1.2.3")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_event_satisfies_the_published_schema(events):
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=OCSF_VERSION)).get_class_schema(
        "email_activity", profiles=[]
    )
    validator = jsonschema.Draft202012Validator(schema)
    assert len(events) == 3
    for event in events:
        assert [error.message for error in validator.iter_errors(event)] == []


def test_the_envelope_is_the_events_and_the_header_is_the_mails(events):
    event = next(event for event in events if "subject" in event["email"])
    assert (event["class_uid"], event["activity_id"], event["type_uid"]) == (4009, 5, 400905)
    assert (event["from"], event["to"]) == ("ann@a.example", ["bob@b.example"])
    assert event["unmapped"]["rcpt_to"] == ["bob@b.example", "eve,x@b.example"]
    assert event["email"]["files"][0]["hashes"][2]["value"] == "3" * 64
    assert event["status"] == "Success"


def test_a_mail_read_from_a_mailbox_is_received(events):
    event = next(event for event in events if event["protocol_name"] == "IMAP")
    assert event["activity_name"] == "Receive"
    assert event["unmapped"]["from_addrs"] == ["not an address"]


@pytest.mark.parametrize("address", ["", None, "ann", "a b@c.example", "ann@localhost", "a@b.example\n"])
def test_what_ocsf_does_not_take_for_an_address_is_not_given_as_one(address):
    assert valid(address) is None
