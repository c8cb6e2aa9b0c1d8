"""Evidence: the packets themselves, in capture files that follow each other, so many bytes at most in all.

The newest file ends in `.part` until it is complete. A file that a killed sensor left so is cut after its last whole
packet and takes its name at the next start, so that rows which name it still find their packets.
"""

import errno
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER_BYTES = 24
_LITTLE = (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LOOK_S = 1.0
"""How often the free space is looked at, and how soon after a full disk writing is tried again."""


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """Where evidence lies and how much of it."""

    folder: Path
    file_bytes: int = 100 << 20
    """A file is ended when it has so many bytes."""
    file_seconds: float = 3600.0
    """Or so long after its beginning."""
    total_bytes: int = 10 << 30
    """The oldest files are removed so that all together have no more."""
    keep_free_bytes: int = 512 << 20
    """Room left to others, the tables first: with less on the disk, evidence stops until there is more."""


class Evidence:
    """Writes capture files; a full disk stops it and nothing else."""

    def __init__(self, settings: EvidenceSettings, prefix: str) -> None:
        self.settings = settings
        self.prefix = prefix
        self.stopped = ""
        """Why nothing is written now; empty while evidence is written."""
        self.files = 0
        self.bytes = 0
        self.removed = 0
        self.missed_bytes = 0
        """Bytes of packets that were decoded and not kept."""
        self._header = b""
        self._file: int | None = None
        self._path = Path()
        self._size = 0
        self._began = self._looked = 0.0
        settings.folder.mkdir(parents=True, exist_ok=True)

    def recovered(self) -> Iterator[str]:
        """Completes the files that an earlier run left half; their names."""
        for part in sorted(self.settings.folder.glob(f"{self.prefix}-*.pcap.part")):
            whole = _whole_bytes(part)
            if whole < HEADER_BYTES:
                part.unlink()
                continue
            os.truncate(part, whole)
            part.rename(part.with_suffix(""))
            yield part.stem

    def begin(self, header: bytes) -> str:
        """Packets that follow have this header; the name of their file, or nothing when there is none."""
        self.end()
        self._header = header
        return self._begun()

    def write(self, records: bytes) -> None:
        """Keeps whole records; what cannot be kept is counted."""
        if self._file is None:
            self.missed_bytes += len(records)
            return
        try:
            _write_all(self._file, records)
        except OSError as cause:
            self._stop(cause)
            self.missed_bytes += len(records)
            return
        self._size += len(records)
        self.bytes += len(records)

    def turn(self) -> str | None:
        """Looks whether another file is due, or writing must stop or may go on; the new file's name if there is one.

        An empty name: from now on there is no file.
        """
        now = time.monotonic()
        if not self._header:
            return None
        if self._file is None and self.stopped:
            if now - self._looked < LOOK_S or not self._has_room(resuming=True):
                return None
            return self._begun() or None
        if now - self._looked >= LOOK_S and not self._has_room(resuming=False):
            self._stop(OSError(errno.ENOSPC, "less than the room to be kept free"))
            return ""
        if self._size >= self.settings.file_bytes or now - self._began >= self.settings.file_seconds:
            self.end()
            return self._begun()
        return None

    def end(self) -> None:
        """Completes the file; a file without packets is removed."""
        if self._file is None:
            return
        os.close(self._file)
        self._file = None
        part = _part(self._path)
        try:
            part.rename(self._path) if self._size > HEADER_BYTES else part.unlink()
        except OSError as cause:
            self.stopped = str(cause.strerror)

    @property
    def current(self) -> str:
        """The name of the file that is written; empty when there is none."""
        return self._path.name if self._file is not None else ""

    def kept(self) -> list[Path]:
        """The complete files, oldest first."""
        return sorted(self.settings.folder.glob(f"{self.prefix}-*.pcap"))

    def _begun(self) -> str:
        self._began = time.monotonic()
        if not self._has_room(resuming=False):
            self._stop(OSError(errno.ENOSPC, "less than the room to be kept free"))
            return ""
        moment, us = divmod(time.time_ns() // 1000, 1_000_000)
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(moment))
        self._path = self.settings.folder / f"{self.prefix}-{stamp}.{us:06d}Z.pcap"
        try:
            self._make_room()
            self._file = os.open(_part(self._path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
            self._size = 0
            _write_all(self._file, self._header)
        except OSError as cause:
            self._stop(cause)
            return ""
        self._size = HEADER_BYTES
        self.files += 1
        self.stopped = ""
        return self._path.name

    def _make_room(self) -> None:
        """Removes the oldest files until another one fits into the bound."""
        files = self.kept()
        total = sum(path.stat().st_size for path in files)
        while files and total + self.settings.file_bytes > self.settings.total_bytes:
            oldest = files.pop(0)
            total -= oldest.stat().st_size
            oldest.unlink()
            self.removed += 1

    def _has_room(self, *, resuming: bool) -> bool:
        self._looked = time.monotonic()
        disk = os.statvfs(self.settings.folder)
        wanted = self.settings.keep_free_bytes
        # More to begin again than to stop: no switching to and fro at the edge.
        return disk.f_bavail * disk.f_frsize >= wanted + (wanted // 10 + (1 << 20) if resuming else 0)

    def _stop(self, cause: OSError) -> None:
        self.stopped = "the disk is full" if cause.errno in _FULL else str(cause.strerror or cause)
        self._looked = time.monotonic()
        if self._file is None:
            return
        try:
            os.ftruncate(self._file, self._size)  # half a packet is not kept
        except OSError:
            os.close(self._file)  # it stays a half file, which the next start completes
            self._file = None
        self.end()


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _whole_bytes(path: Path) -> int:
    """How many bytes of a capture file are its header and whole records."""
    size, at = path.stat().st_size, HEADER_BYTES
    with path.open("rb") as file:
        order = "<" if file.read(HEADER_BYTES).startswith(_LITTLE) else ">"
        while len(head := file.read(16)) == 16:
            after = at + 16 + struct.unpack_from(order + "I", head, 8)[0]
            if after > size:
                break
            at = after
            file.seek(at)
    return min(at, size)
