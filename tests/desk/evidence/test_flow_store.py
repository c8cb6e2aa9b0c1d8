"""Flow records tell of an accused address, and where they were blind they say so."""

from datetime import timedelta

from mailscope.desk.evidence.flow_store import look
from mailscope.desk.evidence.moments import Moment
from mailscope.wording import render
from tests.fixtures.flow_rows import START, exchange, mails, record, records

BOT = "10.1.2.3"


def at(seconds, **more):
    return Moment(more.pop("address", BOT), START + timedelta(seconds=seconds), **more)


def said(found):
    return [render(sentence) for sentence in found.said]


def test_mail_around_the_time_is_seen_and_counted():
    found = look("store", records(mails(BOT, 30, over=600)), [at(300)])
    assert found.verdicts == ["seen"]
    assert (
        "30 connections to mail ports of 30 servers, 2026-01-05 12:00:00 UTC to 2026-01-05 12:09:40 UTC"
        in said(found)[0]
    )
    assert len(found.rows["flow_records"]) == 20


def test_the_same_connection_told_by_two_exporters_counts_once():
    twice = [mails(BOT, 5, exporter=exporter) for exporter in ("192.0.2.1", "192.0.2.2")]
    assert said(look("store", records(*twice), [at(0)]))[0].startswith("flow records: 5 connections")


def test_nothing_seen_needs_somebody_who_looked():
    others = mails("10.9.9.9", 5, over=60)
    found = look("store", records(others), [at(30), at(86400)])
    assert found.verdicts == ["nothing-seen", "not-watched"]
    assert found.said == []


def test_an_hour_off_is_told_apart_from_the_time_itself():
    assert look("store", records(mails(BOT, 5, over=60)), [at(1800)]).verdicts == ["seen-around"]


def test_where_only_answers_were_exported_the_sender_is_still_seen():
    answers = [exchange(BOT, "198.51.100.9", 1, 10)[1]]
    assert look("store", records(answers), [at(0)]).verdicts == ["seen"]


def test_the_port_that_the_complaint_names_is_looked_for():
    rows = [record(BOT, 40001, "198.51.100.9", 25)]
    assert "a connection from port 40001" in said(look("store", records(rows), [at(0, port=40001)]))[1]
    assert "no connection from port 40002" in said(look("store", records(rows), [at(0, port=40002)]))[1]


def test_what_is_no_mail_is_looked_for_on_all_ports():
    rows = [record(BOT, 40000 + n, "198.51.100.9", 22, n) for n in range(9)]
    assert look("store", records(rows), [at(0)]).verdicts == ["nothing-seen"]
    found = look("store", records(rows), [at(0)], is_mail=False)
    assert found.verdicts == ["seen"]
    assert "9 connections to 1 server" in said(found)[0]


def test_a_mail_server_that_only_takes_mail_is_not_seen_as_sending():
    rows = [row for n in range(9) for row in exchange("198.51.100.9", BOT, n, n)]
    assert look("store", records(rows), [at(0)]).verdicts == ["nothing-seen"]


def test_being_seen_at_one_time_says_nothing_of_another():
    assert look("store", records(mails(BOT, 5, over=60)), [at(0), at(86400)]).verdicts == ["seen", "not-watched"]
