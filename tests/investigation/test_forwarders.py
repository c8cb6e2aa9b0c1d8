"""A forwarded port of mail is one thing, whatever its number: a proxy, and no open mail relay beside it."""

import pytest

from mailscope.investigation.investigate import investigate
from tests.fixtures.relays import Mail, smtp_talk
from tests.fixtures.wire import START_US, merged, write

OWN = ["203.0.113.0/24"]
BANNER = "220 mx.victim.example ESMTP"


def told_of(tmp_path, port, number=1, inside_banner=BANNER, server="192.0.2.25:25"):
    """A stranger's mail to a port of 203.0.113.4, and what goes out from there a moment later."""
    inside = smtp_talk("198.51.100.7:40001", f"203.0.113.4:{port}", (Mail(),), "x.example", banner=inside_banner)
    outside = smtp_talk("203.0.113.4:51001", server, (Mail(number=number),), "x.example", START_US + 9_000, BANNER)
    return investigate(write(tmp_path / "capture.pcap", merged(inside.packets, outside.packets)), own=OWN)


@pytest.mark.parametrize("port", [25, 587, 2525, 8025])
def test_a_forwarded_port_is_a_proxy_and_nothing_else(tmp_path, port):
    told = told_of(tmp_path, port)
    assert [finding.kind for finding in told.findings] == ["open-proxy-relay"]
    finding = told.findings[0]
    assert finding.roles == {"commander": ["198.51.100.7"], "proxy": ["203.0.113.4"], "victim": ["192.0.2.25:25"]}
    assert finding.details["command_kinds"] == ["forwarded"]
    assert "mail-server" not in {item.kind for item in told.cleared}


def test_a_mail_server_that_relays_with_its_own_greeting_is_an_open_relay(tmp_path):
    told = told_of(tmp_path, 25, number=2, inside_banner="220 mail.own.example ESMTP")
    assert [finding.kind for finding in told.findings] == ["open-mail-relay"]


def test_a_port_that_leads_to_the_owners_own_mail_server_is_nobodys_proxy(tmp_path):
    told = told_of(tmp_path, 25, server="203.0.113.9:25")
    assert "open-proxy-relay" not in {finding.kind for finding in told.findings}
