"""Accounts that send what is not their owners' are told from customers and people on the road."""

from datetime import timedelta

from mailscope.detect.account_abuse import account_uses, facts, strangers_part
from mailscope.detect.domains import Domains
from mailscope.detect.network import own_network
from tests.fixtures.rows import START

NETWORK = own_network([], ["203.0.113.0/24"])
DOMAINS = Domains({"own.example"}, "given")
SERVER, STRANGER = "203.0.113.25", "198.51.100.66"


def mail(number=0, sender="promo@lotto.example", client=STRANGER, codes=(250,)):
    return {
        "flow_id": f"F{number}", "session_id": f"F{number}/0", "transaction": 1, "client_addr": client,
        "client_port": 40000 + number, "server_addr": SERVER, "server_port": 587, "mail_from": sender,
        "rcpt_to": [f"u{n}@far.example" for n in range(len(codes))], "rcpt_codes": list(codes), "delivered": "yes",
        "auth_users": ["otto"], "start": START + timedelta(seconds=number),
    }  # fmt: skip


def refused(count, client=STRANGER):
    early = START - timedelta(minutes=1)
    row = {"client_addr": client, "server_addr": SERVER, "user": "otto", "start": early, "flow_id": "G"}
    return [row] * count


def names(mails, tried=()):
    (use,) = account_uses(mails, tried, NETWORK)
    return {fact.name for fact in facts(strangers_part(use, DOMAINS), DOMAINS, NETWORK)}


def test_foreign_mail_after_a_guessed_password_is_told():
    assert names([mail(0)], refused(4)) == {"foreign-senders", "password-guessed"}


def test_senders_of_many_domains_are_told_without_a_guess():
    mails = [mail(n, sender=f"win@lotto{n}.example") for n in range(5)]
    assert names(mails) == {"foreign-senders", "many-sender-domains"}


def test_a_bought_list_of_recipients_is_told():
    assert names([mail(n, codes=(250, 550)) for n in range(4)]) == {"foreign-senders", "recipients-refused"}


def test_a_person_on_the_road_is_not_told():
    assert not names([mail(n, sender="otto@own.example") for n in range(9)], refused(4))
    assert not names([mail(n, sender="otto@home.example") for n in range(9)], refused(1))


def test_a_customers_list_software_with_one_foreign_domain_is_not_told():
    assert not names([mail(n, sender=f"list-bounce-{n}@shop.example") for n in range(30)])


def test_a_mail_seen_at_two_points_counts_once():
    (use,) = account_uses([mail(0), mail(0), mail(1)], [], NETWORK)
    assert len(use.mails) == 2


def test_a_stranger_is_told_though_the_owner_had_sent_before_the_guessing_and_sends_on():
    owner = [mail(n, sender="otto@own.example", client="203.0.113.7") for n in (-200, -190, 50, 60, 70)]
    assert names([*owner, mail(1), mail(2)], refused(4)) == {"foreign-senders", "password-guessed"}
    (use,) = account_uses([*owner, mail(1)], refused(4), NETWORK)
    assert strangers_part(use, DOMAINS).clients == [STRANGER]
