"""Zeek's readers take our logs for Zeek's."""

import json

import pytest
from parsezeeklogs import read_zeek

from mailscope.report.exports.folder import write
from mailscope.report.exports.zeek import conn_state, uid
from mailscope.report.exports.zeek_columns import LOGS
from mailscope.report.exports.zeek_files import cell
from tests.fixtures import mail_case


@pytest.fixture(scope="module", params=["zeek", "zeek-tsv"])
def logs(request, tmp_path_factory):
    """Every log, as a reader of Zeek's logs that is not ours sees it."""
    folder = tmp_path_factory.mktemp(request.param)
    paths = [path for path, _ in write(mail_case.tables(), request.param, folder, "1")]
    return {path.stem: list(read_zeek(path)) for path in paths}


def test_only_logs_with_records_are_written(logs):
    assert {name: len(records) for name, records in logs.items()} == {
        "conn": 4,
        "smtp": 2,
        "http": 1,
        "ssl": 1,
        "imap": 1,
    }


def test_every_record_of_a_connection_has_its_uid(logs):
    conn = {record["uid"]: record for record in logs["conn"]}
    for record in logs["smtp"] + logs["imap"] + logs["http"] + logs["ssl"]:
        ends = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
        assert [record[end] for end in ends] == [conn[record["uid"]][end] for end in ends]


def test_a_mail_has_envelope_and_header(logs):
    mail = logs["smtp"][0]
    assert mail["mailfrom"] == "ann@a.example"
    assert set(mail["rcptto"]) == {"bob@b.example", "eve,x@b.example"}
    assert (mail["from"], set(mail["to"])) == ("Ann <ann@a.example>", {"bob@b.example"})
    assert (mail["helo"], mail["msg_id"]) == ("pc.example", "<m1@a.example>")
    assert mail["last_reply"] == "250 2.0.0 Ok: queued as 4711"
    assert [str(address) for address in mail["path"]] == ["192.0.2.25", "10.0.0.9", "198.51.100.7"]
    assert mail["first_received"] == "from gw.example by mx.example"


def test_a_refused_mail_has_its_number_and_the_refusal(logs):
    refused = logs["smtp"][1]
    assert (refused["trans_depth"], refused["last_reply"]) == (2, "550")


def test_a_connection_has_its_state_service_and_community_id(logs):
    by_service = {record.get("service"): record for record in logs["conn"]}
    assert set(by_service) == {"smtp", "imap", "http", None}
    assert by_service["smtp"]["conn_state"] == "SF"
    assert by_service[None]["conn_state"] == "S0"
    assert by_service["smtp"]["community_id"] == mail_case.COMMUNITY_ID
    assert by_service["smtp"]["orig_bytes"] == 900


def test_the_json_logs_are_plain_ascii_so_that_no_terminal_is_steered(tmp_path):
    for path, _ in write(mail_case.tables(), "zeek", tmp_path, "1"):
        assert path.read_bytes().isascii()
        for line in path.read_text().splitlines():
            assert set(json.loads(line)) <= set(LOGS[path.stem])


@pytest.mark.filterwarnings("ignore")  # the reader uses what pandas is about to change
def test_the_pandas_reader_of_zeek_logs_takes_them(tmp_path):
    reader = pytest.importorskip("zat.log_to_dataframe")
    list(write(mail_case.tables(), "zeek-tsv", tmp_path, "1"))
    frame = reader.LogToDataFrame().create_dataframe(str(tmp_path / "smtp.log"))
    assert list(frame["mailfrom"]) == ["ann@a.example", "(empty)"]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "string", "-"),
        ("-", "string", "\\x2d"),
        ("", "string", "(empty)"),
        ("(empty)", "string", "\\x28empty)"),
        ("#fields", "string", "\\x23fields"),
        ("a\tb\nc\\", "string", "a\\x09b\\x0ac\\\\"),
        ([], "set[string]", "(empty)"),
        (["a,b", "c"], "set[string]", "a\\x2cb,c"),
        (True, "bool", "T"),
        (1.5, "interval", "1.500000"),
    ],
)
def test_values_are_written_so_that_no_reader_takes_them_for_something_else(value, kind, text):
    assert cell(value, kind) == text


SYN, FIN, RST, ACK = 2, 1, 4, 16


@pytest.mark.parametrize(
    ("orig", "resp", "closed", "state"),
    [
        (SYN, 0, "capture-end", "S0"),
        (SYN, RST | ACK, "reset-by-resp", "REJ"),
        (SYN | ACK, SYN | ACK, "capture-end", "S1"),
        (SYN | ACK | FIN, SYN | ACK, "idle", "S2"),
        (SYN | ACK, SYN | ACK | FIN, "idle", "S3"),
        (SYN | ACK | FIN, SYN | ACK | FIN, "fin", "SF"),
        (SYN | ACK | RST, SYN | ACK, "reset-by-orig", "RSTO"),
        (SYN | ACK, SYN | ACK | RST, "reset-by-resp", "RSTR"),
        (SYN | RST, 0, "reset-by-orig", "RSTOS0"),
        (SYN | FIN, 0, "fin", "SH"),
        (0, SYN | ACK | FIN, "fin", "SHR"),
        (0, SYN | ACK | RST, "reset-by-resp", "RSTRH"),
        (ACK, ACK, "idle", "OTH"),
    ],
)
def test_the_state_of_a_connection_is_zeeks(orig, resp, closed, state):
    flow = {"proto": "tcp", "orig_tcp_flags": orig, "resp_tcp_flags": resp, "closed": closed}
    assert conn_state(flow | {"resp_packets": int(resp > 0), "orig_packets": int(orig > 0)}) == state


def test_connection_ids_differ_where_flows_do():
    assert uid("F0000000000000001") != uid("F0000000000000010")
    assert uid("Fffffffffffffffff").startswith("C")
