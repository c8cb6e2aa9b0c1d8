import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

from mailscope.desk.cases.case_store import by_id, move
from mailscope.desk.database import open_desk
from mailscope.desk.figures import Month, as_rows, chart, months, repeat_offenders
from mailscope.desk.intake import take
from tests.fixtures.complaints import read


def desk_with(folder, *complaints):
    desk = open_desk(folder / "d.db")
    take(desk, complaints)
    return desk


def test_sums_are_those_of_the_records(tmp_path):
    desk = desk_with(
        tmp_path,
        read(number=1),
        read(number=2, category="scan"),
        read("192.0.2.1", number=3, ours=False),
        read(None, number=4, needs_person=True),
    )
    with desk.transaction() as session:
        case = by_id(session, 1)
        move(session, case, "notify", "wang")
        case.notified = case.opened + timedelta(hours=3)
        case.quiet_since = case.notified + timedelta(hours=30)
    with desk.transaction() as session:
        (month,) = months(session)
    assert (month.complaints, month.cases, month.not_ours, month.for_a_person) == (4, 2, 1, 1)
    assert sum(month.categories.values()) == month.complaints
    assert (month.hours_to_notice, month.hours_to_quiet) == (3.0, 30.0)
    assert as_rows([month])[0]["scan"] == 1


def test_an_empty_desk_has_no_months_and_still_a_chart(tmp_path):
    with desk_with(tmp_path).transaction() as session:
        assert months(session) == []
    ET.fromstring(chart([]))


def test_repeat_offenders_are_counted_by_case(tmp_path):
    desk = desk_with(
        tmp_path, read(number=1), read(number=2), read(number=3, category="scan"), read("10.9.9.9", number=4)
    )
    with desk.transaction() as session:
        rows = repeat_offenders(session)
    assert rows == [
        {"kind": "accused", "who": "10.1.2.3", "cases": 2},
        {"kind": "responsible", "who": "Language School", "cases": 3},
    ]


def test_the_chart_is_an_image_with_words_for_those_who_cannot_see_it():
    root = ET.fromstring(chart([Month("2026-10", complaints=3, cases=1), Month("<b>", complaints=1)]))
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "2026-10: 3 complaints" in titles


def test_months_are_those_of_utc(tmp_path):
    desk = desk_with(tmp_path, read(number=1))
    with desk.transaction() as session:
        by_id(session, 1).opened = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
    with desk.transaction() as session:
        assert next(month.month for month in months(session)) == "2026-01"
