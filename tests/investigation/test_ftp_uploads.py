"""Files sent by FTP before a web shell answered."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from mailscope.investigation.ftp_uploads import ftp_uploads
from mailscope.investigation.phases import Phase
from tests.fixtures.rows import START, ibis_tables

ATTACKER, SERVER = "198.51.100.7", "192.0.2.80"


def flow(number, *, port, sent=0, got=0, app="unknown", seconds=1, server_opens=False, first_bytes="3c3f706870"):
    start = START + timedelta(seconds=number)
    ends = (SERVER, ATTACKER) if server_opens else (ATTACKER, SERVER)
    row = {"flow_id": f"F{number:016x}", "start": start, "end": start + timedelta(seconds=seconds), "app": app}
    row |= {"orig_addr": ends[0], "resp_addr": ends[1], "resp_port": port, "first_packet": number}
    sizes = (got, sent) if server_opens else (sent, got)
    return row | {"orig_payload_bytes": sizes[0], "resp_payload_bytes": sizes[1], "first_bytes": first_bytes}


def shell(at=60):
    when = START + timedelta(seconds=at)
    place = ("a.pcap", 90)
    return Phase("web-shell", ATTACKER, SERVER, "http:80", when, when, place, place, "F1", 3, worked="yes")


def told(*flows, phases=None):
    scene = SimpleNamespace(tables={"flows": ibis_tables(flows=list(flows))("flows")})
    return ftp_uploads(scene, ATTACKER, phases or [shell()])


CONTROL = flow(1, port=21, sent=80, got=200, app="ftp", seconds=5)


@pytest.mark.parametrize("server_opens", [False, True])
def test_a_file_sent_in_an_ftp_session_before_the_shell_is_told(server_opens):
    (phase,) = told(CONTROL, flow(2, port=40001, sent=43, server_opens=server_opens))
    assert (phase.slug, phase.service, phase.worked) == ("file-upload", "ftp:21", "likely")
    assert phase.details["transfers"] == [{"capture": "a.pcap", "packets": [2, 9], "bytes": 43, "is_program": True}]


def test_a_file_that_was_fetched_is_none():
    assert told(CONTROL, flow(2, port=40001, got=300_000)) == []


def test_a_connection_outside_an_ftp_session_is_none():
    assert told(flow(2, port=40001, sent=43)) == []
    assert told(CONTROL, flow(20, port=40001, sent=43)) == []


def test_what_was_sent_after_the_shell_answered_is_not_how_it_came():
    assert told(CONTROL, flow(2, port=40001, sent=43), phases=[shell(at=0)]) == []
