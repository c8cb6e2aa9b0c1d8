"""Addresses that attacked something, and what the detectors saw of each: small lists from large tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from ibis import _
from ibis.expr.types import Table

from mailscope.detect import (
    attack_effect,
    encoded_commands,
    password_guessing,
    path_scan,
    port_scan,
    web_attack,
    web_shell,
)
from mailscope.detect.listed import among
from mailscope.investigation.conversation import rows
from mailscope.investigation.uploaded_shells import Row, obeying_shells, silent_shells, upload_of

VALUES_LEAST = 3
"""Distinct attack values of one client on one server from which on it is an attack without a visible effect."""

SHARE_LEAST = 0.02
"""Share of a client's requests that are attacks, for the same: a shared address sends odd text now and then."""

USUAL_CLIENTS = 8
"""Clients that send values of a class to a page, from which on the page is made for them."""

NEVER_USUAL = frozenset(("expression-injection", "deserialisation", "xml-external-entity"))
"""Classes that no application is made for."""

LOOKUP = re.compile(r"\$\{.*j.{0,9}n.{0,9}d.{0,9}i.{0,9}:", re.IGNORECASE)
"""A lookup by JNDI, also with its letters hidden (`${${lower:j}ndi:`): one accuses, nobody sends it by accident."""

COMMANDS_LEAST = 2
"""Distinct commands from which on a page is taken for a shell without its upload having been seen."""

VALUES_MOST = 500_000
"""Attack values followed; a scanner that sends more is known by these."""

VALUE_CHARACTERS = 1000
"""Characters of an attack value kept."""

COMMANDS_SHARE = 0.3
"""Distinct commands a request to such a page; a page that is asked other things is an ordinary one."""

PAGES_MOST = 20_000
"""Attacked pages looked at, those with an effect first."""

SUSPECTS_MOST = 200
"""Addresses followed, those that did most first."""


@dataclass(slots=True)
class Seen:
    """What all detectors found, by kind; `attacks` is the expression of all attack values."""

    attacks: Table
    port_scans: list[Row] = field(default_factory=list)
    path_scans: list[Row] = field(default_factory=list)
    guessing: list[Row] = field(default_factory=list)
    pages: list[Row] = field(default_factory=list)
    uploads: list[Row] = field(default_factory=list)
    shells: list[Row] = field(default_factory=list)
    logins: Table | None = None

    def suspects(self) -> list[str]:
        """Addresses with more than a scan to their name, the busiest first."""
        weight: dict[str, int] = defaultdict(int)
        for page in self.pages:
            weight[page["client_addr"]] += page["requests"]
        for row in self.guessing:
            weight[row["client_addr"]] += row["attempts"]
        for row in self.shells:
            for client in row["clients"]:
                weight[client] += 1000
        for row in self.uploads:
            weight[row["client_addr"]] += 100
        return sorted(weight, key=lambda client: (-weight[client], client))[:SUSPECTS_MOST]


def seen(tables: Mapping[str, Table]) -> Seen:
    """Asks every detector once; one that nothing in the tables could concern is not asked."""
    http, parameters = tables["http_requests"], tables["http_parameters"]
    there = _what_is_there(tables)
    found = Seen(web_attack.attack_values(web_attack.values(parameters, http)))
    if there["connections"] >= port_scan.PORTS_LEAST:
        found.port_scans = rows(port_scan.vertical_scans(tables["flows"]))
    found.logins = password_guessing.attempts(tables["logins"], http)
    if there["logins"] >= password_guessing.FAILURES_LEAST:
        found.guessing = rows(password_guessing.guessing(found.logins))
    if there["requests"]:
        _see_web_attacks(found, http, parameters, there)
    return found


def _what_is_there(tables: Mapping[str, Table]) -> Row:
    """Counts that tell which detectors have anything to look at."""
    http = tables["http_requests"].aggregate(
        requests=_.count(),
        missing=(_.status.isin(path_scan.MISSING) | path_scan.is_by_scanner(_.user_agent)).sum(),
        put=_.method.isin(web_shell.PUTTING).sum(),
        printed=_.response_signs.join(" ").re_search(web_shell.PRINTED).sum(),
    )
    parameters = tables["http_parameters"].aggregate(parameters=_.count(), files=_.file_name.count())
    logins = tables["logins"].aggregate(logins=_.count())
    flows = tables["flows"].filter(_.orig_payload_bytes == 0).aggregate(connections=_.count())
    (there,) = rows(http.cross_join(parameters).cross_join(logins).cross_join(flows))
    return {name: count or 0 for name, count in there.items()}


def _see_web_attacks(found: Seen, http: Table, parameters: Table, there: Row) -> None:
    if there["missing"] >= path_scan.PATHS_LEAST:
        found.path_scans = rows(path_scan.path_scans(http))
    sent = rows(web_shell.uploads(parameters, http).limit(PAGES_MOST)) if there["files"] or there["put"] else []
    if there["parameters"]:
        said = encoded_commands.decoded(parameters)
        given = parameters if said is None else parameters.union(said)
        found.shells = _shells(rows(web_shell.shells(given, http)), sent)
    found.shells += silent_shells(http, sent, found.shells)
    found.attacks, count = _kept(found.attacks)
    if count:
        pages = attack_effect.attacked_pages(found.attacks, http)
        kept = rows(pages.order_by((-(_.brought + _.delayed + _.computed)), -_.requests).limit(PAGES_MOST))
        found.pages = _accused(kept, _requests_by_client(http, kept), found.shells)
    if there["printed"]:
        found.shells += obeying_shells(http, parameters, sent, found.shells, found.pages)
    shell_names = {row["path"].rpartition("/")[2] for row in found.shells}
    attackers = {page["client_addr"] for page in found.pages} | {row["client_addr"] for row in found.guessing}
    tied = {id(row["upload"]) for row in found.shells if row.get("upload") is not None}
    found.uploads = [
        row
        for row in sent
        if row["file_name"].rpartition("/")[2] in shell_names or row["client_addr"] in attackers or id(row) in tied
    ]


def _kept(attacks: Table) -> tuple[Table, int]:
    """The attack values as a table in memory, with their number: few beside the requests, asked for several times."""
    import ibis

    chosen = attacks.select(
        "flow_id",
        "exchange",
        "place",
        "name",
        "attack",
        value=_.value[:VALUE_CHARACTERS],
        folded=_.folded[:VALUE_CHARACTERS],
    )
    kept = chosen.limit(VALUES_MOST).to_pyarrow()
    return ibis.memtable(kept), kept.num_rows


def _shells(found: list[Row], sent: list[Row]) -> list[Row]:
    """Pages that are shells: their commands tell it, or they were uploaded under that name before."""
    kept = []
    for row in found:
        upload = upload_of(row, sent)
        is_busy = row["commands"] >= COMMANDS_LEAST and row["commands"] >= COMMANDS_SHARE * row["requests"]
        if upload is not None or (row["telling"] and is_busy):
            row["upload"] = upload
            kept.append(row)
    return kept


def _requests_by_client(http: Table, pages: list[Row]) -> dict[tuple[str, str], int]:
    clients = sorted({page["client_addr"] for page in pages})
    counted = among(http, "client_addr", clients).group_by(["client_addr", "server_addr"]).agg(requests=_.count())
    return {(row["client_addr"], row["server_addr"]): row["requests"] for row in rows(counted)}


def _page(page: Row) -> tuple[str, str, str]:
    return page["server_addr"], page["path"], page["attack"]


def _usual_pages(pages: list[Row]) -> set[tuple[str, str, str]]:
    """Pages to which many clients send such values: it is how that application works."""
    clients: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for page in pages:
        if page["attack"] not in NEVER_USUAL:
            clients[_page(page)].add(page["client_addr"])
    return {page for page, senders in clients.items() if len(senders) >= USUAL_CLIENTS}


def _accused(pages: list[Row], asked: Mapping[tuple[str, str], int], shells: list[Row]) -> list[Row]:
    """Attacked pages of clients with an effect, or enough distinct values; commands to a shell are no injection."""
    shell_paths = {(row["server_addr"], row["path"]) for row in shells}
    by_pair: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for page in pages:
        if (page["server_addr"], page["path"]) not in shell_paths:
            page["worked"], page["reasons"] = attack_effect.effect(page)
            by_pair[(page["client_addr"], page["server_addr"])].append(page)
    kept: list[Row] = []
    usual = _usual_pages(pages)
    for pair, of_pair in by_pair.items():
        of_pair = [page for page in of_pair if _page(page) not in usual or page["worked"] == "yes"]
        values = sum(page["values"] for page in of_pair)
        requests = sum(page["requests"] for page in of_pair)
        is_many = values >= VALUES_LEAST and requests >= SHARE_LEAST * asked.get(pair, requests)
        if is_many or any(page["worked"] == "yes" or _looks_up(page) for page in of_pair):
            kept += of_pair
    return kept


def _looks_up(page: Row) -> bool:
    return any(LOOKUP.search(example) for example in page["examples"] or ())
