import json

import pytest

from mailscope.investigation.answer import plain
from mailscope.investigation.campaign_story import phishing_findings
from tests.fixtures.phish import BAD, LURE, LURE_ADDR, LURE_TEXT, SERVER, login, mail, merged, scene, visit, wave


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
    assert findings[1].details["answers"]["not_shown"] == ["weaknesses", "attacks"]
    assert findings[0].not_proven


def test_a_server_that_took_own_senders_from_outside_is_a_weakness_and_the_mails_are_an_attack(told):
    findings, _cleared = told
    answers = findings[0].details["answers"]
    assert answers["not_shown"] == []
    (hole,) = answers["weaknesses"]
    assert (hole["cwe"], hole["target"]) == ("CWE-290", SERVER)
    (attack,) = answers["attacks"]
    assert (attack["phase"], attack["source"], attack["worked"]) == ("mail-sending", BAD, "yes")


def test_an_answer_that_names_several_people_has_them_for_machines_too(tmp_path):
    packets = merged(
        mail(BAD, ["ann@corp.example", "bob@corp.example"], LURE_TEXT, at_s=1, port=40001),
        login("10.0.0.50", "bob", at_s=10),
        login("10.0.0.50", "ann", at_s=11, port=43009),
        visit("10.0.0.50", at_s=20),
        visit("10.0.0.77", at_s=21),
    )
    findings, _cleared = phishing_findings(scene(tmp_path, packets))
    told = findings[0].details["answers"]
    several, nobody = sorted(told["undecided"], key=lambda row: row["client"])
    assert several["candidates"] == ["ann@corp.example", "bob@corp.example"]
    assert several["named"] in told["opened"]
    assert (several["question"], several["client"], several["url"]) == ("opened", "10.0.0.50", LURE)
    assert "logged in at 10.0.0.50" in str(several["why"])
    assert (nobody["candidates"], nobody["client"]) == ([], "10.0.0.77")
    assert several["packets"][0] <= several["packets"][1]
