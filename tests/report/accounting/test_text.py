"""The account of mail sessions at a terminal."""

import json

import pytest

from mailscope.cli.main import main
from mailscope.report.accounting.text import text
from tests.fixtures.relays import Relay
from tests.fixtures.wire import write


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    capture = write(tmp_path_factory.mktemp("a") / f"{'a-long-name-' * 6}.pcap", Relay().packets())
    account = capture.with_suffix(".json")
    with account.open("w") as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", file)
        assert main(["accounting", str(capture), "--json"]) == 0
    return json.loads(account.read_text())


@pytest.mark.parametrize("width", [70, 80, 100])
def test_no_line_is_wider_than_the_window(report, width):
    lines = text(report, width).splitlines()
    assert max(map(len, lines)) <= width
    assert any("sum" in line for line in lines)
