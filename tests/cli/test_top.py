"""The live view, where nobody watches."""

import pytest

from mailscope.cli.main import main


@pytest.mark.parametrize("flags", [[], ["--once"]])
def test_without_a_terminal_it_does_not_wait_for_a_store(tmp_path, capsys, flags):
    assert main(["top", "--store", str(tmp_path / "live"), *flags]) != 0
    assert "is no store" in capsys.readouterr().err
