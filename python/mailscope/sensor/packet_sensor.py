"""Packets of an interface into the store while they come: captured, decoded, kept as evidence; what was missed is told.

The capture program and what starts it (`launcher`) may have rights; everything here needs none. Flows, streams and
mail sessions go on over files and batches, since the core decodes one endless capture. A row is written when its flow
or session ends; `flow_records` gets every flow, the other tables what they get from capture files.
"""

import fcntl
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from mailscope.errors import InputError, StoreError, UsageError
from mailscope.ingest.live_capture import Live, Options, records_of_flows
from mailscope.sensor import interface
from mailscope.sensor.capture_program import CaptureProgram
from mailscope.sensor.clock import ClockWatch
from mailscope.sensor.evidence import HEADER_BYTES, Evidence, EvidenceSettings
from mailscope.sensor.gaps import GapLog
from mailscope.sensor.launcher import Launcher
from mailscope.sensor.store_writer import StoreWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from mailscope.store.hourly_sums import Made

WAIT_S = 0.2
"""How long a read waits for packets, at most."""
LOOK_S = 1.0
"""How often interface, clock, drops and disk are looked at."""
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before a capture program that ended is started again; the last one for all later tries."""
STEADY_S = 60.0
"""A program that ran so long begins with the shortest pause again."""
QUIET_S = 10.0
"""Drops are over when there were none for so long."""
LAST_PACKETS_S = 5.0
"""How long what the program still had is read at the end."""
BEHIND_S = 2.0
"""Time passes without packets only so far behind our clock: packets may be on their way."""
_NAME = re.compile(r"[A-Za-z0-9_.:@-]{1,15}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What to capture, and where it goes."""

    interface: str
    store: str
    state: Path
    """Folder for the status, the gaps and the lock."""
    evidence: EvidenceSettings | None = None
    sensor: str | None = None
    """Label of this capture point in every row."""
    batch_seconds: float = 5.0
    memory_mb: int = 256
    keep_days: int | None = None
    sums: "Mapping[str, Made] | None" = None
    """Kinds of hourly sums kept beside the flow records."""


class PacketSensor:
    """Captures, decodes and stores until it is told to stop."""

    def __init__(self, settings: Settings, launcher: Launcher, clock: ClockWatch | None = None) -> None:
        if not _NAME.fullmatch(settings.interface):
            raise UsageError(f"`{settings.interface[:40]}` is no interface")
        self.settings = settings
        self.run_id = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._launcher, self._clock = launcher, clock or ClockWatch()
        self._program = CaptureProgram(launcher)
        settings.state.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(settings.state / f"{settings.interface}.lock")
        self.gaps = GapLog(settings.state / f"{settings.interface}.gaps.jsonl")
        self.evidence = Evidence(settings.evidence, settings.interface) if settings.evidence else None
        self.writer = StoreWriter(settings.store, self.run_id, keep_days=settings.keep_days, sums=settings.sums)
        self._options = Options(sensor=settings.sensor or settings.interface, memory_mb=settings.memory_mb)
        self._live = Live(self._options)
        self._header, self._pending, self._input, self._inputs = b"", b"", "", 0
        self._rows: list[dict[str, pa.Table]] = []
        self._decoded_before: dict[str, Any] = {}
        self._was_heard = False
        self._tries = 0
        self._started_at = self._next_start = self._looked_at = self._handed_on_at = 0.0
        self._dropped, self._dropped_at, self._dropped_from = 0, 0.0, 0
        self._last_us: int | None = None
        self._lag_s = 0.0
        self._interface = interface.state(settings.interface)

    def run(self, is_over: Callable[[], bool], told: Callable[["PacketSensor"], object] = lambda _: None) -> None:
        """Works until `is_over`; `told` hears about once a second."""
        self._pick_up()
        self._handed_on_at = time.monotonic()
        try:
            while not is_over():
                self._keep_program()
                self._read()
                if time.monotonic() - self._looked_at >= LOOK_S:
                    self._look()
                    told(self)
                if time.monotonic() - self._handed_on_at >= self.settings.batch_seconds:
                    self._hand_on()
        finally:
            self._finish()
            told(self)

    def status(self) -> dict[str, Any]:
        """What was seen, lost, kept and stored so far; plain types."""
        decoded = self._decoded()
        evidence = self.evidence
        return {
            "sensor": self.settings.sensor or self.settings.interface,
            "interface": self.settings.interface,
            "interface_state": self._interface,
            "run": self.run_id,
            "pid": os.getpid(),
            "at": time.time(),
            "is_running": True,
            "is_capturing": self._program.is_running and bool(self._header),  # the header comes once it listens
            "program_starts": self._program.starts,
            "program_said": self._program.message,
            **decoded,
            **asdict(self._program.counts),
            "last_packet_at": self._last_us / 1e6 if self._last_us is not None else None,
            "decode_lag_s": round(self._lag_s, 3),
            **self.writer.status(),
            "evidence": None
            if evidence is None
            else {
                "folder": str(evidence.settings.folder),
                "file": evidence.current,
                "is_stopped": bool(evidence.stopped),
                "why": evidence.stopped,
                "files": evidence.files,
                "bytes": evidence.bytes,
                "removed_files": evidence.removed,
                "missed_bytes": evidence.missed_bytes,
            },
            "gaps": self.gaps.count,
            "open_gaps": [{"kind": gap.kind, "since": gap.since, "detail": gap.detail} for gap in self._open_gaps()],
        }

    def _open_gaps(self) -> list[Any]:
        return list(self.gaps.open.values())

    # The capture program

    def _keep_program(self) -> None:
        """Starts the program when it does not run and its interface is there."""
        if self._program.is_running or time.monotonic() < self._next_start:
            return
        if self._was_heard and (state := interface.state(self.settings.interface)) == "gone":
            self._interface = state
            return
        self._header, self._pending, self._input = b"", b"", ""
        self._started_at = time.monotonic()
        try:
            self._program.start()
        except OSError as cause:
            self._ended(str(cause))

    def _ended(self, why: str) -> None:
        """The program is gone: once it ever captured it is started again later, else somebody must hear why not."""
        self._program.close()
        why = self._program.message or why
        if not self._was_heard:
            hint = "capturing needs root, or the right CAP_NET_RAW for the program" if "ermi" in why else None
            raise InputError(f"`{self.settings.interface}` cannot be captured: {why[:500]}", hint=hint)
        self._tries = 0 if time.monotonic() - self._started_at > STEADY_S else self._tries
        self._next_start = time.monotonic() + BACK_OFF_S[min(self._tries, len(BACK_OFF_S) - 1)]
        self._tries += 1
        self._interface = interface.state(self.settings.interface)
        self.gaps.begin("interface-gone" if self._interface == "gone" else "program-ended", why[:300])
        if self.evidence:
            self.evidence.end()
        self._cut()

    def _read(self) -> None:
        """Packets, if there are any soon."""
        if not self._program.is_running:
            time.sleep(WAIT_S)
            return
        data = self._program.read(WAIT_S)
        if data is None:
            self._lag_s = 0.0
        elif data:
            self._take(data)
        else:
            self._ended("it ended without a word")

    # Packets

    def _take(self, data: bytes) -> None:
        self._pending += data
        if not self._header:
            if len(self._pending) < HEADER_BYTES:
                return
            self._header, self._pending = self._pending[:HEADER_BYTES], self._pending[HEADER_BYTES:]
            self._was_heard = True
            if self.evidence:
                self.evidence.begin(self._header)
            for kind in ("interface-gone", "program-ended"):
                self.gaps.end(kind)
        if not self._pending:
            return
        self._turn_input()
        try:
            fed = self._live.feed(self._pending)
        except InputError as damaged:
            self._ended(str(damaged))
            return
        whole, self._pending = self._pending[: fed["bytes"]], self._pending[fed["bytes"] :]
        if self.evidence:
            self.evidence.write(whole)
        if fed["packets"]:
            self._last_us = fed["last_us"]
            self._lag_s = max(0.0, time.time() - fed["last_us"] / 1e6)
            self._watch_clock(fed["last_us"], fed["back_us"])

    def _turn_input(self) -> None:
        """Lets rows name the file of evidence that their packets go to, or, without one, this run."""
        if self.evidence:
            self.evidence.turn()
        current = self.evidence.current if self.evidence else ""
        if self._input and current == self._input.partition("\0")[2]:
            return
        self._inputs += 1
        name = current or f"{self.settings.interface}@{self.run_id}#{self._inputs}"
        self._live.begin(name, self._header)
        self._input = f"{name}\0{current}"

    def _watch_clock(self, last_us: int | None = None, back_us: int = 0) -> None:
        moved = self._clock.step(last_us, back_us)
        if moved is not None:
            self.gaps.note("clock-step", f"{moved:+.1f} s")
            self._cut()

    def _cut(self) -> None:
        """Ends all flows: what follows does not continue them. A new decoder has the new time."""
        self._live.cut()
        self._rows.append(_tables(self._live))
        self._decoded_before = self._decoded()
        self._live = Live(self._options)
        self._input = ""

    # Now and then

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        self._watch_clock()
        self._program.ask_counts()
        if not self._lag_s:
            self._live.advance(int((time.time() - BEHIND_S) * 1e6))
        self._interface = interface.state(self.settings.interface)
        if self._interface == "down":
            self.gaps.begin("interface-down")
        else:
            self.gaps.end("interface-down")
        self._watch_drops()
        self._watch_evidence()
        self._write_status(is_running=True)

    def _watch_drops(self) -> None:
        now = time.monotonic()
        counts = self._program.counts
        dropped = (counts.kernel_drops or 0) + (counts.interface_drops or 0)
        if dropped > self._dropped:
            self.gaps.begin("packets-dropped")
            self._dropped_at = now
            self.gaps.open["packets-dropped"].detail = f"{dropped - self._dropped_from} packets"
        elif now - self._dropped_at > QUIET_S:
            self.gaps.end("packets-dropped")
            self._dropped_from = dropped
        self._dropped = dropped

    def _watch_evidence(self) -> None:
        if self.evidence is None:
            return
        self.evidence.turn()
        if self.evidence.stopped:
            self.gaps.begin("evidence-stopped", self.evidence.stopped)
        else:
            self.gaps.end("evidence-stopped")

    def _hand_on(self) -> None:
        """Gives the rows of the batch to the store's thread."""
        import pyarrow as pa

        self._handed_on_at = time.monotonic()
        parts, self._rows = [*self._rows, _tables(self._live)], []
        tables = {name: pa.concat_tables([part[name] for part in parts]).unify_dictionaries() for name in parts[0]}
        if self.writer.offer({"flow_records": records_of_flows(tables["flows"]), **tables}):
            self.gaps.end("rows-lost")
        else:
            self.gaps.begin("rows-lost", self.writer.error)

    def _decoded(self) -> dict[str, Any]:
        now, before = self._live.status(), self._decoded_before
        undecoded = dict(before.get("undecoded", {}))
        for reason, count in now["undecoded"].items():
            undecoded[reason] = undecoded.get(reason, 0) + count
        names = ("packets", "wire_bytes", "evicted_flows", "cut_packets", "duplicates")
        sums = {name: now[name] + before.get(name, 0) for name in names}
        return {**sums, "open_flows": now["open_flows"], "undecoded": undecoded}

    # Beginning and end

    def _pick_up(self) -> None:
        """Says what was missed since the run before, and completes the files that it left half."""
        before = status_of(self.settings.state / f"{self.settings.interface}.json")
        if before is not None and isinstance(at := before.get("at"), (int, float)):
            killed = bool(before.get("is_running"))
            self.gaps.note("killed" if killed else "not-running", str(before.get("run", ""))[:40], since=float(at))
        if self.evidence:
            for name in self.evidence.recovered():
                self.gaps.note("killed", f"{name} was cut after its last whole packet")

    def _finish(self) -> None:
        """Ends the program, decodes and stores what is left."""
        self._program.stop()
        deadline = time.monotonic() + LAST_PACKETS_S
        while self._program.is_running and time.monotonic() < deadline:
            data = self._program.read(WAIT_S)
            if data == b"":
                break
            if data:
                self._take(data)
        self._program.close()
        if self.evidence:
            self.evidence.end()
        self._live.cut()
        self._hand_on()
        self.writer.close()
        self._launcher.close()
        self._write_status(is_running=False)
        self._lock.close()

    def _write_status(self, *, is_running: bool) -> None:
        path = self.settings.state / f"{self.settings.interface}.json"
        draft = path.with_name(f".{path.name}.part")
        try:
            draft.write_text(json.dumps(self.status() | {"is_running": is_running}, indent=1) + "\n", "utf-8")
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)  # a full disk: the metrics still tell


def _tables(live: Live) -> "dict[str, pa.Table]":
    import pyarrow as pa

    return {name: pa.table(stream) for name, stream in live.take().items()}


def _locked(path: Path) -> "IO[str]":
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StoreError(f"another sensor runs on this interface with `{path.parent}`") from None
    return file


def status_of(path: Path) -> dict[str, Any] | None:
    """What a sensor wrote last; None when there is nothing to read."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
