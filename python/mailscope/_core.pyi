"""The Rust core: captures become Arrow tables. Called through `mailscope.ingest` only.

Errors: `mailscope.errors.InputError` for a path that cannot be read or is no capture. Damage inside a
capture raises nothing: its input says how reading ended, and what was decoded before is kept.
"""

from collections.abc import Sequence
from typing import final

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
