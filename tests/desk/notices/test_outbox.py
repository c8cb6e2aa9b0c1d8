import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mailscope.desk.database import open_desk
from mailscope.desk.intake import take
from mailscope.desk.notices import outbox
from mailscope.desk.notices.compose import Matter, Sender, compose
from mailscope.desk.records import CaseRecord, NoticeRecord
from mailscope.errors import UsageError
from mailscope.report.complaints.accusation import Accusation
from tests.fixtures.complaints import read
from tests.fixtures.mta import Mta
from tests.fixtures.ports import refusing

SENDER = Sender("Abuse desk", "abuse@desk.example", b"secret")
MOMENT = datetime(2026, 11, 21, tzinfo=UTC)


def matter(case=1):
    said = Accusation("10.1.2.3", "messaging", "spam", MOMENT, "Desk", SENDER.address, "spam was sent")
    return Matter(case, said, "Language School", 1, MOMENT, MOMENT)


def desk_with(folder, recipients, *, approved=True):
    desk = open_desk(folder / "d.db")
    take(desk, [read()])
    with desk.transaction() as session:
        for recipient in recipients:
            notice = outbox.put(session, compose(SENDER, recipient, matter()), 1, "customer", "en")
            if approved:
                outbox.approve(session, notice.id, "wang")
    return desk


def states(desk):
    with desk.transaction() as session:
        return [notice.state for notice in session.scalars(select(NoticeRecord).order_by(NoticeRecord.id))]


def test_an_approved_notice_goes_out_once_and_the_case_says_so(tmp_path):
    with Mta() as mta:
        desk = desk_with(tmp_path, ["admin@school.example"])
        where = outbox.Mta("127.0.0.1", mta.port)
        assert outbox.send_approved(desk, where) == {"sent": 1}
        assert outbox.send_approved(desk, where) == {}
    assert [to for to, _mail in mta.mails] == ["admin@school.example"]
    with desk.transaction() as session:
        case = session.get_one(CaseRecord, 1)
        assert (case.state, case.notified is None) == ("notified", False)


def test_drafts_stay_where_they_are(tmp_path):
    with Mta() as mta:
        desk = desk_with(tmp_path, ["admin@school.example"], approved=False)
        assert outbox.send_approved(desk, outbox.Mta("127.0.0.1", mta.port)) == {}
    assert states(desk) == ["draft"]


@pytest.mark.parametrize(
    ("codes", "drops", "state"),
    [
        ({"RCPT": "451 later"}, "", "approved"),
        ({"DOT": "452 full"}, "", "approved"),
        ({"RCPT": "550 nobody"}, "", "refused"),
        ({"DATA": "554 no"}, "", "refused"),
        ({"DOT": "554 spam"}, "", "refused"),
        ({}, "MAIL", "approved"),
        ({}, "DOT", "in-doubt"),
    ],
)
def test_what_the_server_says_decides(tmp_path, codes, drops, state):
    with Mta(codes=codes, drops_after=drops) as mta:
        desk = desk_with(tmp_path, ["admin@school.example"])
        outbox.send_approved(desk, outbox.Mta("127.0.0.1", mta.port))
        assert states(desk) == [state]
        outbox.send_approved(desk, outbox.Mta("127.0.0.1", mta.port))
    assert states(desk) == [state], "what is late waits, what is in doubt is a person's"


def test_a_server_that_is_not_there_is_tried_later(tmp_path):
    desk = desk_with(tmp_path, ["admin@school.example"])
    with refusing() as port:
        outbox.send_approved(desk, outbox.Mta("127.0.0.1", port))
    with desk.transaction() as session:
        notice = session.get_one(NoticeRecord, 1)
        assert notice.state == "approved"
        assert notice.not_before > datetime.now(UTC)


def test_one_recipient_gets_no_flood(tmp_path):
    with Mta() as mta:
        desk = desk_with(tmp_path, ["a@school.example"] * 4 + ["b@school.example"])
        outbox.send_approved(desk, outbox.Mta("127.0.0.1", mta.port, per_recipient=2))
    assert sorted(to for to, _mail in mta.mails) == ["a@school.example"] * 2 + ["b@school.example"]


def test_a_sent_notice_is_not_approved_again(tmp_path):
    with Mta() as mta:
        desk = desk_with(tmp_path, ["a@school.example"])
        outbox.send_approved(desk, outbox.Mta("127.0.0.1", mta.port))
    with pytest.raises(UsageError, match="is `sent`"), desk.transaction() as session:
        outbox.approve(session, 1, "wang")


def test_a_notice_whose_sender_is_gone_is_in_doubt(tmp_path):
    desk = desk_with(tmp_path, ["a@school.example"])
    with desk.transaction() as session:
        notice = session.get_one(NoticeRecord, 1)
        notice.state, notice.worker = "sending", outbox.worker_name().partition("/")[0] + "/999999999"
        notice.claimed = datetime.now(UTC)
    assert outbox.recover(desk) == 1
    assert states(desk) == ["in-doubt"]


def test_a_living_sender_keeps_its_notice(tmp_path):
    desk = desk_with(tmp_path, ["a@school.example"])
    with desk.transaction() as session:
        notice = session.get_one(NoticeRecord, 1)
        notice.state, notice.worker, notice.claimed = "sending", outbox.worker_name(), datetime.now(UTC)
    assert outbox.recover(desk) == 0
    assert outbox.recover(desk, older_than=timedelta(0)) == 1


SEND = "import sys; from mailscope.desk.database import open_desk; from mailscope.desk.notices import outbox; "
SEND += "outbox.send_approved(open_desk(sys.argv[1]), outbox.Mta('127.0.0.1', int(sys.argv[2])))"


def killed_while_sending(folder, kills):
    """Sends with a process that is killed again and again; nothing may go out twice."""
    recipients = [f"user{n}@school.example" for n in range(kills * 3)]
    with Mta() as mta:
        desk = desk_with(folder, recipients)
        for turn in range(kills):
            child = subprocess.Popen([sys.executable, "-c", SEND, str(folder / "d.db"), str(mta.port)])
            already = len(mta.mails)
            deadline = time.monotonic() + 300
            while len(mta.mails) <= already and child.poll() is None and time.monotonic() < deadline:
                time.sleep(0.001 * (turn % 5))
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            outbox.recover(desk)
        outbox.send_approved(desk, outbox.Mta("127.0.0.1", mta.port))
    got = [to for to, _mail in mta.mails]
    assert len(got) == len(set(got)), "a notice went out twice"
    with desk.transaction() as session:
        notices = {n.recipient: n.state for n in session.scalars(select(NoticeRecord))}
    assert set(notices.values()) <= {"sent", "in-doubt"}
    assert {to for to, state in notices.items() if state == "sent"} <= set(got)
    assert set(got) - {to for to, state in notices.items() if state == "sent"} <= {
        to for to, state in notices.items() if state == "in-doubt"
    }
    return notices


@pytest.mark.long
def test_a_killed_sender_sends_nothing_twice(tmp_path):
    assert len(killed_while_sending(tmp_path, 3)) == 9


@pytest.mark.slow
def test_a_sender_killed_fifty_times_sends_nothing_twice(tmp_path):
    assert len(killed_while_sending(tmp_path, 50)) == 150
