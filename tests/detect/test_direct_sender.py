"""Marks of a host that sends mail by itself."""

from mailscope.detect.direct_sender import Sending, facts
from mailscope.detect.domains import Domains

OWN = Domains({"own.example"}, "given")
NOBODYS = Domains(set(), "unknown")


def sending(**changes):
    values = {
        "senders": ["a@one.example", "b@two.example"], "recipients": ["x@far.example"], "helos": ["pc1", "pc2"],
        "servers": ["192.0.2.1:25"], "sessions": 2, "logged_in": 0, "opaque": 0,
    }  # fmt: skip
    return Sending(**values | changes)


def names(found):
    return {fact.name for fact in found}


def test_foreign_to_foreign_is_enough():
    assert "foreign-to-foreign" in names(facts(sending(helos=["host.one.example"]), OWN))


def test_the_owners_own_mail_is_not():
    assert facts(sending(senders=["boss@own.example", "me@own.example"]), OWN) == []


def test_without_own_domains_forged_senders_are_needed():
    assert {"many-sender-domains", "changing-helo"} <= names(facts(sending(), NOBODYS))
    ordinary = sending(senders=["news@list.example"] * 9, helos=["mail.list.example"])
    assert facts(ordinary, NOBODYS) == []


def test_logged_in_and_encrypted_sending_is_a_persons_mail_program():
    assert facts(sending(logged_in=1, opaque=1), OWN) == []


def test_a_bounce_has_no_sender_and_is_no_mark():
    assert facts(sending(senders=[]), OWN) == []
