"""Every truth of the phishing wave of the break-in scenario, one test a truth, read from its truth.json."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from mailscope.investigation.investigate import investigate

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[2].parent / "shared"))
FOLDER = SHARED / "scenarios" / "s2-phishing-intrusion"
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not FOLDER.exists(), reason=f"no scenario in {FOLDER}"),
]


@cache
def truth():
    return json.loads((FOLDER / "truth.json").read_text("utf-8"))


def captures():
    return [FOLDER / capture["file"] for capture in truth()["captures"]]


@cache
def answer():
    """The answer without any hint of whose network it is."""
    return investigate(captures()).to_json()


def findings(kind):
    return [finding for finding in answer()["findings"] if finding["kind"] == kind]


def mailbox(user):
    return f"{user}@{truth()['network']['company_domain']}"


def victims():
    return {row["person"]: row for row in findings("phishing-campaign")[0]["victims"]}


def test_there_is_one_campaign_and_one_theft():
    assert len(findings("phishing-campaign")) == len(findings("credential-theft")) == 1


def test_the_forged_address_is_named():
    assert answer()["answers"]["forged_from"] == [truth()["answers"]["1_forged_sender_address"]]


def test_the_sending_address_is_named():
    assert answer()["answers"]["sender_ip"] == [truth()["answers"]["2_phishing_sender_ip"]]


def test_the_lure_is_named():
    assert answer()["answers"]["lure_url"] == [truth()["answers"]["3_malicious_url"]]


@pytest.mark.parametrize("outcome", ["accepted", "rejected"])
def test_each_recipient_has_its_outcome(outcome):
    told = truth()["answers"]["4_phishing_mails_delivered"]
    assert answer()["answers"]["delivered"][outcome] == told[f"{outcome}_recipients"]


def test_no_recipient_is_left_open():
    assert answer()["answers"]["delivered"]["unknown"] == []


def test_the_attempt_to_relay_is_told_apart_from_the_recipients():
    assert findings("phishing-campaign")[0]["relay_attempts"] == ["probe@mailbox.example"]


def test_everybody_who_fetched_the_lure_is_known_with_protocol_and_host():
    for reading in truth()["mail_reading"]:
        row = victims()[mailbox(reading["user"])]
        seen = {(e["client"], e["how"]) for e in row["events"] if e["kind"] == "fetched"}
        assert (reading["client"], reading["protocol"]) in seen, reading


def test_every_visit_to_the_lure_is_told_with_its_time():
    for click in truth()["lure_clicks"]:
        events = [e for row in victims().values() for e in row["events"] if e["kind"] == "opened"]
        fits = [e for e in events if e["client"] == click["client"] and e["time"][:19] == click["time"][:19]]
        assert fits, click


def test_those_who_opened_the_lure_are_named_or_among_those_it_may_have_been():
    opened = answer()["answers"]["opened"]
    assert len(opened) == len(truth()["answers"]["who_opened_the_lure"])
    for user in truth()["answers"]["who_opened_the_lure"]:
        assert any(mailbox(user) in name for name in opened), user


def test_those_who_gave_the_password_are_named():
    names = sorted(map(mailbox, truth()["answers"]["who_gave_the_password"]))
    assert answer()["answers"]["submitted"] == names
    assert findings("credential-theft")[0]["roles"]["victim"] == names


def test_the_collector_is_named():
    collectors = truth()["answers"]["attacker_other_addresses"]
    assert set(collectors) <= set(findings("credential-theft")[0]["roles"]["collector"])


def test_the_use_of_a_stolen_password_is_told():
    used = [u for u in truth()["stolen_password_use"] if u["login_ok"]]
    for use in used:
        row = next(row for row in findings("credential-theft")[0]["victims"] if row["person"] == mailbox(use["user"]))
        assert row["account_used"][:19] == use["time"][:19]


def test_no_password_stands_in_the_answer():
    text = json.dumps(answer(), ensure_ascii=False)
    assert all(click["password"] not in text for click in truth()["lure_clicks"] if click["password"])


def test_the_real_it_department_and_the_partner_are_cleared():
    cleared = {item["subject"]: item["why"] for item in answer()["cleared"] if item["kind"] == "ordinary-mail"}
    assert "172.16.60.200" in cleared["it@lanhai.example"]
    assert "192.0.2.115" in cleared["service@logis.example"]


def test_nobody_of_the_background_is_accused():
    accused = {
        a
        for f in answer()["findings"]
        for role in ("sender_ip", "collector", "attacker")
        for a in f["roles"].get(role, [])
    }
    network = truth()["network"]
    known = {truth()["answers"]["2_phishing_sender_ip"], *truth()["answers"]["attacker_other_addresses"]}
    hosts = {name for name in accused if name[0].isdigit() and not name.startswith("211341")}
    assert hosts <= known, network


@pytest.mark.slow
def test_the_answer_is_the_same_in_wrong_order():
    again = investigate(list(reversed(captures()))).to_json()
    assert without_files(again) == without_files(answer())


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("mergecap") is None, reason="mergecap is not installed (package wireshark-common)")
def test_the_answer_is_the_same_from_one_merged_file(tmp_path):
    merged = tmp_path / "merged.pcap"
    subprocess.run(["mergecap", "-F", "pcap", "-w", merged, *captures()], check=True)
    assert without_files(investigate([merged]).to_json()) == without_files(answer())


def without_files(told):
    """What must not depend on how the packets were put into files."""
    chosen = [f for f in told["findings"] if f["kind"] in ("phishing-campaign", "credential-theft")]
    ordinary = [item for item in told["cleared"] if item["kind"] == "ordinary-mail"]
    text = json.dumps({"answers": told["answers"], "findings": chosen, "cleared": ordinary}, sort_keys=True)
    return scrubbed(json.loads(text))


def scrubbed(value):
    if isinstance(value, dict):
        dropped = ("capture", "last_capture", "packets")
        return {key: scrubbed(item) for key, item in value.items() if key not in dropped}
    return [scrubbed(item) for item in value] if isinstance(value, list) else value
