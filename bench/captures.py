"""Makes the captures that the benchmark reads, in a cache folder, each only once.

With the shared bench folder (MAILSCOPE_SHARED, default `../shared`) these are MIX, MIX_660k, MAIL and
MAILBOTH as its README describes them. Without it, one capture of our own: OWN, SMTP sessions among web
requests, so that the benchmark always runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.fixtures import wire  # noqa: E402

# Arguments of the shared generator: mode, packets or sessions, seconds, seed.
RECIPES = {
    "MIX": ("mix", "13000000", "3600", "1"),
    "MIX_660k": ("mix", "672000", "183", "1"),
    "MAIL": ("mail", "12670", "3600", "2"),
    "MAILBOTH": ("mailboth", "4500", "3600", "3"),
}
OWN_SESSIONS = 4000


def shared() -> Path:
    """The folder with the generator and its corpus."""
    return Path(os.environ.get("MAILSCOPE_SHARED", ROOT.parent / "shared"))


def wanted(quick: bool) -> list[str]:
    """Names of the captures this machine can have."""
    if not (shared() / "bench" / "gencap.rs").exists():
        return ["OWN"]
    return ["MIX_660k", "MAIL", "MAILBOTH"] + ([] if quick else ["MIX"])


def capture(name: str, cache: Path) -> Path:
    """The capture of this name, made when the cache does not hold it."""
    path = cache / f"{name}.pcap"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".making")
        print(f"making {path} (once)", file=sys.stderr)
        make_own(unfinished) if name == "OWN" else generate(name, unfinished, cache)
        unfinished.rename(path)
        truth = unfinished.with_name(unfinished.name + ".truth.csv")
        if truth.exists():
            truth.rename(path.with_name(path.name + ".truth.csv"))
    return path


def generate(name: str, path: Path, cache: Path) -> None:
    """Runs the shared generator, built on first use."""
    source = shared() / "bench"
    program, corpus, mail = cache / "gencap", cache / "corpus", cache / "mail"
    if not corpus.exists():
        corpus.mkdir()
        with (corpus / "mix.pcap").open("wb") as out:
            subprocess.run(["zstd", "-dqc", source / "mix-corpus.pcap.zst"], stdout=out, check=True)
    if not mail.exists():
        with tarfile.open(shared() / "realdata" / "mail" / "phishing_pot.tar.gz") as archive:
            archive.extractall(mail, filter="data")
    if not program.exists():
        flags = ["-C", "opt-level=3", "-C", "target-cpu=native"]
        subprocess.run(["rustc", *flags, "-o", program, source / "gencap.rs"], check=True)
    mode, *numbers = RECIPES[name]
    subprocess.run([program, mode, corpus, mail / "phishing_pot", path, *numbers], check=True, stdout=sys.stderr)


def make_own(path: Path) -> None:
    """SMTP sessions with a message of 20 kB each, and as many web requests."""
    body = "".join(f"C: line {i} {'lorem ipsum ' * 8}\n" for i in range(180))
    blocks = [wire.pcap_bytes([])]
    for i in range(OWN_SESSIONS):
        client, start = f"10.{i >> 8 & 255}.{i & 255}.9:{20000 + i}", wire.START_US + i * 5000
        mail = wire.Conversation(client, "192.0.2.25:25", start_us=start)
        mail.say(
            f"S: 220 mx\nC: EHLO c{i}\nS: 250 mx\nC: MAIL FROM:<a{i}@a.example>\nS: 250 ok\nC: RCPT TO:<b@b.example>"
        )
        mail.say(f"S: 250 ok\nC: DATA\nS: 354 go\nC: From: a{i}@a.example\nC: Subject: number {i}\nC:\n{body}C: .")
        mail.say("S: 250 taken\nC: QUIT\nS: 221 bye").fin()
        web = wire.Conversation(client.replace(":2", ":3"), "192.0.2.80:80", start_us=start + 700)
        web.say("C: GET / HTTP/1.1\nC: Host: www.example\nC:\nS: HTTP/1.1 200 OK\nS: Content-Length: 4000\nS:")
        web.send(False, b"x" * 4000).fin()
        blocks.append(wire.pcap_bytes(wire.merged(mail.packets, web.packets))[24:])
    path.write_bytes(b"".join(blocks))


def remove(cache: Path) -> None:
    """Forgets all captures."""
    shutil.rmtree(cache, ignore_errors=True)
