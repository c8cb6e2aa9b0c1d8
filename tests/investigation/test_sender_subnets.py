"""A host that takes a new IPv6 address for every few mails, and networks that look alike."""

import ipaddress
import random

import pytest

from mailscope.errors import UsageError
from mailscope.investigation.sender_explained import explained
from mailscope.investigation.sender_queue import sender_queue
from mailscope.report.senders.text import text
from tests.fixtures.flow_rows import exchange, mails, received, records

OWN = ["2001:db8::/32", "10.0.0.0/8"]
CUSTOMER = ipaddress.IPv6Network("2001:db8:0:7::/64")


def temporary(count):
    """Addresses of the customer as RFC 8981 makes them."""
    picked = random.Random(1)
    return [str(CUSTOMER[picked.getrandbits(63) | 1 << 62]) for _number in range(count)]


def little(hosts, each=4, dport=25, **more):
    """Each host goes to a few servers of its own."""
    return [
        row
        for host, address in enumerate(hosts)
        for number in range(each)
        for row in exchange(
            address, f"198.51.{host}.{number + 1}", host * each + number, 60.0 * host + number, dport=dport, **more
        )
    ]


def queue(*groups, **more):
    people = [mails(f"10.0.1.{n}", servers=1, each=3, net="192.88", dport=587, bytes=9000) for n in range(1, 11)]
    return sender_queue(records(*people, received("10.0.0.25", sources=20), *groups), OWN, since=None, **more)


def listed(*groups):
    return {sender.subject: sender for sender in queue(*groups).senders if sender.verdict in ("abnormal", "watch")}


def test_forty_addresses_of_one_network_that_each_send_a_little_are_one_abnormal_host():
    hosts = temporary(40)
    found = listed(little(hosts))
    assert list(found) == [str(CUSTOMER)]
    sender = found[str(CUSTOMER)]
    assert sender.verdict == "abnormal"
    assert (sender.figures["flows"], sender.figures["destinations"]) == (160, 160)
    assert sender.figures["addresses"] == sorted(hosts)
    assert str(sender.why).startswith("40 addresses of one /64 together: 160 conversations to 160 servers")
    assert "several hosts of one network" in str(sender.could_be[-1])


def test_servers_with_chosen_addresses_are_not_added_up():
    assert listed(little([str(CUSTOMER[number]) for number in range(0x25, 0x25 + 20)])) == {}


@pytest.mark.long
def test_people_who_hand_mail_to_a_provider_are_not_added_up():
    assert listed(little(temporary(40), dport=587)) == {}


def test_an_address_that_stands_out_by_itself_does_not_drag_its_neighbours_in():
    loud, *quiet = temporary(4)
    found = listed(mails(loud, servers=60, net="203.0"), little(quiet, each=1))
    assert list(found) == [loud]


@pytest.mark.long
def test_what_is_only_watched_alone_is_told_as_part_of_the_network():
    hosts = temporary(12)
    found = listed(little(hosts, each=8))
    assert list(found) == [str(CUSTOMER)]


@pytest.mark.long
def test_mail_to_the_same_few_servers_is_no_abuse_however_many_addresses_hand_it_out():
    rows = [row for n, host in enumerate(temporary(40)) for row in mails(host, servers=2, over=600 + n, bytes=9000)]
    assert listed(rows) == {}


@pytest.mark.long
def test_addresses_whose_role_the_owner_told_are_not_added_up():
    hosts = temporary(40)
    assert "2001:db8:0:7::/64" not in {
        sender.subject for sender in queue(little(hosts), roles=dict.fromkeys(hosts, "mail-server")).senders
    }


@pytest.mark.long
def test_the_terminal_lists_addresses_of_the_network():
    hosts = sorted(temporary(40))
    page = " ".join(text(queue(little(hosts)), "en", 100).split())
    assert f"40 addresses as one host: {hosts[0]}, " in page
    assert "and 32 more" in page


def test_the_story_of_the_network_is_that_of_all_its_addresses():
    hosts = temporary(40)
    rows = records(received("10.0.0.25", sources=20), little(hosts))
    story = explained(rows, str(CUSTOMER), OWN, since=None)
    (sender,) = story.queue.senders
    assert (sender.subject, sum(row["flows"] for row in story.hours)) == (str(CUSTOMER), 160)
    assert all({row["src_addr"], row["dst_addr"]} & set(hosts) for row in story.evidence)
    with pytest.raises(UsageError, match="not in the queue as one host"):
        explained(rows, "2001:db8:0:8::/64", OWN, since=None)
