"""Export datagrams of many routers into the store, batch by batch.

UDP has no acknowledgement: an exporter never hears whether its records are stored. What is acknowledged here is a
batch: when it is committed to the store, `stored_records` rises by its size, and what was counted there is there
after a crash, once. Between a datagram's arrival and its commit it is only in memory; how old the oldest such
record may be is `batch_seconds` and the time of a commit, and is told as `unstored_age_s`. What was lost before
that is counted where it was lost: by the exporter's sequence numbers, by the kernel, by the queue.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mailscope.errors import StoreError, UsageError
from mailscope.ingest.flow_collector import Collector
from mailscope.store.lake import Lake

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pyarrow as pa

FOLD_RECORDS = 1_000_000
"""Records that are summed together, at least, and at most between two batches: a second or two of work."""
FOLD_SECONDS = 3600.0
QUIET_SHARE = 0.25
"""Sums wait while more of the queue than this is taken: receiving comes first."""
RETRY_S = 5.0
"""A store that refuses a batch is asked again after so long; datagrams wait in the queue meanwhile."""


@dataclass(frozen=True)
class Settings:
    """How to collect."""

    listen: list[str]
    allow: list[str] = field(default_factory=list)
    """Prefixes of exporters that are heard; none hears all."""
    batch_records: int = 250_000
    batch_seconds: float = 10.0
    """A batch is stored when it has so many records, or so long after the one before."""
    receive_buffer_mb: int = 32
    queue_mb: int = 64
    keep_days: int | None = None
    """Days kept in the store; None keeps all."""
    compact_hours: float = 1.0
    """How often small files are joined; 0 never."""


@dataclass
class Stored:
    """What the store has acknowledged, and what it would not."""

    batches: int = 0
    records: int = 0
    refused: int = 0
    """Times the store refused a batch; it is offered again."""
    last_error: str = ""
    last_at: float | None = None
    """When the last batch was acknowledged, seconds since the epoch."""
    longest_s: float = 0.0
    """The longest that a commit took."""
    waiting_since: float | None = None
    """When the batch that is not yet acknowledged was taken."""
    waiting_records: int = 0
    tidied: dict[str, Any] = field(default_factory=dict)


class FlowCollector:
    """Receives, decodes and stores until it is told to stop."""

    def __init__(self, settings: Settings, lake: Lake, *, started: datetime | None = None) -> None:
        if not settings.listen:
            raise UsageError("no address to listen on", hint="`--listen 0.0.0.0:9995`")
        self.settings = settings
        self.lake = lake
        self.run_id = (started or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.stored = Stored()
        self._core = Collector(
            settings.listen,
            allow=settings.allow,
            receive_buffer_mb=settings.receive_buffer_mb,
            queue_mb=settings.queue_mb,
            run=self.run_id,
        )
        self._tidied_at = self._folded_at = time.monotonic()
        self._unfolded = 0

    @property
    def listening(self) -> list[str]:
        """`udp:ADDRESS:PORT` of each socket."""
        return [name.partition("@")[0] for name in self._core.listening]

    def run(self, is_over: Callable[[], bool], told: Callable[["FlowCollector"], object] = lambda _: None) -> None:
        """Collects until `is_over`; stores what is left. `told` hears after every batch."""
        try:
            while not is_over():
                self._store(self._batch(is_over), is_over)
                self._fold()
                self._tidy()
                told(self)
        finally:
            self._core.close()
            self._store(self._taken(0), is_over)
            told(self)

    def status(self) -> dict[str, Any]:
        """What was received, lost and stored so far; plain types."""
        now = time.time()
        stored, status = self.stored, self._core.status()
        waiting = (now - stored.waiting_since) if stored.waiting_since is not None else 0.0
        return status | {
            "run": self.run_id,
            "stored_batches": stored.batches,
            "stored_records": stored.records,
            "unstored_records": status["records"] - stored.records,
            "unstored_age_s": max(waiting, status["queue_age_us"] / 1e6),
            "store_refusals": stored.refused,
            "store_error": stored.last_error,
            "stored_at": stored.last_at,
            "longest_commit_s": stored.longest_s,
        }

    def _batch(self, is_over: Callable[[], bool]) -> "pa.Table":
        """The records of one batch; short waits, so that the end of the run is noticed."""
        import pyarrow as pa

        until = time.monotonic() + self.settings.batch_seconds
        self.stored.waiting_since, parts, count = None, [], 0
        while (left := until - time.monotonic()) > 0 and count < self.settings.batch_records and not is_over():
            part = self._taken(min(left, 0.5), self.settings.batch_records - count)
            if len(part):
                parts.append(part)
                count += len(part)
                self.stored.waiting_since = self.stored.waiting_since or time.time()
                self.stored.waiting_records = count
        return pa.concat_tables(parts) if parts else self._taken(0)

    def _taken(self, wait_s: float, most: int = 1 << 40) -> "pa.Table":
        import pyarrow as pa

        return pa.table(self._core.take(most, int(wait_s * 1000)))

    def _store(self, batch: "pa.Table", is_over: Callable[[], bool]) -> None:
        """Stores the batch, however often the store refuses it; at the end of the run, once more and no longer."""
        while len(batch):
            begun = time.monotonic()
            try:
                self.lake.append(batch, app=f"collect/{self.run_id}", number=self.stored.batches)
            except StoreError as refused:
                self.stored.refused += 1
                self.stored.last_error = str(refused)
                if is_over():
                    raise
                self._pause(is_over)
                continue
            self.stored.longest_s = max(self.stored.longest_s, time.monotonic() - begun)
            self.stored.batches += 1
            self.stored.records += len(batch)
            self._unfolded += len(batch)
            self.stored.last_at, self.stored.last_error = time.time(), ""
            self.stored.waiting_since, self.stored.waiting_records = None, 0
            return

    def _pause(self, is_over: Callable[[], bool]) -> None:
        until = time.monotonic() + RETRY_S
        while time.monotonic() < until and not is_over():
            time.sleep(0.1)

    def _fold(self) -> None:
        """Adds to the hourly sums when enough has come, or an hour has passed, and nothing waits to be received."""
        is_hourly = self._unfolded and time.monotonic() - self._folded_at >= FOLD_SECONDS
        if self._unfolded < FOLD_RECORDS and not is_hourly:
            return
        if self._core.status()["queued_bytes"] > QUIET_SHARE * (self.settings.queue_mb << 20):
            return
        self._folded_at = time.monotonic()
        try:
            self.lake.fold(FOLD_RECORDS)
            self._unfolded = max(0, self._unfolded - FOLD_RECORDS)
        except StoreError as refused:
            self.stored.last_error = str(refused)

    def _tidy(self) -> None:
        """Joins small files and forgets old days, now and then; a failure is told and tried again later."""
        hours = self.settings.compact_hours
        if not hours or time.monotonic() - self._tidied_at < hours * 3600 or not self.lake.exists:
            return
        self._tidied_at = time.monotonic()
        try:
            self.stored.tidied = self.lake.compact() | self.lake.prune(keep_days=self.settings.keep_days)
        except StoreError as refused:
            self.stored.last_error = str(refused)
