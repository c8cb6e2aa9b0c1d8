"""The mailbox is read from a real Dovecot."""

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import select

from mailscope.desk.database import open_desk
from mailscope.desk.imap_mailbox import ImapAccount, watch
from mailscope.desk.intake import reader_for
from mailscope.desk.records import ComplaintRecord, MailboxRecord
from mailscope.errors import DeliveryError
from tests.fixtures import dovecot


def mail(number):
    return (
        f"From: a{number}@reporter.example\r\nTo: abuse@desk.example\r\nMessage-ID: <{number}@reporter.example>\r\n"
        f"Date: Sat, 21 Nov 2026 20:{number % 60:02d}:00 +0000\r\nSubject: spam\r\n\r\n"
        f"Your host 10.1.{number // 250}.{number % 250 + 1} sent spam at 2026-11-21 20:{number % 60:02d}:00 UTC\r\n"
    ).encode()


def account(server):
    return ImapAccount("127.0.0.1", server.port, "abuse", "secret", has_tls=False)


@pytest.fixture
def server():
    if why := dovecot.missing():
        pytest.skip(why)
    with dovecot.Dovecot() as running:
        yield running


def round_of(desk, server):
    return next(watch(desk, account(server), reader_for(["10.1.0.0/16"]), once=True))


@pytest.mark.slow
def test_it_goes_on_where_it_stopped(server, tmp_path):
    desk = open_desk(tmp_path / "d.db")
    server.put("1", mail(1))
    server.put("2", mail(2))
    assert round_of(desk, server).opened == 2
    assert round_of(desk, server).mails == 0
    server.put("3", mail(3))
    assert round_of(desk, server).opened == 1
    with desk.transaction() as session:
        session.scalars(select(MailboxRecord)).one().uid_validity += 1
    again = round_of(desk, server)
    assert (again.mails, again.again) == (3, 3), "new UIDs are read again and known by their bytes"
    desk.close()


WATCH = """
import sys
from mailscope.desk.database import open_desk
from mailscope.desk.imap_mailbox import ImapAccount, watch
from mailscope.desk.intake import reader_for
place = ImapAccount("127.0.0.1", int(sys.argv[2]), "abuse", "secret", has_tls=False)
for counts in watch(open_desk(sys.argv[1]), place, reader_for(["10.1.0.0/16"])):
    print(counts.mails, flush=True)
"""


@pytest.mark.slow
def test_a_mail_that_comes_while_it_waits_is_filed_at_once(server, tmp_path):
    open_desk(tmp_path / "d.db").close()
    child = subprocess.Popen(
        [sys.executable, "-c", WATCH, str(tmp_path / "d.db"), str(server.port)], stdout=subprocess.PIPE, text=True
    )
    try:
        server.put("1", mail(1))
        assert child.stdout.readline() == "1\n"
        time.sleep(1)
        server.put("2", mail(2))
        assert child.stdout.readline() == "1\n"
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


@pytest.mark.slow
def test_killed_fifty_times_it_loses_and_doubles_nothing(server, tmp_path):
    desk = open_desk(tmp_path / "d.db")
    for number in range(200):
        server.put(str(number), mail(number))
    for turn in range(50):
        child = subprocess.Popen(
            [sys.executable, "-c", WATCH, str(tmp_path / "d.db"), str(server.port)], stdout=subprocess.DEVNULL
        )
        time.sleep(0.4 + 0.02 * (turn % 20))
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    round_of(desk, server)
    with desk.transaction() as session:
        names = sorted(session.scalars(select(ComplaintRecord.message_id)))
    assert names == sorted(f"<{number}@reporter.example>" for number in range(200))
    desk.close()


def test_a_server_that_is_not_there_is_an_error_with_its_name(tmp_path):
    gone = ImapAccount("127.0.0.1", 1, "abuse", "secret", has_tls=False)
    with pytest.raises(DeliveryError, match=r"abuse@127\.0\.0\.1:1") as caught:
        next(watch(open_desk(tmp_path / "d.db"), gone, reader_for([])))
    assert "secret" not in str(caught.value)


def test_a_password_is_not_shown():
    assert "secret" not in repr(ImapAccount("host", 143, "abuse", "secret"))
