"""Every truth of the SMTP-over-proxy scenarios, one test a truth, read from their truth.json."""

import json
import os
from functools import cache
from pathlib import Path

import pytest

from mailscope.investigation.investigate import investigate

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[2].parent / "shared"))
FOLDERS = sorted((SHARED / "scenarios").glob("s1*/truth.json"))
pytestmark = pytest.mark.skipif(not FOLDERS, reason=f"no scenarios in {SHARED / 'scenarios'}")


@cache
def truth_of(path):
    return json.loads(path.read_text("utf-8"))


@cache
def answer_of(path):
    """The answer for the scenario's captures, without any hint of whose network it is."""
    captures = [path.parent / capture["file"] for capture in truth_of(path)["captures"]]
    return investigate(captures).to_json()


def relay_of(path):
    return next(finding for finding in answer_of(path)["findings"] if finding["kind"] == "open-proxy-relay")


def begun_before(session):
    return session.get("connect_in_capture") is False


def sessions(role=None, **wanted):
    """Abuse sessions of all scenarios, as test parameters."""
    for path in FOLDERS:
        for session in truth_of(path)["abuse_sessions"]:
            fits = all(session.get(key) == value for key, value in wanted.items())
            if fits and (role is None or role in session["role"]):
                yield pytest.param(path, session, id=f"{path.parent.name}-{session['id']}")


def scenarios():
    return [pytest.param(path, id=path.parent.name) for path in FOLDERS]


def chain_of(path, session):
    """The chain whose request or leg has the session's endpoints."""
    inbound, outbound = session["inbound_leg"], session["outbound_leg"]
    for finding in answer_of(path)["findings"]:
        for chain in finding.get("chains", []):
            request, leg = chain["request"], chain["leg"]
            views = [request, leg, *chain["also_seen"]]
            if inbound in {f"{v['client']} -> {v.get('proxy') or v.get('server')}" for v in views if v}:
                return chain
            if outbound and outbound in {f"{v['client']} -> {v.get('server')}" for v in views if v}:
                return chain
    return None


def attempt_of(path, session):
    client = session["inbound_leg"].split(" -> ")[0]
    tried = [a for finding in answer_of(path)["findings"] for a in finding.get("attempts", [])]
    return next((attempt for attempt in tried if attempt["client"] == client), None)


SENT = [session for session in sessions() if session.values[1]["outbound_leg"] and session.values[1]["mails"]]
TALKED = [s for s in sessions() if s.values[1]["outbound_leg"] and "checker" not in s.values[1]["role"]]
NOWHERE = [s for s in sessions() if not s.values[1]["outbound_leg"]]


@pytest.mark.parametrize("path", scenarios())
def test_the_commander_is_named(path):
    told = truth_of(path)["answers"]["who_really_sends_the_spam"]
    commanders = {s["inbound_leg"].rsplit(":", 2)[0] for s in truth_of(path)["abuse_sessions"] if s["mails"]}
    assert set(relay_of(path)["roles"]["commander"]) == commanders
    assert all(commander in told for commander in commanders)


@pytest.mark.parametrize("path", scenarios())
def test_the_address_seen_by_the_victims_is_named_as_proxy(path):
    assert truth_of(path)["answers"]["address_seen_by_the_victims"] in relay_of(path)["roles"]["proxy"]


@pytest.mark.parametrize("path", scenarios())
def test_the_proxys_other_address_is_known(path):
    other = truth_of(path)["network"]["proxy"].get("lan")
    finding = relay_of(path)
    assert other is None or other in [*finding["roles"]["proxy"], *finding["aliases"]]


@pytest.mark.parametrize("path", scenarios())
def test_the_victims_are_named_and_nobody_else(path):
    told = " ".join(truth_of(path)["answers"]["victim_servers"])
    victims = relay_of(path)["roles"]["victim"]
    assert victims
    assert all(victim in told for victim in victims)
    assert len(victims) == len(truth_of(path)["answers"]["victim_servers"])


@pytest.mark.parametrize("path", scenarios())
def test_the_software_is_recognised(path):
    assert relay_of(path)["software"]["name"] == truth_of(path)["network"]["proxy"]["software"]


@pytest.mark.parametrize("path", scenarios())
def test_no_insider_is_accused(path):
    answer = answer_of(path)
    verdicts = {item["name"]: item["verdict"] for item in answer["hypotheses"]}
    if not truth_of(path)["answers"]["is_an_internal_user_involved"]:
        assert verdicts["insider-through-proxy"] == "refuted"
        assert {finding["kind"] for finding in answer["findings"]} == {"open-proxy-relay"}
    assert verdicts["open-proxy-commanded-from-outside"] == "confirmed"
    assert verdicts["malware-sending-by-itself"] == "refuted"
    assert verdicts["spoofed-source"] == "refuted"


@pytest.mark.parametrize("path", scenarios())
def test_the_mail_server_is_judged(path):
    verdicts = {item["name"]: item["verdict"] for item in answer_of(path)["hypotheses"]}
    is_open = truth_of(path)["answers"]["is_the_mail_server_an_open_relay"]
    assert verdicts["mail-server-open-relay"] == ("confirmed" if is_open else "refuted")


@pytest.mark.parametrize("path", scenarios())
def test_sessions_and_mails_are_counted(path):
    truth, counts = truth_of(path)["answers"], relay_of(path)["counts"]
    hidden = [s for s in truth_of(path)["abuse_sessions"] if begun_before(s)]
    # Mails of sessions that began before the capture may have passed before it; no more may be missing.
    spare = [mail for session in hidden for mail in session["mails"]]
    accepted = sum(bool(mail["accepted_by_server"]) for mail in spare)
    assert (
        truth["mails_accepted_by_victims"] - accepted <= counts["mails_accepted"] <= truth["mails_accepted_by_victims"]
    )
    refused = sum(len(mail["rcpt_rejected"]) for mail in spare)
    assert truth["recipients_refused"] - refused <= counts["recipients_refused"] <= truth["recipients_refused"]
    taken = sum(len(mail["rcpt_accepted"]) for mail in spare)
    assert truth["recipients_accepted"] - taken <= counts["recipients_accepted"] <= truth["recipients_accepted"]


@pytest.mark.parametrize("path", scenarios())
def test_the_stolen_account_and_the_failed_ones_are_named(path):
    truth, accounts = truth_of(path)["answers"], relay_of(path)["accounts"]
    stolen = truth.get("stolen_smtp_account")
    if stolen:
        used = [account for account in accounts if account["logins_succeeded"]]
        assert [(a["server"].rsplit(":", 1)[0], a["user"]) for a in used] == [(stolen["server"], stolen["user"])]
    failed = {a["user"] for a in accounts if a["logins_failed"] and not a["logins_succeeded"]}
    assert failed == set(truth.get("failed_accounts", []))


@pytest.mark.parametrize("path", scenarios())
def test_other_outside_users_of_the_proxy_are_cleared_by_name(path):
    subjects = {item["subject"] for item in answer_of(path)["cleared"]}
    for told in truth_of(path)["answers"]["other_outside_users_of_the_proxy"]:
        assert told.split()[0] in subjects


@pytest.mark.parametrize("path", scenarios())
def test_what_only_looks_similar_is_cleared_with_a_reason(path):
    cleared = answer_of(path)["cleared"]
    accused = {
        a for f in answer_of(path)["findings"] for role in ("commander", "sender") for a in f["roles"].get(role, [])
    }
    for session in truth_of(path)["legitimate_mail_sessions"]:
        client = session["session"].rsplit(":", 2)[0]
        assert client not in accused
        if session["via_connect"]:
            assert any(item["kind"] == "submission" and item["subject"] == client for item in cleared)
    for told in truth_of(path)["answers"]["legitimate_things_that_look_similar"]:
        if "CONNECT line" in told or "whose body contains" in told:
            quoted = [item for item in cleared if item["kind"] == "quoted-in-answer"]
            assert any("CONNECT" in item["why"] for item in quoted)


@pytest.mark.parametrize("path", scenarios())
def test_the_own_mail_server_is_cleared(path):
    server = truth_of(path)["network"]["mail_server"]["link"]
    assert server in {item["subject"] for item in answer_of(path)["cleared"] if item["kind"] == "mail-server"}


@pytest.mark.parametrize(("path", "session"), TALKED)
def test_the_connection_is_tied_to_its_command(path, session):
    chain = chain_of(path, session)
    assert chain is not None
    assert chain["leg"]["client"] + " -> " + chain["leg"]["server"] == session["outbound_leg"]
    assert chain["request"]["client"] + " -> " + chain["request"]["proxy"] == session["inbound_leg"]
    assert chain["confidence"] >= 0.8
    assert chain["request"]["command_in_capture"] is not begun_before(session)
    if not begun_before(session):
        assert chain["request"]["target"] == session["connect_target"]
        assert chain["request"]["reply"] == session["proxy_answer"]


@pytest.mark.parametrize(("path", "session"), SENT)
def test_the_mails_of_a_session_are_reported_with_their_replies(path, session):
    seen = [
        (
            mail["mail_from"],
            [r["address"] for r in mail["recipients"] if r["code"] and r["code"] < 300],
            [(r["address"], r["code"]) for r in mail["recipients"] if r["code"] and r["code"] >= 400],
            mail["final_code"],
            mail["delivered"] == "yes",
        )
        for mail in chain_of(path, session)["mails"]
    ]
    told = [
        (
            mail["mail_from"],
            mail["rcpt_accepted"],
            [(r["addr"], r["code"]) for r in mail["rcpt_rejected"]],
            mail["final_code"],
            bool(mail["accepted_by_server"]),
        )
        for mail in session["mails"]
    ]
    if begun_before(session):
        told = told[len(told) - len(seen) :]
    assert seen == told


@pytest.mark.parametrize(("path", "session"), SENT)
def test_subjects_are_read(path, session):
    chain = chain_of(path, session)
    told = {m["mail_from"]: m["subject"] for m in session["mails"]}
    for mail in chain["mails"]:
        if mail["subject"] is not None:
            assert mail["subject"] == told[mail["mail_from"]]


@pytest.mark.parametrize(("path", "session"), NOWHERE)
def test_a_request_that_led_nowhere_is_listed(path, session):
    attempt = attempt_of(path, session)
    assert attempt is not None
    assert attempt["target"] == session["connect_target"]
    assert attempt["reply"] == session["proxy_answer"]


@pytest.mark.parametrize("path", scenarios())
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.long
def test_one_capture_point_alone_accuses_nobody_else(path, number):
    captures = truth_of(path)["captures"]
    if number >= len(captures):
        pytest.skip("one capture point only")
    found = investigate(path.parent / captures[number]["file"]).to_json()
    guilty = {s["inbound_leg"].rsplit(":", 2)[0] for s in truth_of(path)["abuse_sessions"] if s["mails"]}
    for finding in found["findings"]:
        assert finding["kind"] == "open-proxy-relay"
        assert set(finding["roles"]["commander"]) <= guilty


@pytest.mark.parametrize("path", scenarios())
def test_relayed_spam_is_no_phishing_of_the_own_people(path):
    told = answer_of(path)
    assert [f["kind"] for f in told["findings"] if f["kind"] in ("phishing-campaign", "credential-theft")] == []
    ordinary = [item["why"] for item in told["cleared"] if item["kind"] == "ordinary-mail"]
    commanders = relay_of(path)["roles"]["commander"]
    assert not [
        why for why in ordinary for commander in commanders if commander.replace(".", "[.]") in why or commander in why
    ]
