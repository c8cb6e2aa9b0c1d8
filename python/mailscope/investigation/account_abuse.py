"""The finding `account-abuse`: an account of an own mail server sends what is not its owner's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from mailscope.detect.account_abuse import (
    AccountUse,
    Row,
    account_uses,
    facts,
    foreign_mails,
    logged_in_transactions,
    refused_logins,
    strangers_part,
)
from mailscope.detect.finding import BRUTE_FORCE, MAIL_PROTOCOLS, VALID_ACCOUNTS, Finding, combined, row_evidence
from mailscope.investigation.actor import Account
from mailscope.investigation.conversation import endpoint, rows, utc
from mailscope.investigation.relays import WEAK_NETWORK_FACTOR, accepted_mails
from mailscope.investigation.scene import Scene
from mailscope.wording import amount, phrase

EVIDENCE_MOST = 200
"""Mails listed as evidence; all of them are counted."""


def account_abuse_findings(scene: Scene) -> list[Finding]:
    """One finding for each account that bears the marks."""
    tables = scene.tables
    handed_in = rows(logged_in_transactions(tables["mail_transactions"], tables["mail_sessions"]))
    if not handed_in:
        return []
    uses = account_uses(handed_in, rows(refused_logins(tables["logins"])), scene.network)
    apart = [strangers_part(use, scene.domains) for use in uses]
    return [finding for use in apart if (finding := _finding(scene, use)) is not None]


def _finding(scene: Scene, use: AccountUse) -> Finding | None:
    found = facts(use, scene.domains, scene.network)
    if not found:
        return None
    mails = foreign_mails(use, scene.domains)
    counts = _counts(mails)
    first, last = min(utc(row["start"]) for row in mails), max(utc(row["start"]) for row in mails)
    confidence = combined(found)
    if scene.network.is_weak:
        confidence = round(confidence * WEAK_NETWORK_FACTOR, 3)
    return Finding(
        kind="account-abuse",
        subject=use.server,
        confidence=confidence,
        summary=phrase(
            "account.summary",
            commander=use.clients,
            user=use.user,
            server=use.server,
            mails=amount(counts["mails"], "mail"),
            accepted=accepted_mails(counts),
            since=first,
        ),
        roles={"commander": use.clients, "relay": [use.server], "victim": _next_servers(scene, use.server, mails)},
        facts=found,
        evidence=[
            row_evidence(
                "mail_transactions",
                row,
                phrase(
                    "evidence.account",
                    user=use.user,
                    sender=row["mail_from"] or "<>",
                    recipients=list(row["rcpt_to"] or ()),
                ),
            )
            for row in mails[:EVIDENCE_MOST]
        ],
        not_proven=[phrase("not-proven.account"), phrase("not-proven.behind-commander"), phrase("not-proven.delivery")],
        could_be=[phrase("could-be.list-software")],
        techniques=[
            VALID_ACCOUNTS,
            MAIL_PROTOCOLS,
            *([BRUTE_FORCE] if any(f.name == "password-guessed" for f in found) else []),
        ],
        details={"counts": counts, "first": first, "last": last, "accounts": [_account(use)]},
    )


def _counts(mails: Sequence[Row]) -> dict[str, int]:
    codes = [code for row in mails for code in row["rcpt_codes"] or ()]
    return {
        "sessions": len({row["session_id"] for row in mails}),
        "mails": len(mails),
        "mails_accepted": sum(row["delivered"] == "yes" for row in mails),
        "mails_unknown": sum(row["delivered"] == "unknown" for row in mails),
        "recipients": sum(len(row["rcpt_to"] or ()) for row in mails),
        "recipients_accepted": sum(code is not None and code < 300 for code in codes),
        "recipients_refused": sum(code is not None and code >= 400 for code in codes),
    }


def _account(use: AccountUse) -> Account:
    of_user = [row for row in use.refused_logins if row["user"] == use.user]
    flows = sorted({str(row["flow_id"]) for row in [*of_user, *use.mails]})
    succeeded = len({row["session_id"] for row in use.mails})
    return Account(endpoint(use.server, use.mails[0]["server_port"]), use.user, succeeded, len(of_user), set(), flows)


def _next_servers(scene: Scene, server: str, mails: Iterable[Row]) -> list[str]:
    """Where the own server was seen to hand the mails on to."""
    wanted = {(row["mail_from"], address) for row in mails for address in row["rcpt_to"] or ()}
    reached: Counter[str] = Counter()
    for chain in scene.chains:
        if chain.leg is None or server not in {view.client_addr for view in [chain.leg, *chain.same_leg]}:
            continue
        handed: list[Any] = [(mail.mail_from, recipient[0]) for mail in chain.mails for recipient in mail.recipients]
        reached[chain.leg.server] += any(pair in wanted for pair in handed)
    return [name for name, count in reached.most_common() if count]
