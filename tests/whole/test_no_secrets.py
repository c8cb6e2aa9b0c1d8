"""No password that crossed the wire is in any output or file, of any command."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.fixtures import wire
from tests.reference.scoring import shared
from tests.whole import command, reading, traffic

pytestmark = pytest.mark.long

SCENARIOS = shared() / "scenarios"


def forms(secret: str) -> list[bytes]:
    """A secret as it is, in base64 (alone, and at each alignment inside something longer), in hex, URL-encoded,
    reversed."""
    raw = secret.encode()
    # The characters of base64 that depend on nothing but the secret, at each alignment.
    inside = [
        base64.b64encode(b"\0" * shift + raw)[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6] for shift in range(3)
    ]
    spelled = [raw.hex().encode(), quote(secret, safe="").encode(), raw[::-1]]
    return [raw, base64.b64encode(raw).rstrip(b"="), *inside, *spelled]


def leaks(folder: Path, said: dict[str, str], secrets: list[str]) -> Iterator[str]:
    """Where a secret came out."""
    texts = [(name, text.encode("utf-8", "surrogateescape")) for name, text in said.items()]
    texts += [(str(path.relative_to(folder)), path.read_bytes()) for path in folder.rglob("*") if path.is_file()]
    for name, text in texts:
        for secret in secrets:
            if any(form in text for form in forms(secret)):
                yield f"{secret!r} in {name}"


def uncompressed(capture: Path) -> dict[str, str]:
    """The rows themselves, since Parquet files are compressed."""
    return {name: repr(rows) for name, rows in reading.rows(capture).items()}


def test_no_secret_of_any_protocol_comes_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    capture = wire.write(tmp_path / "in" / "all.pcap", traffic.everything())
    said = command.every_command([capture], tmp_path / "out")
    said.update(uncompressed(capture))
    assert not list(leaks(tmp_path / "out", said, traffic.SECRETS))


def test_the_search_for_leaks_finds_them(tmp_path: Path) -> None:
    said = {"a": base64.b64encode(b"user\0Tr0ub4dor-smtp").decode(), "b": "Tr0ub4dor-pop"}
    assert len(list(leaks(tmp_path, said, traffic.SECRETS))) == 2


def passwords(truth: object) -> Iterator[str]:
    """Every value under a key that names a password, anywhere in a truth file."""
    if isinstance(truth, dict):
        for key, value in truth.items():
            if key.lower() in ("password", "pass", "secret", "passwd") and isinstance(value, str):
                yield value
            yield from passwords(value)
    elif isinstance(truth, list):
        for value in truth:
            yield from passwords(value)


def typed_passwords(captures: list[Path]) -> Iterator[str]:
    """What clients gave as POP3 `PASS` and IMAP `LOGIN` in clear, read from the raw bytes of captures."""
    for capture in captures:
        raw = capture.read_bytes()
        for found in re.findall(rb"PASS ([!-~]{6,64})\r\n|[!-~]+ LOGIN [!-~]+ \"?([!-~]{6,64}?)\"?\r\n", raw):
            yield b"".join(found).decode()


@pytest.mark.slow
@pytest.mark.skipif(not SCENARIOS.is_dir(), reason=f"scenarios are missing: no folder {SCENARIOS}")
@pytest.mark.parametrize("scenario", ["s1-smtp-over-connect", "s2-phishing-intrusion", "s3-coverage"])
def test_no_password_of_a_scenario_comes_out(scenario: str, tmp_path: Path) -> None:
    folder = SCENARIOS / scenario
    captures = sorted(folder.glob("*.pcap"))
    named = passwords(json.loads((folder / "truth.json").read_text()))
    secrets = sorted({secret for secret in [*named, *typed_passwords(captures)] if len(secret) > 5})
    said = command.every_command(captures, tmp_path)
    assert secrets
    assert not list(leaks(tmp_path, said, secrets))
