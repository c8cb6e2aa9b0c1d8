"""One client tries many passwords, or one password at many accounts.

What it flags
    Login attempts of one client at one service, most of them refused: on web forms (attempts whose answers are all
    alike), with HTTP Basic, SMTP AUTH, POP3 and IMAP. The attempts answered otherwise are those that succeeded.
Why it matters
    The account that gave way is how the attacker came in.
    Several clients that are each refused at the same few accounts guess together, however seldom each tries.
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

UNTOLD_LEAST = 20
"""Attempts with answers all alike that do not say they refuse; more than one a second is no person."""

ALIKE_SHARE, ALIKE_LEAST, ALIKE_BYTES = 0.1, 6, 48
"""By which share, by at least and by at most how many bytes two answers may differ that say the same."""

REFUSING = r"login-refused-text|password-field|login-form"
"""Signs of an answer that refuses: words, or the form again."""

LOGIN_AGAIN = (
    r"(log-?[io]n|sign-?in|auth)[\w-]*(\.\w+)?/?\?([^#]*&)?"
    r"(reason|retry|attempts?|msg|message|[a-z_]*(err|error|errors|errorcode|fail|failed|failure|denied|invalid))="
)
"""A redirect to a page for logging in that is given a reason: `/owa/auth/logon.aspx?reason=2`."""

FAST_SECONDS = 10
"""Seconds between attempts, on average, below which one account is enough."""

SHARING_LEAST = 3
"""Clients refused at one account, and such accounts of one client, from which on the clients guess together."""

MORE_LEAST = 3
"""Refused attempts at another service of a server that the client guesses at, from which on it guesses there, too."""

RUN_PAUSES = 3
"""Pauses of a run, on average, within which a success after its last refused attempt still is the run's."""

FAILED_SHARE = 0.6
"""Share of attempts refused."""

USERS_SHOWN = 50
"""Accounts kept in a row."""


def attempts(logins: Table, http_requests: Table) -> Table:
    """Every login attempt with `is_refused` and `is_success`, for web forms judged by the answer; and path.

    A form's answer is refusal when it shows the form again or says so, is 401, 403 or 429, or is like the client's
    usual one (status and size) and no redirect to another page. `is_told` holds where the server said it.
    """
    mail = logins.filter(_.service != "http-form").select(
        *_COLUMNS,
        path=ibis.literal(""),
        is_refused=_.success == "no",
        is_told=_.success == "no",
        is_success=_.success == "yes",
    )
    return mail.union(_form_attempts(logins, http_requests))


_COLUMNS = (
    "flow_id", "capture", "first_packet", "last_capture", "last_packet", "start", "end",
    "client_addr", "server_addr", "server_port", "service", "user",
)  # fmt: skip


def _form_attempts(logins: Table, http_requests: Table) -> Table:
    forms = logins.filter(_.service == "http-form").select(*_COLUMNS)
    answers = http_requests.filter(_.status.notnull()).select(
        "flow_id",
        "first_packet",
        "status",
        "location",
        path=path_of(_.uri),
        size=ibis.coalesce(_.response_decoded_bytes, _.response_body_bytes).cast("int64"),
        says=_.response_signs.join(" "),
    )
    asked = forms.join(answers, ["flow_id", "first_packet"])
    goes_on = (_.status >= 300) & (_.status < 400) & ~returns_to_form(_.location, _.path)
    asked = asked.mutate(goes_on=goes_on.fill_null(False))
    of_client = ibis.window(group_by=["client_addr", "server_addr", "path"])
    asked = asked.mutate(
        usual_status=_.status.mode().over(of_client),
        usual_size=_.size.median().over(of_client),
        tries=_.count().over(of_client),
    )
    alike = ibis.least(ALIKE_BYTES, ibis.greatest(ALIKE_LEAST, asked.usual_size * ALIKE_SHARE))
    is_usual = (_.status == asked.usual_status) & ((_.size - asked.usual_size).abs() <= alike)
    is_told = (
        _.status.isin([401, 403, 429])
        | _.says.re_search(REFUSING)
        | returns_to_form(_.location, _.path).fill_null(False)
    )
    marked = asked.mutate(is_told=is_told & ~_.goes_on)
    marked = marked.mutate(is_refused=marked.is_told | (~_.goes_on & (is_usual | (_.tries < FAILURES_LEAST))))
    return marked.select(*_COLUMNS, "path", "is_refused", "is_told", is_success=~_.is_refused & (_.status < 400))


def returns_to_form(location: Any, path: Any) -> Any:
    """True for a redirect back to the form itself, or to a page that tells of an error or shows the form again."""
    to = location.lower()
    tells = to.re_search(r"[?&/](error|err|fail|failed|denied|invalid)\b")
    return (path_of(location) == path) | tells | to.re_search(LOGIN_AGAIN)


def guessing(tried: Table) -> Table:
    """Guessing: client, server, port, service, path, counts, accounts that gave way (`entered`), packets.

    `tried` are `attempts`. `users` are the accounts tried, at most USERS_SHOWN. An account of which no attempt was
    refused gave way only during the run: a password that came from elsewhere is used later, and fits at once.
    `is_shared` holds for a client that was refused at the same accounts as others, each too seldom to be told alone.
    """
    keys = ["client_addr", "server_addr", "server_port", "service", "path"]
    tried = tried.mutate(is_of_run=_is_of_run(tried, keys))
    tried = tried.mutate(is_success=_.is_success & _.is_of_run)
    found = tried.group_by(keys).agg(
        attempts=_.count(),
        refused=_.is_refused.sum(),
        told=_.is_told.sum(),
        let_in=_.is_success.sum(),
        user_count=_.user.nunique(),
        users=_.user.collect(where=_.is_of_run, distinct=True).sort()[:USERS_SHOWN],
        entered=_.user.collect(where=_.is_success, distinct=True).sort()[:USERS_SHOWN],
        first_refused=_.start.min(where=_.is_refused),
        last_refused=_.start.max(where=_.is_refused),
        **extent(),
        **first_row(_.is_success, "entered_", ("user",)),
    )
    seconds = found.last_refused.epoch_seconds() - found.first_refused.epoch_seconds()
    is_fast = seconds <= FAST_SECONDS * found.refused
    is_machine = (found.refused >= UNTOLD_LEAST) & (seconds <= found.refused)
    marked = found.mutate(
        is_alone=(_.refused >= FAILURES_LEAST)
        & (is_fast | (_.user_count >= USERS_LEAST))
        & ((_.told >= FAILURES_LEAST) | is_machine)
    ).filter(_.refused >= FAILED_SHARE * _.attempts)
    together = _together(tried.semi_join(marked, keys), keys).mutate(is_shared=True)
    marked = marked.left_join(together, keys).drop(*(f"{key}_right" for key in keys))
    marked = marked.mutate(is_shared=_.is_shared.fill_null(False))
    of_pair = ibis.window(group_by=["client_addr", "server_addr"])
    guesses = (marked.is_alone | marked.is_shared).any().over(of_pair)
    return (
        marked.mutate(guesses=guesses)
        .filter(_.is_alone | _.is_shared | (_.guesses & (_.told >= MORE_LEAST)))
        .drop("is_alone", "guesses")
    )


def _together(tried: Table, keys: list[str]) -> Table:
    """The keys of clients that the server refused at several accounts at which it refused several others as well."""
    told = tried.filter(_.is_told, _.user.notnull()).select(*keys, "user").distinct()
    of_account = ibis.window(group_by=[*(key for key in keys if key != "client_addr"), "user"])
    shared = told.mutate(clients=_.client_addr.nunique().over(of_account)).filter(_.clients >= SHARING_LEAST)
    return shared.group_by(keys).agg(accounts=_.count()).filter(_.accounts >= SHARING_LEAST).drop("accounts")


def _is_of_run(tried: Table, keys: list[str]) -> Any:
    """True for an attempt at an account that the client had failed at, or until shortly after the last failure."""
    of_run, of_user = ibis.window(group_by=keys), ibis.window(group_by=[*keys, "user"])
    seconds = tried.start.epoch_seconds()
    refused = tried.is_refused.ifelse(seconds, ibis.null("int64"))
    first, last, count = refused.min().over(of_run), refused.max().over(of_run), refused.count().over(of_run)
    pause = ibis.greatest(FAST_SECONDS, RUN_PAUSES * (last - first) / ibis.greatest(count, 1))
    return (refused.count().over(of_user) > 0) | (seconds <= last + pause)
