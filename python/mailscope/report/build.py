"""An investigation as words and rows in one language: what the terminal and the HTML report both show.

Text from packets is neutralised here, and attackers' addresses and links are defanged in everything but evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailscope.detect.finding import Evidence, Finding
from mailscope.harmless import visible
from mailscope.investigation.answer import attackers, defanged
from mailscope.investigation.cleared import Cleared
from mailscope.investigation.hypotheses import Hypothesis
from mailscope.investigation.investigate import Investigation
from mailscope.report.advice import advice
from mailscope.report.headline import headline, match_lines
from mailscope.report.inputs import ended
from mailscope.report.lure import lure_lines, question_lines
from mailscope.report.trail import clock, trail_lines
from mailscope.wording import Phrase, amount, phrase, render

TEXT_LIMIT = 400
"""Characters of one value from the wire shown in a report."""


NO_HOSTS = ("recipient", "forged_from", "lure_url")
"""Roles of a finding that are no hosts."""

SMALL_BYTES = 100_000_000
"""Below this a time per GB would mostly count the start of the program."""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One row of the evidence table; what it says is shown as it was on the wire, not defanged."""

    number: int
    table: str
    flow_id: str
    capture: str
    packets: str
    what: str
    carve: str


@dataclass(slots=True)
class FindingView:
    """One finding, ready to show."""

    kind: str
    title: str
    percent: int
    summary: str
    story: str
    headline: list[tuple[str, str]]
    facts: list[tuple[int, str]]
    evidence: list[EvidenceRow]
    not_proven: list[str]
    could_be: list[str]
    techniques: str
    ground: str
    advice: list[tuple[str, str]]
    mails: list[dict[str, str]]
    bursts: str
    finding: Finding


@dataclass(slots=True)
class Report:
    """The whole report in one language."""

    lang: str
    found: Investigation
    case: str
    hide: list[str]
    findings: list[FindingView] = field(default_factory=list)
    nothing: list[str] = field(default_factory=list)
    hosts: list[tuple[str, str, str]] = field(default_factory=list)
    hypotheses: list[tuple[str, str, str]] = field(default_factory=list)
    claims: list[tuple[str, str, str]] = field(default_factory=list)
    cleared: list[tuple[str, str]] = field(default_factory=list)
    unproven: list[tuple[str, str]] = field(default_factory=list)
    questions: list[tuple[str, list[str], str]] = field(default_factory=list)
    coverage: list[str] = field(default_factory=list)
    took: str = ""

    def say(self, key: str, **values: Any) -> str:
        """A phrase of the report's language."""
        return render(phrase(key, **values), self.lang)

    def capture(self, name: str) -> str:
        """The capture's name without the folders that all captures share."""
        return visible(name[self._shared_folder :])

    @property
    def _shared_folder(self) -> int:
        names = [str(entry.get("path") or entry.get("name")) for entry in self.found.inputs]
        folders = {name.rpartition("/")[0] for name in names}
        return len(folders.pop()) + 1 if len(folders) == 1 and "/" in names[0] else 0

    def prose(self, statement: Phrase | str) -> str:
        """A statement as a sentence without control characters or anything that can be clicked."""
        return visible(defanged(render(statement, self.lang), self.hide))

    def raw(self, statement: Phrase | str) -> str:
        """The same for evidence: shown as it was, but harmless to a terminal."""
        return visible(render(statement, self.lang), TEXT_LIMIT)


def report(found: Investigation, lang: str = "en", case: str = "CASE") -> Report:
    """The report in the language; `case` names the case folder in the commands it suggests."""
    view = Report(lang, found, case, attackers(found.findings))
    view.findings = [_finding(view, finding) for finding in found.findings]
    if not found.findings:
        view.nothing = _nothing(view)
    view.hosts = _hosts(view)
    view.hypotheses = [_hypothesis(view, item, "hypothesis") for item in found.hypotheses]
    view.claims = [_hypothesis(view, item, "claim") for item in found.claims]
    view.cleared = [_cleared(view, item) for item in found.cleared]
    view.unproven = [_cleared(view, item) for item in found.unproven]
    view.questions = question_lines(view)
    view.coverage = _coverage(view)
    view.took = _took(view)
    return view


def _nothing(view: Report) -> list[str]:
    tables = view.found.scene.tables
    if not view.found.coverage["flows"]:
        return [view.say("input.nothing")]
    counts = {
        "flows": amount(int(tables["flows"].count().execute()), "flow"),
        "sessions": amount(int(tables["mail_sessions"].count().execute()), "session"),
        "requests": amount(int(tables["proxy_requests"].count().execute()), "request"),
    }
    network = view.found.scene.network
    unseen = [] if network.is_seen else [view.prose(note) for note in network.notes]
    return [*unseen, view.say("report.nothing"), view.say("report.nothing-looked", **counts)]


def _finding(view: Report, finding: Finding) -> FindingView:
    return FindingView(
        kind=finding.kind,
        title=view.say(f"report.kind-{finding.kind}"),
        percent=round(100 * finding.confidence),
        summary=view.prose(finding.summary),
        story=_story(view, finding),
        headline=_lines(view, finding),
        facts=[(round(100 * fact.weight), view.prose(fact.what)) for fact in finding.facts],
        evidence=[_evidence(view, number, row) for number, row in enumerate(finding.evidence, 1)],
        not_proven=[view.prose(text) for text in finding.not_proven],
        could_be=[view.prose(text) for text in finding.could_be],
        techniques=_techniques(view, finding),
        ground=view.say("report.facts" if finding.kind in RELAYING else "report.facts-other"),
        advice=[(view.prose(step.what), step.lines) for step in advice(finding, view.found)],
        mails=_mails(view, finding),
        bursts=_bursts(view, finding),
        finding=finding,
    )


RELAYING = ("open-proxy-relay", "proxy-policy")
"""Kinds that are about SMTP inside a proxy's protocol."""


def _techniques(view: Report, finding: Finding) -> str:
    named = [f"{technique.id} {technique.name}".strip() for technique in finding.techniques]
    if finding.kind in RELAYING:
        return view.say("report.technique-note", techniques=named)
    return view.prose(phrase("report.list", items=named)) if named else ""


def _story(view: Report, finding: Finding) -> str:
    if finding.kind == "open-proxy-relay" and finding.roles["commander"]:
        return view.prose(
            phrase("report.story-relay", proxy=finding.roles["proxy"][:2], commander=finding.roles["commander"])
        )
    return view.prose(phrase("report.story-direct", host=finding.subject)) if finding.kind == "direct-sender" else ""


def _lines(view: Report, finding: Finding) -> list[tuple[str, str]]:
    if "phases" in finding.details:
        return trail_lines(view, finding)
    if "victims" in finding.details:
        return lure_lines(view, finding)
    if finding.kind in ("rule-match", "indicator-match"):
        return match_lines(view, finding)
    return headline(view, finding)


def _evidence(view: Report, number: int, row: Evidence) -> EvidenceRow:
    packets = str(row.first_packet) if row.first_packet == row.last_packet else f"{row.first_packet}-{row.last_packet}"
    capture = view.capture(row.capture)
    if row.last_capture is not None:
        capture += " - " + view.capture(row.last_capture)
    return EvidenceRow(
        number=number,
        table=row.table,
        flow_id=row.flow_id,
        capture=capture,
        packets=packets,
        what=view.raw(row.what),
        carve=f"mailscope carve {view.case} --flow {row.flow_id} -o {row.flow_id}.pcapng",
    )


def _mails(view: Report, finding: Finding) -> list[dict[str, str]]:
    rows = []
    for chain in finding.details.get("chains", []):
        for mail in chain.mails:
            rows.append(
                {
                    "time": clock(mail.start) if mail.start else "-",
                    "from": view.prose(mail.mail_from if mail.mail_from is not None else "-"),
                    "to": view.prose(
                        _recipients(view, [a for a, _code, _text in mail.recipients], mail.recipient_count)
                    ),
                    "subject": view.prose(visible(mail.subject or "-", 120)),
                    "accepted": f"{len(mail.accepted):,}",
                    "refused": f"{len(mail.refused):,}",
                    "result": view.say(f"report.result-{mail.delivered}"),
                    "seen_at": ", ".join(map(view.capture, mail.seen_at)),
                }
            )
    return rows


def _recipients(view: Report, addresses: Sequence[str], count: int) -> str:
    shown = ", ".join(addresses[:3])
    return shown if count <= 3 else view.say("word.and-more", shown=shown, rest=count - 3)


def _bursts(view: Report, finding: Finding) -> str:
    bursts = finding.details.get("bursts", [])
    if not bursts:
        return ""
    largest = max(bursts, key=lambda burst: (burst.mails, burst.sessions))
    return view.say(
        "report.timeline-bursts",
        bursts=len(bursts),
        mails=amount(largest.mails, "mail"),
        start=clock(largest.start),
        end=clock(largest.end),
    )


def _hosts(view: Report) -> list[tuple[str, str, str]]:
    """Hosts of the findings first, then the owner's servers and proxies."""
    rows: dict[str, tuple[str, str, str]] = {}
    for item in view.findings:
        for role, addresses in item.finding.roles.items():
            for address in addresses if role not in NO_HOSTS else ():
                if "@" in address:
                    continue  # the mailbox of a person
                why = view.found.scene.hosts.by_address.get(address)
                reasons = "; ".join(view.prose(text) for text in why.roles.values()) if why else ""
                reasons = reasons or view.say(f"report.why-{role}")
                rows.setdefault(address, (view.prose(address), view.say(f"report.{role}"), reasons))
    for address, host in sorted(view.found.scene.hosts.by_address.items()):
        if address not in rows and not view.found.scene.network.is_outside(address) and len(rows) < 60:
            reasons = "; ".join(view.prose(text) for text in host.roles.values())
            roles = ", ".join(view.say(f"report.role-{role}") for role in sorted(host.roles))
            rows[address] = (view.prose(address), roles, reasons)
    return list(rows.values())


def _hypothesis(view: Report, item: Hypothesis, prefix: str) -> tuple[str, str, str]:
    name = view.say(f"{prefix}.name-{item.name}")
    return name, item.verdict, view.prose(item.why)


def _cleared(view: Report, item: Cleared) -> tuple[str, str]:
    return view.prose(visible(item.subject, 120)), visible(view.prose(item.why), 600)


def _coverage(view: Report) -> list[str]:
    found, data = view.found, view.found.coverage
    lines = [
        view.say(
            "report.coverage-inputs",
            name=view.capture(str(entry.get("name") or entry.get("path"))),
            packets=amount(int(entry.get("packets") or 0), "packet"),
            first=_moment(entry.get("first")),
            last=_moment(entry.get("last")),
            end=view.prose(ended(entry)),
        )
        for entry in found.inputs
    ]
    sides = data["sides"]
    one = sum(count for name, count in sides.items() if name != "both")
    lines.append(
        view.say("report.coverage-flows", flows=amount(data["flows"], "flow"), both=sides.get("both", 0), one=one)
    )
    lines.append(
        view.say(
            "report.coverage-loss",
            gap=data["gap_bytes"] or 0,
            cut=data["cut_packets"] or 0,
            drops=data["drops"],
        )
    )
    network, domains = found.scene.network, found.scene.domains
    how = view.say("report.given" if network.how == "given" else "report.inferred")
    lines.append(
        f"{view.say('report.network')}: {', '.join(map(str, network.prefixes)) or view.say('word.unknown')} ({how})"
    )
    how = view.say("report.given" if domains.how == "given" else "report.inferred")
    own = visible(", ".join(sorted(domains.own)), TEXT_LIMIT)
    lines.append(f"{view.say('report.domains')}: {own or view.say('word.unknown')}" + (f" ({how})" if own else ""))
    lines += [view.prose(note) for note in network.notes]
    lines += _clocks(view)
    if data["mail_port_flows_without_mail"]:
        silent = view.say("input.no-payload")
        apps = [
            f"{silent if name == 'none' else name} {count:,}"
            for name, count in data["mail_port_flows_without_mail"].items()
        ]
        lines.append(view.prose(phrase("report.coverage-undecoded", apps=apps)))
    if data["searched_for"]:
        values = {"needles": data["searched_for"], "forms": data["searched_forms"]}
        lines.append(view.prose(phrase("report.coverage-search", **values)))
        seen = [f"{view.say('report.sightings-' + name)} {count:,}" for name, count in data["sightings"].items()]
        lines.append(view.prose(phrase("report.coverage-sightings", sightings=seen)))
        if data["sightings_cut"]:
            lines.append(view.prose(phrase("report.coverage-sightings-cut")))
    if left := data.get("patterns_not_read"):
        patterns = amount(len(left), "pattern")
        lines.append(view.prose(phrase("rules.not-read", patterns=patterns, texts=[one["pattern"] for one in left])))
    return lines


def _clocks(view: Report) -> list[str]:
    """How far the clocks of captures are apart: by packets that both hold, else by conversations on both legs."""
    apart = [
        (entry["clock_reference"], entry.get("name") or entry.get("path"), entry["clock_offset_us"] / 1e6)
        for entry in view.found.inputs
        if entry.get("clock_offset_us")
    ]
    apart += [(row["from"], row["to"], row["seconds"]) for row in view.found.coverage["clock_offsets"]]
    return [
        view.say(
            "report.coverage-clock",
            one=visible(str(one)),
            other=visible(str(other)),
            seconds=f"{abs(seconds):.3g}",
            how=view.say("report.coverage-clock-ahead" if seconds > 0 else "report.coverage-clock-behind"),
        )
        for one, other, seconds in apart
        if seconds
    ]


def _took(view: Report) -> str:
    total = sum(int(entry.get("bytes") or 0) for entry in view.found.inputs)
    if total < SMALL_BYTES:
        return view.say("report.took-small", seconds=f"{view.found.seconds:.1f}")
    minutes = view.found.seconds / 60 / (total / 1e9)
    return view.say(
        "report.took",
        seconds=f"{view.found.seconds:.1f}",
        per_gb=view.say("report.minutes", minutes=f"{minutes:.1f}"),
    )


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return clock(value)
    return visible(str(value))[:19].replace("T", " ") if value else "-"
