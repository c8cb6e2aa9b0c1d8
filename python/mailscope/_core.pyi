"""The Rust core: captures become Arrow tables. Called through `mailscope.ingest` only.

Errors: `mailscope.errors.InputError` for a path that cannot be read or is no capture. Damage inside a
capture raises nothing: its input says how reading ended, and what was decoded before is kept.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, final

__all__ = ["ArrowStream", "Options", "Result", "carve", "read", "schema", "search", "version", "write"]

def version() -> str:
    """The core's version."""

def schema() -> list[tuple[str, str, list[tuple[str, str, bool, str]]]]:
    """Every table: name, meaning, and its columns: name, type, nullable, meaning.

    Types: `text`, `u8`, `u16`, `u32`, `u64`, `bool`, `bytes`, `timestamp[us, UTC]`, and `list<...>`, where
    `list<text?>` may hold nulls. Text of few different values is a dictionary in Arrow.
    """

@final
class Options:
    """Choices for a pass over captures."""

    def __new__(
        cls,
        *,
        sensor: str | None = None,
        keep_messages: bool = False,
        mask_users: bool = False,
        memory_mb: int = 256,
        tcp_idle_s: int = 900,
        other_idle_s: int = 60,
        decode_as: Sequence[str] = ...,
        hash_mb: int = 64,
        spot: Sequence[str] = ...,
    ) -> Options: ...
    @property
    def sensor(self) -> str | None:
        """Label of the capture point, put into every flow."""
    @property
    def keep_messages(self) -> bool:
        """Keep raw messages and their text; otherwise header fields, hashes, URLs and attachment data only."""
    @property
    def mask_users(self) -> bool:
        """Show login names as their first letter, `***` and the domain."""
    @property
    def memory_mb(self) -> int:
        """Memory for flows, reassembly and decoders, MiB; what goes over is cut and marked."""
    @property
    def tcp_idle_s(self) -> int:
        """Seconds without a packet after which a TCP flow is closed as `idle`."""
    @property
    def other_idle_s(self) -> int:
        """The same for every other protocol."""
    @property
    def decode_as(self) -> list[str]:
        """Ports whose application is given: `PORT=APPLICATION`, such as `8025=smtp`."""
    @property
    def hash_mb(self) -> int:
        """Inputs of at most so many MiB are hashed (SHA-256) as they are read."""
    @property
    def spot(self) -> list[str]:
        """Phrases to look for in subject and shown text of messages, whatever their case: `messages.spotted`."""

_Progress: TypeAlias = Callable[[int, int | None, int], object]

@final
class ArrowStream:
    """A table in memory, for any library that speaks the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The table's batches, anew at each call; nothing is copied."""
    def __len__(self) -> int:
        """Rows."""

@final
class Result:
    """Tables in memory, and what was read for them."""

    @property
    def tables(self) -> dict[str, ArrowStream]:
        """Tables by name, each there even if empty."""
    @property
    def inputs(self) -> list[dict[str, Any]]:
        """One dictionary an input, in order: see `write`."""

def read(inputs: list[str], options: Options, progress: _Progress | None = None) -> Result:
    """The tables of captures, merged by time, in memory.

    An input is a path, a folder of captures, or `-` for standard input; gzip and zstd are opened.
    `progress` hears bytes read, bytes in all (or None) and packets, at most ten times a second; what it
    raises stops the run.
    """

def write(inputs: list[str], out_dir: str, options: Options, progress: _Progress | None = None) -> list[dict[str, Any]]:
    """The tables of captures as Parquet files in a folder, with bounded memory; what was read.

    Files have temporary names until all are complete. An input's dictionary: `path`, `name`, `format`,
    `compression`, `link_types`, `interfaces` (name, link_type), `packets`, `bytes` (as stored), `first` and
    `last` (ISO 8601), `sha256` (None above `Options.hash_mb`), `end` (`complete` or a named outcome) with
    `end_packet`, `end_offset`, `end_detail`, `drops` (by the capturing side), `damages` (stretches skipped:
    kind, packets_before, offset, skipped_bytes; the first 100) with `damage_count`, `duplicates` (packets left
    out as copies of others), `clock_offset_us` (how far its clock is ahead of that of the input
    `clock_reference`, told by packets that both saw; None when there are none; times of rows are on the
    reference's clock), and `undecoded` (packets that gave no flow, by reason).
    """

def search(
    inputs: list[str],
    needles: Sequence[tuple[str, str, bytes]],
    near: Sequence[str],
    options: Options,
    progress: _Progress | None = None,
) -> ArrowStream:
    """Where byte patterns occur in any TCP stream or UDP payload: the table `sightings`.

    A needle is (id, form, pattern). Forms `ascii` (an address or number) and `hostname` must stand alone, not
    inside a longer one; `socks` and `payload` are matched byte for byte; every other form, and these two,
    without regard to case. `near` holds IPv4 addresses: ASCII addresses that differ from one in exactly one
    octet are reported with form `near`. At most 1000 sightings per direction of a flow.
    """

def carve(
    inputs: list[str], flows: Sequence[str], out: str, options: Options, progress: _Progress | None = None
) -> int:
    """Writes the packets of these flow ids as pcapng; returns how many. Reads the captures twice."""
