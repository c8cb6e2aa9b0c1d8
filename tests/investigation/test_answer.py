"""The JSON answer keeps to its schema, whatever was found."""

import json
from pathlib import Path

import jsonschema
import pytest

import mailscope.investigation
from mailscope.investigation.answer import defanged
from mailscope.investigation.investigate import investigate
from tests.fixtures.relays import Mail, Relay, smtp_talk
from tests.fixtures.wire import START_US, SYN, Conversation, merged, write

SCHEMA = json.loads((Path(mailscope.investigation.__file__).parent / "answer.schema.json").read_text("utf-8"))

CASES = {
    "relay": (Relay().packets(), {"own": ["203.0.113.0/24"]}),
    "nothing given": (Relay(kind="socks5").packets(), {}),
    "insider": (Relay(commander="203.0.113.77").packets(), {"own": ["203.0.113.0/24"]}),
    "client side": (Relay().inside().packets, {}),
    "server side": (Relay().outside().packets, {}),
    "empty": ([], {}),
    "one packet": (Conversation("10.0.0.1:1", "192.0.2.1:25").packets[:1], {}),
    "open relay": (
        merged(
            smtp_talk("198.51.100.7:40001", "203.0.113.25:25", (Mail(sender="a@b.example"),)).packets,
            smtp_talk(
                "203.0.113.25:41001", "192.0.2.25:25", (Mail(sender="a@b.example"),), start_us=START_US + 9
            ).packets,
        ),
        {"own": ["203.0.113.0/24"], "own_domains": ["own.example"]},
    ),
}


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SYN == 2


@pytest.mark.parametrize(
    ("packets", "options"),
    [
        pytest.param(*case, id=name, marks=[] if name in ("relay", "insider", "empty") else pytest.mark.long)
        for name, case in CASES.items()
    ],
)
def test_the_answer_keeps_to_the_schema(tmp_path, packets, options):
    answer = investigate(write(tmp_path / "capture.pcap", packets), **options).to_json()
    jsonschema.validate(answer, SCHEMA, jsonschema.Draft202012Validator)
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.long
def test_the_same_capture_gives_the_same_answer(tmp_path):
    path = write(tmp_path / "capture.pcap", Relay().packets())
    first, second = (investigate(path).to_json() | {"seconds": 0} for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("198.51.100.7 sent", "198.51.100[.]7 sent"),
        ("198.51.100.7:40001.", "198.51.100[.]7:40001."),
        ("198.51.100.77 and 1198.51.100.7", "198.51.100.77 and 1198.51.100.7"),
        ("see HTTPS://a.b.example/x?y=http://c.example", "see hxxps://a[.]b[.]example/x?y=hxxp://c[.]example"),
    ],
)
def test_attackers_and_links_are_defanged(text, said):
    assert defanged(text, ["198.51.100.7"]) == said


def test_an_ipv6_attacker_is_defanged():
    assert defanged("from 2001:db8::7 now", ["2001:db8::7"]) == "from 2001:db8:[:]7 now"
