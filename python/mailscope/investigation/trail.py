"""Everything one attacking address did, over all protocols, as phases from first to last packet.

Web requests of the suspects are labelled one by one by what the detectors saw of them; a request without a label of
its own belongs to the phase around it: the same program, page and time. Mail sessions are labelled by what was done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.attack_rules import ATTACK_CLASSES
from mailscope.detect.listed import among
from mailscope.detect.runs import in_runs, path_of, program_of
from mailscope.investigation.conversation import rows
from mailscope.investigation.suspects import Seen
from mailscope.investigation.uploaded_shells import Row

PAUSE_SECONDS = 1800
"""A longer pause makes two phases of one."""

SAME_PAGE_SECONDS = 30
"""A request without a label of its own takes that of the same page and program this close."""

SAME_PROGRAM_SECONDS = 10
"""The same for other pages."""

SPREADING = ("directory-scan", "vulnerability-scan", "password-guessing", "account-use")
"""Labels that requests for other pages take over; an attack is on its own page alone."""

EDGE = timedelta(milliseconds=500)
"""By which a scan's or a guessing run's window is widened: connections are opened before the first answer."""

RANKS = tuple((kind.slug, rank) for rank, kind in enumerate(ATTACK_CLASSES))
"""Classes of attack, the more telling first: what a request with several is counted for."""

AGENTS_SHOWN = 5
VALUES_SHOWN = 40
SESSIONS_MOST = 1000


def web_phases(tables: Mapping[str, Table], found: Seen, suspects: Sequence[str]) -> list[Row]:
    """Phases in web traffic: client, server, port, `label`, packets, counts, agents, values; by time."""
    if not suspects:
        return []
    asked = _with_attacks(_requests(tables, suspects), found)
    labelled = _spread(asked.mutate(label=_label(asked, found)))
    grouped = in_runs(labelled, ["client_addr", "server_addr", "server_port", "label"], PAUSE_SECONDS)
    phases = grouped.group_by(["client_addr", "server_addr", "server_port", "label", "run"]).agg(
        requests=_.count(),
        statuses=_.status.collect(distinct=True).sort()[:VALUES_SHOWN],
        agents=_.agent.collect(where=_.agent != "", distinct=True).sort()[:AGENTS_SHOWN],
        programs=_.program.collect(distinct=True).sort()[:AGENTS_SHOWN],
        paths=_.path.collect(distinct=True).sort()[:VALUES_SHOWN],
        values=_.value.collect(where=_.value.notnull(), distinct=True).sort()[:VALUES_SHOWN],
        bytes=_.response_body_bytes.sum(),
        start=_.from_time.min(),
        end=_.to_time.max(),
        capture=_.from_capture.argmin(_.from_time),
        first_packet=_.from_packet.argmin(_.from_time),
        last_capture=_.to_capture.argmax(_.to_time),
        last_packet=_.to_packet.argmax(_.to_time),
        flow_id=_.flow_id.argmin(_.from_time),
    )
    return sorted(rows(phases), key=lambda row: (row["start"], row["first_packet"]))


def _requests(tables: Mapping[str, Table], suspects: Sequence[str]) -> Table:
    """The suspects' requests; the first and the last of a connection reach to its first and last packet."""
    http = among(tables["http_requests"], "client_addr", suspects)
    flows = tables["flows"].select(
        "flow_id",
        flow_capture=_.capture,
        flow_first=_.first_packet,
        flow_last_capture=_.last_capture,
        flow_last=_.last_packet,
        flow_start=_.start,
        flow_end=_.end,
    )
    joined = http.join(flows, "flow_id")
    of_flow = ibis.window(group_by="flow_id")
    edges = joined.mutate(
        is_first=_.exchange == _.exchange.min().over(of_flow),
        is_last=_.exchange == _.exchange.max().over(of_flow),
        path=path_of(_.uri).fill_null(""),
        agent=_.user_agent.fill_null(""),
        program=program_of(_.user_agent),
        key=_.flow_id + "/" + _.exchange.cast("string"),
    )
    return edges.mutate(
        from_time=edges.is_first.ifelse(edges.flow_start, edges.start),
        from_capture=edges.is_first.ifelse(edges.flow_capture, edges.capture),
        from_packet=edges.is_first.ifelse(edges.flow_first, edges.first_packet),
        to_time=edges.is_last.ifelse(edges.flow_end, edges.end),
        to_capture=edges.is_last.ifelse(edges.flow_last_capture, edges.last_capture),
        to_packet=edges.is_last.ifelse(edges.flow_last, edges.last_packet),
    ).select(
        "flow_id", "exchange", "key", "capture", "first_packet", "start", "end", "client_addr", "server_addr",
        "server_port", "method", "path", "agent", "program", "status", "response_body_bytes",
        "from_time", "from_capture", "from_packet", "to_time", "to_capture", "to_packet",
    )  # fmt: skip


def _label(asked: Table, found: Seen) -> Any:
    """A request's own label, the more telling first; null for none."""
    branches: list[tuple[Any, Any]] = []

    def when(conditions: Sequence[Any], label: str) -> None:
        if conditions:
            branches.append((reduce(or_, conditions), ibis.literal(label)))

    # A file that is put where it then runs was sent before it ran.
    keys = [f"{row['flow_id']}/{row['exchange']}" for row in found.uploads]
    when([asked.key.isin(keys)] if keys else [], "file-upload")
    when([(asked.server_addr == r["server_addr"]) & (asked.path == r["path"]) for r in found.shells], "web-shell")
    attacked = sorted({(page["client_addr"], page["server_addr"]) for page in found.pages})
    accused = [(asked.client_addr == client) & (asked.server_addr == server) for client, server in attacked]
    if accused:
        branches.append((reduce(or_, accused) & asked.attack.notnull(), asked.attack))
    when([_in_window(asked, r, r["start"], r["end"], r["program"]) for r in found.path_scans], "directory-scan")
    guesses = [r for r in found.guessing if r["service"].startswith("http")]
    when(
        [
            _in_window(asked, r, r["first_refused"], r["last_refused"], None)
            & ((asked.path == r["path"]) if r["path"] else asked.status.isin([401, 403]))
            for r in guesses
        ],
        "password-guessing",
    )
    branches.append((asked.key.isin(_login_keys(asked, found)), ibis.literal("account-use")))
    return ibis.cases(*branches, else_=ibis.null("string"))


def _with_attacks(asked: Table, found: Seen) -> Table:
    """The requests with `attack` and `value`, null for those that are none."""
    of_request = (
        found.attacks.mutate(rank=_.attack.cases(*RANKS, else_=len(RANKS)))
        .group_by(["flow_id", "exchange"])
        .agg(attack=_.attack.argmin(_.rank), value=_.value.max())
    )
    joined = asked.left_join(of_request, ["flow_id", "exchange"])
    return joined.drop(*(name for name in joined.columns if name.endswith("_right")))


def _login_keys(asked: Table, found: Seen) -> Any:
    """Requests that logged in."""
    assert found.logins is not None
    entered = found.logins.filter(_.service.isin(["http-form", "http"]), _.is_success).select("flow_id", "first_packet")
    return asked.semi_join(entered, ["flow_id", "first_packet"]).key


def _in_window(asked: Table, row: Row, start: datetime, end: datetime, program: str | None) -> Any:
    inside = (asked.client_addr == row["client_addr"]) & (asked.server_addr == row["server_addr"])
    inside &= asked.start.between(ibis.literal(start - EDGE), ibis.literal(end + EDGE))
    return inside & (asked.program == program) if program is not None else inside


def _spread(asked: Table) -> Table:
    """Labels for requests without one of their own, from those around them; `reconnaissance` when nothing is near."""
    by_page = _nearest(asked, ["client_addr", "server_addr", "program", "path"], SAME_PAGE_SECONDS, None)
    by_program = _nearest(by_page, ["client_addr", "server_addr", "program"], SAME_PROGRAM_SECONDS, SPREADING)
    return by_program.mutate(label=_.label.fill_null("reconnaissance"))


def _nearest(asked: Table, keys: list[str], seconds: int, only: Sequence[str] | None) -> Table:
    order = ["start", "first_packet"]
    before = ibis.window(group_by=keys, order_by=order, preceding=None, following=0)
    after = ibis.window(group_by=keys, order_by=order, preceding=0, following=None)
    source = asked.label if only is None else asked.label.isin(list(only)).ifelse(asked.label, ibis.null("string"))
    marked = asked.mutate(_source=source, _at=source.notnull().ifelse(asked.start, ibis.null(asked.start.type())))
    near = marked.mutate(
        _before=marked._source.argmax(marked._at).over(before),
        _before_at=marked._at.max().over(before),
        _after=marked._source.argmin(marked._at).over(after),
        _after_at=marked._at.min().over(after),
    )
    span = ibis.interval(seconds=seconds)
    follows = (near.start - near._before_at <= span).fill_null(False)
    precedes = (near._after_at - near.start <= span).fill_null(False)
    label = ibis.cases(
        (near.label.notnull(), near.label), (follows, near._before), (precedes, near._after), else_=near.label
    )
    return near.mutate(label=label).drop("_source", "_at", "_before", "_before_at", "_after", "_after_at")


def mail_phases(tables: Mapping[str, Table], found: Seen, suspects: Sequence[str]) -> list[Row]:
    """Phases in mail traffic: mailboxes opened, mail sent, passwords guessed; same columns, with `users`."""
    if not suspects:
        return []
    sessions = among(tables["mail_sessions"], "client_addr", suspects)
    flows = tables["flows"].select(
        "flow_id", flow_first=_.first_packet, flow_last=_.last_packet, flow_start=_.start, flow_end=_.end
    )
    joined = sessions.join(flows, "flow_id")
    guesses = [r for r in found.guessing if not r["service"].startswith("http")]
    in_guessing = [
        (joined.client_addr == r["client_addr"])
        & (joined.server_addr == r["server_addr"])
        & (joined.protocol == r["service"])
        & joined.start.between(
            ibis.literal(r["first_refused"] - timedelta(seconds=60)), ibis.literal(r["last_refused"])
        )
        & (joined.messages == 0)
        & (joined.transactions == 0)
        for r in guesses
    ]
    branches = [(reduce(or_, in_guessing), ibis.literal("password-guessing"))] if in_guessing else []
    branches += [
        (joined.transactions > 0, ibis.literal("mail-sending")),
        (joined.auth_users.length() > 0, ibis.literal("account-use")),
    ]
    labelled = joined.mutate(label=ibis.cases(*branches, else_=ibis.literal("reconnaissance")))
    keys = ["client_addr", "server_addr", "server_port", "protocol", "label"]
    phases = (
        in_runs(labelled, keys, PAUSE_SECONDS)
        .group_by([*keys, "run"])
        .agg(
            requests=_.count(),
            users=_.auth_users.join(" ").collect(where=_.auth_users.length() > 0, distinct=True).sort()[:VALUES_SHOWN],
            entered=_.auth_users.join(" ").collect(where=_.authenticated == "yes", distinct=True).sort()[:VALUES_SHOWN],
            messages=_.messages.sum(),
            bytes=_.server_bytes.sum(where=_.messages > 0),
            session_ids=_.session_id.collect(distinct=True).sort()[:SESSIONS_MOST],
            start=_.flow_start.min(),
            end=_.flow_end.max(),
            capture=_.capture.argmin(_.flow_start),
            first_packet=_.flow_first.argmin(_.flow_start),
            last_capture=_.last_capture.argmax(_.flow_end),
            last_packet=_.flow_last.argmax(_.flow_end),
            flow_id=_.flow_id.argmin(_.flow_start),
        )
    )
    return sorted(rows(phases), key=lambda row: (row["start"], row["first_packet"]))
