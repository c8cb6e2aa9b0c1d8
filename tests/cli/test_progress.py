"""Progress for a person at a terminal, silence for everybody else."""

import io

from mailscope.cli.progress import Progress, size


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_pipe_gets_nothing():
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress(10, 100, 1)
    assert stream.getvalue() == ""


def test_a_terminal_gets_one_line_that_is_removed():
    stream = Terminal()
    with Progress(stream) as progress:
        progress(500_000, 1_000_000, 1234)
    text = stream.getvalue()
    assert " 50 %" in text
    assert "1,234 packets" in text
    assert "s left" in text
    assert text.endswith("\r\x1b[K")
    assert "\n" not in text


def test_without_a_total_there_is_no_share():
    assert "%" not in Progress(io.StringIO()).line(10, None, 1)


def test_sizes_are_short():
    assert [size(n) for n in (0, 999, 1999, 12_345, 5_300_000_000)] == ["0 B", "999 B", "2.0 kB", "12 kB", "5.3 GB"]
