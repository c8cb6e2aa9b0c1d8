"""Any bytes are a log: rows where they tell of mails, counted lines where not, never an error."""

import gzip
import time
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from mailscope.ingest.maillogs.reader import ROWS_LIMIT, mail_log, row_of
from mailscope.ingest.maillogs.row import STATUSES, TEXT_LIMIT, Row
from mailscope.ingest.maillogs.syslog import LINE_LIMIT, Clock

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PROGRAMS = ("sendmail", "postfix/smtpd[1]", "postfix/smtp[1]", "exim[1]", "MailScanner[1]", "amavis", "rspamd")
PIECES = (
    "from=<", "to=<a@", ">, ", "relay=", "[192.0.2.1]", "[", "]", "stat=Sent", ", reply=", "dsn=2.0.0", "status=", "(",
    ")", "NOQUEUE: ", "reject: RCPT from ", "AAAAA11111: ", "hA3CP8k1016181: ", "1abcDE-000abc-Xy ", "<= ", "=> ", "H=",
    "F=<a@b>", "rejected RCPT ", "Virus '", "' found in file ./", "/", "rspamd_task_write_log: ", "Passed CLEAN", "->",
    "warning: header ", " from ", "; ", ": ", "a", "9" * 30, "\x00", "\u202e", '"', "\\", "size=", "delay=1+", "{",
)  # fmt: skip


def checked(row):
    if isinstance(row, Row):
        assert row.status in STATUSES
        assert all(len(value) <= TEXT_LIMIT for value in vars_of(row) if isinstance(value, str))
    else:
        assert row is None or row is False


def vars_of(row):
    return [getattr(row, name) for name in Row.__slots__]


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_without_an_error(data):
    checked(row_of(data.decode("utf-8", "replace"), Clock(NOW)))


@given(st.sampled_from(PROGRAMS), st.lists(st.sampled_from(PIECES) | st.text(max_size=10), max_size=25))
@settings(max_examples=400, deadline=None)
def test_pieces_of_real_lines_in_any_order_are_read_without_an_error(program, pieces):
    checked(row_of(f"Nov 22 04:00:00 mx {program}: {''.join(pieces)}", Clock(NOW)))


def test_no_line_takes_long_to_read():
    """A pattern that tries again from every character would need minutes for one of these."""
    began = time.process_time()
    for program in PROGRAMS:
        for piece in PIECES:
            text = f"Nov 22 04:00:00 mx {program}: " + piece * (LINE_LIMIT // len(piece))
            row_of(text[:LINE_LIMIT], Clock(NOW))
    assert time.process_time() - began < 20


def test_unreadable_lines_are_counted_with_their_place(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"\xff\xfe\n\nNov 22 04:00:00 mx cron[1]: hello\nNov 99 99:99:99 mx postfix/smtp[1]: x\n{broken\n")
    found = mail_log([path])
    assert (found.lines, found.other, found.unreadable) == (4, 1, 3)
    assert found.unreadable_at == ["log:1", "log:4", "log:5"]


def test_a_cut_gzip_file_gives_what_it_holds(tmp_path):
    path = tmp_path / "log.gz"
    line = "Nov 22 04:00:00 mx postfix/qmgr[1]: AAAAA{:05}: removed\n"
    packed = gzip.compress("".join(line.format(n) for n in range(10_000, 30_000)).encode())
    path.write_bytes(packed[: len(packed) // 2])
    found = mail_log([path])
    assert 100 < len(found.rows) < ROWS_LIMIT
    assert "cut or damaged" in found.notes[0]


def test_a_line_longer_than_the_limit_is_one_line(tmp_path):
    path = tmp_path / "log"
    path.write_text("Nov 22 04:00:00 mx postfix/qmgr[1]: " + "A" * (3 * LINE_LIMIT) + "\nshort\n")
    assert mail_log([path]).lines == 2
