"""The distribution of hosts over their flows."""

from mailscope.investigation.sender_queue import sender_queue
from tests.fixtures.flow_rows import mails, records


def test_every_host_stands_in_one_bucket_and_the_shares_sum():
    sizes = {"1-10": 10, "11-30": 11, "31-70": 70, "71-100": 71, "101-200": 101, "201-1000": 1000, ">1000": 1001}
    rows = [mails(f"10.0.0.{n}", servers=1, each=size) for n, size in enumerate(sizes.values(), start=1)]
    table = sender_queue(records(*rows), ["10.0.0.0/8"], since=None).distribution
    assert [(row["flows_per_host"], row["hosts"], row["flows"]) for row in table] == [
        (label, 1, size) for label, size in sizes.items()
    ]
    for name in ("hosts", "flows", "bytes"):
        assert abs(sum(row[f"{name}_percent"] for row in table) - 100) < 0.05
