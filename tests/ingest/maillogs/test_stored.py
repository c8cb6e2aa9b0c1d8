"""Mail logs in the store: once, and back by host."""

import gzip
from datetime import UTC, datetime, timedelta

from mailscope.ingest.maillogs.reader import mail_log
from mailscope.ingest.maillogs.row import Row
from mailscope.ingest.maillogs.stored import as_arrow, rows_of, store_logs, stored_logs
from mailscope.schema.mail_log import MAIL_LOG as SCHEMA
from mailscope.store.engine import connect
from mailscope.store.lake import MAIL_LOG, Lake

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEAD = "2026-11-22T12:00:{second:02}Z mx "
LINES = (
    "postfix/smtpd[1]: AAAAA11111: client=out.example[192.0.2.9]",
    "postfix/qmgr[3]: AAAAA11111: from=<s@out.example>, size=2000, nrcpt=1 (queue active)",
    "amavis[9]: (1-1) Passed SPAMMY, [192.0.2.9] <s@out.example> -> <u@in.example>, Queue-ID: AAAAA11111, Hits: 6.1",
    "postfix/smtp[6]: AAAAA11111: to=<u@in.example>, relay=mx.in.example[198.51.100.25]:25, delay=1.2, dsn=2.0.0, "
    "status=sent (250 2.0.0 Ok: queued as BBBBB22222)",
    "postfix/smtpd[1]: CCCCC33333: client=other.example[192.0.2.77]",
)


def log(folder, lines=LINES, name="mail.log"):
    path = folder / name
    path.write_text("".join(HEAD.format(second=n) + line + "\n" for n, line in enumerate(lines)))
    return path


def lake(folder):
    return Lake(folder / "store", table=MAIL_LOG)


def test_a_log_read_again_adds_nothing_and_one_that_grew_adds_what_is_new(tmp_path):
    found, new = store_logs([log(tmp_path, LINES[:3])], lake(tmp_path))
    assert (found.lines, found.rows, new) == (3, [], 3)
    assert store_logs([log(tmp_path, LINES[:3])], lake(tmp_path))[1] == 0
    assert store_logs([log(tmp_path)], lake(tmp_path))[1] == 2
    rotated = tmp_path / "mail.log.1.gz"
    rotated.write_bytes(gzip.compress(log(tmp_path).read_bytes()))
    assert store_logs([rotated], lake(tmp_path))[1] == 0
    assert lake(tmp_path).info()["records"] == 5


def test_the_rows_of_a_host_are_all_rows_of_its_mails_and_as_they_were_read(tmp_path):
    path = log(tmp_path)
    store_logs([path], lake(tmp_path))
    rows = rows_of(lake(tmp_path), "192.0.2.9")
    assert rows == mail_log([path]).rows[:4]
    assert rows_of(lake(tmp_path), "198.51.100.25") == rows
    window = (NOON + timedelta(days=3), NOON + timedelta(days=4))
    assert rows_of(lake(tmp_path), "192.0.2.9", window) == []


def test_lines_without_a_time_and_text_that_is_none_are_stored(tmp_path):
    batch = as_arrow([Row("sent", mail_from="\ud800@x", rcpt_to=("\udfff",), line=1)])
    assert lake(tmp_path).append(batch, app="test", number=0)
    assert lake(tmp_path).info()["first_day"] == "1970-01-01"


def test_the_stored_columns_are_the_documented_ones(tmp_path):
    store_logs([log(tmp_path)], lake(tmp_path))
    assert lake(tmp_path).to_ibis(connect()).columns == tuple(column.name for column in SCHEMA.columns)
    assert stored_logs([tmp_path / "store", tmp_path]) != []
    assert stored_logs([tmp_path]) == []
