"""What all sources say together is kept in the case, in words for any language."""

import json

from mailscope.desk.cases.case_store import by_id
from mailscope.desk.cases.history import broken_at, of_case
from mailscope.desk.database import open_desk
from mailscope.desk.evidence.joined import ROWS_KEPT, evidence_of, joined, keep, sentences, was_around
from mailscope.desk.evidence.moments import Look, Moment
from mailscope.desk.intake import take
from mailscope.wording import phrase
from tests.fixtures.complaints import read
from tests.fixtures.flow_rows import START, mails, records

BOT = "10.1.2.3"
MOMENT = Moment(BOT, START)


def test_the_strongest_source_decides_and_each_is_told():
    seen, blind = Look("flows", "a", ["seen"]), Look("mail-logs", "b", ["not-watched"])
    found = joined([MOMENT], [blind, seen])
    assert found["verdict"] == "seen"
    assert found["moments"][0]["by"] == {"mail-logs": "not-watched", "flows": "seen"}
    assert was_around(found)


def test_nothing_seen_and_not_watched_are_different_sentences():
    assert joined([MOMENT], [Look("flows", "a", ["nothing-seen"])])["says"][0].startswith("our sensors covered")
    assert joined([MOMENT], [])["says"] == ["our sensors have no record of that time"]


def test_rows_are_bounded_and_everything_is_plain_json():
    look = Look("flows", "a", ["seen"], rows={"flow_records": [{"start": START}] * 500})
    found = json.loads(json.dumps(joined([MOMENT], [look])))
    assert found["flow_records"] == [{"start": "2026-01-05T12:00:00Z"}] * ROWS_KEPT


def test_what_two_sources_say_alike_is_said_once():
    said = phrase("cases.seen-commander", commanders=["192.0.2.66"])
    looks = [Look("captures", place, ["seen"], said=[said]) for place in ("a", "b")]
    assert joined([MOMENT], looks)["says"] == ["captures: this address did it at the word of 192.0.2.66"]


def test_it_reads_in_every_language():
    found = json.loads(json.dumps(evidence_of([MOMENT], flows=[("store", records(mails(BOT, 3)))])))
    assert "3 connections" in sentences(found, "en")[0]
    assert "3 条连接" in sentences(found, "zh")[0]
    assert "3 條連線" in sentences(found, "zh-Hant")[0]
    assert sentences({"says": ["as it was kept before"]}, "zh") == ["as it was kept before"]


def test_keeping_it_is_part_of_the_history(tmp_path):
    desk = open_desk(tmp_path / "d.db")
    take(desk, [read()])
    with desk.transaction() as session:
        keep(session, by_id(session, 1), evidence_of([MOMENT]), "wang")
    with desk.transaction() as session:
        entries = of_case(session, 1)
        assert (entries[-1].action, entries[-1].details["verdict"]) == ("evidence", "not-watched")
        assert broken_at(entries) is None
