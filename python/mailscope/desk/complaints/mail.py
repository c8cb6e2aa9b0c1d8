"""A mail of any size and any damage, taken apart within bounds.

The standard library's parser walks a mail line by line through one generator a nesting level: a mail nested
1,000 deep exhausts its stack, one of 50 MB takes minutes. Here boundaries are searched in the bytes, so the
work is the size times the depth that is looked into (:data:`MAX_DEPTH`).
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

from mailscope.desk.complaints.bounds import (
    MAX_DEPTH,
    MAX_FIELD,
    MAX_HEADER_BYTES,
    MAX_HEADER_FIELDS,
    MAX_MAIL_BYTES,
    MAX_PARTS,
    MAX_TEXT,
)
from mailscope.desk.complaints.charsets import decoded, words
from mailscope.desk.complaints.markup import text_of_html

_FIELD = re.compile(rb"^([!-9;-~]{1,76})[ \t]*:[ \t]*(.*)$", re.S)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_MAILS = (
    "message/rfc822", "text/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers",
    "message/global-headers", "text/rfc822-header",
)  # fmt: skip


@dataclass(slots=True)
class Headers:
    """The fields of one header section, in their order; values are unfolded text, not yet decoded words."""

    fields: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """Every value of that field."""
        return [value for known, value in self.fields if known == name.lower()]

    def first(self, name: str) -> str:
        """The first value of that field; empty where there is none."""
        return next((value for known, value in self.fields if known == name.lower()), "")

    def text(self, name: str) -> str:
        """The first value with encoded words read."""
        return words(self.first(name))

    def parameter(self, name: str, parameter: str) -> str:
        """A parameter of a structured field, such as the boundary of `Content-Type`."""
        holder = Message()
        holder[name] = self.first(name).replace("\n", " ").replace("\r", " ")
        try:
            found = holder.get_param(parameter, "", name)
        except (ValueError, UnicodeError, IndexError):
            return ""
        return found[2] if isinstance(found, tuple) else str(found)

    @property
    def content_type(self) -> str:
        """Type and subtype in lower case; `text/plain` where none is given."""
        return self.first("content-type").split(";", 1)[0].strip().lower() or "text/plain"


@dataclass(slots=True)
class Part:
    """A leaf of a mail: a text, a file, or a mail attached whole (`inner`)."""

    headers: Headers
    data: bytes
    depth: int
    inner: "Mail | None" = None

    @property
    def content_type(self) -> str:
        """Type and subtype."""
        return self.headers.content_type

    @property
    def name(self) -> str:
        """The file's name as given; it is never used as a path."""
        name = self.headers.parameter("content-disposition", "filename") or self.headers.parameter(
            "content-type", "name"
        )
        return words(name)[:255]

    @property
    def text(self) -> str:
        """The part as text, cut at :data:`MAX_TEXT` characters."""
        raw = self.data[: 8 * MAX_TEXT]
        text, _ = decoded(raw, self.headers.parameter("content-type", "charset"))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if self.content_type == "text/html" or (self.content_type == "text/plain" and _is_html(text)):
            text = text_of_html(text)
        return text[:MAX_TEXT]


@dataclass(slots=True)
class Mail:
    """A mail taken apart: its header, its leaves in order, and what was wrong with it."""

    headers: Headers
    parts: list[Part]
    size: int
    damage: list[str]
    raw_head: bytes = b""

    @property
    def texts(self) -> list[Part]:
        """The parts that a person reads: text that is no attachment by name of a table or a log."""
        return [part for part in self.parts if part.content_type.startswith("text/") and part.inner is None]

    @property
    def body(self) -> str:
        """What the sender wrote: the plain texts, or the HTML where there is nothing else."""
        plain = [part.text for part in self.texts if part.content_type == "text/plain"]
        if any(text.strip() for text in plain):
            return "\n".join(plain)[:MAX_TEXT]
        readable = [part.text for part in self.texts if part.content_type not in ("text/csv", "text/xml")]
        return "\n".join(readable)[:MAX_TEXT]

    @property
    def attached(self) -> list["Mail"]:
        """Mails attached whole or by their header."""
        return [part.inner for part in self.parts if part.inner is not None]


_QUOTED = re.compile(r"^>[ \t]?(.*)$", re.M)
LEAST_QUOTED = 5
"""Quoted lines that a text must have at least to be read as a mail copied into it."""


def unquoted(mail: Mail) -> Mail | None:
    """The text that a mail mostly quotes, as a mail of its own with the same header; None where it quotes little."""
    body = mail.body
    quoted = _QUOTED.findall(body)
    lines = sum(1 for line in body.split("\n") if line.strip())
    if len(quoted) < LEAST_QUOTED or 2 * len(quoted) < lines:
        return None
    text = "\n".join(quoted).encode("utf-8", "replace")
    headers = Headers([("content-type", "text/plain; charset=utf-8")])
    return Mail(mail.headers, [Part(headers, text, 0)], mail.size, [])


def read_mail(data: bytes) -> Mail:
    """A mail of at most :data:`MAX_MAIL_BYTES`; never raises."""
    damage: list[str] = []
    if len(data) > MAX_MAIL_BYTES:
        damage.append("mail-cut")
    budget = [MAX_PARTS]
    return _mail(data[:MAX_MAIL_BYTES], 0, budget, damage)


def _mail(data: bytes, depth: int, budget: list[int], damage: list[str]) -> Mail:
    headers, start = _header(data, 0, len(data), damage)
    mail = Mail(headers, [], len(data), damage, data[: min(start, MAX_HEADER_BYTES)])
    _leaves(mail, headers, data, start, len(data), depth, budget)
    if any(value.count("\x00") for _, value in headers.fields):
        _note(damage, "zero-bytes")
    return mail


def _leaves(mail: Mail, headers: Headers, data: bytes, start: int, end: int, depth: int, budget: list[int]) -> None:
    """Adds the leaves of one body to `mail`."""
    kind = headers.content_type
    boundary = headers.parameter("content-type", "boundary")
    if kind.startswith("multipart/") and boundary and depth < MAX_DEPTH:
        for left, right in _between(data, start, end, boundary.encode("utf-8", "replace"), mail.damage):
            if budget[0] <= 0:
                _note(mail.damage, "too-many-parts")
                return
            budget[0] -= 1
            inner, body = _header(data, left, right, mail.damage)
            _leaves(mail, inner, data, body, right, depth + 1, budget)
        return
    if kind.startswith("multipart/"):
        _note(mail.damage, "nested-too-deep" if boundary else "no-boundary")
    content = _transfer_decoded(data[start:end], headers.first("content-transfer-encoding"), mail.damage)
    attached = None
    if kind in _MAILS:
        if depth < MAX_DEPTH:
            attached = _mail(content.lstrip(b"\r\n"), depth + 1, budget, mail.damage)
        else:
            _note(mail.damage, "nested-too-deep")
    mail.parts.append(Part(headers, content, depth, attached))


def _between(data: bytes, start: int, end: int, boundary: bytes, damage: list[str]) -> Iterator[tuple[int, int]]:
    """The byte ranges of a multipart's parts (RFC 2046, section 5.1.1)."""
    mark = b"--" + boundary
    left = None
    at = start
    while (found := data.find(mark, at, end)) >= 0:
        line_end = data.find(b"\n", found, end)
        line_end = end if line_end < 0 else line_end
        tail = data[found + len(mark) : line_end].strip()
        is_line_start = found == start or data[found - 1 : found] == b"\n"
        if not is_line_start or tail not in (b"", b"--"):
            at = found + len(mark)
            continue
        if left is not None:
            yield left, _before_line_end(data, left, found)
        if tail == b"--":
            return
        left = at = min(line_end + 1, end)
    _note(damage, "no-closing-boundary")
    if left is not None:
        yield left, end
    elif start < end:
        yield start, end


def _before_line_end(data: bytes, left: int, at: int) -> int:
    """The line break before a boundary belongs to the boundary."""
    if at > left and data[at - 1 : at] == b"\n":
        at -= 1
        if at > left and data[at - 1 : at] == b"\r":
            at -= 1
    return at


def _header(data: bytes, start: int, end: int, damage: list[str]) -> tuple[Headers, int]:
    """The fields from `start`, and where the body begins."""
    lines: list[bytes] = []
    at = start
    stop = min(end, start + MAX_HEADER_BYTES)
    while at < stop:
        line_end = data.find(b"\n", at, stop)
        next_at = stop if line_end < 0 else line_end + 1
        line = data[at : stop if line_end < 0 else line_end].rstrip(b"\r")
        if not line.strip():
            at = next_at
            break
        if line[:1] in (b" ", b"\t") and lines:
            lines[-1] += b"\n" + line[:MAX_FIELD]
        elif _FIELD.match(line) or (not lines and line.startswith((b"From ", b">From "))):
            lines.append(line)
        elif lines:
            # RFC 5322 has no such line; what follows is taken for the body, as other readers do.
            _note(damage, "broken-header")
            break
        else:
            break
        at = next_at
        if len(lines) >= MAX_HEADER_FIELDS:
            _note(damage, "header-cut")
            break
    if at >= stop < end:
        _note(damage, "header-cut")
    return Headers([known for line in lines if (known := _field(line, damage))]), at


def _field(line: bytes, damage: list[str]) -> tuple[str, str] | None:
    found = _FIELD.match(line[:MAX_FIELD])
    if not found:
        return None
    value = found[2]
    if b"\x00" in value:
        _note(damage, "zero-bytes")
        value = value.replace(b"\x00", b" ")
    text, is_guess = decoded(value, "utf-8")
    if is_guess:
        _note(damage, "raw-bytes-in-header")
    return found[1].decode("ascii").lower(), re.sub(r"\n[ \t]*", " ", text).strip()


def _transfer_decoded(data: bytes, encoding: str, damage: list[str]) -> bytes:
    match encoding.split(";", 1)[0].strip().strip('"').lower():
        case "base64":
            return _base64(data, damage)
        case "quoted-printable":
            return quopri.decodestring(data)
        case _:
            return data


def _base64(data: bytes, damage: list[str]) -> bytes:
    """What can be read of it: a last group that was cut off is left out."""
    digits = _NOT_BASE64.sub(b"", data)
    if len(digits) % 4 == 1:
        _note(damage, "base64-cut")
        digits = digits[:-1]
    try:
        return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
    except binascii.Error:
        _note(damage, "base64-cut")
        return b""


def _is_html(text: str) -> bool:
    return text.lstrip()[:15].lower().startswith(("<html", "<!doctype html"))


def _note(damage: list[str], what: str) -> None:
    if what not in damage:
        damage.append(what)
