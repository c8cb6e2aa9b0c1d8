from email import message_from_bytes

import pytest

from mailscope.desk.notices import outbox
from mailscope.desk.notices.compose import compose
from mailscope.desk.notices.replies import file_returned, returned
from mailscope.desk.records import CaseRecord, NoticeRecord
from tests.desk.notices.test_outbox import SENDER, desk_with, matter
from tests.fixtures.mta import Mta


@pytest.fixture
def sent(tmp_path):
    with Mta() as mta:
        desk = desk_with(tmp_path, ["admin@school.example"])
        outbox.send_approved(desk, outbox.Mta("127.0.0.1", mta.port))
    return desk, message_from_bytes(mta.mails[0][1])


def filed(desk, mail):
    with desk.transaction() as session:
        found = returned(session, SENDER, mail)
        if found is not None:
            file_returned(session, found, "0" * 64)
        return found, session.get_one(CaseRecord, 1).state, session.get_one(NoticeRecord, 1).state


def test_a_reply_joins_its_case(sent):
    desk, mail = sent
    found, case, _notice = filed(desk, f"In-Reply-To: {mail['Message-ID']}\r\nSubject: Re: x\r\n\r\ndone".encode())
    assert (found.kind, found.case, case) == ("reply", 1, "open")


def test_a_reply_without_references_is_known_by_the_sealed_number(sent):
    desk, mail = sent
    assert filed(desk, f"Subject: Re: {mail['Subject']}\r\n\r\ndone".encode())[0].case == 1
    forged = str(mail["Subject"]).replace("[case 1-", "[case 2-")
    assert filed(desk, f"Subject: Re: {forged}\r\n\r\ndone".encode())[0] is None


def test_a_bounce_is_told_to_the_case(sent):
    desk, mail = sent
    bounce = (
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\nFrom: MAILER-DAEMON\r\n\r\n'
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {mail['Message-ID']}\r\n--b--\r\n"
    )
    found, case, notice = filed(desk, bounce.encode())
    assert (found.kind, case, notice) == ("bounce", "open", "bounced")


def test_our_own_mail_that_comes_back_is_a_loop_and_changes_nothing(sent):
    desk, _mail = sent
    found, case, _notice = filed(desk, compose(SENDER, "x@y.example", matter()).as_bytes())
    assert (found.kind, case) == ("loop", "notified")


def test_other_mail_is_none_of_it(sent):
    desk, _mail = sent
    assert filed(desk, b"Subject: hello\r\nIn-Reply-To: <other@x.example>\r\n\r\n")[0] is None


VACATION = "Auto-Submitted: auto-replied\r\nSubject: Out of office\r\n"


def test_a_machines_answer_is_on_record_and_moves_nothing(sent):
    desk, mail = sent
    found, case, _notice = filed(desk, f"{VACATION}In-Reply-To: {mail['Message-ID']}\r\n\r\naway".encode())
    assert (found.kind, found.case, case) == ("automatic", 1, "notified")


def test_a_bounce_in_plain_words_is_a_bounce(sent):
    desk, mail = sent
    text = (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.school.example\r\nSubject: failure notice\r\n\r\n"
        "Hi. This is the qmail-send program at mx.school.example.\r\n<admin@school.example>:\r\n"
        "Sorry, no mailbox here. 550 5.1.1 unknown\r\n\r\n--- Below this line is a copy of the message.\r\n"
        f"\r\nMessage-ID: {mail['Message-ID']}\r\n\r\nhello\r\n"
    )
    found, case, notice = filed(desk, text.encode())
    assert (found.kind, found.delivery.status, case, notice) == ("bounce", "5.1.1", "open", "bounced")


def test_a_known_message_id_in_a_persons_text_is_no_answer(sent):
    desk, mail = sent
    assert (
        filed(desk, f"From: x@y.example\r\nSubject: hm\r\n\r\nMessage-ID: {mail['Message-ID']}\r\n".encode())[0] is None
    )


def test_a_tag_in_an_encoded_subject_is_known(sent):
    from email.header import Header

    desk, mail = sent
    subject = Header(f"回覆：{mail['Subject']}", "utf-8").encode()
    assert filed(desk, f"Subject: {subject}\r\n\r\ndone".encode())[0].case == 1
