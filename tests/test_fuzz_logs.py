"""Seeds of the log fuzzer, and what it found, keep its promise: `fuzz/logs.py`."""

import importlib.util
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[1] / "fuzz"
_SPEC = importlib.util.spec_from_file_location("fuzz_logs", FUZZ / "logs.py")
logs = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(logs)


@pytest.mark.parametrize("target", logs.TARGETS)
def test_seeds_and_what_was_found_are_read_without_harm(target):
    seeds = sorted((FUZZ / "log_seeds" / target).iterdir())
    assert seeds
    for place in [*seeds, *sorted((FUZZ / "regressions" / "logs" / target).glob("*"))]:
        logs.check(target, place.read_bytes())
