"""Kept mails as .eml files."""

import re
from collections.abc import Iterator
from pathlib import Path

from mailscope.errors import StoreError
from mailscope.store.case import Case

_OWN_NAME = re.compile(r"F[0-9a-f]{16}/\d+")


def write_mails(case: Case, folder: Path) -> Iterator[Path]:
    """Writes every kept mail; yields the paths.

    A file is named after flow, session and number in it, which are ours: nothing of a packet's text
    becomes a name, and a file that is there already is not touched.
    """
    rows = case.sql("SELECT session_id, message, raw FROM messages WHERE raw IS NOT NULL ORDER BY start, session_id")
    written = 0
    for session_id, message, raw in rows:
        if not _OWN_NAME.fullmatch(session_id):
            raise StoreError("a session id in this case was not made by Mailscope")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{session_id.replace('/', '-')}-{int(message):04d}.eml"
        try:
            with path.open("xb") as file:
                file.write(raw)
        except FileExistsError:
            raise StoreError(f"`{path}` is there already", hint="choose an empty folder") from None
        written += 1
        yield path
    if not written:
        raise StoreError("this case holds no mail bodies", hint="read the captures again with --keep-messages")
