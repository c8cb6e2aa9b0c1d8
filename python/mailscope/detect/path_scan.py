"""One client asks a web server for many pages that do not exist.

What it flags
    Many distinct paths answered with 404 or the like, asked quickly one after another by one client and program. Where
    a server answers what is not there with a page, the usual answer to a program made for such scans counts as 404.
Why it matters
    Wordlists find forgotten files, backups and upload folders; what they found is what the next phase goes to.
What it can get wrong
    A crawler that follows dead links of a moved site looks alike, but slower and over fewer names.
Evidence
    Rows of `http_requests`.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.runs import extent, in_runs, path_of, program_of
from mailscope.detect.scan_tools import SCANNERS

MISSING = (400, 403, 404, 405, 410, 414, 429, 501)
"""Statuses of a path that is not there, or not for this client."""

PATHS_LEAST = 20
"""Distinct missing paths in one run from which on it is a scan."""

MISSING_SHARE = 0.5
"""Share of the run's requests that were for missing paths."""

RATE_LEAST = 0.5
"""Requests a second over the run."""

SCANNER_NAMED = rf"\b({'|'.join(sorted(SCANNERS))})"
"""A User-Agent that names a program made for scans, in lower case."""

PAUSE_SECONDS = 30
"""A longer pause ends a run."""


def path_scans(http_requests: Table) -> Table:
    """Scans: client_addr, server_addr, server_port, program, counts, and from which packet to which.

    `exists` are paths that were answered otherwise than the missing ones, at most 200.
    """
    http_requests = _with_missing(http_requests)
    missing = http_requests.filter(_.is_missing)
    clients = missing.group_by(["client_addr", "server_addr"]).agg(paths=path_of(_.uri).nunique())
    suspects = clients.filter(_.paths >= PATHS_LEAST).select("client_addr", "server_addr")
    asked = http_requests.semi_join(suspects, ["client_addr", "server_addr"]).mutate(
        path=path_of(_.uri),
        program=program_of(_.user_agent),
    )
    keys = ["client_addr", "server_addr", "server_port", "program"]
    found = (
        in_runs(asked, keys, PAUSE_SECONDS)
        .group_by([*keys, "run"])
        .agg(
            requests=_.count(),
            missing=_.is_missing.sum(),
            missing_paths=_.path.nunique(where=_.is_missing),
            exists=_.path.collect(where=~_.is_missing & (_.status < 500), distinct=True).sort()[:200],
            **extent(),
        )
    )
    seconds = (found.end.epoch_seconds() - found.start.epoch_seconds()) + 1
    return found.filter(
        _.missing_paths >= PATHS_LEAST, _.missing >= MISSING_SHARE * _.requests, _.requests >= RATE_LEAST * seconds
    )


def _with_missing(http_requests: Table) -> Table:
    """The requests with `is_missing`: by status, or answered to a scanner as most of its paths were, byte for byte."""
    asked = http_requests.mutate(
        is_told=_.status.isin(MISSING).fill_null(False),
        answer=_.status.cast("string")
        + "/"
        + ibis.coalesce(_.response_decoded_bytes, _.response_body_bytes).cast("string"),
    )
    ends = ["client_addr", "server_addr", "answer"]
    scanned = asked.filter(~_.is_told, is_by_scanner(_.user_agent))
    alike = scanned.group_by(ends).agg(alike=path_of(_.uri).nunique()).filter(_.alike >= PATHS_LEAST)
    marked = asked.left_join(alike, ends)
    is_alike = marked.alike.notnull() & is_by_scanner(marked.user_agent)
    marked = marked.mutate(is_missing=marked.is_told | is_alike.fill_null(False))
    return marked.select(*http_requests.columns, "is_missing")


def is_by_scanner(user_agent: Any) -> Any:
    """True where the User-Agent names a program made for scans."""
    return user_agent.lower().re_search(SCANNER_NAMED).fill_null(False)
