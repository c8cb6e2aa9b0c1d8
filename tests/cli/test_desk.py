"""The desk's verbs, one after the other, as a day goes."""

import json

import pytest
from tests.fixtures.flow_rows import mails, received
from tests.fixtures.mta import Mta

from mailscope.cli.main import main

BOT = "10.0.9.9"
NAMES = ("start", "end", "src_addr", "src_port", "dst_addr", "dst_port", "proto", "tcp_flags", "packets", "bytes")
SETTINGS = """
[desk]
address = "abuse@desk.example"
database = "desk.db"
mailbox = "abuse.mbox"
registry = "sources"
flows = ["flows.csv"]
[network]
own = ["10.0.0.0/8"]
[mta]
host = "127.0.0.1"
port = {port}
[rules]
[[rules.send]]
name = "seen spam"
category = ["spam"]
"""


@pytest.fixture
def mta():
    with Mta() as running:
        yield running


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, mta):
    """Runs a verb in the desk's folder; returns what it printed as JSON lines, or as text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAILSCOPE_ROLES", str(tmp_path / "roles.json"))
    (tmp_path / "mailscope.toml").write_text(SETTINGS.format(port=mta.port))
    rows = [*mails(BOT, servers=25), *received("10.0.0.25", sources=9)]
    lines = [",".join(str(row[name]) for name in NAMES) for row in rows]
    (tmp_path / "flows.csv").write_text("\n".join([",".join(NAMES), *lines]) + "\n")
    text = f"Your host {BOT} sent spam at 2026-01-05 12:45:00 UTC\n"
    head = "From: r@reporter.example\nDate: Mon, 05 Jan 2026 14:00:00 +0000\nMessage-ID: <1@r.example>\nSubject: spam\n"
    (tmp_path / "abuse.mbox").write_text(f"From r@reporter.example Mon Jan  5 14:00:00 2026\n{head}\n{text}\n")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "contacts.csv").write_text(
        "prefix,organization,email,updated\n10.0.0.0/16,School,admin@school.example,2999-01-01\n"
    )

    def ran(*arguments, is_json=True):
        assert main([*arguments, *(["--json"] if is_json else [])]) == 0
        out = capsys.readouterr().out
        return [json.loads(line) for line in out.splitlines()] if is_json else out

    return ran


def test_a_day_of_the_desk(run, mta, tmp_path):
    steps = {row.pop("step"): row for row in run("desk", "run", "--once")}
    assert (steps["mail"]["opened"], steps["evidence"]["looked_up"], steps["rules"]["notice"]) == (1, 1, 1)
    assert [to for to, _mail in mta.mails] == ["admin@school.example"]
    assert run("desk", "due")[0]["due"] is None
    assert run("cases", "quiet", "1")[0]["standing"] == "not-visible"
    assert run("cases", "evidence", "1", "--store", "flows.csv")[0]["verdict"] == "seen"
    run("cases", "page", "1", "-o", "case.html", "--lang", "zh")
    assert "25 条连接" in (tmp_path / "case.html").read_text("utf-8")
    run("desk", "page", "-o", "pages")
    assert 'href="case-1.html"' in (tmp_path / "pages" / "index.html").read_text("utf-8")
    assert (tmp_path / "pages" / "case-1.html").exists()


def test_figures_tell_hits_and_lead_beside_the_months(run, tmp_path):
    run("cases", "take", "abuse.mbox")
    assert "hit_percent" not in run("figures")[0]
    rows = {row["month"]: row for row in run("figures", "--queue", "--chart", "figures.svg")}
    told = rows["2026-01"]
    assert (told["hits"], told["hits_of"], told["hit_percent"], told["lead_hours"]) == (1, 1, 100.0, 0.75)
    assert "<svg" in (tmp_path / "figures.svg").read_text()
    assert "hits" in run("figures", "--queue", "flows.csv", "--csv", is_json=False).splitlines()[0]
