"""Shells whose commands cannot be read: by the file that was put there, or by what the page answered.

A shell may hide its commands in its own encryption, a cookie or a header, which are kept as secrets. What it prints
back still tells that it obeys, and a file that was uploaded and then asked tells where it came from.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from ibis.expr.types import Table

from mailscope.detect import web_shell
from mailscope.investigation.conversation import rows

Row = dict[str, Any]

PAGES_MOST = 20_000
"""Uploaded and obeying pages looked at."""

RENAMED = timedelta(hours=1)
"""A page that nobody had asked before and that is asked this soon after a file was renamed may be that file."""

PRINTS = frozenset(web_shell.PRINTED.split("|"))
KINDS_LEAST = 2
"""Different answers, and different kinds of what commands print, from which on a page obeys: a status page has one."""


def upload_of(shell: Row, sent: list[Row]) -> Row | None:
    """The last file sent to the server, before the page was first asked, that has the page's name."""
    name = _name(shell["path"])
    fits = [
        up
        for up in sent
        if up["server_addr"] == shell["server_addr"]
        and up["start"] <= shell["first"]
        and name
        and name in (_name(up["file_name"]), _name(up["path"]))
    ]
    return max(fits, key=lambda up: up["start"]) if fits else None


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _empty(upload: Row | None) -> Row:
    return {"upload": upload, "shown": [], "names": [], "commands": 0, "telling": 0}


def silent_shells(http: Table, sent: list[Row], known: list[Row]) -> list[Row]:
    """Uploaded programs that were asked for afterwards by few clients, whatever was said to them."""
    names = {_name(row["file_name"]): row for row in sent if row["file_name"]}
    if not names:
        return []
    paths = {(row["server_addr"], row["path"]) for row in known}
    kept = []
    for row in rows(web_shell.asked_uploads(http, sorted(names)).limit(PAGES_MOST)):
        upload = names[_name(row["path"])]
        is_after = upload["server_addr"] == row["server_addr"] and upload["start"] < row["first"]
        is_program = re.search(web_shell.PAGE, row["path"]) is not None and (row["sent"] or upload["file_signs"])
        if (row["server_addr"], row["path"]) in paths or not is_after or not is_program:
            continue
        if row["askers"] <= web_shell.CLIENTS_MOST and row["path"] != upload["path"]:
            kept.append(row | _empty(upload))
    return kept


def obeying_shells(http: Table, parameters: Table, sent: list[Row], known: list[Row], attacked: list[Row]) -> list[Row]:
    """Pages that print what commands print, in answer to values that are kept secret, or since they were put there.

    A page that is known to be attacked obeys by a weakness of its own.
    """
    paths = {(row["server_addr"], row["path"]) for row in (*known, *attacked)}
    kept = []
    was_put = any(row["method"] == "PUT" for row in sent)
    moved = rows(web_shell.renamed(http).limit(PAGES_MOST)) if was_put else []
    for row in rows(web_shell.obeying_pages(parameters, http).limit(PAGES_MOST)):
        if (row["server_addr"], row["path"]) in paths:
            continue
        signs = {sign for text in row["signs"] for sign in text.split()} & PRINTS
        upload = upload_of(row, sent) or _renamed_upload(row, sent, moved)
        is_told = row["hidden"] >= KINDS_LEAST and row["kinds"] >= KINDS_LEAST and len(signs) >= KINDS_LEAST
        if upload is not None or is_told:
            kept.append(row | _empty(upload))
    return kept


def _renamed_upload(shell: Row, sent: list[Row], moved: list[Row]) -> Row | None:
    """A program sent under a name that does no harm, and renamed by one of the page's clients just before."""
    for move in sorted(moved, key=lambda row: row["start"], reverse=True):
        is_before = move["start"] <= shell["first"] <= move["start"] + RENAMED
        if not is_before or move["server_addr"] != shell["server_addr"] or move["client_addr"] not in shell["clients"]:
            continue
        files = [
            up
            for up in sent
            if up["server_addr"] == move["server_addr"]
            and up["client_addr"] == move["client_addr"]
            and up["path"] == move["path"]
            and up["method"] == "PUT"
            and up["start"] <= move["start"]
        ]
        if files:
            return max(files, key=lambda up: up["start"])
    return None
