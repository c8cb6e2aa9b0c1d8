"""The drawings of one finding."""

from dataclasses import replace

from mailscope.detect.sigma import STARTER, rules
from mailscope.investigation.investigate import investigate
from mailscope.investigation.matches import rule_findings
from mailscope.report.html import html
from tests.fixtures.relays import Relay
from tests.fixtures.rows import ibis_tables
from tests.fixtures.wire import write

HEADING = "<h2>From command to victim</h2>"


def test_a_rule_that_matched_rows_without_hosts_has_no_chain_but_its_page(tmp_path):
    found = investigate(write(tmp_path / "capture.pcap", Relay().packets()), own=["203.0.113.0/24"])
    get = ibis_tables(attachments=[{"name": "invoice.pdf", "magic": "exe"}])
    matched = rule_findings({"attachments": get("attachments")}, rules([STARTER]))
    assert [(finding.kind, finding.roles) for finding in matched] == [("rule-match", {})]
    assert HEADING in html(found)
    assert HEADING not in html(replace(found, findings=matched))
    assert "Program under the name of a document" in html(replace(found, findings=[*found.findings, *matched]))
