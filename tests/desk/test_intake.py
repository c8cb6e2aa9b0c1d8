from sqlalchemy import select

from mailscope.desk.cases.history import broken_at, of_case
from mailscope.desk.database import open_desk
from mailscope.desk.intake import moment, take
from mailscope.desk.records import AccusationRecord, CaseRecord, ComplaintRecord
from tests.fixtures.complaints import read


def records(desk, kind):
    with desk.transaction() as session:
        return list(session.scalars(select(kind).order_by(kind.id)))


def test_a_mail_given_twice_is_taken_once(tmp_path):
    desk = open_desk(tmp_path / "d.db")
    first, second = take(desk, [read()]), take(desk, [read(), read()])
    assert (first.opened, second.again, second.opened) == (1, 2, 0)
    assert len(records(desk, ComplaintRecord)) == 1


def test_complaints_about_one_address_join_one_case(tmp_path):
    desk = open_desk(tmp_path / "d.db")
    counts = take(desk, [read(number=1), read(number=2), read("10.9.9.9", number=3)])
    assert (counts.opened, counts.joined) == (2, 1)
    first = records(desk, CaseRecord)[0]
    assert (first.first_event.minute, first.last_event.minute, first.contact) == (1, 2, "admin@school.example")


def test_the_same_message_in_another_coat_is_a_duplicate(tmp_path):
    desk = open_desk(tmp_path / "d.db")
    mail, found = read(number=1)
    take(desk, [(mail, found), (b"Received: from x\r\n" + mail, found)])
    one, two = records(desk, ComplaintRecord)
    assert two.duplicate_of == one.id
    assert {accusation.case_id for accusation in records(desk, AccusationRecord)} == {1}


def test_a_complaint_about_several_addresses_is_several_cases(tmp_path):
    desk = open_desk(tmp_path / "d.db")
    counts = take(desk, [read("10.1.2.3,10.1.2.4,10.1.2.3", number=1), read("10.1.2.4", number=2)])
    assert (counts.opened, counts.joined) == (1, 1)
    assert [case.accused for case in records(desk, CaseRecord)] == ["10.1.2.3", "10.1.2.4"]
    assert len(records(desk, AccusationRecord)) == 3


def test_nothing_is_dropped(tmp_path):
    desk = open_desk(tmp_path / "d.db")
    counts = take(
        desk,
        [
            read(None, number=1, needs_person=True, why="an image only"),
            read("192.0.2.1", number=2, ours=False),
            read(None, number=3, format="bounce"),
            (b"\x00", {}),
        ],
    )
    assert (counts.for_a_person, counts.not_ours, counts.no_complaint, counts.mails) == (1, 1, 2, 4)
    assert len(records(desk, ComplaintRecord)) == 4
    assert records(desk, CaseRecord) == []


def test_a_resolved_case_is_reopened_by_a_new_complaint(tmp_path):
    from mailscope.desk.cases.case_store import by_id, move

    desk = open_desk(tmp_path / "d.db")
    take(desk, [read(number=1)])
    with desk.transaction() as session:
        move(session, by_id(session, 1), "resolve", "wang")
    take(desk, [read(number=2)])
    case = records(desk, CaseRecord)[0]
    assert (case.state, case.resolved) == ("reopened", None)
    with desk.transaction() as session:
        entries = of_case(session, 1)
        assert [entry.action for entry in entries] == ["new", "resolve", "complain"]
        assert broken_at(entries) is None


def test_a_time_without_zone_is_not_taken():
    assert moment("2026-01-02T03:04:05") is None
    assert moment("2026-01-02T03:04:05Z").hour == 3
    assert moment(None) is None


def test_what_answers_a_notice_joins_its_case_and_accuses_nobody(tmp_path):
    from mailscope.desk.notices import outbox
    from mailscope.desk.notices.compose import compose
    from tests.desk.notices.test_outbox import SENDER, matter

    desk = open_desk(tmp_path / "d.db")
    take(desk, [read()])
    notice = compose(SENDER, "admin@school.example", matter())
    with desk.transaction() as session:
        outbox.put(session, notice, 1, "customer", "en")
    answer = f"From: admin@school.example\r\nIn-Reply-To: {notice['Message-ID']}\r\n\r\n10.1.2.3 is clean now".encode()
    _mail, found = read("10.1.2.3", number=9)
    counts = take(desk, [(answer, found), (notice.as_bytes(), found), (answer, found)], SENDER)
    assert (counts.returned, counts.again, counts.opened, counts.joined) == (2, 1, 0, 0)
    assert [kept.format for kept in records(desk, ComplaintRecord)] == ["free-text", "returned-reply", "returned-loop"]
    with desk.transaction() as session:
        assert [entry.action for entry in of_case(session, 1)] == ["new", "answer"]
