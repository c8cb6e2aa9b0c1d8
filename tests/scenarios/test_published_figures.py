"""The account of two captures like the published ones comes out as published, number by number."""

import json

import pytest
from scripts.selftest import differences

from mailscope.cli.main import main
from tests.fixtures.published import FILE_A, FILE_B, packets, plan, write


@pytest.mark.parametrize("figures", [FILE_A, FILE_B], ids=lambda figures: figures.name)
def test_the_generator_makes_as_many_sessions_as_were_published(figures):
    made = [0, 0, 0]
    for _kind, side, count in plan(figures):
        assert count >= 0
        made[(1, 0, None).index(side)] += count
    assert tuple(made) == figures.sessions


@pytest.mark.slow
@pytest.mark.parametrize("figures", [FILE_A, FILE_B], ids=lambda figures: figures.name)
def test_the_account_is_as_published(figures, tmp_path, capsys):
    capture = write(tmp_path / figures.name, packets(figures))
    assert main(["accounting", str(capture), "--json"]) == 0
    assert list(differences(json.loads(capsys.readouterr().out), figures)) == []
