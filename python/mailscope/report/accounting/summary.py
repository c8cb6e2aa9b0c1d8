"""The account's figures in one documented structure, from which text, HTML and JSON are made."""

from collections.abc import Mapping, Sequence
from typing import Any

from mailscope.detect.accounting.reasons import CLASSES, REASONS
from mailscope.detect.accounting.sessions import Valid
from mailscope.detect.accounting.totals import DIRECTIONS, FIELDS, PARTS, Account, Cell, is_decoded, is_valid

FORMAT = "mailscope-accounting"
VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""

SAMPLED_SHARE = 0.3
"""With so much of the streams missing, the capture looks sampled rather than lossy."""


def summary(account: Account, valid: Valid, inputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All figures of the report; every group sums to the number beside it."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "valid_means": {"min_packets": valid.min_packets, "min_payload_bytes": valid.min_bytes},
        "inputs": [_input(entry) for entry in inputs],
        "loss": _loss(account, inputs),
        "total": _figures(account),
        "captures": {name: _figures(account.of_capture(name)) for name in account.captures},
    }


def _input(entry: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("name", "sha256", "packets", "bytes", "end", "drops", "undecoded")
    return {name: entry[name] for name in kept if name in entry}


def _figures(account: Account) -> dict[str, Any]:
    decoded = account.count(is_decoded)
    return {
        "sessions": account.count(),
        "directions": _all_of(DIRECTIONS, account.by("direction")),
        "valid": account.count(is_valid),
        "valid_directions": _all_of(DIRECTIONS, account.by("direction", keep=is_valid)),
        "classes": _all_of(CLASSES, account.by("class")),
        "class_port_app": [
            {"class": kind, "port": port, "app": app, "sessions": count}
            for (kind, port, app), count in _ranked(account.by("class", "server_port", "app"))
        ],
        "decoded": decoded,
        "decoded_below_thresholds": account.count(lambda cell: cell["decoded"] and not cell["valid"]),
        "decoded_classes": dict(sorted(account.by("class", keep=is_decoded).items())),
        "decoded_directions": _all_of(DIRECTIONS, account.by("direction", keep=is_decoded)),
        "starttls": account.parts()["starttls"],
        "fields": account.fields(),
        "partition": _all_of(PARTS, account.parts()),
        "none_by_reason": dict(_ranked(account.by("reason", keep=_shows_none))),
        "reasons": [_reason(account, slug) for slug, _ in _ranked(account.by("reason"))],
        "not_visible": _not_visible(account),
    }


def _all_of(names: Sequence[str] | Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts.get(name, 0) for name in names}


def _ranked(counts: Mapping[Any, int]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))


def _shows_none(cell: Cell) -> bool:
    return is_decoded(cell) and cell["part"] == "none"


def _reason(account: Account, slug: str) -> dict[str, Any]:
    def has(cell: Cell) -> bool:
        return bool(cell["reason"] == slug)

    return {
        "reason": slug,
        "meaning": REASONS[slug].meaning,
        "sessions": account.count(has),
        "valid": account.count(lambda cell: has(cell) and is_valid(cell)),
        "directions": _all_of(DIRECTIONS, account.by("direction", keep=has)),
        "with_loss": account.sum("with_loss", has),
    }


def _not_visible(account: Account) -> list[dict[str, Any]]:
    """Decoded sessions captured from the one side that cannot carry the addresses."""
    sides = [
        ("smtp", "s2c", ["mail_from_cmd", "mail_from", "mail_to_cmd", "mail_to"]),
        ("pop3", "c2s", ["mail_from", "mail_to"]),
        ("imap", "c2s", ["mail_from", "mail_to"]),
    ]
    counts = account.by("protocol", "direction", keep=is_decoded)
    return [
        {"protocol": protocol, "direction": direction, "fields": fields, "sessions": counts[protocol, direction]}
        for protocol, direction, fields in sides
        if counts[protocol, direction]
    ]


def _loss(account: Account, inputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    missing, seen = account.sum("missing_bytes"), account.sum("payload_bytes")
    share = missing / (missing + seen) if missing else 0.0
    return {
        "missing_bytes": missing,
        "missing_share": round(share, 4),
        "sessions_with_loss": account.sum("with_loss"),
        "cut_packets": account.sum("cut_packets"),
        "conflicting_bytes": account.sum("conflicting_bytes"),
        "dropped_by_capture": sum(int(entry.get("drops") or 0) for entry in inputs),
        "looks_sampled": share >= SAMPLED_SHARE,
        "incomplete_inputs": [str(entry.get("name")) for entry in inputs if entry.get("end", "complete") != "complete"],
    }


def percent(part: int, whole: int) -> str:
    """`7.7 %`; a dash when there is nothing to take a share of.

    >>> percent(971, 12670)
    '7.7 %'
    """
    return f"{100 * part / whole:.1f} %" if whole else "-"


FIELD_NAMES = {name: name.upper() for name in FIELDS}
"""Names of the four fields as reports show them."""
