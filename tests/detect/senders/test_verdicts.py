"""Who is abnormal, who is cleared and why: one small network a behaviour."""

from datetime import timedelta

import pytest

from mailscope.detect.senders.conversations import OF_PACKETS
from mailscope.investigation.sender_queue import sender_queue
from tests.fixtures.flow_rows import attempts, exchange, mails, received, records

OWN = ["10.0.0.0/8"]


def queue(*groups, **more):
    return sender_queue(records(*groups), OWN, **{"since": None, **more})


def verdicts(*groups, **more):
    return {sender.subject: (sender.verdict, sender.cleared_as) for sender in queue(*groups, **more).senders}


def background():
    """Ten people who hand their mail to a provider, and a mail server that people write to."""
    people = [mails(f"10.0.1.{n}", servers=1, each=3, net="192.88", dport=587, bytes=9000) for n in range(1, 11)]
    return [*people, received("10.0.0.25", sources=20), mails("10.0.0.25", servers=12, each=2, bytes=9000)]


def test_few_flows_to_many_distinct_servers_are_caught():
    assert verdicts(*background(), mails("10.0.9.9", servers=25)) == {"10.0.9.9": ("abnormal", None)}


def test_many_flows_to_few_servers_are_not():
    assert verdicts(*background(), mails("10.0.9.9", servers=3, each=200)) == {"10.0.9.9": ("cleared", "few-servers")}


def test_unanswered_attempts_count():
    found = queue(*background(), attempts("10.0.9.9", servers=12))
    (sender,) = found.senders
    assert (sender.verdict, sender.figures["flows"], sender.figures["failed"]) == ("abnormal", 12, 12)
    assert "unanswered" in [signal.name for signal in sender.signals]


@pytest.mark.long
def test_one_dead_smarthost_is_no_attack():
    assert "10.0.9.9" not in verdicts(*background(), attempts("10.0.9.9", servers=1))


@pytest.mark.long
def test_the_same_few_servers_that_never_answer_are_watched():
    retries = [row for _round in range(20) for row in attempts("10.0.9.9", servers=6)]
    for number, row in enumerate(retries):
        row["src_port"] = 20000 + number
    assert verdicts(*background(), retries) == {"10.0.9.9": ("watch", None)}


@pytest.mark.long
@pytest.mark.parametrize("format_", OF_PACKETS)
def test_samples_of_one_conversation_are_one_flow(format_):
    samples = [
        row | {"format": format_, "sampling": 10, "packets": 1, "bytes": 300} for row in mails("10.0.9.9", servers=25)
    ] * 5
    (sender,) = queue(*background(), [dict(row) for row in samples]).senders
    assert (sender.figures["flows"], sender.figures["destinations"], sender.verdict) == (25, 25, "abnormal")


def test_a_mail_server_that_people_write_to_is_cleared():
    found = verdicts(*background(), mails("10.0.0.26", servers=80, bytes=9000), received("10.0.0.26", sources=40))
    assert found["10.0.0.26"] == ("cleared", "mail-server")


@pytest.mark.long
def test_a_mail_server_whose_sending_nobody_answers_with_mail_is_not_cleared_by_a_few_sources():
    found = verdicts(*background(), mails("10.0.0.26", servers=400), received("10.0.0.26", sources=4))
    assert found["10.0.0.26"] == ("abnormal", None)


def test_an_open_relay_is_abnormal_although_it_receives_mail():
    relay = [received("10.0.9.9", sources=1, each=30), mails("10.0.9.9", servers=200)]
    (sender,) = queue(*background(), *relay).senders
    assert sender.verdict == "abnormal"
    assert "few-sources" in [signal.name for signal in sender.signals]


@pytest.mark.long
def test_a_relay_for_the_inside_is_cleared_but_shown():
    inside = [exchange(f"10.0.2.{n}", "10.0.0.30", n, 10.0 * n) for n in range(1, 40)]
    found = verdicts(*background(), *inside, mails("10.0.0.30", servers=60, each=2))
    assert found["10.0.0.30"] == ("cleared", "inside-relay")


@pytest.mark.long
def test_a_newsletter_is_one_burst_of_large_messages():
    burst = mails("10.0.0.40", servers=150, each=2, over=60.0, bytes=30_000, packets=34)
    found = verdicts(*background(), burst, mails("10.0.1.1", servers=1, over=7000.0))
    assert found["10.0.0.40"] == ("cleared", "newsletter")


@pytest.mark.long
def test_a_burst_of_small_messages_is_none():
    burst = mails("10.0.0.40", servers=150, over=60.0)
    assert verdicts(*background(), burst)["10.0.0.40"] == ("abnormal", None)


@pytest.mark.long
def test_a_monitor_checks_each_server_equally_often_and_hands_over_nothing():
    found = verdicts(*background(), mails("10.0.0.50", servers=40, each=12, bytes=500, packets=8))
    assert found["10.0.0.50"] == ("cleared", "monitor")


def sized(rows, sizes):
    """The client's records with these sizes in turn."""
    for number, row in enumerate(row for row in rows if row["dst_port"] in (25, 587)):
        row["bytes"] = sizes[number % len(sizes)]
        row["packets"] = 9 + row["bytes"] // 1400
    return rows


ONE_TEXT, PEOPLE = (3000, 3500, 4100, 2900), (2500, 3100, 90_000, 4000, 2_000_000)


@pytest.mark.parametrize(("servers", "each", "dport"), [(3, 200, 587), (12, 60, 25)])
def test_many_messages_of_one_size_in_a_part_of_the_time_are_watched(servers, each, dport):
    clock = mails("10.0.1.1", servers=1, over=40_000.0, each=2, net="192.88")
    found = queue(*background(), clock, sized(mails("10.0.9.9", servers, each, dport=dport), ONE_TEXT)).senders
    (sender,) = found
    assert (sender.verdict, sender.cleared_as is None) == ("watch", False)
    assert "alike-messages" in [signal.name for signal in sender.signals]
    assert sender.could_be


def test_a_relay_to_few_peers_is_not():
    relay = sized(mails("10.0.9.9", servers=3, each=200), ONE_TEXT)
    assert verdicts(*background(), relay)["10.0.9.9"] == ("cleared", "few-servers")


@pytest.mark.parametrize(("servers", "each", "dport"), [(3, 200, 587), (12, 60, 25)])
def test_what_people_write_through_one_address_is_not(servers, each, dport):
    found = verdicts(*background(), sized(mails("10.0.9.9", servers, each, dport=dport), PEOPLE))
    assert found["10.0.9.9"][0] == "cleared"


@pytest.mark.long
def test_a_sample_of_a_monitors_checks_is_one_too():
    checks = mails("10.0.0.50", servers=15, each=10, bytes=58, packets=1, sampling=10)
    seen = [row for number, row in enumerate(checks) if number // 2 % 7 != 3 or number < 90]
    assert verdicts(*background(), seen)["10.0.0.50"] == ("cleared", "monitor")


@pytest.mark.long
def test_correspondents_that_come_back_make_a_regular_sender():
    found = verdicts(*background(), mails("10.0.0.60", servers=100, each=6))
    assert found["10.0.0.60"] == ("cleared", "steady-sender")


def test_the_owners_word_clears_a_host():
    groups = [*background(), mails("10.0.9.9", servers=25)]
    assert verdicts(*groups, roles={"10.0.9.9": "mail-server"}) == {"10.0.9.9": ("cleared", "mail-server")}


@pytest.mark.long
def test_a_confirmed_server_that_nobody_answers_is_watched():
    found = verdicts(*background(), attempts("10.0.9.9", servers=60), roles={"10.0.9.9": "mail-server"})
    assert found["10.0.9.9"] == ("watch", "mail-server")


@pytest.mark.long
def test_flows_that_several_routers_export_count_once():
    rows = mails("10.0.9.9", servers=25)
    twice = [row | {"exporter": "192.0.2.2"} for row in rows]
    (sender,) = queue(*background(), [row | {"exporter": "192.0.2.1"} for row in rows], twice).senders
    assert sender.figures["flows"] == 25


@pytest.mark.long
def test_answers_alone_show_the_sender_as_well():
    replies = [row for row in mails("10.0.9.9", servers=25) if row["src_port"] == 25]
    (sender,) = queue(*background(), replies).senders
    assert (sender.subject, sender.verdict) == ("10.0.9.9", "abnormal")
    assert (sender.figures["flows"], sender.figures["bytes_per_packet"]) == (25, None)


@pytest.mark.long
def test_sampled_records_are_corrected_and_the_error_is_told():
    (sender,) = queue(*background(), mails("10.0.9.9", servers=25, sampling=100)).senders
    assert sender.figures["packets"] == 25 * 12 * 100
    assert sender.figures["sampling_error_percent"] == pytest.approx(196 * (1 / 300) ** 0.5, abs=0.01)


@pytest.mark.long
def test_only_the_asked_time_counts():
    late = mails("10.0.1.1", servers=1, over=10.0)
    for row in late:
        row["start"] = row["end"] = row["start"] + timedelta(hours=30)
    assert verdicts(*background(), mails("10.0.9.9", servers=25), late, since=timedelta(hours=24)) == {}


def test_without_records_the_queue_is_empty():
    found = queue([])
    assert (found.senders, found.other, found.window) == ([], [], None)
