"""The core's transcripts as captures, so that what is said of them can be compared in the tables, too."""

from __future__ import annotations

import re
from pathlib import Path

from tests.fixtures import wire

FOLDER = Path(__file__).resolve().parents[2] / "crates/decode/tests/transcripts"
HEADER = re.compile(r"^(ports|start|end|client|udp): ")


def paths() -> list[Path]:
    """Every transcript of a TCP conversation that the flow's originator leads."""
    texts = {path: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.txt"))}
    return [path for path, text in texts.items() if not re.search("^(udp: yes|client: resp)", text, re.MULTILINE)]


def conversation(path: Path) -> wire.Conversation:
    """A transcript as packets: `C:`, `S:` text, `C-` escapes, `CX` hexadecimal, `C*N` lines, `C<<N` lost bytes."""
    text = path.read_text("utf-8")
    ports = re.search(r"^ports: \d+ (\d+)", text, re.MULTILINE)
    talk = wire.Conversation(
        "198.51.100.9:40001",
        f"192.0.2.80:{ports[1] if ports else 8080}",
        handshake="\nstart: mid" not in f"\n{text}",
    )
    burst: list[tuple[bool, bytes]] = []
    for line in [*text.splitlines(), ""]:
        said = None if not line or line.startswith("#") or HEADER.match(line) else line
        if burst and (said is None or said[1] == "<" or (said[0] == "C") != burst[0][0]):
            talk.send(burst[0][0], b"".join(data for _, data in burst))
            burst = []
        if said is None:
            continue
        if said[1] == "<":
            talk.skip(said[0] == "C", int(said[3:].strip()))
        else:
            burst.append((said[0] == "C", spoken(said[1], said[2:].removeprefix(" "))))
    return talk.fin()


def spoken(kind: str, rest: str) -> bytes:
    """The bytes of one line of a transcript."""
    if kind == "X":
        return bytes.fromhex(rest)
    if kind == "*":
        count, line = rest.split(" ", 1)
        return (line.encode() + b"\r\n") * int(count)
    if kind == ":":
        return rest.encode() + b"\r\n"
    return rest.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")
