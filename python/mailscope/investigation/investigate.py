"""The whole investigation: tables in, findings, hypotheses and what was cleared out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mailscope.detect.direct_sender import COMMON_FROM
from mailscope.detect.endpoints import parsed
from mailscope.detect.finding import Finding
from mailscope.detect.open_mail_relay import RelayUse, incoming_transactions, relay_use
from mailscope.detect.phishing_phrases import SPOT
from mailscope.detect.registry import SEVERITY
from mailscope.detect.roles import ROLES
from mailscope.errors import UsageError
from mailscope.investigation.account_abuse import account_abuse_findings
from mailscope.investigation.campaign_story import phishing_findings
from mailscope.investigation.cleared import Cleared, cleared, unproven
from mailscope.investigation.conversation import rows
from mailscope.investigation.coverage import coverage
from mailscope.investigation.hypotheses import Hypothesis, claims, hypotheses
from mailscope.investigation.intrusions import intrusion_findings
from mailscope.investigation.path import Chain
from mailscope.investigation.questions import answers
from mailscope.investigation.relays import relay_finding
from mailscope.investigation.scene import Scene, scene_of
from mailscope.investigation.second_pass import Stoppable, begun, tied_by_sightings, wanted_of
from mailscope.investigation.senders import direct_sender_finding, is_marked, open_mail_relay_finding
from mailscope.investigation.sightings import Search
from mailscope.investigation.sorting import Groups, sorted_chains

if TYPE_CHECKING:
    from mailscope.detect.indicators import Indicator
    from mailscope.detect.sigma import Rule
    from mailscope.ingest.captures import Options
    from mailscope.store.tables import Tables

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(slots=True)
class Investigation:
    """The answer and everything it rests on."""

    inputs: list[dict[str, Any]]
    scene: Scene
    groups: Groups
    findings: list[Finding]
    hypotheses: list[Hypothesis]
    claims: list[Hypothesis]
    cleared: list[Cleared]
    unproven: list[Cleared]
    answers: dict[str, Any]
    coverage: dict[str, Any]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The answer as the documented, versioned JSON object (`answer.schema.json`)."""
        from mailscope.investigation.answer import answer

        return answer(self)


DOMAIN = re.compile(r"[^\s@/:,;]+")
"""What the name of a mail domain looks like, in ASCII or not."""

MANY_MAILS = 10
"""Mails of a proxy without a command seen from which on it is asked about."""


def investigate(
    source: Tables | Paths,
    *,
    own: Sequence[str] = (),
    own_domains: Sequence[str] = (),
    roles: Mapping[str, str] | None = None,
    look_for: Sequence[str] = (),
    search: Search | None = None,
    rules: Sequence[Rule] = (),
    indicators: Sequence[Indicator] = (),
    options: Options | None = None,
    progress: Callable[[int, int | None, int], None] | None = None,
    started: datetime | None = None,
) -> Investigation:
    """Who commanded the mail that left the network.

    `source` is captures, tables in memory, or a case. `own` are the owner's networks, `own_domains` the owner's mail
    domains, `roles` says what hosts are (`{"192.0.2.9": "mail-server"}`, see `ROLES`); what is not given is inferred
    and said to be. `look_for` are addresses or host names to search for besides. Captures are read a second time when
    there is something to search for; `search` replaces that pass. `rules` (`mailscope.detect.sigma.rules`) and
    `indicators` (`mailscope.detect.indicators.load`) are the owner's own, asked of all tables.
    """
    check_owner(own, roles or {}, own_domains)
    started = started or datetime.now(UTC)
    reading = Stoppable(progress)
    tables, again = _tables_and_search(source, options, reading)
    expressions = {name: tables.to_ibis(name) for name in tables}
    scene = scene_of(expressions, own, own_domains, roles)
    groups = sorted_chains(scene)
    wanted = wanted_of(scene, groups, look_for)
    with begun(search or again, wanted, reading) as sought:
        # None of these needs to know where else a victim is named.
        lured, ordinary = phishing_findings(scene)
        attacks = _intrusions(scene)
        asked = _matches(expressions, rules, indicators)
        groups = tied_by_sightings(scene, groups, wanted, sought)
    uses = _relay_uses(scene)
    findings = by_urgency([*_findings(scene, groups, uses), *attacks, *lured, *asked])
    return Investigation(
        inputs=list(tables.inputs),
        scene=scene,
        groups=groups,
        findings=findings,
        hypotheses=hypotheses(scene, groups, findings, uses),
        claims=claims(scene, groups, uses),
        cleared=[*cleared(scene, groups, findings), *ordinary],
        unproven=unproven(scene, groups, findings),
        answers=answers(findings),
        coverage=coverage(scene, list(tables.inputs)) | _left_out(indicators),
        seconds=(datetime.now(UTC) - started).total_seconds(),
    )


def _matches(tables: Mapping[str, Any], rules: Sequence[Rule], indicators: Sequence[Indicator]) -> list[Finding]:
    if not rules and not indicators:
        return []
    from mailscope.investigation.matches import indicator_findings, rule_findings

    return [*rule_findings(tables, rules), *indicator_findings(tables, indicators)]


def _left_out(indicators: Sequence[Indicator]) -> dict[str, Any]:
    """Patterns of the owner's that were not looked for; nothing when there are none."""
    if not indicators:
        return {}
    from mailscope.detect.indicators import not_read

    return {"patterns_not_read": left} if (left := not_read(indicators)) else {}


def check_owner(own: Sequence[str], roles: Mapping[str, str], domains: Sequence[str] = ()) -> None:
    """Refuses what the owner says of the network where it cannot be meant: UsageError."""
    import ipaddress

    for text in own:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise UsageError(f"`{text}` is no network", hint="write it as 192.0.2.0/24 or 2001:db8::/32") from None
    for domain in domains:
        if parsed(domain) is not None or not DOMAIN.fullmatch(domain.strip(".@ ")):
            raise UsageError(f"`{domain}` is no mail domain", hint="write --own-domain example.org, once for each")
    for address, role in roles.items():
        if parsed(address) is None:
            raise UsageError(f"`{address}` is no address", hint="write --role 192.0.2.9=mail-server")
        if role not in ROLES:
            raise UsageError(f"there is no role `{role}`", hint="the roles are " + ", ".join(ROLES))


def _tables_and_search(
    source: Tables | Paths, options: Options | None, progress: Callable[[int, int | None, int], None] | None
) -> tuple[Tables, Search | None]:
    from mailscope.ingest import captures
    from mailscope.store.case import Case
    from mailscope.store.tables import Tables

    if isinstance(source, Case):
        paths: Any = captures.capture_paths(source)
        tables: Tables = source
    elif isinstance(source, Tables):
        return source, None
    else:
        paths = [source] if isinstance(source, (str, os.PathLike)) else list(source)
        tables = captures.read(paths, options or captures.Options(spot=SPOT), progress)
    if any(os.fspath(path) == "-" for path in paths):
        return tables, None  # standard input cannot be read twice

    def search(wanted: Sequence[tuple[str, str, bytes]], near: Sequence[str]) -> Iterable[Mapping[str, Any]]:
        import pyarrow as pa

        found: list[dict[str, Any]] = pa.table(captures.search(paths, wanted, near, options, progress)).to_pylist()
        return found

    return tables, search


def _relay_uses(scene: Scene) -> list[RelayUse]:
    tables = scene.tables
    plain = rows(incoming_transactions(tables["mail_transactions"], tables["mail_sessions"]))
    hidden = {c.session_id for chain in scene.chains if chain.request for c in chain.request.carried}
    kept = [row for row in plain if row["session_id"] not in hidden]
    return relay_use(kept, scene.network, scene.domains)


def _findings(scene: Scene, groups: Groups, uses: Sequence[RelayUse]) -> list[Finding]:
    found: list[Finding | None] = []
    for key, chains in groups.relayed.items():
        found.append(relay_finding("open-proxy-relay", scene, groups, key, [*chains, *groups.proxy_alone.get(key, ())]))
    for key, chains in groups.proxy_alone.items():
        if key not in groups.relayed and _is_accusable(scene, key, chains):
            found.append(relay_finding("open-proxy-relay", scene, groups, key, chains))
    for host, chains in groups.policy.items():
        found.append(relay_finding("proxy-policy", scene, groups, host, chains))
    found += _direct_senders(scene, groups)
    found += [open_mail_relay_finding(scene, use) for use in uses]
    found += account_abuse_findings(scene)
    return [finding for finding in found if finding is not None]


def _is_accusable(scene: Scene, proxy: str, chains: Sequence[Chain]) -> bool:
    """Mail of a proxy that nobody was seen to command: a mail server may share its address.

    A finding when the owner says that the host is a proxy, when the mail bears marks of abuse, or when it is many.
    """
    mails = sum(len(chain.mails) for chain in chains)
    hosts = {chain.leg.client_addr for chain in chains if chain.leg is not None} | {proxy}
    is_given = any(scene.hosts.of(host).given for host in hosts if host in scene.hosts.by_address)
    return bool(mails) and (mails >= MANY_MAILS or is_given or is_marked(scene, chains))


def _intrusions(scene: Scene) -> list[Finding]:
    """Attacks on servers; a case made before there was a table of parameters has none to tell."""
    return intrusion_findings(scene) if "http_parameters" in scene.tables else []


def by_urgency(findings: Iterable[Finding]) -> list[Finding]:
    """What needs action first, the surest first."""
    return sorted(findings, key=lambda finding: (-SEVERITY[finding.kind], -finding.confidence, finding.subject))


def _direct_senders(scene: Scene, groups: Groups) -> list[Finding]:
    """Hosts that send by themselves; where many do and nothing tells own mail from foreign mail, nobody is accused."""
    found = [direct_sender_finding(scene, host, chains) for host, chains in groups.alone.items()]
    for host, chains in groups.through_outside.items():
        through = sorted({chain.request.proxy_addr for chain in chains if chain.request is not None})
        found.append(direct_sender_finding(scene, host, chains, through))
    kept = [finding for finding in found if finding is not None]
    hosts = {finding.subject for finding in kept}
    return kept if scene.domains.own or len(hosts) < COMMON_FROM else []
