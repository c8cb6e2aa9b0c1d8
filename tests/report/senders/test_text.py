"""The queue on a terminal and as JSON."""

import json
from functools import cache

import pytest
from rich.cells import cell_len

from mailscope.investigation.sender_queue import sender_queue
from mailscope.report.senders.jsonl import json_text
from mailscope.report.senders.text import text
from tests.fixtures.flow_rows import attempts, mails, received, records


@cache
def queue():
    rows = [
        *(mails("10.0.9.9", servers=125), mails("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", servers=40)),
        *(attempts("10.0.9.8", servers=60, dport=445), received("10.0.0.25", sources=9)),
        mails("10.0.0.25", servers=40, sampling=10),
    ]
    return sender_queue(records(*rows), ["10.0.0.0/8", "2001:db8::/32"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_is_wider_than_the_window(lang):
    assert max(map(cell_len, text(queue(), lang, 80).splitlines())) <= 80


def test_the_json_has_the_members_that_programs_rely_on():
    found = json.loads(json_text(queue()))
    assert [(s["subject"], s["verdict"], s["flows"], s["destinations"]) for s in found["senders"]] == [
        ("10.0.9.9", "abnormal", 125, 125),
        ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", "abnormal", 40, 40),
        ("10.0.0.25", "cleared", 40, 40),
    ]
    assert [(o["subject"], o["kind"]) for o in found["other"]] == [("10.0.9.8", "scan")]
    assert all(entry["why"] for entry in found["senders"] + found["other"])
    assert set(found["senders"][0]) >= {"score", "signals", "could_be", "failed", "bytes_per_packet", "hours_active"}


def test_every_verdict_and_every_scan_has_its_place():
    page = text(queue())
    for words in ("Abnormal senders (2)", "Busy, but cleared (1)", "Scans and floods (1)", "one packet in 10"):
        assert words in page
