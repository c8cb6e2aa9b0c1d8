"""Lists of complaints: CSV with and without names, JSON lines, and what is refused."""

from datetime import UTC, datetime

import pytest

from mailscope.errors import InputError
from mailscope.ingest.complaint_list import complaints

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def read(tmp_path, text):
    file = tmp_path / "complaints"
    file.write_text(text)
    return list(complaints(file))


@pytest.mark.parametrize(
    "text",
    [
        "address,time\n192.0.2.1,2026-03-10T12:00:00Z\n",
        "time,category,address\n2026-03-10T20:00:00+08:00,spam,192.0.2.1\n",
        "192.0.2.1,2026-03-10 12:00:00\n",
        "Source IP;Event Time;Category\n192.0.2.1;10.03.2026 13:00 +0100;spam\n",
        "asn\ttimestamp\tsrc_ip\nAS1\t1773144000\t192.0.2.1\n",
        "ip,Date-Time\n192.0.2.1,1773144000000\n",
        'Reported-IP,Arrival-Date\n192.0.2.1,"Tue, 10 Mar 2026 20:00:00 +0800"\n',
        "ip|timestamp\n192.0.2.1|2026/03/10 12:00:00 UTC\n",
        '{"accused": "192.0.2.1", "time": "2026-03-10T12:00:00+00:00", "category": "spam"}\n',
    ],
)
def test_address_and_time_are_read_in_every_shape(tmp_path, text):
    assert read(tmp_path, text) == [("192.0.2.1", NOON)]


def test_a_mail_that_accuses_several_addresses_is_several_complaints(tmp_path):
    row = '{"accused": ["192.0.2.7", "192.0.2.8"], "time": "2026-11-21T20:06:28Z"}\n'
    assert [address for address, _time in read(tmp_path, row)] == ["192.0.2.7", "192.0.2.8"]


def test_complaints_without_an_address_or_a_time_are_left_out(tmp_path):
    assert read(tmp_path, "address,time\n,2026-03-10T12:00:00Z\n192.0.2.1,\n") == []
    assert read(tmp_path, '{"accused": null, "time": null}\n\n') == []


@pytest.mark.parametrize("text", ["address,time\nmail.example,yesterday\n", "{broken\n"])
def test_what_is_no_complaint_is_named_with_its_line(tmp_path, text):
    with pytest.raises(InputError, match=r"complaints:1"):
        read(tmp_path, text)
