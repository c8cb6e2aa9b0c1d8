"""A draft tells the case in the language of who reads it."""

from email import message_from_bytes
from email.policy import default

import pytest

from mailscope.desk.cases.case_store import by_id
from mailscope.desk.database import open_desk
from mailscope.desk.evidence.joined import evidence_of
from mailscope.desk.evidence.moments import Moment
from mailscope.desk.intake import take
from mailscope.desk.notices.compose import Sender
from mailscope.desk.notices.drafts import draft
from tests.fixtures.complaints import read
from tests.fixtures.flow_rows import START, mails, records


@pytest.mark.parametrize(
    ("language", "summary", "seen"),
    [
        ("en", "Spam: 2 complaints", "3 connections to mail ports of 3 servers"),
        ("zh-Hant", "垃圾郵件：2 件投訴", "向 3 台伺服器的郵件連接埠發起 3 條連線"),
        ("zh-Hans", "垃圾邮件：2 件投诉", "向 3 台服务器的邮件端口发起 3 条连接"),
    ],
)
def test_summary_and_evidence_are_in_the_notices_language(tmp_path, language, summary, seen):
    desk = open_desk(tmp_path / "d.db")
    take(desk, [read(number=1), read(number=2)])
    with desk.transaction() as session:
        flows = [("store", records(mails("10.1.2.3", 3)))]
        by_id(session, 1).evidence = evidence_of([Moment("10.1.2.3", START)], flows=flows)
        notice = draft(session, Sender("Desk", "abuse@desk.example", b"secret"), 1, language=language)
        text = message_from_bytes(notice.mail, policy=default).get_body(("plain",)).get_content()
    assert summary in text
    assert seen in text
