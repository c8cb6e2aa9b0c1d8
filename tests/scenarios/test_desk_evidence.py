"""Complaints of the scenarios meet the scenarios' own records: who stands behind the accused, and who was seen."""

import json
import os
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select

from mailscope.desk.cases.case_store import by_id
from mailscope.desk.database import open_desk
from mailscope.desk.evidence.captures import case_folders
from mailscope.desk.evidence.joined import evidence_of, keep
from mailscope.desk.evidence.moments import moments_of
from mailscope.desk.intake import read_source, take
from mailscope.desk.pages.case_page import case_page
from mailscope.desk.records import CaseRecord
from mailscope.ingest.captures import write_case
from mailscope.ingest.flow_sources import flow_records_of
from mailscope.ingest.maillogs.reader import mail_log
from mailscope.investigation.investigate import investigate
from mailscope.report.jsonl import json_text

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[2].parent / "shared"))
PROXIES = sorted((SHARED / "scenarios").glob("s1*/truth.json"))
MAILBOXES = sorted((SHARED / "scenarios").glob("s4*/truth.json"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXIES and MAILBOXES), reason=f"no scenarios in {SHARED / 'scenarios'}"),
]


@pytest.fixture(scope="module", params=PROXIES, ids=lambda path: path.parent.name)
def proxy(request, tmp_path_factory):
    """The complaint as a case, and the truth about it."""
    folder, truth = request.param.parent, json.loads(request.param.read_text("utf-8"))
    if not (folder / "complaint.eml").exists():
        pytest.skip("no complaint in this scenario")
    desk = open_desk(tmp_path_factory.mktemp("desk") / "d.db")
    take(desk, read_source(str(folder / "complaint.eml"), [truth["network"]["link_subnet"]]))
    with desk.transaction() as session:
        moments = moments_of(session, by_id(session, 1))
    assert [moment.address for moment in moments] == [truth["network"]["proxy"]["link"]]
    return folder, truth, desk, moments


def commander(truth):
    return truth["answers"]["who_really_sends_the_spam"].split()[0]


def test_behind_the_accused_proxy_the_captures_name_the_commander(proxy, tmp_path):
    folder, truth, desk, moments = proxy
    case = write_case([str(folder / capture["file"]) for capture in truth["captures"]], tmp_path / "case")
    found = investigate(case, own=[truth["network"]["link_subnet"], truth["network"]["lan"]])
    case.write("findings.json", json_text(found))
    evidence = evidence_of(moments, cases=case_folders([tmp_path / "case"]))
    assert evidence["verdict"] == "seen"
    assert commander(truth) in [row["address"] for row in evidence["commanders"]]
    with desk.transaction() as session:
        keep(session, by_id(session, 1), evidence, "wang")
    for lang in ("en", "zh"):
        with desk.transaction() as session:
            assert commander(truth) in case_page(session, 1, lang)


def test_flow_records_alone_fit_the_same_commander_and_nobody_else(proxy, tmp_path):
    folder, truth, _desk, moments = proxy
    flows = flow_records_of([folder / truth["captures"][0]["file"]], tmp_path)
    evidence = evidence_of(moments, flows=[("link", flows)])
    assert [row["address"] for row in evidence["commanders"]] == [commander(truth)]


@pytest.mark.parametrize("path", MAILBOXES, ids=lambda path: path.parent.name)
def test_every_spam_host_that_was_complained_about_is_seen(path, tmp_path):
    folder, truth = path.parent, json.loads(path.read_text("utf-8"))
    desk = open_desk(tmp_path / "d.db")
    take(desk, read_source(str(folder / "abuse.mbox"), [truth["network"]["ours"]]))
    zone = timezone(timedelta(hours=8))
    log = mail_log(sorted(folder.glob("*maillog.log")), zone)
    (tmp_path / "flows").mkdir()
    flows = flow_records_of([folder / "nfcapd-v9"], tmp_path / "flows")
    with desk.transaction() as session:
        asked = [
            (case.accused, case.category, moments_of(session, case))
            for case in session.scalars(select(CaseRecord).where(CaseRecord.category == "spam"))
        ]
    assert asked
    for accused, category, moments in asked:
        evidence = evidence_of(moments, category, flows=[("flows", flows)], logs=[("logs", log.rows)])
        assert evidence["verdict"] == "seen", accused
        assert not evidence["commanders"], f"nobody stands behind {accused}"
