from mailscope.detect.indicators import Indicator, indicator_of
from mailscope.detect.sigma import STARTER, rules
from mailscope.investigation.investigate import investigate
from mailscope.investigation.matches import EVIDENCE_SHOWN, indicator_findings, rule_findings
from tests.fixtures.relays import Relay
from tests.fixtures.rows import ibis_tables
from tests.fixtures.wire import write


def tables(**rows):
    get = ibis_tables(**rows)
    return {name: get(name) for name in ("flows", "http_requests", "attachments", "messages")}


def test_a_rule_is_one_finding_with_all_rows_counted_and_some_cited():
    rows = [{"user_agent": "sqlmap/1", "flow_id": f"F{n:04d}"} for n in range(EVIDENCE_SHOWN + 5)]
    (finding,) = [f for f in rule_findings(tables(http_requests=rows), rules([STARTER])) if f.kind == "rule-match"]
    assert finding.details["counts"] == {"rows": EVIDENCE_SHOWN + 5}
    assert len(finding.evidence) == EVIDENCE_SHOWN
    assert finding.techniques[0].id == "T1595.002"


def test_an_indicator_is_one_finding_over_all_its_places():
    found = indicator_findings(
        tables(flows=[{"orig_addr": "203.0.113.7"}], messages=[{"received_ips": ["203.0.113.7"]}]),
        [indicator_of("203.0.113.7"), indicator_of("203.0.113.8")],
    )
    assert [(f.kind, f.subject, f.details["counts"]) for f in found] == [
        ("indicator-match", "203.0.113.7", {"rows": 2})
    ]
    assert {row.table for row in found[0].evidence} == {"flows", "messages"}


def test_the_answer_names_the_patterns_that_were_not_looked_for(tmp_path):
    unread = Indicator("not-read", "url:value MATCHES 'x+'", "", "list.json")
    capture = write(tmp_path / "a.pcap", Relay().packets())
    coverage = investigate(capture, own=["203.0.113.0/24"], indicators=[unread]).to_json()["coverage"]
    assert coverage["patterns_not_read"] == [{"pattern": "url:value MATCHES 'x+'", "file": "list.json"}]
