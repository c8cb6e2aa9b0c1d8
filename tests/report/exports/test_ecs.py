"""ECS documents use ECS fields with their types, and keep everything else in our own namespace."""

import ipaddress
import json
from datetime import datetime
from pathlib import Path

import pytest

from mailscope.report.exports.folder import write
from tests.fixtures import mail_case

FIELDS = json.loads((Path(__file__).parents[2] / "schemas/ecs_fields.json").read_text("utf-8"))["fields"]
CHECKS = {
    "date": datetime.fromisoformat,
    "ip": ipaddress.ip_address,
    "long": lambda value: value.__index__(),
    "keyword": lambda value: value.encode(),
    "match_only_text": lambda value: value.encode(),
}


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    (path, _count), *_ = write(mail_case.tables(), "ecs", tmp_path_factory.mktemp("ecs"), "1")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def leaves(value, path=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def test_every_field_is_one_of_ecs_and_of_its_type(documents):
    for document in documents:
        for path, value in leaves({name: inner for name, inner in document.items() if name != "mailscope"}):
            assert path in FIELDS, path
            CHECKS[FIELDS[path]](value)


def test_the_envelope_is_kept_out_of_the_email_fields(documents):
    by_session = {made["mailscope"]["session_id"]: made for made in documents if "subject" in made.get("email", {})}
    mail = by_session[mail_case.SESSION]
    assert mail["email"]["from"]["address"] == ["ann@a.example"]
    assert mail["mailscope"]["smtp"]["mail_from"] == "ann@a.example"
    assert mail["mailscope"]["smtp"]["rcpt_to"] == ["bob@b.example", "eve,x@b.example"]
    assert mail["email"]["attachments"][0]["file"]["hash"]["sha256"] == "3" * 64
    assert mail["event"]["outcome"] == "success"


def test_there_is_a_document_for_each_mail(documents):
    assert len(documents) == 3
    assert {document["network"]["protocol"] for document in documents} == {"smtp", "imap"}
