"""Notices through a real Postfix to a real mailbox, and what comes back from there."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from mailscope.desk.cases.history import broken_at, of_case
from mailscope.desk.database import open_desk
from mailscope.desk.intake import read_source, take
from mailscope.desk.notices import outbox
from mailscope.desk.notices.compose import Matter, Sender, compose
from mailscope.desk.records import CaseRecord, NoticeRecord
from mailscope.report.complaints.accusation import Accusation
from tests.fixtures import postfix
from tests.fixtures.complaints import read
from tests.fixtures.daemon import until
from tests.fixtures.ports import refusing
from tests.fixtures.postfix import Postfix

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(postfix.missing() is not None, reason=postfix.missing() or ""),
]

DESK, ADMIN = "abuse@desk.example", "admin@school.example"
SENDER = Sender("Abuse desk", DESK, b"secret")


@pytest.fixture(scope="module")
def mail():
    """The contact's server (`mx`) and the desk's own (`out`), which knows the way there."""
    with (
        refusing() as nobody,
        Postfix("mx.school.example", mailboxes=(ADMIN, "second@school.example")) as mx,
        Postfix(
            "mail.desk.example",
            mailboxes=(DESK,),
            routes={"school.example": mx.port, "away.example": nobody},
            trusted="127.0.0.1",
            more="delay_warning_time = 1s\n",
        ) as out,
    ):
        yield mx, out


def desk_with(folder, recipients, language="en"):
    desk = open_desk(folder / "d.db")
    take(desk, [read()])
    said = Accusation("10.1.2.3", "messaging", "spam", datetime.now(UTC), "Desk", DESK, "spam was sent")
    matter = Matter(1, said, "Language School", 1, datetime.now(UTC), datetime.now(UTC))
    with desk.transaction() as session:
        for recipient in recipients:
            written = compose(SENDER, recipient, matter, language=language)
            outbox.approve(session, outbox.put(session, written, 1, "customer", language).id, "wang")
    return desk


def state(desk):
    with desk.transaction() as session:
        notices = [notice.state for notice in session.scalars(select(NoticeRecord).order_by(NoticeRecord.id))]
        return session.get_one(CaseRecord, 1).state, notices


def taken(desk, out):
    return take(desk, read_source(str(out.mailbox(DESK)), ["10.0.0.0/8"]), SENDER)


def actions(desk):
    with desk.transaction() as session:
        entries = of_case(session, 1)
        assert broken_at(entries) is None
        return [entry.action for entry in entries], [entry.details for entry in entries]


@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_a_notice_reaches_the_contacts_mailbox_as_it_was_approved(tmp_path, mail, language):
    mx, out = mail
    before = set(mx.mails(ADMIN))
    desk = desk_with(tmp_path, [ADMIN], language)
    assert outbox.send_approved(desk, outbox.Mta("127.0.0.1", out.port)) == {"sent": 1}
    until(lambda: len(mx.mails(ADMIN)) == len(before) + 1)
    got = message_from_bytes(next(iter(set(mx.mails(ADMIN)) - before)), policy=policy.SMTP)
    with desk.transaction() as session:
        notice = session.get_one(NoticeRecord, 1)
        assert "queued as" in notice.answer
        approved = message_from_bytes(notice.mail.replace(b"\r\n", b"\n"), policy=policy.SMTP)
    for name in ("Message-ID", "Subject", "From", "To", "Auto-Submitted"):
        assert str(got[name]) == str(approved[name])
    assert [part.get_content() for part in got.walk() if not part.is_multipart()] == [
        part.get_content() for part in approved.walk() if not part.is_multipart()
    ]
    assert state(desk) == ("notified", ["sent"])


def test_the_contacts_reply_joins_the_case(tmp_path, mail):
    _mx, out = mail
    desk = desk_with(tmp_path, [ADMIN])
    outbox.send_approved(desk, outbox.Mta("127.0.0.1", out.port))
    with desk.transaction() as session:
        named = session.get_one(NoticeRecord, 1).message_id
    text = f"From: {ADMIN}\r\nTo: {DESK}\r\nSubject: Re: yours\r\nIn-Reply-To: {named}\r\n\r\n10.1.2.3 is clean\r\n"
    before = len(out.mails(DESK))
    given(out, ADMIN, DESK, text)
    until(lambda: len(out.mails(DESK)) == before + 1)
    assert taken(desk, out).returned == 1
    assert state(desk) == ("open", ["sent"])
    assert taken(desk, out).mails == taken(desk, out).again


def test_an_unknown_recipient_is_told_to_the_case_in_the_servers_words(tmp_path, mail):
    _mx, out = mail
    desk = desk_with(tmp_path, ["nobody@school.example"])
    assert outbox.send_approved(desk, outbox.Mta("127.0.0.1", out.port)) == {"sent": 1}
    until(lambda: any(b"Final-Recipient: rfc822; nobody@" in data for data in out.mails(DESK)))
    taken(desk, out)
    assert state(desk) == ("open", ["bounced"])
    told = actions(desk)[1][-1]
    assert (told["status"], told["recipient"]) == ("5.1.1", "nobody@school.example")
    assert "User unknown in virtual mailbox table" in told["said"]


def test_a_delayed_mail_is_on_record_and_no_bounce(tmp_path, mail):
    _mx, out = mail
    desk = desk_with(tmp_path, ["admin@away.example"])
    assert outbox.send_approved(desk, outbox.Mta("127.0.0.1", out.port)) == {"sent": 1}
    until(lambda: any(b"Action: delayed" in data for data in out.mails(DESK)), 60)
    taken(desk, out)
    assert state(desk) == ("notified", ["sent"])
    assert actions(desk)[0][-1] == "mail-delayed"


def test_a_machines_answer_and_our_own_mail_start_nothing(tmp_path, mail):
    _mx, out = mail
    desk = desk_with(tmp_path, [ADMIN])
    outbox.send_approved(desk, outbox.Mta("127.0.0.1", out.port))
    with desk.transaction() as session:
        notice = session.get_one(NoticeRecord, 1)
        named, own = notice.message_id, notice.mail
    away = f"From: {ADMIN}\r\nSubject: away\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: {named}\r\n\r\naway\r\n"
    before = len(out.mails(DESK))
    given(out, ADMIN, DESK, away)
    given(out, ADMIN, DESK, own.decode("utf-8", "surrogateescape"))
    until(lambda: len(out.mails(DESK)) == before + 2)
    assert taken(desk, out).returned == 2
    assert actions(desk)[0][-1] == "mail-automatic"
    assert state(desk) == ("notified", ["sent"])
    assert outbox.send_approved(desk, outbox.Mta("127.0.0.1", out.port)) == {}


def test_one_recipient_gets_no_more_than_the_limit(tmp_path, mail):
    mx, out = mail
    second = "second@school.example"
    before = len(mx.mails(second))
    desk = desk_with(tmp_path, [second, "Second@School.example", second, ADMIN])
    mta = outbox.Mta("127.0.0.1", out.port, per_recipient=2, per_recipient_in=timedelta(hours=1))
    assert outbox.send_approved(desk, mta) == {"sent": 3}
    assert state(desk)[1] == ["sent", "sent", "approved", "sent"]
    until(lambda: len(mx.mails(second)) == before + 2)


def test_a_server_that_says_later_keeps_the_notice_for_later(tmp_path):
    with Postfix("mail.desk.example", trusted="127.0.0.1", more="smtpd_recipient_restrictions = defer\n") as out:
        desk = desk_with(tmp_path, [ADMIN])
        assert outbox.send_approved(desk, outbox.Mta("127.0.0.1", out.port)) == {"approved": 1}
    with desk.transaction() as session:
        notice = session.get_one(NoticeRecord, 1)
        assert (notice.state, notice.tries) == ("approved", 1)
        assert notice.answer.startswith("450 4.")
        assert notice.not_before > datetime.now(UTC)


def test_a_server_that_says_never_ends_the_notice(tmp_path):
    with Postfix("mail.desk.example", trusted="127.0.0.2") as out:
        desk = desk_with(tmp_path, [ADMIN])
        assert outbox.send_approved(desk, outbox.Mta("127.0.0.1", out.port)) == {"refused": 1}
    with desk.transaction() as session:
        assert "Relay access denied" in session.get_one(NoticeRecord, 1).answer


def given(out, sender, recipient, text):
    import smtplib

    with smtplib.SMTP("127.0.0.1", out.port) as server:
        server.sendmail(sender, [recipient], text.encode("utf-8", "surrogateescape"))
