"""One host's story holds what its verdict rests on."""

import pytest

from mailscope.investigation.sender_explained import explained
from mailscope.report.senders.story import json_text, text
from tests.fixtures.flow_rows import attempts, mails, received, records

pytestmark = pytest.mark.long


def story(subject="10.0.9.9"):
    rows = [mails("10.0.9.9", servers=25), attempts("10.0.9.9", servers=3), received("10.0.0.25", sources=9)]
    return explained(records(*rows), subject, ["10.0.0.0/8"])


def test_hours_servers_and_evidence_of_the_host_are_told():
    found = story()
    (sender,) = found.queue.senders
    assert (sender.subject, sender.verdict) == ("10.0.9.9", "abnormal")
    assert [(row["flows"], row["failed"], row["servers"]) for row in found.hours] == [(28, 3, 28)]
    assert len(found.servers) == 20
    assert found.evidence[0]["src_addr"] == "10.0.9.9"


def test_who_sends_to_it_is_told():
    found = story("10.0.0.25")
    assert [row["flows"] for row in found.sources] == [1] * 9


def test_a_host_that_was_not_seen_is_said_not_to_have_been():
    assert "sends no mail" in text(story("10.0.7.7"))


def test_no_line_is_wider_than_the_window():
    assert max(map(len, text(story()).splitlines())) <= 80
    assert '"evidence"' in json_text(story())
