"""One round does every step, tells what failed, and can be killed anywhere."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import select

from mailscope.desk.cases.history import broken_at, of_case
from mailscope.desk.database import open_desk
from mailscope.desk.records import CaseRecord, ComplaintRecord, NoticeRecord
from mailscope.desk.round import is_outdated, one_round
from mailscope.desk.settings import load
from tests.fixtures.mta import Mta

COMPLAINTS = 30
SETTINGS = """
[desk]
address = "abuse@desk.example"
database = "desk.db"
mailbox = "abuse.mbox"
registry = "sources"
[network]
own = ["10.1.0.0/16"]
[mta]
host = "127.0.0.1"
port = {port}
per_recipient = 1000
[rules]
remind_after_days = 3
most_a_day = 1000
[[rules.send]]
category = ["spam"]
evidence = "any"
"""


def mailbox():
    now = datetime.now(UTC)
    mails = []
    for n in range(COMPLAINTS):
        head = f"From: r@reporter.example\nTo: abuse@desk.example\nDate: {format_datetime(now)}\nSubject: spam\n"
        text = f"Your host 10.1.{n}.9 sent spam at {now:%Y-%m-%d %H:%M:%S} UTC\n"
        mails.append(f"From r@reporter.example Sat Nov 21 20:00:00 2026\n{head}Message-ID: <{n}@r.example>\n\n{text}\n")
    return "".join(mails)


def desk_folder(folder, port):
    (folder / "mailscope.toml").write_text(SETTINGS.format(port=port))
    (folder / "abuse.mbox").write_text(mailbox())
    (folder / "sources").mkdir()
    today = datetime.now(UTC).date()
    (folder / "sources" / "contacts.csv").write_text(
        "prefix,organization,email,updated\n" + f"10.1.0.0/16,School,admin@school.example,{today}\n"
    )
    return load(folder / "mailscope.toml")


def test_complaints_become_notices_in_one_round(tmp_path):
    with Mta() as mta:
        settings = desk_folder(tmp_path, mta.port)
        told = dict(one_round(open_desk(settings.database), settings))
        assert told["mail"]["opened"] == COMPLAINTS
        assert told["rules"]["notice"] == COMPLAINTS
        assert told["outbox"] == {"sent": COMPLAINTS}
        again = dict(one_round(open_desk(settings.database), settings))
        assert (again["mail"]["mails"], again["rules"]["notice"], again["outbox"]) == (0, 0, {})
    assert len(mta.mails) == COMPLAINTS


def test_a_step_that_fails_is_told_and_the_others_are_done(tmp_path):
    with Mta() as mta:
        settings = desk_folder(tmp_path, mta.port)
        (tmp_path / "abuse.mbox").unlink()
        told = dict(one_round(open_desk(settings.database), settings))
    assert isinstance(told["mail"], str)
    assert told["outbox"] == {}


def test_evidence_is_looked_up_anew_when_there_is_something_new_to_see():
    now = datetime(2026, 11, 22, tzinfo=UTC)

    def case(evidence, last_event=None):
        return CaseRecord(evidence=evidence, last_event=last_event, opened=now - timedelta(hours=5))

    def seen(verdict, hours_ago=2):
        gathered = (now - timedelta(hours=hours_ago)).isoformat()
        return {"verdict": verdict, "gathered": gathered, "moments": [{"time": now.isoformat()}]}

    assert is_outdated(case(None), now)
    assert not is_outdated(case(seen("seen"), now), now)
    assert is_outdated(case(seen("seen"), now + timedelta(minutes=9)), now)
    assert is_outdated(case(seen("not-watched"), now), now)
    assert not is_outdated(case(seen("not-watched", 0.1), now), now)
    assert not is_outdated(case(seen("nothing-seen"), now), now)


def killed(folder, kills, seed=1):
    """Rounds of `mailscope desk run --once`, each killed at a random moment; then one to its end."""
    moments = random.Random(seed)
    with Mta() as mta:
        settings = desk_folder(folder, mta.port)
        command = [sys.executable, "-m", "mailscope", "desk", "run", "--once", "--settings", "mailscope.toml"]
        for _turn in range(kills):
            child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(moments.uniform(0.3, 1.6))
            if child.poll() is None:
                os.kill(child.pid, signal.SIGKILL)
            child.wait()
        desk = open_desk(settings.database)
        for _turn in range(3):
            list(one_round(desk, settings))
        return desk, [mail for _to, mail in mta.mails]


def check(desk, mails):
    with desk.transaction() as session:
        assert len(list(session.scalars(select(ComplaintRecord.id)))) == COMPLAINTS
        cases = list(session.scalars(select(CaseRecord)))
        assert len(cases) == COMPLAINTS
        assert all(broken_at(of_case(session, case.id)) is None for case in cases)
        notices = list(session.scalars(select(NoticeRecord)))
        assert max(Counter(notice.case_id for notice in notices).values()) == 1
        states = Counter(notice.state for notice in notices)
        assert set(states) <= {"sent", "in-doubt"}
        assert sum(states.values()) == COMPLAINTS
        went = Counter(mail.split(b"Message-ID: ")[1].split(b"\r\n")[0] for mail in mails)
        assert max(went.values()) == 1, "nothing goes out twice"
        doubtful = {notice.message_id for notice in notices if notice.state == "in-doubt"}
        assert {m.message_id for m in notices} - doubtful <= {key.decode() for key in went}


@pytest.mark.slow
def test_killed_many_times_nothing_is_lost_or_doubled(tmp_path):
    for seed in range(5):
        folder = tmp_path / str(seed)
        folder.mkdir()
        check(*killed(folder, 10, seed))
