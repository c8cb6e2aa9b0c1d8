"""What the workers do, one after another in this process: the rows are those of one reading of all files."""

import pyarrow as pa
import pytest
from tests.fixtures.rotated import EXAMPLES, plain, split

from mailscope.ingest.captures import read
from mailscope.ingest.cluster.decoding import decoded, scanned

PARTS = 5


def dealt_out(paths, everything=True):
    """The tables' rows by name, as a cluster makes them."""
    files = pa.RecordBatch.from_pylist([{"file": n, "path": str(path)} for n, path in enumerate(paths)])
    rows = [row for batch in scanned(PARTS, everything=everything)(iter([files])) for row in batch.to_pylist()]
    rows.sort(key=lambda row: (row["part"], row["file"], row["number"]))
    batches = (pa.RecordBatch.from_pylist(rows[at : at + 1000]) for at in range(0, len(rows), 1000))
    found = {}
    for batch in decoded([str(path) for path in paths], {})(batches):
        for piece in batch.to_pylist():
            found.setdefault(piece["table_name"], []).extend(pa.ipc.open_stream(piece["ipc"]).read_all().to_pylist())
    return found


@pytest.mark.parametrize("how", ["two capture points", "rotated"])
def test_the_rows_are_those_of_one_reading(tmp_path, how):
    captures = [EXAMPLES / "link.pcap", EXAMPLES / "inside.pcap"]
    paths = captures if how == "two capture points" else split(tmp_path, captures[0], 3)
    found, whole = dealt_out(paths), read(paths)
    for name, table in whole.items():
        assert plain(found.get(name, [])) == plain(table.to_pyarrow().to_pylist()), name
    crossing = [row for row in found["mail_sessions"] if row["capture"] != row["last_capture"]]
    assert crossing or how != "rotated"


def test_without_chatter_the_tables_of_sessions_stay_whole():
    paths = [EXAMPLES / "link.pcap"]
    found, whole = dealt_out(paths, everything=False), read(paths)
    assert plain(found["mail_sessions"]) == plain(whole["mail_sessions"].to_pyarrow().to_pylist())
