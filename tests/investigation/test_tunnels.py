"""An encrypted connection into a host that sends mail is told, as open, and only where it can have carried the mail."""

import pytest

from mailscope.investigation.investigate import investigate
from tests.fixtures.relays import SECOND, Mail, smtp_talk
from tests.fixtures.wire import START_US, Conversation, merged, write

HOST, OPERATOR = "203.0.113.11", "198.51.100.66"


def sending():
    for number in range(3):
        mail = Mail(sender=f"win@lotto{number}.example", number=number)
        start = START_US + (number + 1) * SECOND
        yield smtp_talk(f"{HOST}:{51000 + number}", "192.0.2.70:25", (mail,), helo=f"pc{number}", start_us=start)


def shell(payload, seconds=8):
    talk = Conversation(f"{OPERATOR}:40022", f"{HOST}:22", START_US)
    talk.send(True, b"SSH-2.0-OpenSSH_9.2\r\n").send(False, b"SSH-2.0-OpenSSH_9.2\r\n")
    talk.send(True, bytes(range(1, 251)) * payload).send(False, bytes(range(1, 251)) * payload)
    return talk.wait(seconds * SECOND).send(True, b"x" * 40).fin()


def told(tmp_path, *shells):
    talks = [*sending(), *shells]
    packets = merged(*(talk.packets for talk in talks))
    found = investigate(write(tmp_path / "capture.pcap", packets), own=["203.0.113.0/24"])
    assert [finding.kind for finding in found.findings] == ["direct-sender"]
    return found.findings[0], {item.name: (item.verdict, item.why.key) for item in found.hypotheses}[
        "malware-sending-by-itself"
    ]


def test_a_shell_that_can_have_carried_the_mail_leaves_the_origin_open(tmp_path):
    finding, verdict = told(tmp_path, shell(40))
    assert verdict == ("open", "hypothesis.malware-carried")
    assert finding.details["carried_by"] == [OPERATOR]
    assert "by itself" not in str(finding.summary)
    assert finding.evidence[-1].table == "flows"


@pytest.mark.parametrize("other", [(), (shell(1),), (shell(40, seconds=0),)])
def test_without_one_or_with_too_little_or_too_short_a_one_it_is_not_mentioned(tmp_path, other):
    finding, verdict = told(tmp_path, *other)
    assert verdict[1] != "hypothesis.malware-carried"
    assert finding.details["carried_by"] == []
