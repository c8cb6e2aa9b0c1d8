"""The answer of one finding in lines: who, how, since when, how much, by which packet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailscope.detect.finding import Finding
from mailscope.investigation.conversation import endpoint
from mailscope.investigation.relays import accepted_mails
from mailscope.wording import Phrase, amount, phrase

if TYPE_CHECKING:
    from mailscope.investigation.actor import Account
    from mailscope.report.build import Report


def headline(view: Report, finding: Finding) -> list[tuple[str, str]]:
    """The answer in lines: who, how, since when, how much, which packet."""
    details, roles = finding.details, finding.roles
    lines: list[tuple[str, str]] = []

    def add(label: str, value: Phrase | str) -> None:
        lines.append((view.say(f"report.{label}"), view.prose(value)))

    if finding.kind == "open-proxy-relay" or roles.get("commander"):
        add("commander", phrase("report.list", items=roles.get("commander") or [phrase("word.not-seen")]))
    if roles.get("sender"):
        add("sender", phrase("report.list", items=roles["sender"]))
    if roles.get("proxy"):
        add("proxy", phrase("report.list", items=_proxy_words(finding)))
    if roles.get("relay"):
        add("relay", phrase("report.list", items=roles["relay"]))
    if roles.get("victim"):
        add("victims", phrase("report.list", items=roles["victim"]))
    if details.get("command_kinds"):
        add("how", phrase("report.list", items=[phrase(f"relay.how-{kind}") for kind in details["command_kinds"]]))
    if "first" in details:
        add("since", phrase("report.span", first=details["first"], last=phrase("report.until", last=details["last"])))
    add("what", _what(details.get("counts", {})))
    add("sure", f"{round(100 * finding.confidence)} %")
    lines.append((view.say("report.proof"), _proof(view, finding)))
    for account in details.get("accounts", []):
        key, number = _account(account)
        add("account", phrase(key, user=account.user, server=account.server, logins=amount(number, "login")))
    for attempt in details.get("attempts", [])[:5]:
        request = attempt.chain.request
        command = request.command if request is not None else attempt.target
        key = "attempts-cut" if attempt.is_cut else "attempts"
        add(key, phrase("report.attempt", command=command, reply=attempt.reply))
    return lines


def _account(account: Account) -> tuple[str, int]:
    """What is said of an account that was tried, and of how many logins."""
    if account.is_used:
        return "report.account-used", account.succeeded
    if account.failed:
        return "report.account-failed", account.failed
    return "report.account-open", len(account.flow_ids)


def match_lines(view: Report, finding: Finding) -> list[tuple[str, str]]:
    """What the owner's rule or indicator says of itself, and where it stands."""
    details = finding.details
    span = phrase("report.span", first=details["first"], last=phrase("report.until", last=details["last"]))
    told = details.get("rule", {}).get("description") or details.get("indicator", {}).get("comment")
    lines = [(view.say("report.since"), view.prose(span))]
    lines += [(view.say("report.what"), view.prose(str(told)))] if told else []
    places = [f"{place['table']}.{place['column']}: {place['rows']}" for place in details.get("places", [])]
    lines += [(view.say("report.where"), view.prose(phrase("report.list", items=places)))] if places else []
    return lines


def _proxy_words(finding: Finding) -> list[Phrase | str]:
    ports = finding.details.get("proxy_ports", [])
    words: list[Phrase | str] = list(finding.roles["proxy"])
    if len(ports) == 1 and words:
        words[0] = endpoint(words[0], ports[0])
    return words + [phrase("report.also", address=alias) for alias in finding.details.get("aliases", [])]


def _what(counts: dict[str, int]) -> Phrase:
    if "recipients_accepted" not in counts:
        return phrase("report.list", items=[amount(counts.get("mails", 0), "mail")])
    what = phrase(
        "report.what-mails",
        mails=amount(counts["mails"], "mail"),
        accepted=accepted_mails(counts),
        recipients_accepted=amount(counts["recipients_accepted"], "recipient"),
        recipients_refused=counts["recipients_refused"],
        sessions=amount(counts["sessions"], "session"),
    )
    if counts.get("sessions_opaque"):
        opaque = phrase("report.what-opaque", sessions=amount(counts["sessions_opaque"], "session"))
        return phrase("report.list", items=[what, opaque])
    return what


def _proof(view: Report, finding: Finding) -> str:
    """The commanding packet, as evidence: not defanged."""
    for row in finding.evidence:
        if row.table == "proxy_requests" and finding.details.get("chains"):
            chain = next(
                c for c in finding.details["chains"] if c.request is not None and c.request.flow_id == row.flow_id
            )
            command = chain.request.command
            return view.raw(
                phrase(
                    "report.proof-packet",
                    packet=str(row.first_packet),
                    capture=view.capture(row.capture),
                    command=command,
                )
            )
    return view.say("report.proof-none")
