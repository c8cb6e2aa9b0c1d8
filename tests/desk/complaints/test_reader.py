"""Complaints in the styles of other reporters, each with what a careful person reads in it.

`letters/NAME.eml` were written for these tests after public formats; `letters/answers.json` says what stands in each.
"""

import json
from pathlib import Path

import pytest

from mailscope.desk.complaints.mail import read_mail
from mailscope.desk.complaints.mailboxes import RawMail
from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.reader import Reader

LETTERS = Path(__file__).with_name("letters")
ANSWERS = json.loads((LETTERS / "answers.json").read_text("utf-8"))
OURS = Networks.of_text(
    ["203.0.113.0/24", "198.51.100.0/24", "2001:db8:42::/48"], ["203.0.113.25", "203.0.113.26"]
)  # fmt: skip


def read(name):
    return Reader(OURS).read(RawMail((LETTERS / f"{name}.eml").read_bytes(), name)).to_json()


def test_every_letter_has_an_answer():
    assert {file.stem for file in LETTERS.glob("*.eml")} == set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_letter_is_read_as_a_careful_person_reads_it(name):
    found, expected = read(name), dict(ANSWERS[name])
    responsible = expected.pop("responsible", expected["accused"])
    assert [party["ip"] for party in found["parties"]] == expected.pop("accused")
    assert [party["responsible"] for party in found["parties"]] == responsible
    assert {key: found[key] for key in expected} == expected
    assert not found["needs_person"]


@pytest.mark.parametrize("name", sorted(set(ANSWERS) - {"tlsrpt"}))
def test_a_letter_passed_on_as_an_attachment_still_accuses_the_same(name):
    """By somebody who writes a few words above it and sends it as a file."""
    letter = (LETTERS / f"{name}.eml").read_bytes()
    around = (
        b"From: colleague@own.example\r\nTo: abuse@own.example\r\nSubject: Fwd: for you\r\n"
        b"Date: Wed, 04 Mar 2026 10:00:00 +0000\r\nMessage-ID: <fwd@own.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="outer"\r\n\r\n--outer\r\nContent-Type: text/plain\r\n\r\n'
        b"please look\r\n--outer\r\nContent-Type: message/rfc822\r\n\r\n" + letter + b"\r\n--outer--\r\n"
    )
    found = Reader(OURS).read(RawMail(around, name)).to_json()
    assert [party["ip"] for party in found["parties"]] == ANSWERS[name]["accused"]
    assert (found["time"], found["port"]) == (ANSWERS[name]["time"], ANSWERS[name]["port"])


PLAIN = [
    name
    for name in sorted(ANSWERS)
    if [part.content_type for part in read_mail((LETTERS / f"{name}.eml").read_bytes()).parts] == ["text/plain"]
]


@pytest.mark.parametrize("mark", ["", "> "], ids=["copied", "quoted"])
@pytest.mark.parametrize("name", PLAIN)
def test_a_letter_copied_below_a_few_words_still_accuses_the_same_at_the_same_time(name, mark):
    mail = read_mail((LETTERS / f"{name}.eml").read_bytes())
    head = ["From: reporter", "Sent: Monday, March 2, 2026 6:08 PM", "To: abuse@own.example"]
    lines = [*head, f"Subject: {mail.headers.text('subject')}", "", *mail.body.split("\n")]
    text = "please look\n\n-----Original Message-----\n" + "\n".join(mark + line for line in lines)
    around = (
        f"From: colleague@own.example\nTo: abuse@own.example\nSubject: Fwd: for you\nDate: {mail.headers.first('date')}\n"
        f"Message-ID: <copy@own.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
    found = Reader(OURS).read(RawMail(around.encode("utf-8", "replace"), name)).to_json()
    assert [party["ip"] for party in found["parties"]] == ANSWERS[name]["accused"]
    assert (found["time"], found["category"]) == (ANSWERS[name]["time"], ANSWERS[name]["category"])


def test_an_attached_mail_that_went_to_no_abuse_mailbox_is_evidence_and_accuses_nobody():
    spam = b"From: a@b.example\r\nTo: you@v.example\r\nSubject: hi\r\n\r\nyour attacker is 203.0.113.9\r\n"
    around = (
        b'From: v@v.example\r\nSubject: spam\r\nContent-Type: multipart/mixed; boundary="o"\r\n\r\n'
        b"--o\r\n\r\nspam!\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n" + spam + b"\r\n--o--\r\n"
    )
    found = Reader(OURS).read(RawMail(around, "x")).to_json()
    assert (found["parties"], found["needs_person"]) == ([], True)
