"""A report that comes as a bare file (JSON, CSV, text) read as if it were attached to a mail."""

from mailscope.desk.complaints.mail import Headers, Mail, Part, read_mail
from mailscope.desk.complaints.mailboxes import RawMail, is_mail

_TYPES = {"{": "application/json", "[": "application/json", "<": "text/xml"}


def as_mail(raw: RawMail) -> Mail:
    """The mail; for bytes that do not begin as one, an empty header with the bytes as its one part."""
    if is_mail(raw.data):
        return read_mail(raw.data)
    start = raw.data[:200].decode("utf-8", "replace").strip()[:1]
    name = raw.place.rsplit("/", 1)[-1]
    kind = "text/csv" if name.lower().endswith((".csv", ".tsv")) else _TYPES.get(start, "text/plain")
    if (
        b"<table" in raw.data[:65536].lower()
        or b"<html" in raw.data[:2000].lower()
        or b"<!doctype html" in raw.data[:2000].lower()
    ):
        kind = "text/html"
    headers = Headers(
        [("content-type", f'{kind}; charset="utf-8"'), ("content-disposition", f'attachment; filename="{name}"')]
    )
    return Mail(Headers(), [Part(headers, raw.data, 0)], len(raw.data), [])
