import subprocess
import sys

import pyarrow as pa
import pytest

from mailscope.store import engine

START = """
import sys
from mailscope.store import engine
connection = engine.connect()
from ibis.backends.sql import compilers
loaded = {name.rpartition(".")[2] for name in sys.modules if name.startswith(compilers.__name__ + ".")}
assert "duckdb" in loaded and not loaded & {"bigquery", "snowflake", "pyspark"}, loaded
assert compilers.pyspark.PySparkCompiler is compilers.PySparkCompiler
assert set(compilers.__all__) <= {name for name in compilers.__all__ if getattr(compilers, name)}
try:
    compilers.nonsense
except AttributeError:
    print("as ever")
"""


def test_only_the_compiler_that_is_used_is_loaded_and_the_others_when_they_are_named():
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("as ever\n", 0), done.stderr


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_seconds_since_1970_are_those_of_the_moment_with_and_without_a_zone(zone):
    times = pa.array([1_772_582_399_999_999, 0, None], pa.timestamp("us", zone))
    rows = engine.add_arrow(engine.connect(), "rows", pa.table({"at": times}))
    found = engine.plain_rows(rows.select(seconds=rows.at.epoch_seconds().cast("float64")))
    assert [row["seconds"] for row in found] == [1_772_582_399.999999, 0, None]
