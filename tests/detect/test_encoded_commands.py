"""Commands in Base64, and values that only look so."""

import base64

import pytest

from mailscope.detect.encoded_commands import decoded, plain_text
from tests.fixtures.rows import ibis_tables


def said(*values):
    made = ibis_tables(http_parameters=[{"place": "form", "name": "q", "value": value} for value in values])
    table = decoded(made("http_parameters"))
    return [] if table is None else sorted(row["value"] for row in table.to_pyarrow().to_pylist())


@pytest.mark.parametrize("command", ["id", "whoami", "uname -a", "cat /etc/passwd", "system('id');", "ls -la /tmp\n"])
def test_commands_are_read_with_and_without_padding(command):
    text = base64.b64encode(command.encode()).decode()
    assert said(text) == said(text.rstrip("=")) == [command]


def test_other_text_in_base64_is_no_command():
    assert (
        said(*(base64.b64encode(text).decode() for text in (b"Guten Tag", b'{"page": 2}', b"anna@own.example"))) == []
    )


def test_identifiers_are_none():
    assert said("7fK3qPz0", "abcd1234", "deadbeefcafe", "2026", "Mozilla1") == []


@pytest.mark.parametrize("value", ["=", "a", "\xff\xff\xff\xff", "////"])
def test_what_is_no_text_in_base64_says_nothing(value):
    assert plain_text(value) is None
