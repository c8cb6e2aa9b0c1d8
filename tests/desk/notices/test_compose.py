import json
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from mailscope.desk.notices.compose import AUDIENCES, FORMS, LANGUAGES, PROOF_LIMIT, Matter, Sender, compose
from mailscope.errors import UsageError
from mailscope.report.complaints.accusation import Accusation, Proof

SENDER = Sender("Abuse desk", "abuse@desk.example", b"secret")
MOMENT = datetime(2026, 11, 21, tzinfo=UTC)


def matter(**changed):
    values = {"summary": "spam was sent", "proofs": (Proof("application/vnd.tcpdump.pcap", "packets", b"\n\r\r\n"),)}
    said = Accusation("10.1.2.3", "messaging", "spam", MOMENT, "Desk", SENDER.address, **(values | changed))
    return Matter(7, said, "Language School", 3, MOMENT, MOMENT, ["1,000 connections"], ["Update the mail program."])


def parsed(**options):
    return message_from_bytes(
        compose(SENDER, "admin@school.example", options.pop("matter", matter()), **options).as_bytes(), policy=default
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("form", FORMS)
def test_every_language_audience_and_form_is_a_whole_mail(language, audience, form):
    mail = parsed(language=language, audience=audience, form=form)
    plain, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert "10.1.2.3" in plain
    assert "1,000 connections" in plain
    assert f'lang="{language}"' in html
    assert mail.defects == []
    types = [part.get_content_type() for part in mail.walk()]
    assert ("message/feedback-report" in types) == (form == "arf")
    assert ("application/json" in types) == (form == "xarf")
    assert "application/vnd.tcpdump.pcap" in types


def test_the_report_for_machines_names_address_and_time():
    found = json.loads(next(p for p in parsed().walk() if p.get_content_type() == "application/json").get_content())
    assert (found["source_identifier"], found["category"], found["type"], found["timestamp"]) == (
        "10.1.2.3",
        "messaging",
        "spam",
        "2026-11-21T00:00:00Z",
    )


def test_a_hostile_summary_starts_no_field_and_no_tag():
    mail = parsed(matter=matter(summary="x\r\nBcc: all@school.example\x1b[2J<script>alert(1)</script>"))
    assert mail["Bcc"] is None
    assert "\x1b" not in mail.get_body(("plain",)).get_content()
    assert "<script>" not in mail.get_body(("html",)).get_content()


@pytest.mark.parametrize("recipient", ["a@b.example, c@d.example", "a@b.example\r\nBcc: x@y.example", "nobody", "<>"])
def test_a_recipient_is_one_address(recipient):
    with pytest.raises(UsageError, match="is no mail address"):
        compose(SENDER, recipient, matter())


def test_evidence_too_large_is_named_and_left_out():
    big = Proof("application/vnd.tcpdump.pcap", "all packets", b"x" * (PROOF_LIMIT + 1))
    mail = compose(SENDER, "admin@school.example", matter(proofs=(big,)), form="arf").as_bytes()
    assert len(mail) < 20_000
    assert b"all packets" in mail


def test_it_is_known_as_automatic_and_as_ours():
    mail = parsed(answers="<earlier@desk.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["References"] == "<earlier@desk.example>"
    assert mail["X-Mailscope-Notice"] == "7"
