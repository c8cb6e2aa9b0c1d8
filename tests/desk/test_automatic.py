"""What rules let out: only sure cases, each notice once, reminders and escalation in their time."""

import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select

from mailscope.desk.automatic import due, needs_person, send_by_rule
from mailscope.desk.cases.case_store import assign, by_id, move
from mailscope.desk.cases.history import broken_at, of_case
from mailscope.desk.database import open_desk
from mailscope.desk.intake import take
from mailscope.desk.records import NoticeRecord
from mailscope.desk.settings import of_values
from tests.fixtures import postgres
from tests.fixtures.complaints import read

NOW = datetime.now(UTC)
RULES = {
    "remind_after_days": 3,
    "reminders": 2,
    "escalate_after_days": 2,
    "send": [{"name": "spam", "category": ["spam"], "evidence": "any", "language": "zh-Hant"}],
    "escalate": {"10.0.0.0/8": "noc@above.example"},
}


def settings_of(folder, **rules):
    return of_values({"rules": RULES | rules, "desk": {"address": "abuse@desk.example"}}, folder)


@pytest.fixture
def settings(tmp_path):
    return settings_of(tmp_path)


def desk_with(folder, *complaints):
    desk = open_desk(folder / "d.db")
    take(desk, complaints or [read()])
    return desk


def went_out(desk, days_ago):
    """The outbox has sent what was approved, so many days ago."""
    with desk.transaction() as session:
        for notice in session.scalars(select(NoticeRecord).where(NoticeRecord.state == "approved")):
            notice.state, notice.sent = "sent", NOW - timedelta(days=days_ago)
            move(session, by_id(session, notice.case_id), "notify", "mailscope")


def notices(desk):
    with desk.transaction() as session:
        return [(n.kind, n.state, n.recipient) for n in session.scalars(select(NoticeRecord).order_by(NoticeRecord.id))]


def test_a_sure_case_is_told_once_and_the_history_names_the_rule(tmp_path, settings):
    desk = desk_with(tmp_path)
    assert send_by_rule(desk, settings) == {"notice": 1, "reminder": 0, "escalation": 0}
    assert send_by_rule(desk, settings)["notice"] == 0
    assert notices(desk) == [("notice", "approved", "admin@school.example")]
    with desk.transaction() as session:
        entries = of_case(session, 1)
        assert [entry.action for entry in entries] == ["new", "rule", "notice-approved"]
        assert entries[1].details["rule"] == "spam"
        assert broken_at(entries) is None


def test_reminders_then_one_escalation_each_in_its_time(tmp_path, settings):
    desk = desk_with(tmp_path)
    send_by_rule(desk, settings)
    made = []
    for days_ago in (2.9, 3.1, 3.1, 1.9, 2.1, 90):
        went_out(desk, days_ago)
        with desk.transaction() as session:
            newest = session.scalars(select(NoticeRecord).order_by(NoticeRecord.id.desc())).first()
            newest.sent = NOW - timedelta(days=days_ago)
        made.append({kind: n for kind, n in send_by_rule(desk, settings, NOW).items() if n})
    assert made == [{}, {"reminder": 1}, {"reminder": 1}, {}, {"escalation": 1}, {}]
    assert notices(desk)[-1] == ("escalation", "sent", "noc@above.example")


def test_a_reminder_says_that_it_is_one_and_follows_the_thread(tmp_path, settings):
    desk = desk_with(tmp_path)
    send_by_rule(desk, settings)
    went_out(desk, 5)
    send_by_rule(desk, settings, NOW)
    with desk.transaction() as session:
        first, second = session.scalars(select(NoticeRecord).order_by(NoticeRecord.id))
        mail = message_from_bytes(second.mail, policy=default)
        assert mail["In-Reply-To"] == first.message_id
        assert mail["Subject"].startswith("催辦：")
        assert "至今未見改善" in mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize("event", ["answer", "bounce", "wait", "resolve"])
def test_who_answered_is_not_reminded(tmp_path, settings, event):
    desk = desk_with(tmp_path)
    send_by_rule(desk, settings)
    went_out(desk, 50)
    with desk.transaction() as session:
        move(session, by_id(session, 1), event, "li")
    assert send_by_rule(desk, settings, NOW) == {"notice": 0, "reminder": 0, "escalation": 0}


def test_one_that_stopped_is_not_reminded(tmp_path, settings):
    desk = desk_with(tmp_path)
    send_by_rule(desk, settings)
    went_out(desk, 50)
    with desk.transaction() as session:
        by_id(session, 1).watched = {"standing": "stopped"}
    assert send_by_rule(desk, settings, NOW)["reminder"] == 0


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"ours": None}, "not-known-to-be-ours"),
        ({"category": "child-abuse"}, "category"),
    ],
)
def test_what_needs_a_person_waits_for_one(tmp_path, settings, changed, why):
    desk = desk_with(tmp_path, read(**changed))
    assert send_by_rule(desk, settings)["notice"] == 0
    with desk.transaction() as session:
        assert needs_person(session, by_id(session, 1)) == why


@pytest.mark.parametrize(
    ("party", "why"), [({"disputed": True}, "contact-disputed"), ({"stale": True}, "contact-stale")]
)
def test_a_doubtful_contact_is_a_persons_matter(tmp_path, settings, party, why):
    mail, told = read()
    told["parties"][0] |= party
    desk = desk_with(tmp_path, (mail, told))
    assert send_by_rule(desk, settings)["notice"] == 0
    with desk.transaction() as session:
        assert needs_person(session, by_id(session, 1)) == why


def test_an_assigned_case_is_its_persons(tmp_path, settings):
    desk = desk_with(tmp_path)
    with desk.transaction() as session:
        assign(session, by_id(session, 1), "li", "wang")
    assert send_by_rule(desk, settings)["notice"] == 0


def test_the_rule_asks_for_what_our_own_records_saw(tmp_path):
    careful = settings_of(tmp_path, send=[{"category": ["spam"], "complaints": 2}])
    desk = desk_with(tmp_path, read(number=1), read(number=2))
    assert send_by_rule(desk, careful)["notice"] == 0
    with desk.transaction() as session:
        by_id(session, 1).evidence = {"verdict": "seen"}
    assert send_by_rule(desk, careful)["notice"] == 1


def test_no_more_than_the_days_share_goes_out(tmp_path):
    few = settings_of(tmp_path, most_a_day=3)
    desk = desk_with(tmp_path, *[read(f"10.1.2.{n}", number=n) for n in range(1, 9)])
    assert send_by_rule(desk, few)["notice"] == 3
    assert send_by_rule(desk, few)["notice"] == 0


def test_a_contact_that_is_no_address_makes_the_case_wait(tmp_path, settings):
    mail, told = read()
    told["parties"][0]["contact"] = "a@b.example, c@d.example"
    desk = desk_with(tmp_path, (mail, told))
    assert send_by_rule(desk, settings)["notice"] == 0
    with desk.transaction() as session:
        assert by_id(session, 1).state == "waiting"


def test_a_case_that_comes_back_is_told_anew(tmp_path, settings):
    desk = desk_with(tmp_path)
    send_by_rule(desk, settings)
    went_out(desk, 20)
    with desk.transaction() as session:
        move(session, by_id(session, 1), "resolve", "li")
    take(desk, [read(number=2)])
    with desk.transaction() as session:
        assert due(session, by_id(session, 1), settings.rules, NOW)[0] == "notice"


def workers_at_once(place, folder):
    """Four processes apply the rules at the same time; the number of notices, and of cases with just one."""
    (folder / "mailscope.toml").write_text(
        f'[desk]\naddress = "abuse@desk.example"\ndatabase = "{place}"\n[rules]\n[[rules.send]]\n'
        'category = ["spam"]\nevidence = "any"\n'
    )
    work = (
        "from pathlib import Path; from mailscope.desk.automatic import send_by_rule;"
        "from mailscope.desk.database import open_desk; from mailscope.desk.settings import load;"
        "settings = load(Path('mailscope.toml')); send_by_rule(open_desk(settings.database), settings)"
    )
    workers = [subprocess.Popen([sys.executable, "-c", work], cwd=folder) for _ in range(4)]
    assert [worker.wait(600) for worker in workers] == [0] * 4
    desk = open_desk(place)
    with desk.transaction() as session:
        counts = Counter(session.scalars(select(NoticeRecord.case_id)))
    desk.close()
    return sorted(counts.values())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_workers_at_once_tell_each_contact_once(tmp_path, kind):
    with ExitStack() as stack:
        place = str(tmp_path / "d.db")
        if kind == "postgresql":
            if why := postgres.missing():
                pytest.skip(why)
            place = stack.enter_context(postgres.Postgres()).database("rules")
        desk = open_desk(place)
        take(desk, [read(f"10.1.2.{n}", number=n) for n in range(1, 21)])
        desk.close()
        assert workers_at_once(place, tmp_path) == [1] * 20
