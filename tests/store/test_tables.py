"""Tables for pyarrow, Ibis and plain Python."""

import pyarrow as pa
import pytest
from tests.fixtures.cases import make_case, make_table

from mailscope.errors import StoreError
from mailscope.schema.records import Login
from mailscope.store.tables import Tables

LOGINS = [{"user": "info", "success": "no"}, {"user": "lena", "success": "yes", "reply_code": 235}]


@pytest.fixture(params=["memory", "parquet"])
def tables(request, tmp_path):
    if request.param == "parquet":
        return make_case(tmp_path / "case", logins=LOGINS)
    return Tables({"logins": make_table("logins", LOGINS), "flows": make_table("flows", [])}, [])


def test_a_table_is_arrow_ibis_and_records(tables):
    logins = tables["logins"]
    assert len(logins) == 2
    assert logins.to_pyarrow().column("user").to_pylist() == ["info", "lena"]
    assert pa.table(logins).num_rows == 2
    expression = logins.to_ibis()
    assert expression.filter(expression.success == "yes").user.execute().tolist() == ["lena"]
    first, second = logins.records()
    assert isinstance(first, Login)
    assert (first.user, first.reply_code, second.reply_code) == ("info", None, 235)


def test_tables_of_one_reading_can_be_joined(tables):
    flows, logins = tables.to_ibis("flows"), tables.to_ibis("logins")
    assert flows.join(logins, "flow_id").count().execute() == 0


def test_records_cannot_be_changed(tables):
    record = next(tables["logins"].records())
    with pytest.raises(AttributeError):
        record.user = "other"


def test_an_unknown_table_is_refused_with_the_names_that_exist(tables):
    with pytest.raises(StoreError) as caught:
        tables["login"]
    assert "logins" in (caught.value.hint or "")
