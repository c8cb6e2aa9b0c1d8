"""Attachments that are packed: gzip and zip, unpacked to a bound, one level deep."""

import io
import zipfile
import zlib

from mailscope.desk.complaints.bounds import MAX_ARCHIVE_MEMBERS, MAX_UNPACKED
from mailscope.desk.complaints.mail import Mail


def files(mail: Mail) -> list[tuple[str, str, bytes]]:
    """Name, type and content of every file of a mail, packed ones unpacked; bombs are named as damage."""
    found = []
    for part in mail.parts:
        if part.inner is None:
            found += _unpacked(part.name or part.content_type, part.content_type, part.data, mail.damage)
    return found


def _unpacked(name: str, kind: str, data: bytes, damage: list[str]) -> list[tuple[str, str, bytes]]:
    if data[:2] == b"\x1f\x8b":
        content = _inflated(data, damage)
        return [(name.removesuffix(".gz"), kind, content)] if content is not None else []
    if data[:4] == b"PK\x03\x04":
        return [(inner, "", content) for inner, content in _members(data, damage)]
    return [(name, kind, data)]


def _inflated(data: bytes, damage: list[str]) -> bytes | None:
    engine = zlib.decompressobj(wbits=31)
    try:
        content = engine.decompress(data, MAX_UNPACKED)
    except zlib.error:
        _note(damage, "archive-broken")
        return None
    if engine.unconsumed_tail:
        _note(damage, "archive-too-large")
        return None
    return content


def _members(data: bytes, damage: list[str]) -> list[tuple[str, bytes]]:
    found, room = [], MAX_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist()[:MAX_ARCHIVE_MEMBERS]:
                if member.is_dir():
                    continue
                with archive.open(member) as file:
                    content = file.read(room + 1)
                room -= len(content)
                if room < 0:
                    _note(damage, "archive-too-large")
                    return []
                found.append((member.filename[-255:], content))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, OSError, ValueError, KeyError):
        _note(damage, "archive-broken")
    return found


def _note(damage: list[str], what: str) -> None:
    if what not in damage:
        damage.append(what)
