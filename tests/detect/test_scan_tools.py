"""Which program it was."""

import pytest

from mailscope.detect.scan_tools import tool_of


@pytest.mark.parametrize(
    ("agents", "values", "tool"),
    [
        (["gobuster/3.6"], [], "gobuster"),
        (["curl/8.1", "sqlmap/1.8"], [], "sqlmap"),
        (["Mozilla/5.0"], ["1 AND 4412=4412"], "sqlmap"),
        (["Mozilla/5.0"], ["${jndi:dns://x}"], "log4shell scanner"),
        (["curl/8.1"], [None, "7"], "curl"),
        (["Mozilla/5.0 (X11; Linux)"], ["7"], None),
        ([None], [], None),
    ],
)
def test_a_program_is_told_by_its_name_or_by_what_only_it_sends(agents, values, tool):
    assert tool_of(agents, values) == tool
