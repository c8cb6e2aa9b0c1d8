import json

import pytest

from mailscope.investigation.answer import plain
from mailscope.investigation.campaign_story import phishing_findings
from tests.fixtures.phish import LURE_ADDR, scene, wave


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return phishing_findings(scene(tmp_path_factory.mktemp("wave"), wave()))


def test_a_wave_with_a_victim_gives_two_findings(told):
    findings, _cleared = told
    assert [finding.kind for finding in findings] == ["phishing-campaign", "credential-theft"]
    assert LURE_ADDR in findings[1].roles["collector"]
    assert findings[1].roles["victim"] == ["ann@corp.example"]


def test_no_password_is_in_any_finding(told):
    findings, _cleared = told
    assert "s3cret" not in json.dumps(plain([finding.details for finding in findings]))


def test_every_message_of_a_campaign_shows_its_score_and_signals(told):
    findings, _cleared = told
    for message in findings[0].details["messages"]:
        assert message["is_phishing"]
        assert {"own-domain-outside", "says-mailbox"} <= {signal["name"] for signal in message["signals"]}


def test_what_the_capture_cannot_show_is_said(told):
    findings, _cleared = told
    assert findings[0].details["answers"]["not_shown"] == ["weaknesses", "attacks"]
    assert findings[0].not_proven
