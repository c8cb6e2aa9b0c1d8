"""SQL over a case reads the case and can do nothing else."""

import pyarrow as pa
import pytest
from tests.fixtures.cases import make_case

from mailscope.errors import StoreError, UsageError
from mailscope.store import engine


@pytest.fixture
def case(tmp_path):
    return make_case(tmp_path / "case", logins=[{"user": "info"}, {"user": "lena"}])


def test_a_question_is_answered(case):
    rows = case.sql("SELECT user FROM logins ORDER BY user")
    assert rows.columns == ["user"]
    assert list(rows) == [("info",), ("lena",)]


def test_all_tables_are_there_even_when_empty(case):
    assert list(case.sql("SELECT count(*) FROM flows JOIN proxy_requests USING (flow_id)")) == [(0,)]


@pytest.mark.parametrize(
    "query",
    [
        "COPY logins TO 'out.csv'",
        "COPY logins TO 'CASE/tables/logins.parquet'",
        "CREATE TABLE mine AS SELECT 1",
        "DROP VIEW logins",
        "ATTACH 'other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('CASE/case.json')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM 'CASE/case.json'",
        "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
        "SELECT * FROM query('DROP VIEW logins')",
        "SELECT getenv('HOME')",
        "SELECT * FROM files",
        "EXPLAIN ANALYZE COPY logins TO 'out.csv'",
        "WITH x AS (SELECT 1) INSERT INTO logins SELECT * FROM x",
    ],
)
def test_nothing_but_one_select_over_the_case_is_run(case, tmp_path, monkeypatch, query):
    monkeypatch.chdir(tmp_path)
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    with pytest.raises(StoreError):
        list(case.sql(query.replace("CASE", str(case.path))))
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_a_folder_with_quotes_in_its_name_is_a_folder(tmp_path):
    case = make_case(tmp_path / 'o\'case "x"', logins=[{"user": "info"}])
    assert list(case.sql("SELECT count(*) FROM logins")) == [(1,)]


def test_a_wrong_column_is_named_with_a_hint(case):
    with pytest.raises(StoreError, match="usre") as caught:
        case.sql("SELECT usre FROM logins")
    assert "mailscope schema" in (caught.value.hint or "")


def test_an_unknown_engine_is_refused():
    with pytest.raises(UsageError, match="oracle"):
        engine.connect("oracle://local")


def test_what_is_viewed_is_asked_again_and_what_is_held_is_not():
    connection = engine.connect()
    rows = engine.add_arrow(connection, "rows", pa.table({"n": [1, 2]}))
    connection.con.execute("CREATE TABLE kept AS FROM rows")
    kept = connection.table("kept")
    viewed, held = engine.viewed(kept.filter(kept.n > 1), "seen"), engine.held(kept.filter(kept.n > 1), "held")
    connection.con.execute("INSERT INTO kept VALUES (3)")
    assert [len(engine.plain_rows(table)) for table in (rows, viewed, held)] == [2, 2, 1]
