"""A scan of a mail port is a scan; a sender whose mail nobody takes stays one."""

from mailscope.investigation.sender_queue import sender_queue
from tests.fixtures.flow_rows import SYN_ONLY, attempts, mails, record, records

OWN = ["10.0.0.0/8"]


def answers(*groups):
    """Verdicts of the senders, and the kinds of the others."""
    people = [mails(f"10.0.1.{n}", servers=1, each=3, net="192.88", dport=587, bytes=9000) for n in range(1, 4)]
    queue = sender_queue(records(*people, *groups), OWN, since=None)
    return (
        {sender.subject: sender.verdict for sender in queue.senders},
        {(other.subject, other.kind, other.figures["port"]) for other in queue.other},
    )


def tried(host, servers):
    """A SYN to each, never answered."""
    return [
        record(host, 20000 + number, server, 25, 0.1 * number, tcp_flags=SYN_ONLY, packets=1, bytes=44)
        for number, server in enumerate(servers)
    ]


def test_who_tries_the_addresses_of_a_network_one_by_one_scans():
    assert answers(attempts("10.0.9.9", servers=500)) == ({}, {("10.0.9.9", "scan", 25)})


def test_a_thin_scan_of_many_neighbouring_networks_is_one_too():
    scan = tried("10.0.9.9", [f"203.0.{net}.{5 + 31 * place}" for net in range(40) for place in range(5)])
    assert answers(scan) == ({}, {("10.0.9.9", "scan", 25)})


def test_a_few_servers_behind_which_somebody_answers_make_it_no_sender():
    taken = mails("10.0.9.9", servers=30, net="203.0", bytes=400, packets=6)
    assert answers(attempts("10.0.9.9", servers=500), taken) == ({}, {("10.0.9.9", "scan", 25)})


def test_a_list_of_servers_that_never_answer_is_a_sender_blocked_on_its_way():
    blocked = tried("10.0.9.9", [f"{60 + number % 90}.{number}.{number * 7 % 250}.25" for number in range(200)])
    assert answers(blocked) == ({"10.0.9.9": "abnormal"}, set())


def test_a_sample_of_a_scan_of_neighbouring_addresses_is_one():
    scan = [row | {"sampling": 10} for row in attempts("10.0.9.9", servers=1000)[::8]]
    assert answers([dict(row) for row in scan]) == ({}, {("10.0.9.9", "scan", 25)})
