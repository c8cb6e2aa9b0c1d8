"""Every truth of the break-in scenarios about the attack itself, read from their truth.json."""

import json
import os
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from mailscope.ingest.captures import read
from mailscope.investigation.investigate import investigate

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[2].parent / "shared"))
FOLDERS = sorted((SHARED / "scenarios").glob("s2*/truth.json"))
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not FOLDERS, reason=f"no scenarios in {SHARED / 'scenarios'}"),
    pytest.mark.slow,
]

SLUGS = {
    "port scan": "port-scan",
    "directory scan": "directory-scan",
    "password guessing": "password-guessing",
    "login with guessed password": "account-use",
    "sql injection": "sql-injection",
    "web shell upload": "file-upload",
    "commands through the web shell": "web-shell",
    "phishing mails": "mail-sending",
    "attacker uses a stolen password": "account-use",
}
"""Phases of truth.json, by how their names begin."""

SLACK = timedelta(seconds=1)
CLOCKS = timedelta(milliseconds=100)
"""By which the clock of the attacker's host and that of the capture may differ."""


@cache
def truth_of(path):
    return json.loads(path.read_text("utf-8"))


@cache
def answer_of(path):
    """The answer for the scenario's captures, without any hint of whose network it is."""
    return investigate(captures_of(path)).to_json()


def captures_of(path):
    return [path.parent / capture["file"] for capture in truth_of(path)["captures"]]


def intrusions(path):
    return [finding for finding in answer_of(path)["findings"] if finding["kind"] == "web-intrusion"]


def intrusion_of(path):
    (found,) = intrusions(path)
    return found


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def scenarios():
    return [pytest.param(path, id=path.parent.name) for path in FOLDERS]


def true_phases():
    for path in FOLDERS:
        for phase in truth_of(path)["timeline"]:
            slug = next((slug for name, slug in SLUGS.items() if phase["phase"].lower().startswith(name)), None)
            if slug is not None and "source" in phase:
                yield pytest.param(path, phase, slug, id=f"{path.parent.name}-{phase['phase']}")


def phase_in(path, phase, slug):
    """The phase found in the time of the true one."""
    start, end = moment(phase["start"]) - SLACK, moment(phase["end"]) + SLACK
    fits = [p for p in intrusion_of(path)["phases"] if p["phase"] == slug]
    return next(p for p in fits if start <= moment(p["start"]) and moment(p["end"]) <= end)


@pytest.mark.parametrize("path", scenarios())
def test_one_attacker_is_accused_and_nobody_else(path):
    sources = {phase["source"] for phase in truth_of(path)["timeline"] if "source" in phase}
    assert {finding["subject"] for finding in intrusions(path)} == sources
    assert intrusion_of(path)["roles"]["target"] == [truth_of(path)["network"]["mail_and_webmail_server"]]


@pytest.mark.parametrize(("path", "phase", "slug"), list(true_phases()))
def test_every_phase_is_found_in_its_time(path, phase, slug):
    assert phase_in(path, phase, slug)["target"] in phase.get("target", intrusion_of(path)["roles"]["target"][0])


@cache
def attackers_rows(path):
    """Requests, mail sessions and bare connections of the attacker, with their packets."""
    tables = read(captures_of(path))
    source = intrusion_of(path)["subject"]
    flows = [f for f in tables["flows"].to_pyarrow().to_pylist() if f["orig_addr"] == source]
    return [f for f in flows if f["orig_payload_bytes"] or f["resp_payload_bytes"] or f["handshake"] == "syn"]


@pytest.mark.parametrize(("path", "phase", "slug"), list(true_phases()))
def test_a_phase_reaches_from_its_first_to_its_last_packet(path, phase, slug):
    found = phase_in(path, phase, slug)
    start, end = moment(phase["start"]), moment(phase["end"])
    inside = [f for f in attackers_rows(path) if start - CLOCKS <= f["start"] and f["end"] <= end + CLOCKS]
    first, last = min(inside, key=lambda f: f["start"]), max(inside, key=lambda f: f["end"])
    assert (found["first"]["capture"], found["first"]["packet"]) == (first["capture"], first["first_packet"])
    assert (found["last"]["capture"], found["last"]["packet"]) == (last["last_capture"], last["last_packet"])


@pytest.mark.parametrize(("path", "phase", "slug"), list(true_phases()))
def test_the_program_is_named(path, phase, slug):
    if "tool" in phase:
        assert phase_in(path, phase, slug)["tool"] == phase["tool"]


@pytest.mark.parametrize("path", scenarios())
def test_what_the_phases_brought_is_told(path):
    truth = {phase["phase"]: phase for phase in truth_of(path)["timeline"]}
    by_slug = {phase["phase"]: phase for phase in intrusion_of(path)["phases"]}
    assert by_slug["port-scan"]["open_ports"] == truth["port scan"]["open_ports"]
    guessed = [user for user, _password in truth["password guessing at the webmail login"]["found"]]
    assert by_slug["password-guessing"]["entered"] == guessed
    assert truth["SQL injection"]["table"] in by_slug["sql-injection"]["tables"]
    assert by_slug["sql-injection"]["worked"] == "yes"
    assert truth["web shell upload"]["file"] in by_slug["web-shell"]["shell"]
    said = [command["command"] for command in by_slug["web-shell"]["commands"]]
    assert said == [command["command"] for command in truth["commands through the web shell"]["commands"]]
    scanned = {page for page in truth["directory scan"]["found"] if page.endswith(".php") and "ht" not in page}
    assert scanned <= set(by_slug["directory-scan"]["found"])


@pytest.mark.parametrize("path", scenarios())
def test_the_stolen_account_is_named(path):
    used = next(p for p in truth_of(path)["timeline"] if p["phase"] == "attacker uses a stolen password")
    phase = next(p for p in intrusion_of(path)["phases"] if p["service"].startswith(used["protocol"].lower()))
    assert used["user"] in phase["entered"]
    assert phase["messages"] > 0


@pytest.mark.parametrize("path", scenarios())
def test_all_weaknesses_are_named_with_their_packets(path):
    found = intrusion_of(path)["answers"]["weaknesses"]
    told = " ".join(f"{weakness['cwe']} {weakness['where']} {weakness['what']}" for weakness in found)
    for sign in ("CWE-521", "CWE-89", "CWE-434", "CWE-290", "/contact.php", "/upload.php", "liuqiang"):
        assert sign in told
    assert len(found) == len(truth_of(path)["answers"]["5_vulnerabilities"])
    assert all(weakness["evidence"] for weakness in found)


@pytest.mark.parametrize("path", scenarios())
def test_no_password_is_in_the_answer(path):
    text = json.dumps(answer_of(path))
    for phase in truth_of(path)["timeline"]:
        if phase.get("password"):
            assert phase["password"] not in text.replace(phase["start"], "")
