from mailscope.desk.complaints.mail import read_mail
from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.received import origin

OWN = Networks.of_text(["10.25.0.0/16"], [])
NAMED = Networks.of_text(["10.25.0.0/16"], ["10.25.8.25"])


def of(text, networks=OWN, reported=None):
    return origin(read_mail(text.encode()).headers, networks, reported)


FORGED = "Received: from [10.25.99.99] by mail.faked.example with HTTP; Sat, 21 Nov 2026 14:53:35 -0500\n"


def test_below_the_first_foreign_host_nothing_is_believed():
    found = of("Received: from x (x [198.51.100.9]) by mx.victim.example; Sat, 21 Nov 2026 20:08:35 +0000\n" + FORGED)
    assert (found.reported, found.responsible) == ("198.51.100.9", "198.51.100.9")


def test_a_forged_line_behind_a_customer_accuses_nobody_else():
    found = of("Received: from x (x [10.25.1.1]) by mx.victim.example; Sat, 21 Nov 2026 20:08:35 +0000\n" + FORGED)
    assert found.responsible == "10.25.99.99" or found.responsible == "10.25.1.1"
    assert found.reported == "10.25.1.1"


def test_behind_a_relay_of_ours_stands_the_customer():
    text = """Received: from relay (relay [10.25.8.25]) by mx.victim.example; Sun, 22 Nov 2026 04:08:38 +0800
Received: from pc ([10.25.60.9]) by relay.example with ESMTP; Sun, 22 Nov 2026 04:08:35 +0800
"""
    for networks, is_known in ((NAMED, True), (OWN, False)):
        found = of(text, networks)
        assert (found.reported, found.responsible, found.is_relay_known) == ("10.25.8.25", "10.25.60.9", is_known)


def test_a_line_much_older_is_not_taken_for_one_of_a_relay():
    text = """Received: from pc (pc [10.25.1.1]) by mx.victim.example; Sun, 22 Nov 2026 04:08:38 +0800
Received: from pc ([10.25.60.9]) by x.example; Sat, 21 Nov 2026 04:08:35 +0800
"""
    assert of(text).responsible == "10.25.1.1"


def test_the_reporters_own_hops_are_passed_over():
    text = """Received: from localhost (localhost [127.0.0.1]) by mx.victim.example; Sun, 22 Nov 2026 04:08:40 +0800
Received: from a.victim.example (a.victim.example [192.0.2.1]) by mx.victim.example; Sun, 22 Nov 2026 04:08:39 +0800
Received: from bad (bad [203.0.113.5]) by a.victim.example; Sun, 22 Nov 2026 04:08:38 +0800
"""
    assert of(text).reported == "203.0.113.5"


def test_a_literal_as_helo_is_not_the_host():
    assert (
        of("Received: from [1.2.3.4] (unknown [203.0.113.5]) by mx.example; Sun, 22 Nov 2026 04:08:38 +0800\n").reported
        == "203.0.113.5"
    )
    assert of("Received: from a.example ([203.0.113.5]:4227 helo=x) by mx.example; x\n").reported == "203.0.113.5"
    assert of("Subject: none\n") is None
