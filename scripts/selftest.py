"""Makes the two captures whose figures were published, accounts for them, and compares every number.

usage: selftest.py [FOLDER]      (default: build/selftest)
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT)]

from tests.fixtures.published import FILE_A, FILE_B, Figures, packets, write  # noqa: E402

DIRECTIONS = ("c2s", "s2c", "both")


def expected(figures: Figures) -> dict[str, Any]:
    """The published numbers, under the names of the account."""
    return {
        "sessions": sum(figures.sessions),
        "directions": dict(zip(DIRECTIONS, figures.sessions, strict=True)),
        "valid": sum(figures.valid),
        "valid_directions": dict(zip(DIRECTIONS, figures.valid, strict=True)),
        "decoded": figures.decoded,
        "starttls": sum(figures.starttls),
        "fields": {
            "mail_from_cmd": sum(figures.mail_from_cmd),
            "mail_from": figures.mail_from,
            "mail_to_cmd": figures.mail_to_cmd,
            "mail_to": figures.mail_to,
        },
        "partition": {
            "starttls": sum(figures.starttls),
            "mail-from-cmd": sum(figures.mail_from_cmd),
            "other-fields": 0,
            "none": sum(figures.none),
        },
    }


def differences(account: dict[str, Any], figures: Figures) -> Iterator[str]:
    """What the account says otherwise than what was published."""
    for name, value in expected(figures).items():
        found = account["total"][name]
        if found != value:
            yield f"{figures.name}: {name} is {found}, published {value}"


def main() -> int:
    """0 when every number is as published."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "selftest"
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    for figures in (FILE_A, FILE_B):
        capture = write(folder / figures.name, packets(figures))
        command = [sys.executable, "-m", "mailscope", "accounting", str(capture)]
        subprocess.run(command, check=True)
        print(flush=True)
        account = json.loads(subprocess.run([*command, "--json"], check=True, capture_output=True).stdout)
        wrong += differences(account, figures)
    print("\n".join(wrong) or "selftest: every number is as published")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
