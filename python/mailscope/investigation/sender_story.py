"""One row of figures put into words: why a host stands in the queue, what was compared, what else it could be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

from mailscope.detect.port_profile import AMPLIFIERS
from mailscope.detect.senders.conversations import MAIL_PORTS
from mailscope.detect.senders.figures import Window
from mailscope.detect.senders.signals import SIGNALS
from mailscope.detect.senders.sweeps import LEAST_TARGETS, UNANSWERED_SHARE
from mailscope.wording import Phrase, amount, phrase

SHOWN_FROM = 0.1
"""Signals weaker than this are left out of the sentence; the figures keep them."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason for suspicion: its weight, 0 to 1, and what was seen."""

    name: str
    weight: float
    what: Phrase


@dataclass(slots=True)
class Sender:
    """A host that sends mail: what the queue says of it, in which figures, and what else it could be."""

    subject: str
    verdict: str
    cleared_as: str | None
    score: float
    why: Phrase
    reason: Phrase | None
    figures: dict[str, Any]
    signals: list[Signal] = field(default_factory=list)
    could_be: list[Phrase] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None
    trend: list[int] = field(default_factory=list)
    """Flows in equal parts of the window, oldest first; empty unless asked for."""
    mail_log: dict[str, Any] | None = None
    """What stored mail logs say of it in the window; None where there are none."""


@dataclass(slots=True)
class Other:
    """A host that scans or floods."""

    subject: str
    kind: str
    why: Phrase
    figures: dict[str, Any]
    could_be: list[Phrase] = field(default_factory=list)


def sender_of(row: Mapping[str, Any], window: Window, roles: Mapping[str, str]) -> Sender:
    """The sender that a row of `verdicts` tells of."""
    if row["verdict"] == "ordinary":
        row = {**row, "cleared_as": None}
    signals = _signals(row)
    role = roles.get(row["subject"])
    sent, reason = _sent(row, window), _reason(row, signals, role)
    return Sender(
        subject=row["subject"],
        verdict=row["verdict"],
        cleared_as=role if row["cleared_as"] == "confirmed" else row["cleared_as"],
        score=round(float(row["score"]), 3),
        why=phrase("senders.why", sent=sent, reason=reason) if reason else sent,
        reason=reason,
        figures=_figures(row, window),
        signals=signals,
        could_be=_could_be(row),
        first=_utc(row["first"]),
        last=_utc(row["last"]),
    )


def _signals(row: Mapping[str, Any]) -> list[Signal]:
    found = [(name, float(row[f"signal_{name}"] or 0.0)) for name in SIGNALS]
    told = [Signal(name.replace("_", "-"), round(weight, 3), _signal(name, row)) for name, weight in found if weight]
    return sorted(told, key=lambda signal: -signal.weight)


def _signal(name: str, row: Mapping[str, Any]) -> Phrase:
    servers = amount(int(row["destinations"]), "server")
    match name:
        case "many_servers":
            return phrase("senders.many-servers", servers=servers, fence=_number(row["fence"]))
        case "one_contact":
            return phrase("senders.one-contact", flows=amount(_single(row), "flow"), of=f"{int(row['flows']):,}")
        case "unanswered":
            return phrase("senders.unanswered", count=f"{int(row['unanswered_destinations']):,}", servers=servers)
        case "small_transfers":
            return phrase(
                "senders.small-transfers",
                packet=_number(row["bytes_per_packet"]),
                flow=_number(row["bytes_per_flow"]),
                usual=_number(row["base_bytes_per_flow"]),
            )
        case "few_sources":
            return phrase(
                "senders.few-sources",
                sources=amount(int(row["in_sources"]), "source"),
                taken=amount(int(row["in_flows"]), "flow"),
                servers=servers,
            )
        case "alike_messages":
            return phrase(
                "senders.alike-messages",
                messages=f"{int(row['messages']):,}",
                size=_number(row["size_mean"]),
                spread=round(100 * row["size_spread"]),
            )
        case "beyond_history":
            return phrase(
                "senders.beyond-history",
                servers=servers,
                peak=f"{int(row['peak_destinations']):,}",
                days=amount(int(row["days_seen"]), "day"),
            )
        case _:
            return phrase("senders.receives-nothing", servers=row["base_servers"])


def _single(row: Mapping[str, Any]) -> int:
    return int(row["flows"]) - int(row["repeat_flows"])


def _sent(row: Mapping[str, Any], window: Window) -> Phrase:
    return phrase(
        "senders.sent",
        flows=amount(int(row["flows"]), "flow"),
        servers=amount(int(row["destinations"]), "server"),
        during=timedelta(seconds=window.seconds),
    )


def _reason(row: Mapping[str, Any], signals: list[Signal], role: str | None) -> Phrase | None:
    """Why it is cleared, or what makes it suspect; None for an ordinary host."""
    if row["cleared_as"] and row["verdict"] != "watch":
        return phrase("senders.cleared", reason=_cleared(row, role))
    reasons = [signal.what for signal in signals if signal.weight >= SHOWN_FROM]
    if not reasons:
        return None
    joined = reduce(lambda one, other: phrase("senders.and", one=one, other=other), reasons)
    if row["cleared_as"]:
        return phrase("senders.doubtful", reason=_cleared(row, role), signals=joined)
    return joined


def _cleared(row: Mapping[str, Any], role: str | None) -> Phrase:
    match row["cleared_as"]:
        case "confirmed":
            return phrase("senders.cleared-confirmed", role=role or "")
        case "mail-server":
            return phrase("senders.cleared-mail-server", sources=amount(int(row["in_sources"]), "source"))
        case "inside-relay":
            return phrase("senders.cleared-inside-relay", clients=amount(int(row["in_own_sources"]), "client"))
        case "monitor":
            return phrase("senders.cleared-monitor", flow=_number(row["bytes_per_flow"]))
        case "few-servers":
            return phrase("senders.cleared-few-servers", servers=amount(int(row["destinations"]), "server"))
        case "known-sender":
            return phrase(
                "senders.cleared-known-sender",
                share=round(100 * row["known_share"]),
                days=amount(int(row["days_seen"]), "day"),
                usual=_number(row["usual_destinations"]),
            )
        case "newsletter":
            lasted = _utc(row["last"]) - _utc(row["first"])
            return phrase("senders.cleared-newsletter", lasted=lasted, flow=_number(row["bytes_per_flow"]))
        case _:
            times = round(row["flows"] / row["destinations"], 1)
            share = round(100 * row["repeat_share"])
            return phrase("senders.cleared-steady-sender", times=times, share=share)


def _could_be(row: Mapping[str, Any]) -> list[Phrase]:
    """What looks the same without being abuse, or, for a cleared host, with being it."""
    if row["verdict"] == "cleared":
        return [phrase("senders.could-hide")] if row["cleared_as"] not in ("few-servers", "monitor") else []
    if row["is_open_relay"]:
        return [phrase("senders.could-be-gateway")]
    if row["are_alike"] and row["cleared_as"]:
        return [phrase("senders.could-be-program"), phrase("senders.could-hide")]
    found = [phrase("senders.could-be-mail-server")]
    if row["unanswered_destinations"] >= max(LEAST_TARGETS, UNANSWERED_SHARE * row["destinations"]):
        found.append(phrase("senders.could-be-random-scan"))
    return [*found, phrase("senders.could-be-stale-list")] if row["unanswered_destinations"] else found


def _figures(row: Mapping[str, Any], window: Window) -> dict[str, Any]:
    """The figures as plain numbers, for JSON; null where the records do not tell."""
    counts = (
        *("flows", "destinations", "failed", "unanswered_destinations", "repeat_flows", "most_flows"),
        *("packets", "bytes", "hours_active", "active_slots", "busiest_slot"),
        *("in_flows", "in_sources", "in_own_sources", "sampling", "days_seen", "peak_destinations"),
    )
    shares = ("fan_out", "failed_share", "repeat_share", "bytes_per_packet", "bytes_per_flow", "fence", "known_share")
    return {
        **{name: _whole(row[name]) for name in counts},
        **{name: _rounded(row[name]) for name in shares},
        "usual_destinations": _rounded(row["usual_destinations"]),
        "answered_share": _rounded(1 - row["failed_share"]),
        "ports": {str(port): int(row[f"flows_{port}"]) for port in MAIL_PORTS if row[f"flows_{port}"]},
        "slot_seconds": window.slot_seconds,
        "sampling_error_percent": _rounded(row["sampling_error_percent"]),
        "over_30": bool(row["over_30"]),
        "over_100": bool(row["over_100"]),
    }


def other_of(row: Mapping[str, Any]) -> Other:
    """The scan or flood that a row of `port_profile.matches` tells of."""
    values = {
        "port": row["port"],
        "targets": amount(int(row["targets"]), "target"),
        "flows": amount(int(row["flows"]), "attempt"),
        "failed": f"{int(row['failed']):,}",
        "packets": amount(int(row["packets"]), "packet"),
        "most": f"{int(max(row['most_flows'], row['most_packets'] if 'ping' in row['kind'] else 0)):,}",
        "during": _utc(row["last"]) - _utc(row["first"]),
    }
    counts = ("port", "targets", "failed_targets", "flows", "failed", "packets", "bytes", "most_flows", "most_packets")
    return Other(
        row["subject"],
        row["kind"],
        phrase(f"senders.{row['kind']}", **values),
        {**{name: _whole(row[name]) for name in counts}, **_times(row)},
        [phrase(f"senders.could-be-{row['kind']}")],
    )


def reflection_of(row: Mapping[str, Any]) -> Other:
    """The amplification that a row of `amplification.reflections` tells of."""
    service = AMPLIFIERS[int(row["port"])]
    why = phrase(
        f"senders.amplification-{row['role']}",
        service=service.upper(),
        peers=amount(int(row["peers"]), "address"),
        answered=f"{int(row['answered_bytes']):,}",
        asked=f"{int(row['asked_bytes']):,}",
    )
    figures = {name: _whole(row[name]) for name in ("port", "peers", "asked_bytes", "answered_bytes")}
    kind = f"{service}-amplification" if row["role"] == "reflector" else f"{service}-amplification-target"
    return Other(row["subject"], kind, why, {**figures, **_times(row)}, [phrase("senders.could-be-amplification")])


def _times(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: _utc(row[name]).isoformat().replace("+00:00", "Z") for name in ("first", "last")}


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _rounded(value: Any) -> float | None:
    return None if value is None or value != value else round(float(value), 3)


def _number(value: Any) -> str:
    return "?" if value is None or value != value else f"{value:,.0f}"
