"""Mail logs tell what an accused address handed in, and whether they were written then at all."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailscope.desk.evidence.mail_logs import look
from mailscope.desk.evidence.moments import Moment
from mailscope.ingest.maillogs.reader import mail_log
from mailscope.wording import render

LOG = """\
Nov 21 20:00:01 mx postfix/smtpd[1]: AAAAAAAAAA: client=pc7.example[10.1.2.3]
Nov 21 20:00:01 mx postfix/cleanup[1]: AAAAAAAAAA: message-id=<1@x>
Nov 21 20:00:01 mx postfix/qmgr[1]: AAAAAAAAAA: from=<a@spam.example>, size=900, nrcpt=1 (queue active)
Nov 21 20:00:02 mx postfix/smtp[1]: AAAAAAAAAA: to=<v@victim.example>, relay=mx.victim.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)
Nov 21 20:00:02 mx postfix/qmgr[1]: AAAAAAAAAA: removed
Nov 21 20:00:05 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from pc7.example[10.1.2.3]: 554 5.7.1 <w@victim.example>: Relay access denied; from=<b@spam.example> to=<w@victim.example> proto=ESMTP helo=<x>
Nov 21 22:00:05 mx postfix/smtpd[1]: BBBBBBBBBB: client=other.example[10.9.9.9]
"""
MOMENT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


def looked(folder: Path, *times):
    (folder / "mail.log").write_text(LOG)
    rows = mail_log([folder / "mail.log"], UTC, 2026).rows
    return look("mail.log", rows, [Moment("10.1.2.3", time) for time in times])


def test_mails_of_the_address_are_told_with_their_lines(tmp_path):
    found = looked(tmp_path, MOMENT)
    assert found.verdicts == ["seen"]
    assert render(found.said[0]) == "mail logs: 2 mails handed in, from 2 sender addresses to 2 recipients"
    assert render(found.said[1]) == "mail logs: 1 mail of these refused"
    assert [row["line"] for row in found.rows["mails"]] == [1, 6]


def test_a_server_that_wrote_before_and_after_was_there(tmp_path):
    later, days = MOMENT + timedelta(minutes=100), MOMENT + timedelta(days=3)
    assert looked(tmp_path, later, days).verdicts == ["nothing-seen", "not-watched"]
