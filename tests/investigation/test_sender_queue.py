"""A queue from a store's hourly sums is the queue from its records."""

import random
from datetime import timedelta

import pyarrow as pa
import pytest

from mailscope.detect.flow_sums import SUMS
from mailscope.ingest.flow_rows import arrow_schema
from mailscope.ingest.flow_sources import FlowSources
from mailscope.investigation.sender_queue import sender_queue
from mailscope.store.lake import Lake
from tests.fixtures.flow_rows import attempts, exchange, record
from tests.fixtures.sender_population import DAY, OWN, Population

HOSTS = {"user": 40, "mail-server": 4, "newsletter": 1, "slow-spammer": 3, "steady-spammer": 1, "blocked-bot": 2}
HOSTS |= {"open-relay": 1, "scanner": 1}


def as_stored(table):
    """The table with all columns of flow_records."""
    always = {"input": "udp:[::]:9995@run", "format": "netflow-v5"}
    columns = []
    for field in arrow_schema():
        if field.name in table.column_names:
            known = table[field.name]
            columns.append(
                pa.nulls(len(table), field.type) if known.null_count == len(table) else known.cast(field.type)
            )
        elif field.nullable:
            columns.append(pa.nulls(len(table), field.type))
        else:
            columns.append(pa.array([always.get(field.name, 1)] * len(table)).cast(field.type))
    return pa.Table.from_arrays(columns, schema=arrow_schema())


def floods():
    """What is not mail: floods, reflections, pings, and the same scan seen by two exporters."""
    rows = [row for n in range(1500) for row in exchange("10.40.3.1", "203.0.113.9", n, n * 0.01, 80)]
    bare = {"tcp_flags": 2, "packets": 1, "bytes": 60}
    rows += [record("10.40.3.2", 1024 + n, "203.0.113.1", 80, n * 0.01, **bare) for n in range(500)]
    echo = {"proto": "icmp", "icmp_type": 8, "tcp_flags": None, "packets": 6000, "bytes": 500_000}
    ping = record("10.40.3.3", 0, "203.0.113.1", 0, **echo)
    rows.append(ping | {"end": ping["start"] + timedelta(seconds=30)})
    udp = {"proto": "udp", "tcp_flags": None, "packets": 5000}
    rows.append(record("203.0.113.1", 4000, "10.40.3.4", 123, **udp, bytes=60_000))
    rows.append(record("10.40.3.4", 123, "203.0.113.1", 4000, 5, **udp, bytes=5_000_000))
    rows += [row | {"exporter": f"192.0.2.{n}"} for n in (1, 2) for row in attempts("10.40.3.5", 60, 445)]
    moved = DAY - min(row["start"] for row in rows).replace(hour=0, minute=0)
    names = {name for row in rows for name in row}
    rows = [row | {"start": row["start"] + moved, "end": row["end"] + moved} for row in rows]
    return pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])


def day(seed):
    """A day's records, of mail and of floods."""
    return pa.concat_tables([as_stored(Population(seed, HOSTS).table()), as_stored(floods())])


def queues(store, tmp_path, **how):
    """The queue from the records alone, and from the sums."""
    plain = FlowSources(tmp_path).hours([store])
    summed = FlowSources(tmp_path).hours([store], SUMS)
    return (
        summed,
        sender_queue(plain.records, [OWN], everybody=True, **how),
        sender_queue(summed, [OWN], everybody=True, **how),
    )


def same(one, other):
    """Equal but for what a sum of floating-point numbers in another order changes."""
    assert (one.network, one.window, one.distribution, one.notes, one.left_out) == (
        other.network, other.window, other.distribution, other.notes, other.left_out
    )  # fmt: skip
    assert one.population == pytest.approx(other.population)
    assert sorted(map(repr, one.other)) == sorted(map(repr, other.other))
    assert [repr(sender) for sender in one.senders] == [repr(sender) for sender in other.senders]
    assert one.senders
    assert {found.kind for found in one.other} >= {"scan", "web-flood", "syn-flood", "ping-flood", "ntp-amplification"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_queue_is_the_same_whatever_was_summed_together_and_however_late_it_came(tmp_path, seed):
    lake, chance = Lake(tmp_path / "store", sums=SUMS), random.Random(seed)
    records = day(seed)
    order = list(range(len(records)))
    # Some come in order, some late by hours.
    late = {place for place in order if chance.random() < 0.1}
    order = [place for place in order if place not in late] + chance.sample(sorted(late), len(late))
    cuts = sorted(chance.sample(range(1, len(order)), 6))
    for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(order)], strict=True)):
        lake.append(records.take(order[begin:end]), app="test", number=number)
        if number in (1, 4):
            lake.fold()
        if number == 2:
            lake.compact()
    summed, plain, quick = queues(tmp_path / "store", tmp_path)
    assert set(summed.parts) == set(SUMS)
    same(plain, quick)
    # A day that is laid out, and what is folded and what comes after it.
    lake.fold()
    lake.compact()
    lake.append(records.slice(0, 50), app="test", number=100)
    lake.fold()
    lake.append(records.slice(50, 50), app="test", number=101)
    _summed, plain, quick = queues(tmp_path / "store", tmp_path)
    same(plain, quick)


@pytest.mark.long
def test_a_store_written_before_there_were_sums_is_read_whole_until_it_is_folded(tmp_path):
    Lake(tmp_path / "store").append(day(3), app="test", number=0)
    summed, _plain, _quick = queues(tmp_path / "store", tmp_path)
    assert not summed.parts
    assert Lake(tmp_path / "store", sums=SUMS).fold() == dict.fromkeys(SUMS, len(day(3)))
    summed, plain, quick = queues(tmp_path / "store", tmp_path)
    assert summed.parts
    same(plain, quick)


def of_one_exporter(records):
    """The records as if one exporter had told them all."""
    place = records.schema.get_field_index("exporter")
    told = pa.array(["192.0.2.1"] * len(records)).cast(records.schema.field(place).type)
    return records.set_column(place, records.schema.field(place), told)


@pytest.mark.long
def test_of_one_feed_what_was_added_up_once_is_the_same_queue(tmp_path):
    lake, records = Lake(tmp_path / "store", sums=SUMS), of_one_exporter(day(5))
    half = len(records) // 2
    lake.append(records.slice(0, half), app="test", number=0)
    lake.fold()
    lake.append(records.slice(half), app="test", number=1)
    summed, plain, quick = queues(tmp_path / "store", tmp_path)
    feed = {"format": "netflow-v5", "exporter": "192.0.2.1"}
    assert {name: summed.parts["asked"].same[name] for name in feed} == feed
    same(plain, quick)
    lake.fold()
    same(plain, queues(tmp_path / "store", tmp_path)[2])
    lake.compact()
    summed, _plain, quick = queues(tmp_path / "store", tmp_path)
    assert [summed.parts[name].doubled for name in ("mail", "asked")] == [[], []]
    same(plain, quick)


@pytest.mark.long
def test_a_store_whose_sums_an_earlier_version_made_is_read_right_and_folded_again(tmp_path):
    earlier = {name: made for name, made in SUMS.items() if name not in ("failed", "unasked")}
    Lake(tmp_path / "store").append(day(6), app="test", number=0)
    Lake(tmp_path / "store", sums=earlier).fold()
    summed, plain, quick = queues(tmp_path / "store", tmp_path)
    assert set(summed.parts) == set(earlier)
    same(plain, quick)
    lake = Lake(tmp_path / "store", sums=SUMS)
    assert lake.fold() == {**dict.fromkeys(SUMS, 0), **dict.fromkeys(["failed", "unasked"], len(day(6)))}
    assert lake.fold(again=True) == dict.fromkeys(SUMS, len(day(6)))
    same(plain, queues(tmp_path / "store", tmp_path)[2])


@pytest.mark.slow
def test_days_that_are_forgotten_leave_the_sums_too(tmp_path):
    lake, records = Lake(tmp_path / "store", sums=SUMS), day(4)
    place = arrow_schema().get_field_index("start")
    for number in range(3):
        later = pa.compute.add(records["start"].cast(pa.int64()), number * 86_400_000_000)
        moved = records.set_column(place, arrow_schema().field("start"), later.cast(arrow_schema().field("start").type))
        lake.append(moved, app="test", number=number)
    lake.fold()
    lake.prune(keep_days=1, grace_hours=0, now=DAY + timedelta(days=2, hours=1))
    _summed, plain, quick = queues(tmp_path / "store", tmp_path, since=None)
    same(plain, quick)
