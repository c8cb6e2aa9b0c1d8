import subprocess
import sys

import pytest

from mailscope.response.state_file import change, lines_of

ADD = """
import sys
from pathlib import Path
from mailscope.response.state_file import change
for n in range(25):
    change(Path(sys.argv[1]), lambda lines: [*lines, f"{sys.argv[2]}-{n}"])
"""


def test_writers_at_the_same_time_lose_nothing(tmp_path):
    file = tmp_path / "routes"
    writers = [subprocess.Popen([sys.executable, "-c", ADD, str(file), name]) for name in "abc"]
    assert [writer.wait(300) for writer in writers] == [0, 0, 0]
    assert sorted(lines_of(file)) == sorted(f"{name}-{n}" for name in "abc" for n in range(25))


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "routes"
    change(file, lambda _lines: ["one"])

    def fails(_lines):
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        change(file, fails)
    assert lines_of(file) == ["one"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".routes.lock", "routes"]


def test_comments_are_not_lines(tmp_path):
    file = tmp_path / "routes"
    change(file, lambda lines: [*lines, "a"], head="# made by Mailscope\n")
    assert file.read_text() == "# made by Mailscope\na\n"
    assert not change(file, lambda lines: lines)
