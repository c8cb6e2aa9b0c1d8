"""Ways to write one host."""

import pytest

from mailscope.investigation.targets import Names, decoded_host, greeting_name, names_seen


@pytest.mark.parametrize(
    "text",
    ["192.0.2.67", "3221226051", "0xC0000243", "0300.0.2.0103", "192.0.579", "%31%39%32.0.2.67", "::ffff:192.0.2.67"],
)
def test_all_spellings_are_the_same_address(text):
    assert decoded_host(text)[0] == "192.0.2.67"


@pytest.mark.parametrize(
    "text", ["mx.victim.example", "", "256.1.1.1", "1.2.3.4.5", "0x", "08.1.1.1", "%zz", "a" * 5000]
)
def test_names_and_nonsense_are_no_address(text):
    assert decoded_host(text) == (None, False)


def test_a_name_means_an_address_through_dns_or_the_greeting():
    rows = [{"query": "mx.victim.example", "name": "host.victim.example", "answer": "192.0.2.67"}]
    names = names_seen(rows, {"192.0.2.68": {"mail.other.example"}})
    assert names.how_same("MX.victim.example.", "192.0.2.67") == "dns"
    assert names.how_same("host.victim.example", "192.0.2.67") == "dns"
    assert names.how_same("mail.other.example", "192.0.2.68") == "name"
    assert names.how_same("mx.victim.example", "192.0.2.68") is None
    assert Names().how_same("192.0.2.67", "192.0.2.6") is None


def test_only_a_greeting_gives_a_name():
    assert greeting_name("220 mx.victim.example ESMTP ready") == "mx.victim.example"
    assert greeting_name("220-mx.victim.example hello") == "mx.victim.example"
    assert greeting_name("554 5.7.1 <unknown>: blocked") is None
    assert greeting_name("220 [192.0.2.1] ESMTP") is None
    assert greeting_name(None) is None
