"""The verbs that ask flow records: senders, explain, hitrate, role."""

import json
from pathlib import Path

import pytest
from tests.fixtures.flow_rows import as_arrow, mails, received

from mailscope.cli.main import main
from mailscope.store.lake import Lake

pytestmark = pytest.mark.long

EXAMPLE = Path(__file__).parents[2] / "examples" / "link.pcap"
NAMES = ("start", "end", "src_addr", "src_port", "dst_addr", "dst_port", "proto", "tcp_flags", "packets", "bytes")


@pytest.fixture(autouse=True)
def own_roles(tmp_path, monkeypatch):
    monkeypatch.setenv("MAILSCOPE_ROLES", str(tmp_path / "roles.json"))


@pytest.fixture
def source(tmp_path):
    rows = [*mails("10.0.9.9", servers=25), *received("10.0.0.25", sources=9)]
    lines = [",".join(str(row[name]) for name in NAMES) for row in rows]
    file = tmp_path / "flows.csv"
    file.write_text("\n".join([",".join(NAMES), *lines]) + "\n")
    return str(file)


def asked(capsys, *arguments):
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_the_queue_is_printed_as_text_and_as_json(capsys, source):
    code, out, err = asked(capsys, "senders", source, "--own", "10.0.0.0/8")
    assert (code, err) == (0, "")
    assert "10.0.9.9" in out
    _code, out, _err = asked(capsys, "senders", source, "--own", "10.0.0.0/8", "--json")
    assert [(s["subject"], s["verdict"]) for s in json.loads(out)["senders"]] == [("10.0.9.9", "abnormal")]


def test_the_owners_word_clears_a_host(capsys, source):
    assert asked(capsys, "role", "add", "10.0.9.9", "mail-server") == (0, "10.0.9.9 is a mail-server\n", "")
    _code, out, _err = asked(capsys, "senders", source, "--own", "10.0.0.0/8", "--json")
    assert [s["verdict"] for s in json.loads(out)["senders"]] == ["cleared"]
    assert asked(capsys, "role", "list")[1] == "10.0.9.9  mail-server\n"
    assert asked(capsys, "role", "remove", "10.0.9.9")[1] == "10.0.9.9: forgotten\n"


def test_one_host_s_story_is_told(capsys, source):
    code, out, _err = asked(capsys, "explain", "10.0.9.9", source, "--own", "10.0.0.0/8")
    assert code == 0
    assert out.startswith("10.0.9.9\n")
    assert "Servers it contacted most" in out
    assert asked(capsys, "explain", "10.0.9.9", source, "--lang", "zh")[0] == 0


def test_complaints_are_compared_with_the_queue(capsys, source, tmp_path):
    complaints = tmp_path / "complaints.csv"
    complaints.write_text("address,time\n10.0.9.9,2026-01-06T00:00:00Z\n10.0.7.7,2026-01-06T00:00:00Z\n")
    code, out, _err = asked(capsys, "hitrate", str(complaints), source, "--own", "10.0.0.0/8", "--json")
    assert code == 0
    assert [(rate["period"], rate["hits"], rate["of"]) for rate in json.loads(out)["rates"]][-1] == ("all", 1, 2)
    assert "missed: 10.0.7.7" in asked(capsys, "hitrate", str(complaints), source, "--own", "10.0.0.0/8")[1]


def test_a_capture_is_a_source_as_well(capsys):
    code, out, _err = asked(capsys, "senders", str(EXAMPLE), "--all", "--json")
    assert code == 0
    assert json.loads(out)["window"] is not None


@pytest.mark.parametrize(
    "arguments",
    [
        ("senders",),
        ("senders", "x.csv", "--own", "nonsense"),
        ("senders", "x.csv", "--since", "soon"),
        ("explain", "x", "y"),
    ],
)
def test_wrong_arguments_are_said_with_a_hint(capsys, arguments):
    code, _out, err = asked(capsys, *arguments)
    assert code == 2
    assert err.startswith("error: ")


def test_top_shows_the_store_of_a_sensor_or_collector_once(capsys, source, tmp_path):
    from mailscope.ingest.flowlogs import flow_records
    from mailscope.store.lake import Lake

    place = tmp_path / "store"
    flow_records([source], lambda table: Lake(place).append(table, app="test", number=len(table)))
    code, out, err = asked(capsys, "top", "--store", str(place), "--own", "10.0.0.0/8", "--once")
    assert (code, err) == (0, "")
    assert "10.0.9.9" in out
    assert "ABNORMAL" in out
    assert asked(capsys, "top", "--store", str(tmp_path / "nothing"), "--once")[0] == 4


def test_without_a_source_the_default_store_is_read(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("MAILSCOPE_STORE", raising=False)
    assert main(["senders"]) == 2
    assert "a store in MAILSCOPE_STORE" in capsys.readouterr().err
    Lake(tmp_path / "store").append(as_arrow(mails("10.0.0.9", 5)), app="test", number=0)
    monkeypatch.setenv("MAILSCOPE_STORE", str(tmp_path / "store"))
    assert main(["senders", "--all", "--json"]) == 0
    assert "10.0.0.9" in capsys.readouterr().out
