"""Behind a translated address or a proxy stands somebody: named where the flows fit, and only there."""

from mailscope.desk.evidence.flow_store import look
from mailscope.desk.evidence.moments import Moment
from tests.fixtures.flow_rows import START, exchange, record, records

GATEWAY, INSIDE = "203.0.113.1", "10.0.0.7"


def commanders(*groups):
    return look("store", records(*groups), [Moment(GATEWAY, START)]).rows.get("commanders", [])


def sent(host, number, at, **more):
    return exchange(host, f"198.51.100.{number}", number, at, bytes=4000 + 7 * number, packets=10 + number, **more)


def test_translated_conversations_name_the_inside_host():
    outside = [row for n in range(1, 7) for row in sent(GATEWAY, n, 20 * n)]
    inside = [row for n in range(1, 7) for row in sent(INSIDE, n, 20 * n + 0.3)]
    assert commanders(outside, inside) == [{"address": INSIDE, "how": "translation", "matched": 6, "of": 6}]


def test_two_inside_hosts_that_fit_alike_are_not_named():
    outside = [row for n in range(1, 7) for row in sent(GATEWAY, n, 20 * n)]
    inside = [row for host in (INSIDE, "10.0.0.8") for n in range(1, 7) for row in sent(host, n, 20 * n)]
    assert commanders(outside, inside) == []


def test_a_client_that_held_connections_to_the_proxy_is_named():
    outside = [row for n in range(1, 7) for row in sent(GATEWAY, n, 20 * n)]
    asked = [record(INSIDE, 30000 + n, GATEWAY, 3128, 20 * n - 2, bytes=4200 + 7 * n) for n in range(1, 7)]
    asked = [row | {"end": row["start"].replace(second=(row["start"].second + 9) % 60)} for row in asked]
    for row in asked:
        row["end"] = max(row["end"], row["start"])
    found = commanders(outside, asked)
    assert [(row["address"], row["how"]) for row in found] == [(INSIDE, "proxy")]


def test_other_traffic_of_the_time_names_nobody():
    outside = [row for n in range(1, 7) for row in sent(GATEWAY, n, 20 * n)]
    other = [record(INSIDE, 30000 + n, "192.0.2.80", 443, 20 * n) for n in range(1, 60)]
    assert commanders(outside, other) == []
