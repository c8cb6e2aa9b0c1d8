import pyarrow as pa
import pytest
from tests.fixtures.wire import START_US, Conversation, merged, pcap_bytes, write

from mailscope.errors import InputError, UsageError
from mailscope.ingest.captures import read
from mailscope.ingest.live_capture import Live, Options, records_of_flows
from mailscope.store.lake import Lake

MAIL = r"""S: 220 mx.example ESMTP
C: EHLO a.example
S: 250 mx.example
C: MAIL FROM:<a@a.example>
S: 250 ok
C: RCPT TO:<b@b.example>
S: 250 ok
C: DATA
S: 354 go on
C: Subject: hello
C> \r\n
C: text
C: .
S: 250 taken
C: QUIT
S: 221 bye"""


def talk(number, at_us=START_US):
    return Conversation(f"10.0.0.{number}:40001", "192.0.2.25:25", start_us=at_us).say(MAIL).fin()


def conversations():
    return merged(*(talk(number, START_US + number * 300).packets for number in range(1, 5)))


def rows(tables, name):
    """Rows without the order in which flows ended."""
    found = pa.table(tables[name]).to_pylist()
    return sorted(({**row, "capture": "", "last_capture": ""} for row in found), key=str)


def fed_in_pieces(live, data, piece):
    left = b""
    for start in range(0, len(data), piece):
        left += data[start : start + piece]
        left = left[live.feed(left)["bytes"] :]
    assert left == b""


@pytest.mark.parametrize("piece", [1, 7, 100, 5000])
def test_a_capture_fed_in_pieces_gives_the_rows_of_the_file(tmp_path, piece):
    data = pcap_bytes(conversations())
    live = Live(Options())
    live.begin("now", data[:24])
    fed_in_pieces(live, data[24:], piece)
    live.cut()
    tables = live.take()
    file = write(tmp_path / "file.pcap", conversations())
    whole = read([file])
    for name in ("flows", "mail_sessions", "mail_transactions", "messages"):
        assert rows(tables, name) == rows(whole, name)
    assert len(pa.table(tables["mail_transactions"])) == 4


def test_rows_come_while_the_capture_goes_on_and_once():
    data = pcap_bytes(conversations())
    live = Live(Options(), linger_s=2)
    live.begin("now", data[:24])
    live.feed(data[24:])
    assert len(live.take()["mail_transactions"]) == 4
    assert len(live.take()["flows"]) == 0
    live.advance(START_US + 10_000_000)
    assert (len(live.take()["flows"]), len(live.take()["flows"])) == (4, 0)
    assert live.status()["open_flows"] == 0


def test_an_attempt_that_nobody_answers_is_told_soon_and_an_idle_session_is_not_cut():
    attempt = Conversation("10.0.0.9:40001", "192.0.2.25:25")
    session = Conversation("10.0.0.8:40001", "192.0.2.25:25").say("S: 220 mx.example ESMTP")
    data = pcap_bytes(merged(attempt.packets[:1], session.packets))
    live = Live(Options(), attempt_idle_s=20)
    live.begin("now", data[:24])
    live.feed(data[24:])
    for seconds in (10, 20, 30, 40):
        live.advance(START_US + seconds * 1_000_000)
    assert pa.table(live.take()["flows"])["orig_addr"].to_pylist() == ["10.0.0.9"]


def test_a_session_goes_on_from_one_input_to_the_next_and_names_both():
    packets = talk(1).packets
    live = Live(Options())
    for name, part in (("one.pcap", packets[:9]), ("two.pcap", packets[9:])):
        data = pcap_bytes(part)
        live.begin(name, data[:24])
        live.feed(data[24:])
    live.cut()
    tables = live.take()
    flow = pa.table(tables["flows"]).to_pylist()[0]
    assert (flow["capture"], flow["first_packet"]) == ("one.pcap", 1)
    assert (flow["last_capture"], flow["last_packet"]) == ("two.pcap", len(packets) - 9)
    assert len(pa.table(tables["mail_transactions"])) == 1


def test_times_that_go_back_are_told():
    data = pcap_bytes([*talk(1, START_US + 60_000_000).packets, *talk(2).packets])
    live = Live(Options())
    live.begin("now", data[:24])
    assert 58_000_000 < live.feed(data[24:])["back_us"] <= 61_000_000


def test_what_is_no_capture_is_refused():
    live = Live(Options())
    with pytest.raises(UsageError):
        live.feed(b"anything")
    with pytest.raises(InputError):
        live.begin("now", b"\x0a\x0d\x0d\x0a" + bytes(20))
    live.begin("now", pcap_bytes([])[:24])
    with pytest.raises(InputError):
        live.feed(b"\xff" * 64)


def test_flows_become_the_records_that_senders_reads_of_a_case(tmp_path):
    from mailscope.ingest.flow_sources import COLUMNS
    from mailscope.ingest.flow_sources import records_of_flows as of_case
    from mailscope.store.tables import Tables

    whole = read([write(tmp_path / "file.pcap", conversations())])
    records = records_of_flows(whole["flows"].to_pyarrow())
    expected = of_case(Tables({"flows": whole["flows"].to_pyarrow()}, []).to_ibis("flows")).to_pyarrow()
    assert records.select(COLUMNS).cast(expected.schema).to_pylist() == expected.to_pylist()


def test_every_table_can_be_kept_in_the_store(tmp_path):
    from mailscope.store.engine import connect

    whole = read([write(tmp_path / "file.pcap", conversations())])
    for name, table in whole.items():
        lake = Lake(tmp_path / "store", table=name)
        lake.append(table.to_pyarrow(), app="test", number=0)
        stored = lake.to_ibis(connect()).to_pyarrow()
        assert len(stored) == len(table)
        if len(table):
            assert stored["flow_id"].to_pylist() == table.to_pyarrow()["flow_id"].cast(pa.string()).to_pylist()
