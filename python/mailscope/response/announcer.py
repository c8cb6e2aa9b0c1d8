"""The process that ExaBGP runs: `python -m mailscope.response.announcer FILE` keeps ExaBGP at what the file says."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from mailscope.response.state_file import lines_of

PAUSE_S = 0.5


def step(known: list[str], wanted: list[str], say: Callable[[str], None]) -> list[str]:
    """Withdraws and announces what changed; returns what is announced now."""
    for route in known:
        if route not in wanted:
            say(f"withdraw {route}")
    for route in wanted:
        if route not in known:
            say(f"announce {route}")
    return wanted


def main(arguments: list[str]) -> int:
    """Until ExaBGP closes the pipe."""
    path, known = Path(arguments[0]), list[str]()

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    try:
        while True:
            known = step(known, lines_of(path), say)
            time.sleep(PAUSE_S)
    except (BrokenPipeError, KeyboardInterrupt):
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
