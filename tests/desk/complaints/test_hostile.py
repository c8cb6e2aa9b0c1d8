"""Mails made to exhaust a reader: bounded time and memory, nothing lost, damage named."""

import base64
import gzip
import io
import random
import resource
import time
import zipfile

import pytest

from mailscope.desk.complaints.mailboxes import RawMail, mails
from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.reader import Reader

HEAD = b"From: a@x.example\r\nTo: abuse@y.example\r\nSubject: abuse\r\nDate: Sat, 21 Nov 2026 20:12:51 +0000\r\n"
SECONDS = 30
"""A mail takes a second or two; a busy machine several times that; what is quadratic takes minutes."""
MEGABYTES = 1500


def read(data):
    return Reader(Networks.of_text(["10.0.0.0/8"], [])).read(RawMail(data, "mail"))


def zipped(size):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * size)
    return base64.encodebytes(packed.getvalue())


def attached(kind, data):
    return HEAD + f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + data


BOUNDARIES = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1000))
XML_BOMB = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><feedback>&b;</feedback>'
PARTS = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
CASES = {  # made when asked for: other tests of this file need not wait for 200 MB to be packed
    "10,000 parts": (lambda: HEAD + PARTS + b"--b\r\n\r\nfrom 10.1.1.1\r\n" * 10_000 + b"--b--", "too-many-parts"),
    "1,000 multiparts inside each other": (lambda: HEAD + BOUNDARIES + b"x", "nested-too-deep"),
    "1,000 mails inside each other": (
        lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 1000 + b"x",
        "nested-too-deep",
    ),
    "one field of 50 MB": (lambda: HEAD + b"X: " + b"y" * 50_000_000 + b"\r\n\r\nx", "header-cut"),
    "300,000 fields": (lambda: HEAD + b"Received: from a ([10.1.1.1]) by b; x\r\n" * 300_000 + b"\r\nx", "header-cut"),
    "a zip bomb": (lambda: attached("application/zip; name=a.zip", zipped(200_000_000)), "archive-too-large"),
    "a gzip bomb": (
        lambda: attached("application/gzip; name=a.gz", base64.encodebytes(gzip.compress(b"0" * 200_000_000))),
        "archive-too-large",
    ),
    "more than is read of one mail": (lambda: HEAD + b"\r\n" + b"from 10.1.1.1\r\n" * 4_000_000, "mail-cut"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_bombs_are_read_in_bounds_and_named(name):
    make, damage = CASES[name]
    data = make()
    start = time.process_time()
    found = read(data)
    assert time.process_time() - start < SECONDS
    assert damage in found.damage
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 < MEGABYTES
    assert found.parties or found.needs_person


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", [b"1", b"1.", b":", b"a:", b" ", b"\n", b"\0", b"regards\n", b"21 Nov 2026 20:07:30 ", b"from 10.1.1.1, "]
)
def test_text_that_patterns_could_stumble_over_is_read_in_bounds(unit):
    start = time.process_time()
    read(HEAD + b"\r\n" + unit * (2_000_000 // len(unit)))
    assert time.process_time() - start < SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("unit", [b"<", b"<a ", b"<!--", b"&amp", b"<p>", b"<a<"])
def test_markup_that_patterns_could_stumble_over_is_read_in_bounds(unit):
    start = time.process_time()
    read(HEAD + b"Content-Type: text/html\r\n\r\n" + unit * (2_000_000 // len(unit)))
    assert time.process_time() - start < SECONDS


def test_entities_in_xml_are_refused_and_a_person_is_told():
    found = read(HEAD + b"Content-Type: text/xml\r\n\r\n" + XML_BOMB)
    assert "report-not-readable" in found.reasons
    assert found.needs_person


def test_every_mail_cut_or_changed_anywhere_is_read():
    random.seed(11)
    mail = (
        HEAD
        + b"""Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Source-IP: 10.1.2.3
Arrival-Date: Sat, 21 Nov 2026 20:08:35 +0000

--b
Content-Type: message/rfc822

Received: from x ([10.1.2.3]) by mx.example; Sat, 21 Nov 2026 20:08:35 +0000
Subject: =?gb2312?B?tPq/qg==?=

x
--b--
"""
    )
    for _ in range(400):
        data = bytearray(mail[: random.randrange(len(mail))] if random.random() < 0.5 else mail)
        for _ in range(random.randrange(8)):
            if data:
                data[random.randrange(len(data))] = random.randrange(256)
        assert read(bytes(data)).category


@pytest.mark.slow
def test_ten_thousand_complaints_in_a_row_are_all_there(tmp_path):
    box = tmp_path / "box"
    with box.open("wb") as file:
        for number in range(10_000):
            file.write(
                b"From a@x.example Sat Nov 21 20:12:51 2026\n" + HEAD.replace(b"\r\n", b"\n")
                + f"Message-ID: <{number}@x>\n\nspam from 10.1.{number % 250}.7 at 2026-11-21 20:08:{number % 60:02d} UTC\n\n".encode()
            )  # fmt: skip
    reader = Reader(Networks.of_text(["10.0.0.0/8"], []))
    found = [complaint.message_id for complaint in reader.read_all(mails(str(box)))]
    assert found == [f"<{number}@x>" for number in range(10_000)]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 < MEGABYTES
