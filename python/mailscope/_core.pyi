"""The Rust core: captures become Arrow tables. Called through `mailscope.ingest` only.

Errors: `mailscope.errors.InputError` for a path that cannot be read or is no capture. Damage inside a
capture raises nothing: its input says how reading ended, and what was decoded before is kept.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeAlias, final

__all__ = [
    "ArrowStream",
    "Collector",
    "Live",
    "Options",
    "Result",
    "carve",
    "flow_records",
    "read",
    "schema",
    "search",
    "version",
    "write",
]

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
        count_copies: bool = False,
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
    @property
    def count_copies(self) -> bool:
        """Count every record of a capture, also copies of a packet that another tap or a mirror port gave."""

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

def flow_records(
    inputs: list[str], options: Options, progress: _Progress | None = None
) -> tuple[ArrowStream, dict[str, Any]]:
    """The table `flow_records` of nfcapd files and of captures that hold export datagrams, and what was read.

    NetFlow v5 and v9, IPFIX and sFlow v5 are recognised by structure on any UDP port. What was read: `inputs`
    (path, name, format, compression, bytes, sha256, packets (nfcapd: blocks), datagrams, records, end, end_detail),
    `exporters` (see `Collector.status`) and `refused` (datagrams of which nothing was read, by reason).
    """

@final
class Collector:
    """Receives export datagrams in threads of its own and gives out their records in batches."""

    def __new__(
        cls,
        listen: Sequence[str] = ...,
        *,
        allow: Sequence[str] = ...,
        receive_buffer_mb: int = 32,
        queue_mb: int = 64,
        run: str = ...,
    ) -> Collector:
        """Listens on each `HOST:PORT`; hears exporters in the prefixes `allow`, or all without one.

        `run` names this run in the column `input`, since datagrams are counted from 1 in each run.
        """
    @property
    def listening(self) -> list[str]:
        """What rows call the sockets: `udp:ADDRESS:PORT@RUN`."""
    def feed(self, exporter: str | IPv4Address | IPv6Address, datagram: bytes, time_us: int) -> None:
        """Decodes one datagram that somebody else received."""
    def take(self, most: int = 1_000_000, wait_ms: int = 0) -> ArrowStream:
        """The records decoded until there are `most` or `wait_ms` is over. Signals are heard."""
    def status(self) -> dict[str, Any]:
        """What was seen and lost so far; plain types.

        `sockets` (name, receive_buffer_bytes, datagrams, bytes, refused, strangers, errors, kernel_drops),
        `queued_datagrams`, `queued_bytes`, `most_queued_bytes`, `queue_age_us`, `queue_drops`, `datagrams`,
        `records`, `refused` by reason, and `exporters`: exporter, observation_domain, format, datagrams, records,
        lost with lost_unit (`records` or `datagrams`), gaps, late, duplicates, restarts, templates,
        changed_templates, refused_templates, options, other_records, waiting_sets, waited_sets, dropped_sets,
        dropped_samples, damaged, sampling (records by rate).
        """
    def close(self) -> None:
        """Closes the sockets. What was received before can still be taken."""

@final
class Live:
    """Decodes a capture that is still going on: flows, streams and sessions go on from call to call."""

    def __new__(cls, options: Options, *, linger_s: int = 5, attempt_idle_s: int = 35) -> Live:
        """`linger_s` is how long a flow waits for late packets after FIN or RST, `attempt_idle_s` how long a TCP
        flow of one side without data waits for an answer, before they become rows."""
    def begin(self, name: str, header: bytes) -> None:
        """Records that follow are of an input so named, numbered from 1; `header` is the pcap file's, 24 bytes."""
    def feed(self, data: bytes) -> dict[str, Any]:
        """Decodes the whole records at the beginning of `data`.

        `bytes` (of whole records: feed the rest again, with what follows it), `packets`, `last_us` (time of the
        newest packet, or None) and `back_us` (the furthest that a packet's time lies before the one before it).
        """
    def advance(self, now_us: int) -> None:
        """Lets time pass without a packet, so that idle flows end."""
    def cut(self) -> None:
        """Ends all flows, as at the end of a capture."""
    def take(self) -> dict[str, ArrowStream]:
        """The rows since the last time: every table by name."""
    def status(self) -> dict[str, Any]:
        """`packets`, `wire_bytes`, `open_flows`, `evicted_flows`, `cut_packets`, `duplicates`, `undecoded`."""
