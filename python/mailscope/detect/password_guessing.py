"""One client tries many passwords, or one password at many accounts.

What it flags
    Login attempts of one client at one service, most of them refused: on web forms (attempts whose answers are all
    alike), with HTTP Basic, SMTP AUTH, POP3 and IMAP. The attempts answered otherwise are those that succeeded.
Why it matters
    The account that gave way is how the attacker came in.
What it can get wrong
    A mail program with an old password tries again and again, but always one account and slowly; many people behind
    one address who mistype look like few failures among many successes. A form that answers success and failure
    alike hides the success.
Evidence
    Rows of `logins`, with the answers in `http_requests`.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.runs import extent, first_row, path_of

FAILURES_LEAST = 10
"""Refused attempts from which on it is guessing."""

USERS_LEAST = 3
"""Distinct accounts from which on slow attempts are guessing, too."""

FAST_SECONDS = 10
"""Seconds between attempts, on average, below which one account is enough."""

FAILED_SHARE = 0.6
"""Share of attempts refused."""

USERS_SHOWN = 50
"""Accounts kept in a row."""


def attempts(logins: Table, http_requests: Table) -> Table:
    """Every login attempt with `is_refused`, for web forms judged by the answer: columns of `logins`, and path.

    A form's answer is refusal when it is the client's most frequent one (status, place of redirect, size) and is no
    redirect to another page; 401 and 403 always are.
    """
    mail = logins.filter(_.service != "http-form").select(
        *_COLUMNS, path=ibis.literal(""), is_refused=_.success == "no", is_success=_.success == "yes"
    )
    return mail.union(_form_attempts(logins, http_requests))


_COLUMNS = (
    "flow_id", "capture", "first_packet", "last_capture", "last_packet", "start", "end",
    "client_addr", "server_addr", "server_port", "service", "user",
)  # fmt: skip


def _form_attempts(logins: Table, http_requests: Table) -> Table:
    forms = logins.filter(_.service == "http-form").select(*_COLUMNS)
    answers = http_requests.filter(_.status.notnull()).select(
        "flow_id", "first_packet", "status", "location", "response_body_bytes", path=path_of(_.uri)
    )
    asked = forms.join(answers, ["flow_id", "first_packet"])
    goes_on = (_.status >= 300) & (_.status < 400) & ~_returns(_.location, _.path)
    asked = asked.mutate(
        goes_on=goes_on.fill_null(False),
        answer=_.status.cast("string") + " " + _.location.fill_null("") + " " + _.response_body_bytes.cast("string"),
    )
    of_client = ibis.window(group_by=["client_addr", "server_addr", "path"])
    asked = asked.mutate(usual=_.answer.mode().over(of_client), tries=_.count().over(of_client))
    is_refused = _.status.isin([401, 403, 429]) | (~_.goes_on & ((_.answer == _.usual) | (_.tries < FAILURES_LEAST)))
    marked = asked.mutate(is_refused=is_refused)
    return marked.select(*_COLUMNS, "path", "is_refused", is_success=~_.is_refused & (_.status < 400))


def _returns(location: Any, path: Any) -> Any:
    """True for a redirect back to the form itself or to a page that tells of an error."""
    return (path_of(location) == path) | location.lower().re_search(r"[?&/](error|err|fail|failed|denied|invalid)\b")


def guessing(tried: Table) -> Table:
    """Guessing: client, server, port, service, path, counts, accounts that gave way (`entered`), packets.

    `tried` are `attempts`. `users` are the accounts tried, at most USERS_SHOWN.
    """
    keys = ["client_addr", "server_addr", "server_port", "service", "path"]
    found = tried.group_by(keys).agg(
        attempts=_.count(),
        refused=_.is_refused.sum(),
        user_count=_.user.nunique(),
        users=_.user.collect(distinct=True)[:USERS_SHOWN],
        entered=_.user.collect(where=_.is_success, distinct=True)[:USERS_SHOWN],
        first_refused=_.start.min(where=_.is_refused),
        last_refused=_.start.max(where=_.is_refused),
        **extent(),
        **first_row(_.is_success, "entered_", ("user",)),
    )
    seconds = found.last_refused.epoch_seconds() - found.first_refused.epoch_seconds()
    is_fast = seconds <= FAST_SECONDS * found.refused
    return found.filter(
        _.refused >= FAILURES_LEAST,
        _.refused >= FAILED_SHARE * _.attempts,
        is_fast | (_.user_count >= USERS_LEAST),
    )
