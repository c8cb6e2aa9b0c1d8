"""Logs of the scenarios tell what their truth tells; lines of other projects are read as they expect."""

import json
import os
from collections import Counter
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from scripts.measure_mail_logs import shares

from mailscope.ingest.maillogs.reader import mail_log
from mailscope.investigation.mail_stories import stories

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[3] / "shared"))
LOCAL = timezone(timedelta(hours=8))
FEWEST = {"fail2ban": 0.8, "crowdsec": 1.0, "sekoia": 0.9, "postfix-grok": 0.9, "maillogger": 1.0}


def folder(name):
    found = SHARED / name
    if not found.exists():
        pytest.skip(f"{found} is missing")
    return found


def told(path):
    found = mail_log([path], LOCAL, 2026)
    assert found.unreadable == 0
    return stories(found.rows)


def test_other_projects_expectations_are_met():
    for name, (met, expected, misses) in shares(folder("realdata/maillogs")).items():
        assert met >= FEWEST[name] * expected, "\n".join(misses)


def test_every_mail_of_the_intrusion_has_its_story():
    place = folder("scenarios/s2-phishing-intrusion")
    truth = json.loads((place / "truth.json").read_text("utf-8"))
    by_id = {queue_id: story for story in told(place / "mailserver-maillog.log") for queue_id in story.queue_ids}
    for mail in truth["ordinary_mail_from_outside"]:
        story = by_id[mail["queue_id"]]
        assert story.client_addr == mail["client"].partition(":")[0]
        assert (story.mail_from, story.size_bytes, story.nrcpts) == (mail["mail_from"], mail["size"], mail["nrcpt"])
        assert story.message_id == mail["message_id"].strip("<>")
        assert list(story.rcpt_to) == [recipient["to"] for recipient in mail["rcpt"]]
        assert {story.status} == {recipient["status"] for recipient in mail["rcpt"]}


def test_phishing_mails_taken_and_refused_stand_in_the_log():
    place = folder("scenarios/s2-phishing-intrusion")
    truth = json.loads((place / "truth.json").read_text("utf-8"))
    sender = truth["answers"]["2_phishing_sender_ip"]
    logged = [story for story in told(place / "mailserver-maillog.log") if story.client_addr == sender]
    states = {True: Counter(), False: Counter()}
    for mail in truth["phishing_mails"]:
        states[True].update(mail["rcpt_accepted"])
        states[False].update(refused["addr"] for refused in mail["rcpt_rejected"])
    refused = Counter(rcpt for story in logged if story.status == "rejected" for rcpt in story.rcpt_to)
    taken = Counter(rcpt for story in logged if story.status != "rejected" for rcpt in story.rcpt_to)
    assert refused == states[False]
    assert taken == states[True]


def test_each_mail_of_the_relay_has_one_client_and_one_outcome():
    place = folder("scenarios/s4-flows-and-complaints")
    found = told(place / "smtp3-sendmail-maillog.log")
    handed_in = [story for story in found if story.client_addr]
    assert all(len(story.queue_ids) == 1 for story in handed_in)
    assert all(
        story.status in ("sent", "bounced") and story.delay_s is not None for story in handed_in if story.rcpt_to
    )
    busiest = Counter(story.client_addr for story in handed_in).most_common(1)[0][0]
    truth = json.loads((place / "truth.json").read_text("utf-8"))
    assert busiest in {host["ip"] for host in truth["answers"]["spam_hosts"]}


def test_a_newsletter_has_all_its_recipients():
    place = folder("scenarios/s4-flows-and-complaints")
    letters = [story for story in told(place / "newsletter-postfix-maillog.log") if story.nrcpts == 40]
    assert len(letters) == 14
    assert all(len(story.rcpt_to) == 40 and sum(story.counts.values()) == 40 for story in letters)
