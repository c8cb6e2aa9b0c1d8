"""Where Zeek's or Suricata's logs disagree with our tables, the field is named with the packets that decide."""

import json

import pytest

from mailscope.errors import InputError
from mailscope.ingest import eve_events, zeek_logs
from mailscope.investigation.comparison import comparable, differences
from mailscope.report.exports.folder import write
from tests.fixtures import mail_case
from tests.fixtures.rows import START

CONN = {"ts": START.timestamp(), "uid": "C1", "id.orig_h": "10.0.0.9", "id.orig_p": 40001}
CONN |= {"id.resp_h": "192.0.2.25", "id.resp_p": 25}
MAIL = CONN | {"trans_depth": 1, "helo": "PC.example", "mailfrom": "ann@a.example"}
MAIL |= {"rcptto": ["eve,x@b.example", "bob@b.example"], "subject": "other", "msg_id": "<m1@a.example>"}


@pytest.fixture(scope="module")
def tables():
    return mail_case.tables()


def zeek(folder, name, *records):
    (folder / f"{name}.log").write_text("".join(json.dumps(record) + "\n" for record in records))
    return zeek_logs.statements(folder)


def compared(tables, statements):
    return {(found.field, found.where): found for found in differences(tables, statements)}


@pytest.mark.parametrize("shape", ["zeek", "zeek-tsv"])
def test_our_own_zeek_logs_agree_with_us(tables, tmp_path, shape):
    list(write(tables, shape, tmp_path, "1"))
    assert list(differences(tables, zeek_logs.statements(tmp_path))) == []


def test_our_own_events_agree_with_us(tables, tmp_path):
    list(write(tables, "eve", tmp_path, "1"))
    assert list(differences(tables, eve_events.statements(tmp_path / "eve.json"))) == []


def test_a_field_that_differs_is_named_with_both_values_packets_and_reason(tables, tmp_path):
    found = compared(tables, zeek(tmp_path, "smtp", MAIL))
    subject = found["subject", "smtp.log:1"]
    assert (subject.theirs, subject.flow_id) == ("other", mail_case.FLOW)
    assert (subject.first_packet, subject.last_packet, subject.reason) == (4, 30, "complete")
    assert {field for field, _ in found} == {"subject", "mail"}  # helo and recipients are the same


def test_a_mail_that_the_log_does_not_have_is_listed(tables, tmp_path):
    missing = compared(tables, zeek(tmp_path, "smtp", MAIL))["mail", ""]
    assert (missing.theirs, missing.ours["rcpt_to"]) == (None, ["gone@b.example"])


def test_a_connection_that_we_do_not_have_is_listed(tables, tmp_path):
    found = compared(tables, zeek(tmp_path, "conn", CONN | {"id.orig_p": 9, "service": "smtp"}))
    assert found["connection", "conn.log:1"].reason == "no such connection in the capture"


def test_ports_used_again_later_are_another_connection(tables, tmp_path):
    later = CONN | {"ts": START.timestamp() + 3600, "service": "smtp"}
    assert compared(tables, zeek(tmp_path, "conn", later))["connection", "conn.log:1"].flow_id is None


def test_another_service_is_a_difference_and_no_service_is_none(tables, tmp_path):
    found = compared(tables, zeek(tmp_path, "conn", CONN | {"service": "pop3"}, CONN))
    assert found["service", "conn.log:1"].ours == ["smtp"]
    assert len(found) == 1


def test_an_event_of_suricata_is_compared_field_by_field(tables, tmp_path):
    event = {"timestamp": "2026-01-05T12:00:01.000000+0000", "event_type": "smtp", "src_ip": "192.0.2.25"}
    event |= {"src_port": 25, "dest_ip": "10.0.0.9", "dest_port": 40001}
    event |= {"smtp": {"helo": "pc.example", "mail_from": "<ann@a.example>", "rcpt_to": ["<bob@b.example>"]}}
    path = tmp_path / "eve.json"
    path.write_text(json.dumps(event) + "\n")
    found = compared(tables, eve_events.statements(path))
    assert found["rcpt_to", "eve.json:1"].theirs == ["<bob@b.example>"]


@pytest.mark.parametrize("text", ["{", '{"ts": 1}', "a\tb", "[1]"])
def test_what_is_no_log_is_refused_with_its_line(tmp_path, text):
    (tmp_path / "smtp.log").write_text("#fields\tts\n#types\ttime\n" + text + "\n")
    with pytest.raises(InputError, match=r"smtp\.log:3"):
        list(zeek_logs.statements(tmp_path))


@pytest.mark.parametrize("text", ["{", '{"event_type": "smtp"}', '{"event_type": "flow", "src_ip": 1}', "[]"])
def test_what_is_no_event_is_refused_with_its_line(tmp_path, text):
    path = tmp_path / "eve.json"
    path.write_text("\n" + text + "\n")
    with pytest.raises(InputError, match=r"eve\.json:2"):
        list(eve_events.statements(path))


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("from", "Ann B. <Ann@A.example>", ["ann@a.example"]),
        ("to", ["b@x.example", "a@x.example"], ["<a@x.example>", "B <b@x.example>"]),
        ("mail_from", "<>", ""),
        ("subject", "two  words\r\n folded", "two words folded"),
    ],
)
def test_what_only_looks_different_is_no_difference(name, one, other):
    assert comparable(name, one) == comparable(name, other)
