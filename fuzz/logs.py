"""Fuzzes the readers of text logs with coverage: `fuzz/logs.py TARGET SECONDS [FOLDER_OF_SEEDS...]`; `--list` lists them.

The promise: any bytes are rows, counted bad lines, or one of Mailscope's own errors; no field outgrows its limit; what
is printed of a row can move no terminal. What breaks it is kept under fuzz/regressions/logs/TARGET, which
tests/test_fuzz_logs.py replays. Needs the package atheris.
"""

import json
import sys
import tempfile
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 22, tzinfo=UTC)
LINES_LIMIT = 200
TEXT_LIMIT = 1000
INPUT_BYTES = 8192

PROGRAMS = {
    "sendmail": "sendmail[1]",
    "postfix": "postfix/smtpd[1]",
    "exim": "exim[1]",
    "mailscanner": "MailScanner[1]",
    "amavis": "amavis[1]",
    "rspamd": "rspamd[1]",
    "policy": "policyd-spf[1]",
}
"""What stands before each line, so that all of the fuzzer's work goes into the message behind it."""

WHOLE_LINES = ("journald", "syslog")
FILES = ("gzip", "zeek-tsv", "zeek-json", "eve", "csv")
TARGETS = (*PROGRAMS, *WHOLE_LINES, *FILES)


def check(target: str, data: bytes) -> None:
    """Reads the bytes as that format and asserts the promise."""
    if target in FILES:
        _check_file(target, data)
        return
    from mailscope.ingest.maillogs.reader import row_of
    from mailscope.ingest.maillogs.row import Row
    from mailscope.ingest.maillogs.syslog import LINE_LIMIT, Clock

    head = f"Nov 22 04:00:00 mx {PROGRAMS[target]}: " if target in PROGRAMS else ""
    clock, rows = Clock(NOW), []
    for line in data.decode("utf-8", "replace").split("\n")[:LINES_LIMIT]:
        row = row_of((head + line)[:LINE_LIMIT], clock)
        if isinstance(row, Row):
            rows.append(row)
        else:
            assert row is None or row is False
    _check_mails(rows)


def _check_file(target: str, data: bytes) -> None:
    from mailscope.errors import MailscopeError

    with tempfile.TemporaryDirectory(prefix="fuzz.", dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / "log"
        path.write_bytes(data)
        try:
            _check_gzip(path) if target == "gzip" else _check_flows(path)
        except MailscopeError as error:
            assert _is_harmless(str(error))


def _check_gzip(path: Path) -> None:
    from mailscope.ingest.maillogs.reader import mail_log

    found = mail_log([path], year=2026)
    assert all(_is_harmless(note) for note in found.notes)
    _check_mails(found.rows[:LINES_LIMIT])


def _check_flows(path: Path) -> None:
    from mailscope.ingest.flowlogs import flow_records

    tables: list = []
    report = flow_records([path], tables.append)
    for log in report.logs:
        assert all(_is_harmless(why) for _line, why in log.first_bad)
    for row in (row for table in tables for row in table.to_pylist()):
        ip_address(row["src_addr"]), ip_address(row["dst_addr"])
        for name, value in row.items():
            if isinstance(value, str) and name != "input":
                assert len(value) <= TEXT_LIMIT, name


def _check_mails(rows: list) -> None:
    from mailscope.cli.layout import fitted
    from mailscope.cli.maillog import story_object, table_row
    from mailscope.ingest.maillogs.row import RECIPIENTS_LIMIT, STATUSES, Row
    from mailscope.investigation.mail_stories import stories

    for row in rows:
        assert row.status in STATUSES
        assert len(row.rcpt_to) <= RECIPIENTS_LIMIT
        for name in Row.__slots__:
            value = getattr(row, name)
            for text in value if isinstance(value, tuple) else (value,):
                assert not isinstance(text, str) or len(text) <= TEXT_LIMIT, name
        for name in ("client_addr", "relay_addr"):
            if getattr(row, name) is not None:
                ip_address(getattr(row, name))
    told = stories(rows)
    assert sum(len(story.rows) for story in told) == len(rows)
    shown = [table_row(story) for story in told]
    if shown:
        names = [f"column{number}" for number in range(len(shown[0]))]
        assert all(_is_harmless(line) for line in fitted(names, shown, 100))
    assert all(_is_harmless(json.dumps(story_object(story))) for story in told)


def _is_harmless(text: str) -> bool:
    from mailscope.harmless import visible

    return visible(text) == text


def main() -> None:
    """Runs one target; libFuzzer prints executions and coverage."""
    if sys.argv[1:] == ["--list"]:
        print("\n".join(TARGETS))
        return
    target, seconds, *seeds = sys.argv[1:]
    import atheris

    with atheris.instrument_imports(include=["mailscope"]):
        import mailscope.cli.maillog
        import mailscope.ingest.flowlogs
        import mailscope.ingest.maillogs.reader
        import mailscope.investigation.mail_stories  # noqa: F401
    found, artifacts = HERE / "found" / "logs" / target, HERE / "artifacts" / "logs" / target
    kept = HERE / "regressions" / "logs" / target
    for folder in (found, artifacts):
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-max_len={INPUT_BYTES}", "-timeout=10", "-rss_limit_mb=1024"]
    options += ["-print_final_stats=1", f"-artifact_prefix={artifacts}/", f"-dict={HERE / 'log_words.dict'}"]
    places = [str(found), str(HERE / "log_seeds" / target), *([str(kept)] if kept.is_dir() else []), *seeds]
    atheris.Setup([sys.argv[0], *options, *places], lambda data: check(target, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
