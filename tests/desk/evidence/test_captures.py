"""Case folders tell of an accused address what their tables and findings show."""

import json
from datetime import timedelta

from mailscope.desk.evidence.captures import look
from mailscope.desk.evidence.moments import Moment
from mailscope.wording import render
from tests.fixtures.cases import NOON, make_case

BOT = "10.1.2.3"


def case(folder, *flows, findings=()):
    made = make_case(folder, flows=list(flows))
    made.inputs[0] |= {"first": NOON.isoformat(), "last": (NOON + timedelta(minutes=9)).isoformat()}
    (made.path / "findings.json").write_text(json.dumps({"findings": list(findings)}))
    return made


def flow(**changed):
    return {"orig_addr": BOT, "resp_addr": "198.51.100.9", "resp_port": 25, "start": NOON} | changed


def test_connections_are_counted_and_can_be_carved(tmp_path):
    found = look(case(tmp_path / "case", flow()), [Moment(BOT, NOON)])
    assert found.verdicts == ["seen"]
    assert render(found.said[0]).startswith("captures: 1 connection to mail ports of 1 server")
    assert found.rows["flows"][0]["case"] == str(tmp_path / "case")


def test_a_capture_of_another_day_did_not_watch(tmp_path):
    moments = [Moment(BOT, NOON + timedelta(minutes=4)), Moment(BOT, NOON + timedelta(days=1))]
    assert look(case(tmp_path / "case", flow(orig_addr="10.9.9.9")), moments).verdicts == [
        "nothing-seen",
        "not-watched",
    ]


def test_behind_a_proxy_the_commander_is_named(tmp_path):
    finding = {
        "kind": "open-proxy-relay",
        "subject": f"{BOT}:3128",
        "confidence": 0.9,
        "roles": {"commander": ["192.0.2.66"], "proxy": [f"{BOT}:3128"], "victim": ["198.51.100.9:25"]},
    }
    found = look(case(tmp_path / "case", flow(), findings=[finding]), [Moment(BOT, NOON)])
    assert "captures: this address did it at the word of 192.0.2.66" in [render(sentence) for sentence in found.said]
    assert found.rows["commanders"][0]["address"] == "192.0.2.66"
