import io
from datetime import UTC, datetime
from functools import cache

import pytest
from rich.cells import cell_len
from rich.console import Console

from mailscope.investigation.sender_queue import sender_queue
from mailscope.report.senders.top import Frame, frame_of, sparkline
from tests.fixtures.flow_rows import mails, records

NOW = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)


def records_of(subject="10.0.0.66"):
    ordinary = [mails(f"10.0.1.{number}", servers=2) for number in range(1, 12)]
    return records(mails(subject, servers=60), *ordinary)


@cache
def everybody(subject):
    """The queue of that network, asked once: only how it is shown differs."""
    return sender_queue(records_of(subject), ["10.0.0.0/8", "2001:db8::/32"], None, everybody=True, trend_slots=48)


def shown(frame, width, height, **options):
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    console.print(frame_of(frame, width, height, **options))
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("subject", ["10.0.0.66", "2001:db8:1234:5678:9abc:def0:1234:5678"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40), (60, 10)])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_frame_fits_the_terminal_and_names_the_abnormal_host_whole(subject, width, height, lang):
    lines = shown(Frame(everybody(subject), "live", NOW), width, height, lang=lang)
    assert max(map(cell_len, lines)) <= width
    assert len(lines) <= height
    assert any(line.startswith(subject) for line in lines)


def test_a_trend_tells_when_the_flows_were():
    queue = sender_queue(records_of(), ["10.0.0.0/8"], None, trend_slots=10)
    assert sum(queue.senders[0].trend) == queue.senders[0].figures["flows"]
    assert sparkline([0, 1, 1, 8], 4) == " ▂▂█"
    assert sparkline([0, 0, 5, 5], 2, plain=True) == " #"


def test_what_a_sensor_misses_is_on_the_screen():
    running = {"sensor": "eth0", "is_running": True, "at": NOW.timestamp(), "received": 90, "kernel_drops": 10}
    gap = running | {"open_gaps": [{"kind": "evidence-stopped"}]}
    silent = running | {"at": NOW.timestamp() - 100}
    collector = {"exporters": [{"lost": 7, "sampling": {"100": 5}}], "sockets": [], "records": 5}
    for status, words in (
        (running, "dropped 10 (10 %)"),
        (gap, "evidence-stopped"),
        (silent, "silent for 100 s"),
        (running | {"is_running": False}, "not running"),
        (collector, "sampling 1:100"),
    ):
        assert words in "\n".join(shown(Frame(None, "live", NOW, [status]), 120, 24))


def test_hostile_text_moves_no_cursor():
    status = {"sensor": "\x1b[2Jeth0", "is_running": True, "at": NOW.timestamp()}
    lines = shown(Frame(None, "live", NOW, [status], trouble="\x1b]0;x\x07"), 120, 24)
    assert "\x1b" not in "".join(lines)
