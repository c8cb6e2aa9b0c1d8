"""What was found, in the forms that other systems read."""

import csv
import json
import re
from email import message_from_bytes

import pytest
import stix2

from mailscope.desk.complaints.mailboxes import mails
from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.reader import Reader
from mailscope.report.exports.folder import OF_FINDINGS, write_findings
from mailscope.report.exports.observed import observed
from tests.fixtures.answers import answer

REPORTER = ("Abuse desk", "abuse@own.example")


def written(folder, shape, found=None):
    return [path for path, _count in write_findings(found or answer(), shape, folder / shape, "1.0", REPORTER)]


def test_only_what_is_foreign_and_bad_is_an_indicator():
    assert [(item.kind, item.value) for item in observed(answer())] == [
        ("address", "198.51.100.67"),
        ("address", "203.0.113.141"),
        ("host", "bad.example"),
        ("sha256", "c" * 64),
        ("url", "http://bad.example/log in?a=\"1'"),
    ]


@pytest.mark.parametrize("shape", OF_FINDINGS)
def test_nothing_found_is_written_as_nothing(tmp_path, shape):
    for path in written(tmp_path, shape, answer(findings=[])):
        assert "198.51.100" not in path.read_text()


@pytest.mark.parametrize("shape", ["stix", "misp", "suricata", "csv", "xarf"])
def test_the_same_findings_give_the_same_bytes(tmp_path, shape):
    first = [path.read_bytes() for path in written(tmp_path / "a", shape)]
    assert first == [path.read_bytes() for path in written(tmp_path / "b", shape)]


def test_the_bundle_is_stix_and_its_patterns_parse(tmp_path):
    (path,) = written(tmp_path, "stix")
    bundle = stix2.parse(path.read_text(), allow_custom=False)
    kinds = [item.type for item in bundle.objects]
    assert kinds.count("indicator") == 5
    assert "report" in kinds
    ids = {item.id for item in bundle.objects}
    assert all(
        link.source_ref in ids and link.target_ref in ids for link in bundle.objects if link.type == "relationship"
    )


def test_the_event_is_one_that_misp_takes(tmp_path):
    (path,) = written(tmp_path, "misp")
    event = json.loads(path.read_text())["Event"]
    assert {a["type"] for a in event["Attribute"]} == {"ip-src", "hostname", "url", "sha256"}
    assert len({a["uuid"] for a in event["Attribute"]}) == 5
    assert event["published"] is False


RULE = re.compile(
    r'alert (ip|dns|tls|http) \S+ any (?:->|<>) \S+ any \(msg:"[^";|\\]*";(?: [a-z_.]+(?::(?:"[^"]*"|[^;"]*))?;)+\)'
)


def test_suricata_rules_are_whole_whatever_the_url_holds(tmp_path):
    (path,) = written(tmp_path, "suricata")
    rules = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert [rule for rule in rules if not RULE.fullmatch(rule)] == []
    numbers = [int(re.search(r"sid:(\d+)", rule)[1]) for rule in rules]
    assert len(set(numbers)) == len(numbers) == 6
    assert all(1_000_000 <= number < 2_000_000 for number in numbers)
    assert any('content:"/log|20|in?a=|22|1|27|"' in rule for rule in rules)


def test_spreadsheets_hold_no_formula(tmp_path):
    for path in written(tmp_path, "csv"):
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert (tmp_path / "csv" / "timeline.csv").read_text().count("\n") == 5


@pytest.mark.parametrize("shape", ["xarf", "arf"])
def test_our_own_reader_understands_our_complaints(tmp_path, shape):
    paths = written(tmp_path, shape)
    read = [Reader(Networks.of_text([], [])).read(mail).to_json() for path in paths for mail in mails(str(path))]
    assert [(item["accused"], item["time"]) for item in read] == [
        ("198.51.100.67", "2026-11-21T19:42:40Z"),
        ("203.0.113.141", "2026-11-21T19:42:40Z"),
    ]


def test_a_complaint_names_nobody_of_ours_but_the_forged_address(tmp_path):
    for path in written(tmp_path, "arf"):
        text = message_from_bytes(path.read_bytes()).as_string()
        assert "a@own.example" not in text
