"""When the sensor did not see everything, and why: a small file of JSON lines beside the store."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

KINDS = (
    "interface-down",
    "interface-gone",
    "program-ended",
    "clock-step",
    "evidence-stopped",
    "rows-lost",
    "packets-dropped",
    "not-running",
    "killed",
)
LINES = 5_000
"""Lines kept; when there are twice as many, the older half is forgotten."""


@dataclass(slots=True)
class Gap:
    """One stretch of time; times are UTC, ISO 8601. `until` is None while it lasts."""

    kind: str
    since: str
    until: str | None = None
    detail: str = ""


class GapLog:
    """Notes gaps as they begin and end; the file has a line for each that is over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open: dict[str, Gap] = {}
        self.recent: list[Gap] = []
        """The last twenty that are over, newest last."""
        self.count = 0

    def begin(self, kind: str, detail: str = "", *, at: float | None = None) -> None:
        """A gap of this kind begins now (or at that second since the epoch), unless one is open."""
        if kind not in self.open:
            self.open[kind] = Gap(kind, moment(at), None, detail)

    def end(self, kind: str) -> None:
        """The open gap of this kind is over."""
        if gap := self.open.pop(kind, None):
            gap.until = moment()
            self._write(gap)

    def note(self, kind: str, detail: str, *, since: float | None = None) -> None:
        """A gap that is over already."""
        self._write(Gap(kind, moment(since), moment(), detail))

    def _write(self, gap: Gap) -> None:
        self.count += 1
        self.recent = [*self.recent[-19:], gap]
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(gap), ensure_ascii=False) + "\n")
            if self.count % LINES == 0:
                self._shorten()
        except OSError:
            return  # a full disk: it is still in `recent`, in the status and in the metrics

    def _shorten(self) -> None:
        lines = self.path.read_text("utf-8").splitlines(keepends=True)
        if len(lines) > 2 * LINES:
            draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
            draft.write_text("".join(lines[-LINES:]), "utf-8")
            draft.replace(self.path)


def moment(at: float | None = None) -> str:
    """Now, or that second since the epoch, as ISO 8601 in UTC."""
    now = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def gaps_of(path: Path, most: int = 1000) -> list[Gap]:
    """The newest gaps of such a file, oldest first; a line that cannot be read is passed over."""
    found: list[Gap] = []
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()[-most:]
    except OSError:
        return []
    for line in lines:
        try:
            found.append(Gap(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found
