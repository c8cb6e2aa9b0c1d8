"""The surface of the core: what Python gives it, gets from it, and hears when something is wrong."""

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mailscope import _core
from mailscope.errors import InputError, MailscopeError, StoreError, UsageError
from tests.fixtures import wire
from tests.fixtures.cases import arrow_type

OPTIONS = _core.Options()
MAIL = """
S: 220 mx.example ESMTP
C: EHLO a.example
S: 250-mx.example
S: 250 AUTH PLAIN
C: AUTH PLAIN AGFsaWNlAGh1bnRlcjI=
S: 235 ok
C: MAIL FROM:<alice@a.example>
S: 250 ok
C: RCPT TO:<bob@mx.example>
S: 250 ok
C: DATA
S: 354 go on
C: Subject: hello
C:
C: hello there
C: .
S: 250 taken
C: QUIT
S: 221 bye
"""


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    talk = wire.Conversation("10.0.0.9:40001", "192.0.2.25:25").say(MAIL).fin()
    path = tmp_path / "mail.pcap"
    wire.write(path, wire.merged(talk.packets, wire.dns_answer("10.0.0.9", "192.0.2.53", "mx.example", "192.0.2.25")))
    return path


def rows(result: _core.Result, table: str) -> list[dict]:
    return pa.table(result.tables[table]).to_pylist()


def test_every_table_has_the_columns_that_the_schema_says(capture: Path) -> None:
    documented = {name: columns for name, _, columns in _core.schema()}
    result = _core.read([str(capture)], OPTIONS)
    sightings = _core.search([str(capture)], [], [], OPTIONS)
    records, _inputs = _core.flow_records([str(capture)], OPTIONS)
    made = {**result.tables, "sightings": sightings, "flow_records": records}
    for name, stream in made.items():
        for field, (column, type_, nullable, meaning) in zip(pa.table(stream).schema, documented[name], strict=True):
            plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            assert (field.name, plain, field.nullable) == (column, arrow_type(type_), nullable)
            assert not meaning[0].islower()
            assert meaning.endswith((".", "..."))
    assert set(made) == set(documented)


def test_a_stream_can_be_taken_more_than_once(capture: Path) -> None:
    flows = _core.read([str(capture)], OPTIONS).tables["flows"]
    assert pa.table(flows).equals(pa.table(flows))
    assert len(flows) == 2


def test_files_hold_the_same_rows_as_memory(capture: Path, tmp_path: Path) -> None:
    result = _core.read([str(capture)], OPTIONS)
    inputs = _core.write([str(capture)], str(tmp_path / "out"), OPTIONS)
    assert inputs == result.inputs
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{t}.parquet" for t in result.tables)
    for name in result.tables:
        assert pq.read_table(tmp_path / "out" / f"{name}.parquet").to_pylist() == rows(result, name), name
    engine = duckdb.connect()
    path = tmp_path / "out" / "mail_transactions.parquet"
    assert engine.sql(f"select mail_from, rcpt_to, delivered from '{path}'").fetchall() == [
        ("alice@a.example", ["bob@mx.example"], "yes")
    ]


def test_inputs_say_what_was_read(capture: Path) -> None:
    (entry,) = _core.read([str(capture)], OPTIONS).inputs
    stored = capture.read_bytes()
    assert entry["path"] == entry["name"] == str(capture)
    assert (entry["format"], entry["compression"], entry["link_types"]) == ("pcap", "none", ["ethernet"])
    assert (entry["bytes"], entry["end"], entry["end_packet"]) == (len(stored), "complete", entry["packets"])
    assert entry["sha256"] == hashlib.sha256(stored).hexdigest()
    assert entry["first"] == "2023-11-14T22:13:20.000000Z"
    assert json.loads(json.dumps(entry)) == entry


def test_damage_is_an_outcome_with_its_place(capture: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(capture.read_bytes()[:-3])
    result = _core.read([str(cut)], OPTIONS)
    (entry,) = result.inputs
    assert entry["end"] == "cut-off-record"
    assert entry["end_packet"] == entry["packets"]
    assert 0 < entry["end_offset"] < cut.stat().st_size
    assert [row["subject"] for row in rows(result, "messages")] == ["hello"]


def test_compressed_captures_and_standard_input_are_read_alike(capture: Path, tmp_path: Path) -> None:
    packed = tmp_path / "mail.pcap.gz"
    packed.write_bytes(gzip.compress(capture.read_bytes()))
    plain = rows(_core.read([str(capture)], OPTIONS), "mail_sessions")
    result = _core.read([str(packed)], OPTIONS)
    assert result.inputs[0]["compression"] == "gzip"
    names = {"capture", "last_capture"}
    assert [{k: v for k, v in row.items() if k not in names} for row in rows(result, "mail_sessions")] == [
        {k: v for k, v in row.items() if k not in names} for row in plain
    ]
    program = "from mailscope import _core; r = _core.read(['-'], _core.Options()); print(len(r.tables['flows']))"
    with packed.open("rb") as stdin:
        done = subprocess.run([sys.executable, "-c", program], stdin=stdin, capture_output=True, check=True)
    assert done.stdout == b"2\n"


def test_what_is_no_capture_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("these are no packets, but notes about them")
    with pytest.raises(InputError, match=r"notes\.txt.*no capture") as caught:
        _core.read([str(notes)], OPTIONS)
    assert "tcpdump" in str(caught.value.hint)
    with pytest.raises(InputError, match="no such file"):
        _core.read([str(tmp_path / "nothing.pcap")], OPTIONS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no file"):
        _core.read([str(tmp_path / "empty")], OPTIONS)
    with pytest.raises(UsageError, match="twice"):
        _core.read(["-", "-"], OPTIONS)


def test_a_folder_that_cannot_be_written_is_an_error(capture: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write"):
        _core.write([str(capture)], str(capture / "out"), OPTIONS)
    with pytest.raises(StoreError, match="cannot write"):
        _core.carve([str(capture)], flow_ids(capture), str(tmp_path / "no" / "out.pcapng"), OPTIONS)


def flow_ids(capture: Path) -> list[str]:
    return [row["flow_id"] for row in rows(_core.read([str(capture)], OPTIONS), "flows")]


def many_packets(path: Path, count: int = 400_000) -> Path:
    """One answer again and again, a second apart: what comes at once would be taken for copies."""
    answer = wire.dns_answer("10.0.0.9", "192.0.2.53", "mx.example", "192.0.2.25")[-1:]
    once = path.with_suffix(".once")
    wire.write(once, answer)
    stored = once.read_bytes()
    header, after_seconds = stored[:24], stored[28:]
    path.write_bytes(header + b"".join(second.to_bytes(4, "little") + after_seconds for second in range(count)))
    return path


def test_progress_is_heard_and_what_it_raises_stops_the_run(tmp_path: Path) -> None:
    capture = many_packets(tmp_path / "many.pcap")
    heard: list[tuple[int, int | None, int]] = []

    def progress(done: int, total: int | None, packets: int) -> None:
        heard.append((done, total, packets))
        raise KeyboardInterrupt

    folder = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        _core.write([str(capture)], str(folder), OPTIONS, progress)
    ((done, total, packets),) = heard
    assert 0 < done < total == capture.stat().st_size
    assert packets > 0
    assert list(folder.iterdir()) == [], "a run that was stopped leaves no half tables"


def test_a_signal_stops_a_run_that_reports_to_nobody(tmp_path: Path) -> None:
    many_packets(tmp_path / "many.pcap")

    def interrupted(*_: object) -> None:
        raise TimeoutError("enough")

    before = signal.signal(signal.SIGALRM, interrupted)
    try:
        with pytest.raises(TimeoutError, match="enough"):  # noqa: PT012 - one call may be too short to be interrupted
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            for _ in range(100):
                _core.read([str(tmp_path / "many.pcap")], OPTIONS)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_search_finds_bytes_and_near_addresses(capture: Path) -> None:
    needles = [("mx", "hostname", b"MX.Example"), ("user", "payload", b"alice@a.example")]
    seen = pa.table(_core.search([str(capture)], needles, [], OPTIONS)).to_pylist()
    found = {(row["needle"], row["form"], row["side"]) for row in seen}
    assert ("user", "payload", "orig") in found
    assert ("mx", "hostname", "resp") in found
    assert all(row["flow_id"] in flow_ids(capture) for row in seen)


def test_carved_packets_are_a_capture_of_that_flow(capture: Path, tmp_path: Path) -> None:
    (mail,) = (row for row in rows(_core.read([str(capture)], OPTIONS), "flows") if row["app"] == "smtp")
    out = tmp_path / "carved.pcapng"
    count = _core.carve([str(capture)], [mail["flow_id"]], str(out), OPTIONS)
    assert count == mail["orig_packets"] + mail["resp_packets"]
    assert flow_ids(out) == [mail["flow_id"]]
    with pytest.raises(UsageError, match="no flow id"):
        _core.carve([str(capture)], ["mail"], str(out), OPTIONS)
    with pytest.raises(UsageError, match="no flow `F0000000000000000`"):
        _core.carve([str(capture)], ["F0000000000000000"], str(out), OPTIONS)


def test_messages_are_kept_and_users_masked_only_on_request(capture: Path) -> None:
    plain = _core.read([str(capture)], OPTIONS)
    assert rows(plain, "messages")[0]["raw"] is None
    assert rows(plain, "logins")[0]["user"] == "alice"
    asked = _core.read([str(capture)], _core.Options(keep_messages=True, mask_users=True, sensor="gate"))
    assert rows(asked, "messages")[0]["raw"] == b"Subject: hello\r\n\r\nhello there\r\n"
    assert rows(asked, "logins")[0]["user"] == "a***"
    assert {row["sensor"] for row in rows(asked, "flows")} == {"gate"}
    assert "hunter2" not in repr({name: rows(asked, name) for name in asked.tables})


def test_options_show_themselves_and_refuse_nonsense() -> None:
    options = _core.Options(decode_as=["8025=SMTP"], memory_mb=64)
    assert options.decode_as == ["8025=smtp"]
    assert repr(options).startswith("Options(sensor=None, keep_messages=False, mask_users=False, memory_mb=64")
    with pytest.raises(MailscopeError, match="PORT=APPLICATION"):
        _core.Options(decode_as=["smtp"])
    with pytest.raises(MailscopeError, match="cannot be decoded"):
        _core.Options(decode_as=["25=telepathy"])


def test_hidden_and_unreadable_files_of_a_folder_are_left_alone(capture: Path) -> None:
    (capture.parent / ".hidden").write_text("nothing")
    os.mkfifo(capture.parent / "pipe")
    result = _core.read([str(capture.parent)], OPTIONS)
    assert [entry["name"] for entry in result.inputs] == [str(capture)]
