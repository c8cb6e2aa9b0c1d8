"""All sources' answers about a case in one: what was seen, or that nothing was, and who was watching then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mailscope.desk.evidence.moments import MAIL_KINDS, SEEN, Look, Moment, best
from mailscope.wording import Phrase, phrase, render
from mailscope.wording.kept import kept, told

if TYPE_CHECKING:
    from ibis.expr.types import Table
    from sqlalchemy.orm import Session

    from mailscope.desk.records import CaseRecord
    from mailscope.ingest.maillogs.row import Row
    from mailscope.store.case import Case

TABLES = ("findings", "flows", "flow_records", "mails", "commanders")
"""What is kept of rows, each with a cap of its source."""

ROWS_KEPT = 60
"""Rows of one of these tables kept in a case, over all sources."""


def evidence_of(
    moments: Sequence[Moment],
    category: str = "spam",
    *,
    cases: Iterable[Case] = (),
    flows: Iterable[tuple[str, Table]] = (),
    logs: Iterable[tuple[str, Sequence[Row]]] = (),
) -> dict[str, Any]:
    """What the sources show of the moments' addresses, as plain values.

    `moments` has each moment with its verdict by kind of source, `sources` what was looked at and how far it reaches,
    `says` English sentences and `said` the same for any language; the rest is rows, such as `flows` that can be carved.
    """
    from mailscope.desk.evidence import captures, flow_store, mail_logs

    is_mail = category in MAIL_KINDS
    looks = [captures.look(case, moments, is_mail=is_mail) for case in cases]
    looks += [flow_store.look(place, records, moments, is_mail=is_mail) for place, records in flows]
    looks += [mail_logs.look(place, rows, moments) for place, rows in logs]
    return joined(moments, looks)


def joined(moments: Sequence[Moment], looks: Sequence[Look]) -> dict[str, Any]:
    """The looks as one object of plain JSON values."""
    # By their words: a sentence with a list in it cannot be hashed.
    said = list({render(sentence): sentence for look in looks for sentence in look.said}.values())
    verdicts = [best(look.verdicts[number] for look in looks) for number in range(len(moments))]
    if not said:
        said.append(phrase("cases.seen-nothing" if best(verdicts) != "not-watched" else "cases.not-covered"))
    kinds = list(dict.fromkeys(look.kind for look in looks))
    found: dict[str, Any] = {
        "gathered": datetime.now(UTC),
        "verdict": best(verdicts),
        "moments": [
            {
                "address": moment.address,
                "time": moment.time,
                "tolerance_s": moment.tolerance.total_seconds(),
                "port": moment.port,
                "verdict": verdicts[number],
                "by": {kind: best(look.verdicts[number] for look in looks if look.kind == kind) for kind in kinds},
            }
            for number, moment in enumerate(moments)
        ],
        "sources": [_source(look) for look in looks],
        "says": [render(sentence) for sentence in said],
        "said": [kept(sentence) for sentence in said],
    }
    for name in TABLES:
        rows = [row for look in looks for row in look.rows.get(name, ())]
        found[name] = rows[:ROWS_KEPT]
    plain: dict[str, Any] = _plain(found)
    return plain


def sentences(evidence: Mapping[str, Any], lang: str) -> list[str]:
    """What the evidence says, in a language of the wording; older evidence was kept in English alone."""
    if "said" not in evidence:
        return [str(sentence) for sentence in evidence.get("says", ())]
    return [render(sentence, lang) for sentence in phrases(evidence)]


def phrases(evidence: Mapping[str, Any]) -> list[Phrase]:
    """The sentences of kept evidence."""
    return [told(sentence) for sentence in evidence.get("said", ())]


def was_around(evidence: Mapping[str, Any] | None, verdicts: Sequence[str] = (SEEN,)) -> bool:
    """Whether our own records show the address at the times told, or as the named verdicts say."""
    return (evidence or {}).get("verdict") in verdicts


def keep(session: Session, case: CaseRecord, evidence: dict[str, Any], actor: str) -> None:
    """Puts the evidence into the case, and into its history what was looked at and what came of it."""
    from mailscope.desk.cases.history import append

    case.evidence = evidence
    looked_at = [{"kind": source["kind"], "place": source["place"]} for source in evidence["sources"]]
    details = {"verdict": evidence["verdict"], "looked_at": looked_at, "moments": len(evidence["moments"])}
    append(session, case.id, datetime.now(UTC), actor, "evidence", details)


def _source(look: Look) -> dict[str, Any]:
    return {
        "kind": look.kind,
        "place": look.place,
        "first": look.first,
        "last": look.last,
        "verdict": best(look.verdicts),
        "notes": look.notes,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat().replace("+00:00", "Z")
    return value
