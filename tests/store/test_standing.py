import pyarrow as pa
import pytest
from tests.fixtures.cases import make_case
from tests.ingest.test_live_capture import conversations, pcap_bytes

from mailscope.errors import StoreError
from mailscope.ingest.live_capture import Live, Options
from mailscope.store.lake import Lake
from mailscope.store.standing import opened


@pytest.fixture
def store(tmp_path):
    """A store as a sensor makes it: two batches of flows and sessions."""
    for number in range(2):
        live, data = Live(Options()), pcap_bytes(conversations())
        live.begin("now", data[:24])
        live.feed(data[24:])
        live.cut()
        for name, rows in live.take().items():
            if len(table := pa.table(rows)):
                Lake(tmp_path / "live", table=name).append(table, app="run", number=number)
    return tmp_path / "live"


def test_what_a_sensor_decoded_is_asked_like_a_case(store):
    tables = opened(store)
    assert "flows" in tables
    assert tables.table("flows").columns[:2] == ["flow_id", "capture"]
    counted = tables.sql("select count(*), count(distinct flow_id) from flows")
    assert next(counted)[0] == len(tables["flows"]) > 0


def test_files_that_were_joined_hold_the_same_rows(store):
    before = len(opened(store)["flows"])
    Lake(store, table="flows").compact()
    assert len(opened(store)["flows"]) == before


def test_nothing_but_the_stores_rows_is_reached(store):
    with pytest.raises(StoreError, match=r"disabled|allowed|Permission"):
        list(opened(store).sql("select * from read_csv('/etc/passwd')"))
    with pytest.raises(StoreError, match="one SELECT"):
        opened(store).sql("drop view flows")


def test_a_table_without_rows_is_named_as_missing(store):
    with pytest.raises(StoreError, match="no table `urls`") as told:
        opened(store).table("urls")
    assert "flows" in told.value.hint


def test_a_case_is_a_case_and_another_folder_neither(tmp_path):
    make_case(tmp_path / "case", logins=[{"user": "info"}])
    assert len(opened(tmp_path / "case")["logins"]) == 1
    with pytest.raises(StoreError, match="no case folder"):
        opened(tmp_path)
