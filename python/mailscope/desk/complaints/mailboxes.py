"""Where complaints lie: an mbox of any quoting kind, a Maildir, a mail file, a folder of these, or a pipe."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from mailscope.desk.complaints.bounds import MAX_FILES, MAX_MAIL_BYTES, MAX_STREAM_BYTES
from mailscope.errors import InputError

_SEPARATOR = re.compile(
    rb"^From [^\r\n]{1,300}\b\d\d:\d\d(?::\d\d)?\b[^\r\n]{0,60}\r?\n(?=[!-9;-~]{1,76}:|>?From |\r?\n)", re.M
)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.M)
_CONTENT_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.M | re.I)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FIELD_START = re.compile(rb"^[A-Za-z0-9][\w-]{0,75}[ \t]*:(?!//)")


@dataclass(frozen=True, slots=True)
class RawMail:
    """The bytes of one mail, and where they were found."""

    data: bytes
    place: str


def mails(source: str) -> Iterator[RawMail]:
    """Every mail of a source, in its order; `-` is standard input.

    Raises:
        InputError: the source is not there.

    """
    if source == "-":
        yield from _of_bytes(sys.stdin.buffer.read(MAX_STREAM_BYTES), "standard input")
        return
    path = Path(source)
    if path.is_dir():
        yield from _of_folder(path)
    elif path.is_file():
        # A mailbox that was emptied holds no mail; a mail's own file that is empty is a mail of nothing.
        if path.stat().st_size or path.suffix.lower() in (".eml", ".msg"):
            yield from _of_file(path, path.name)
    else:
        raise InputError(f"`{source}` is no mailbox, mail or folder", hint="give an mbox, a Maildir, an .eml, or `-`")


def _of_folder(folder: Path) -> Iterator[RawMail]:
    """A Maildir's `new` and `cur`, or every file below a folder; names decide the order."""
    boxes = [folder / "new", folder / "cur"]
    is_maildir = all(box.is_dir() for box in boxes)
    files = (path for box in (boxes if is_maildir else [folder]) for path in sorted(box.rglob("*")))
    for number, path in enumerate(path for path in files if path.is_file() and not path.is_symlink()):
        if number >= MAX_FILES:
            raise InputError(f"`{folder}` has more than {MAX_FILES} files", hint="read it in parts")
        yield from _of_file(path, str(path.relative_to(folder)), is_one=is_maildir)


def _of_file(path: Path, name: str, *, is_one: bool = False) -> Iterator[RawMail]:
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            yield RawMail(b"", name)
        elif is_one:
            yield RawMail(file.read(MAX_MAIL_BYTES + 1), name)
        else:
            with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
                yield from _of_bytes(data, name)


def _of_bytes(data: "bytes | mmap", name: str) -> Iterator[RawMail]:
    """An mbox where it begins as one and has more mails or an mbox's ending, else one mail."""
    if data[:5] != b"From " or not _SEPARATOR.match(data):
        yield RawMail(data[: MAX_MAIL_BYTES + 1], name)
        return
    for number, (start, end, is_quoted) in enumerate(_mbox(data), start=1):
        mail = data[start : min(end, start + MAX_MAIL_BYTES + 1)]
        head = _HEAD_END.search(mail)
        if is_quoted and head:
            mail = mail[: head.end()] + _QUOTED_FROM.sub(rb"\1", mail[head.end() :])
        yield RawMail(mail, f"{name}, mail {number}")


def _mbox(data: "bytes | mmap") -> Iterator[tuple[int, int, bool]]:
    """Start, end and whether `From ` is quoted, for each mail.

    mboxo and mboxrd end a mail at an empty line and `From `, and quote such lines of the text with `>`
    (mboxrd also `>From `, so that one `>` is taken off). mboxcl and mboxcl2 give `Content-Length`; it is
    believed only where the mail it describes ends before a separator or the end of the file, and a text
    that has bare `From ` lines inside that length was not quoted (mboxcl2).
    """
    first = _SEPARATOR.match(data)
    start = first.end() if first else 0
    while start < len(data):
        by_length = _length_end(data, start)
        if by_length is not None:
            is_quoted = not re.search(rb"^From ", data[start:by_length], re.M)
            end = by_length
        else:
            end, is_quoted = _separator_end(data, start), True
        yield start, end, is_quoted
        following = _SEPARATOR.search(data, end)
        if not following:
            return
        start = following.end()


def _separator_end(data: "bytes | mmap", start: int) -> int:
    """Where the next `From ` after an empty line stands."""
    at = start
    while found := _SEPARATOR.search(data, at):
        before = data[max(found.start() - 4, 0) : found.start()]
        if before.endswith((b"\n\n", b"\n\r\n")):
            return found.start()
        at = found.end()
    return len(data)


def _length_end(data: "bytes | mmap", start: int) -> int | None:
    """Where the mail ends by its `Content-Length`, if a separator or the file's end stands there."""
    head = _HEAD_END.search(data, start, min(len(data), start + 262144))
    if not head:
        return None
    found = _CONTENT_LENGTH.search(data, start, head.end())
    if not found:
        return None
    end = head.end() + int(found[1])
    if end > len(data):
        return None
    rest = bytes(data[end : end + 400]).lstrip(b"\r\n")
    return end if not rest or _SEPARATOR.match(rest) else None


def is_mail(data: bytes) -> bool:
    """Whether bytes begin as a mail's header does, rather than as a report given without a mail."""
    head = data[:4096].lstrip(b"\r\n")
    if head.startswith((b"From ", b">From ")):
        return True
    first = head.split(b"\n", 1)[0]
    return bool(_FIELD_START.match(first))
