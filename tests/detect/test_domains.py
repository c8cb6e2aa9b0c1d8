"""Which mail domains are the owner's."""

from mailscope.detect.domains import domain_of, own_domains
from mailscope.detect.network import own_network

NETWORK = own_network([], ["10.0.0.0/8"])


def taken(client, server, recipient, code=250, session="F/0"):
    return {
        "session_id": session, "client_addr": client, "server_addr": server, "mail_from": "a@b.example",
        "rcpt_to": [recipient], "rcpt_codes": [code],
    }  # fmt: skip


def test_a_domain_taken_from_outside_and_not_sent_on_is_own():
    found = own_domains([taken("192.0.2.1", "10.0.0.25", "x@own.example")], NETWORK)
    assert (found.own, found.how) == ({"own.example"}, "inferred")
    assert found.is_own("y@mail.own.example")
    assert not found.is_own("y@notown.example")


def test_a_domain_that_is_sent_on_is_not_own():
    rows = [taken("192.0.2.1", "10.0.0.25", "x@far.example"), taken("10.0.0.25", "192.0.2.9", "x@far.example")]
    assert own_domains(rows, NETWORK).how == "unknown"


def test_refused_recipients_and_tunnels_say_nothing():
    rows = [
        taken("192.0.2.1", "10.0.0.25", "x@own.example", 550),
        taken("192.0.2.1", "10.0.0.4", "v@v.example", 250, "T/0"),
    ]
    assert own_domains(rows, NETWORK, tunnelled=["T/0"]).own == set()


def test_given_domains_are_taken_as_they_are():
    found = own_domains([], NETWORK, ["Own.Example"])
    assert found.is_own("a@own.example")
    assert found.is_foreign(["a@b.example", None, ""])
    assert not found.is_foreign(["a@b.example", "c@own.example"])


def test_the_null_path_has_no_domain():
    assert domain_of("") == domain_of(None) == ""
    assert domain_of("<a@B.example.>") == "b.example"
