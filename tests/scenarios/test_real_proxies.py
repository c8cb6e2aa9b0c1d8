"""Mail through tinyproxy and Dante as they really behave (real-proxies/README.md)."""

from functools import cache
from pathlib import Path

import pytest

from mailscope.investigation.investigate import investigate

CAPTURE = Path(__file__).parent / "real-proxies" / "input.pcap"
KINDS = ["http-connect", "http-absolute-uri", "socks5", "socks4", "http-connect", "http-absolute-uri", "socks5"]


@cache
def finding():
    found = investigate(CAPTURE, own=["127.0.0.0/24"])
    assert [item.kind for item in found.findings] == ["open-proxy-relay"]
    return found.findings[0]


def test_commander_proxy_and_victim_are_named():
    assert finding().roles == {"commander": ["127.9.9.9"], "proxy": ["127.0.0.4"], "victim": ["127.2.2.25:25"]}
    assert finding().details["software"]["name"] == "tinyproxy"


@pytest.mark.parametrize("number", range(7))
def test_each_command_is_tied_to_its_mail(number):
    chain = finding().details["chains"][number]
    assert chain.request.kind == KINDS[number]
    assert chain.is_tied
    assert [mail.mail_from for mail in chain.mails] == [f"deal{number}@spam.example"]
    assert [mail.delivered for mail in chain.mails] == ["yes"]


def test_a_503_to_the_commander_does_not_hide_that_the_mail_was_taken():
    posts = [chain for chain in finding().details["chains"] if chain.request.kind == "http-absolute-uri"]
    assert {chain.request.row["reply_code"] for chain in posts} == {503}
    assert finding().details["counts"]["mails_accepted"] == 7
