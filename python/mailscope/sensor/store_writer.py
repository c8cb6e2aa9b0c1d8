"""Batches of tables into the store, by a thread of its own: decoding never waits for a disk."""

import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailscope.errors import StoreError
from mailscope.store.lake import TABLE, Lake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from mailscope.store.hourly_sums import Made

RETRY_S = 5.0
"""A store that refuses a batch is asked again after so long."""
WAITING_BYTES = 256 << 20
"""Memory of the batches that wait; what comes beyond is lost, counted and named."""


@dataclass(slots=True)
class _Batch:
    number: int
    tables: "dict[str, pa.Table]"
    bytes: int
    rows: int
    since: float


class StoreWriter:
    """Stores batches in their order; a batch is whole in each table, or not there."""

    def __init__(
        self,
        place: str | Path,
        run: str,
        *,
        keep_days: int | None = None,
        tidy_s: float = 3600.0,
        sums: "Mapping[str, Made] | None" = None,
    ) -> None:
        self._place, self._app = place, f"sense/{run}"
        self._keep_days, self._tidy_s = keep_days, tidy_s
        self._sums = sums
        self._lakes: dict[str, Lake] = {}
        self._waiting: deque[_Batch] = deque()
        self._change = threading.Condition()
        self._closing = False
        self._numbers = 0
        self._tidied_at = time.monotonic()
        self.stored_batches = self.stored_rows = self.stored_records = self.lost_rows = self.refusals = 0
        self.error = ""
        self.longest_s = 0.0
        self.stored_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    def offer(self, tables: "dict[str, pa.Table]") -> bool:
        """Takes a batch; False when too much waits already: then its rows are lost."""
        full = {name: table for name, table in tables.items() if len(table)}
        rows, size = sum(map(len, full.values())), sum(table.nbytes for table in full.values())
        if not rows:
            return True
        with self._change:
            if sum(batch.bytes for batch in self._waiting) + size > WAITING_BYTES:
                self.lost_rows += rows
                return False
            self._waiting.append(_Batch(self._numbers, full, size, rows, time.time()))
            self._numbers += 1
            self._change.notify()
        return True

    def close(self, patience_s: float = 120.0) -> None:
        """Stores what waits, and stops; what the store refuses now is lost."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join(patience_s)

    def status(self) -> dict[str, Any]:
        """What is stored, waits, was refused and lost; plain types."""
        with self._change:
            waiting = list(self._waiting)
        return {
            "stored_batches": self.stored_batches,
            "stored_rows": self.stored_rows,
            "stored_records": self.stored_records,
            "stored_at": self.stored_at,
            "waiting_batches": len(waiting),
            "waiting_rows": sum(batch.rows for batch in waiting),
            "waiting_bytes": sum(batch.bytes for batch in waiting),
            "batch_age_s": round(max(0.0, time.time() - waiting[0].since), 3) if waiting else 0.0,
            "lost_rows": self.lost_rows,
            "store_refusals": self.refusals,
            "store_error": self.error,
            "longest_commit_s": round(self.longest_s, 3),
        }

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._waiting and not self._closing:
                    self._change.wait()
                if not self._waiting:
                    return
                batch = self._waiting[0]  # stays in the queue, and so in the figures, until it is stored
            if self._stored(batch):
                with self._change:
                    self._waiting.popleft()
                self._tidy()
            elif self._closing:
                with self._change:
                    self.lost_rows += sum(one.rows for one in self._waiting)
                    self._waiting.clear()
                return
            else:
                with self._change:
                    self._change.wait_for(lambda: self._closing, RETRY_S)

    def _stored(self, batch: _Batch) -> bool:
        """Stores each table once, however often the batch must be offered: the store knows its numbers."""
        import pyarrow as pa

        begun = time.monotonic()
        try:
            for name, table in batch.tables.items():
                self._lake(name).append(table, app=self._app, number=batch.number)
        except (OSError, StoreError) as refused:
            self.refusals += 1
            self.error = str(refused)
            return False
        except pa.ArrowException as fault:  # a fault of ours: no later try would do better
            self.lost_rows += batch.rows
            self.error = str(fault)
            return True
        self.longest_s = max(self.longest_s, time.monotonic() - begun)
        self.stored_batches += 1
        self.stored_rows += batch.rows
        self.stored_records += len(batch.tables.get("flow_records", ()))
        self.stored_at, self.error = time.time(), ""
        return True

    def _lake(self, name: str) -> Lake:
        sums = self._sums if name == TABLE else None
        return self._lakes.setdefault(name, Lake(self._place, table=name, sums=sums))

    def _tidy(self) -> None:
        """Joins small files and forgets old days, now and then; a failure is told and tried again later."""
        if not self._tidy_s or time.monotonic() - self._tidied_at < self._tidy_s:
            return
        self._tidied_at = time.monotonic()
        try:
            for lake in self._lakes.values():
                lake.fold()
                lake.compact()
                lake.prune(keep_days=self._keep_days)
        except (OSError, StoreError) as refused:
            self.error = str(refused)
