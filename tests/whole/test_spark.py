"""The detectors on a real cluster of Spark, a master and two workers: the answer is that of the embedded engine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mailscope.cli.main import main
from mailscope.ingest.captures import read
from mailscope.ingest.cluster.tables import write_case
from mailscope.ingest.flow_sources import FlowSources
from mailscope.ingest.flowlogs import write_flow_records
from mailscope.investigation.sender_explained import explained
from mailscope.investigation.sender_queue import sender_queue
from mailscope.report.senders.jsonl import json_text
from mailscope.report.senders.story import json_text as story_text
from mailscope.store.engine import connect, held, is_spark, plain_rows
from mailscope.store.lake import Lake
from tests.fixtures.flow_rows import as_arrow, attempts, mails, received
from tests.fixtures.rotated import EXAMPLES, plain, split
from tests.fixtures.spark_cluster import cluster, session

pytestmark = [
    pytest.mark.slow,
    # Py4J closes its sockets when they are collected.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[3] / "shared"))
S4 = SHARED / "scenarios" / "s4-flows-and-complaints"
DELTA_JARS = ("delta-spark_2.13/4.0.1/*.jar", "delta-storage/4.0.1/*.jar")
READ_BY_DELTA = """
import sys
from tests.fixtures.spark_cluster import session
from mailscope.store.engine import plain_rows, reads_delta
from mailscope.store.lake import Lake
url, jars, store = sys.argv[1:]
delta = {
    "spark.jars": jars,
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
with session(url, **delta) as connection:
    records = Lake(store).to_ibis(connection)
    print(reads_delta(connection), plain_rows(records.aggregate(rows=records.count()))[0]["rows"])
"""


@pytest.fixture(scope="module")
def master(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as url:
        yield url


@pytest.fixture(scope="module")
def spark(master):
    with session(master) as connection:
        yield connection


def stored(folder, *groups):
    """A store with one batch a group, joined once and with a day forgotten: files lie there that are none of it."""
    lake = Lake(folder)
    for number, rows in enumerate(groups):
        lake.append(as_arrow(rows), app="test", number=number)
    lake.compact()
    return folder


def queues(store):
    """The queue with every host, on the embedded engine and in the cluster's session."""
    sources = FlowSources(store)
    here = sender_queue(sources.expression([store]), everybody=True)
    there = sender_queue(FlowSources(store, engine="spark").expression([store]), everybody=True)
    return json.loads(json_text(here)), json.loads(json_text(there))


def test_the_queue_has_the_same_rows_with_the_same_figures(tmp_path, spark):
    groups = [
        mails("10.0.0.9", 150, over=7200, bytes=5000),
        [row for n in range(20) for row in mails(f"10.0.1.{n}", 3, each=2, net="192.168")],
        received("10.0.0.25", 40, each=2) + mails("10.0.0.25", 30, each=2),
        attempts("10.0.0.66", 300, dport=445) + attempts("10.0.0.67", 80),
    ]
    here, there = queues(stored(tmp_path / "store", *groups))
    assert {sender["subject"] for sender in here["senders"]} >= {"10.0.0.9", "10.0.0.25", "10.0.0.67"}
    assert here["other"]
    assert there == here


def test_the_shared_exports_give_the_same_queue(tmp_path, spark):
    exports = S4 / "flow-exports-long.pcap"
    if not exports.exists():
        pytest.skip(f"{exports} is missing")
    write_flow_records([exports], file := tmp_path / "records.parquet")
    Lake(tmp_path / "store").append(pq.read_table(file), app="test", number=0)
    here, there = queues(tmp_path / "store")
    assert len(here["senders"]) > 5
    assert there == here


def test_a_host_s_story_is_the_same(tmp_path, spark):
    store = stored(tmp_path / "store", mails("10.0.0.9", 60, over=9000), received("10.0.0.25", 20))
    told = [
        explained(FlowSources(tmp_path, engine=engine).expression([store]), "10.0.0.9", ["10.0.0.0/8"])
        for engine in ("duckdb://", "spark")
    ]
    assert len(told[0].hours) == 3
    assert story_text(told[1]) == story_text(told[0])


def test_what_is_held_can_be_held_anew_under_its_name(spark):
    session_ = spark._session
    session_.createDataFrame([(1,), (2,)], "n int").createOrReplaceTempView("numbers")
    first = held(spark.table("numbers"), "kept")
    again = held(first.filter(first.n > 1), "kept")
    assert plain_rows(again) == [{"n": 2}]


def test_a_session_with_delta_s_reader_sees_the_same_records(tmp_path, master):
    """A process has one session, so this one is of another process."""
    jars = [str(jar) for name in DELTA_JARS for jar in (Path.home() / ".m2" / "repository" / "io" / "delta").glob(name)]
    if len(jars) < len(DELTA_JARS):
        pytest.skip("Delta's jars are missing: mvn dependency:get -Dartifact=io.delta:delta-spark_2.13:4.0.1")
    store = stored(tmp_path / "store", mails("10.0.0.9", 20), mails("10.0.0.8", 10))
    done = subprocess.run(
        [sys.executable, "-c", READ_BY_DELTA, master, ",".join(jars), str(store)], capture_output=True, text=True
    )
    assert done.stdout.split() == ["True", "60"], done.stderr[-2000:]


def test_a_file_of_this_machine_is_refused_on_a_cluster(tmp_path, capsys):
    (tmp_path / "conn.csv").write_text("start,src_addr,dst_addr,src_port,dst_port,proto,packets,bytes\n")
    assert main(["senders", str(tmp_path / "conn.csv"), "--engine", "spark://127.0.0.1:1"]) == 2
    assert "a cluster reads stores" in capsys.readouterr().err


def test_engines_are_told_apart(spark):
    assert is_spark(spark)
    assert not is_spark(connect())


def test_captures_decoded_on_the_cluster_give_the_rows_of_one_reading(tmp_path, spark):
    """Rotated captures, with a session that crosses from one to the next."""
    paths = split(tmp_path, EXAMPLES / "link.pcap", 3)
    case = write_case(spark, paths, tmp_path / "case", everything=True, parts=4)
    whole = read(paths)
    for name, table in whole.items():
        rows = case[name].to_pyarrow().to_pylist() if name in case else []
        assert plain(rows) == plain(table.to_pyarrow().to_pylist()), name
    ((crossing,),) = case.sql("SELECT count(*) FROM mail_sessions WHERE capture <> last_capture")
    assert crossing > 0


def test_the_shared_rotated_captures_give_the_rows_of_one_reading(tmp_path, spark):
    paths = sorted((SHARED / "scenarios" / "s2-phishing-intrusion").glob("capture_0*.pcap"))
    if not paths:
        pytest.skip(f"{SHARED / 'scenarios'} has no captures of s2")
    case = write_case(spark, paths, tmp_path / "case", everything=True, parts=4)
    for name, table in read(paths).items():
        rows = case[name].to_pyarrow().to_pylist() if name in case else []
        assert plain(rows) == plain(table.to_pyarrow().to_pylist()), name
