"""Compares the flows of `pass --flows` with what independent tools say of the reference captures.

    cargo build --release -p mailscope-capture --example pass
    python3 crates/capture/examples/compare_reference.py [REFERENCE_FOLDER] [-v] [NAME_PART]

Per field: sessions right, sessions wrong, and sessions of which the tools disagree.
"""

import collections
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
PASS = ROOT / "target/release/examples/pass"
SIDES = (("c2s", 0), ("s2c", 1))
COUNTS = (("packets", "packets"), ("wire_bytes", "wire"), ("ip_bytes", "ip"), ("payload_bytes", "payload"))


def flows(path: pathlib.Path) -> list[dict]:
    """All TCP flows of a capture, which may be gzip-compressed."""
    with tempfile.NamedTemporaryFile() as plain:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            plain.write(gzip.decompress(data))
            plain.flush()
            path = pathlib.Path(plain.name)
        done = subprocess.run([PASS, "--flows", "--follow", path], capture_output=True, text=True, check=True)
    return [flow for flow in map(json.loads, done.stdout.splitlines()) if flow["proto"] == 6]


def values(flow: dict) -> dict:
    """A flow in the words of the expectations."""
    out = {}
    for theirs, ours in COUNTS:
        for side, index in SIDES:
            out[f"{theirs}_{side}"] = flow[ours][index]
    seen = [count > 0 for count in flow["packets"]]
    out["direction_seen"] = "both" if all(seen) else "c2s" if seen[0] else "s2c"
    orig, resp = flow["flags"]
    out["handshake_seen"] = bool(orig & 2) and resp & 0x12 == 0x12
    return out


def turned(value: dict) -> dict:
    """The same with client and server exchanged."""
    out = dict(value)
    for theirs, _ in COUNTS:
        out[f"{theirs}_c2s"], out[f"{theirs}_s2c"] = value[f"{theirs}_s2c"], value[f"{theirs}_c2s"]
    out["direction_seen"] = {"c2s": "s2c", "s2c": "c2s"}.get(value["direction_seen"], "both")
    return out


def find(flows_by_ends: dict, session: dict) -> tuple[dict | None, bool]:
    """The flow of a session that began nearest to it, and whether its ends stand the other way."""
    client = (session["client_ip"], session["client_port"])
    server = (session["server_ip"], session["server_port"])
    found = [(flow, False) for flow in flows_by_ends.get((client, server), [])]
    found += [(flow, True) for flow in flows_by_ends.get((server, client), [])]
    return min(found, key=lambda f: abs(f[0]["start_ts"] - session["start_ts"]), default=(None, False))


def main() -> None:
    arguments = [a for a in sys.argv[1:] if a != "-v"]
    shared = pathlib.Path(os.environ.get("MAILSCOPE_SHARED", ROOT.parent / "shared"))
    folder = pathlib.Path(arguments[0]) if arguments else shared / "reference"
    part = arguments[1] if len(arguments) > 1 else ""
    right, wrong, split = collections.Counter(), collections.Counter(), collections.Counter()
    misses = []
    for entry in json.loads((folder / "manifest.json").read_text())["files"]:
        if part not in entry["file"]:
            continue
        expect = json.loads((folder / entry["expect"]).read_text())
        by_ends = collections.defaultdict(list)
        for flow in flows(folder / entry["file"]):
            client = (flow["client_ip"], flow["client_port"])
            by_ends[client, (flow["server_ip"], flow["server_port"])].append(flow)
        for session in expect["sessions"]:
            flow, is_turned = find(by_ends, session)
            where = (entry["file"], session["client_ip"], session["client_port"], session["server_port"])
            right["found" if flow else "not found"] += 1
            if not flow:
                misses.append((*where, "not found", session["fields"].get("packets_c2s")))
                continue
            oriented = "oriented" if session["orientation_by"] == "syn" else "oriented without SYN"
            (wrong if is_turned else right)[oriented] += 1
            if is_turned:
                misses.append((*where, oriented, session["orientation_by"]))
            ours = values(flow)
            ours = turned(ours) if is_turned else ours
            for field, value in ours.items():
                said = session["fields"].get(field, {}).get("values", [])
                answers = [v["v"] for v in said]
                if not answers:
                    continue
                if value in answers:
                    (split if len(answers) > 1 else right)[field] += 1
                else:
                    wrong[field] += 1
                    misses.append((*where, field, f"ours {value}", said))
    names = sorted({*right, *wrong, *split})
    for name in names:
        print(f"{name:24} right {right[name]:6} wrong {wrong[name]:5} one of several answers {split[name]:5}")
    if "-v" in sys.argv:
        for miss in misses:
            print(*miss)


main()
