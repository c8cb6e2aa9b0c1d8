"""A chain tells its mails from the capture point that shows most of them."""

import pytest

from mailscope.investigation.investigate import investigate
from tests.fixtures.relays import Mail, smtp_talk
from tests.fixtures.wire import one_side, write

MAILS = tuple(
    Mail(sender=f"deal{number}@shop{number}.example", subject=f"Lowest prices {number}", number=number)
    for number in range(4)
)


def sent(address):
    return smtp_talk(f"{address}:50001", "192.0.2.25:25", MAILS, helo="friend", banner="220 mx.victim.example ESMTP")


def only_finding(*captures):
    found = investigate(captures, own=["10.0.0.0/8", "203.0.113.1/32"])
    assert [finding.kind for finding in found.findings] == ["direct-sender"]
    return found.findings[0]


@pytest.mark.parametrize("inside_is_whole", [True, False])
def test_answers_missed_at_one_point_are_taken_from_the_other(tmp_path, inside_is_whole):
    outside, inside = sent("203.0.113.1").packets, sent("10.0.0.9").packets
    kept = (one_side(outside, True), inside) if inside_is_whole else (outside, one_side(inside, True))
    finding = only_finding(write(tmp_path / "link.pcap", kept[0]), write(tmp_path / "inside.pcap", kept[1]))
    counts = finding.details["counts"]
    assert (counts["mails"], counts["mails_accepted"], counts["mails_unknown"]) == (4, 4, 0)


def test_where_no_point_saw_the_answers_no_figure_is_claimed(tmp_path):
    finding = only_finding(write(tmp_path / "link.pcap", one_side(sent("203.0.113.1").packets, True)))
    assert finding.details["counts"]["mails_unknown"] == 4
    assert "0 known to be accepted" in str(finding.summary)
