"""Passwords tried again and again, and what opens as many connections."""

from mailscope.detect.login_tries import login_tries
from mailscope.detect.network import own_network
from tests.fixtures.flow_rows import attempts, exchange, records

OWN = own_network([], ["10.0.0.0/8"]).prefixes


def found(*groups):
    rows = login_tries(records(*groups), OWN).to_pyarrow().to_pylist()
    return {(row["subject"], row["kind"], row["port"], row["flows"]) for row in rows}


def sessions(client, count, every, port=22, size=2500):
    return [
        row
        for n in range(count)
        for row in exchange(client, "203.0.113.22", n, every * n, port, bytes=size, packets=14)
    ]


def test_short_connections_to_one_login_port_on_and_on_are_password_guessing():
    assert found(sessions("10.0.0.1", 300, every=4.0)) == {("10.0.0.1", "password-guessing", 22, 300)}


def test_a_monitor_that_asks_once_a_minute_is_none():
    assert found(sessions("10.0.0.1", 300, every=60.0)) == set()


def test_sessions_in_which_somebody_works_or_copies_are_none():
    assert found(sessions("10.0.0.1", 300, every=4.0, size=90_000)) == set()


def test_a_login_service_that_never_answers_is_none():
    assert found(attempts("10.0.0.1", servers=1, dport=22) * 300) == set()


def test_outside_hosts_that_try_are_not_the_owners():
    assert (
        found([row for n in range(300) for row in exchange("203.0.113.1", "10.0.0.22", n, n, 22, bytes=2500)]) == set()
    )
