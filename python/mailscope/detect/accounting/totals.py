"""The account's figures, and the sums that must hold among them."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ibis import _
from ibis.expr.types import Table

from mailscope.detect.accounting.reasons import CLASSES, REASONS

DIRECTIONS = ("c2s", "s2c", "both")
"""Which side's packets were captured."""

PARTS = ("starttls", "mail-from-cmd", "other-fields", "none")
"""How decoded sessions divide: TLS after STARTTLS, a MAIL command seen, only other fields seen, no field seen."""

FIELDS = ("mail_from_cmd", "mail_from", "mail_to_cmd", "mail_to")
"""Sender and recipient in the envelope (`_cmd`) and in the message's header, counted apart."""

_KEYS = (
    "capture",
    "direction",
    "class",
    "reason",
    "server_port",
    "app",
    "protocol",
    "via",
    "valid",
    "decoded",
    "part",
    *FIELDS,
)
_SUMS = ("packets", "payload_bytes", "missing_bytes", "cut_packets", "conflicting_bytes")

Cell = dict[str, Any]
"""How many sessions share these properties: the keys, `count`, and sums of packets and bytes."""


class AccountError(AssertionError):
    """The account does not add up: a mistake of the program, never of the input."""


def cells(sessions: Table) -> list[Cell]:
    """The sessions counted by every property the figures need: from here on all is addition."""
    keyed = sessions.mutate(
        app=_.app.cast("string"), capture=_.capture.cast("string"), protocol=_.protocol.fill_null("none")
    )
    sums = {name: keyed[name].sum() for name in _SUMS}
    grouped = keyed.group_by(list(_KEYS)).agg(
        count=_.count(),
        with_loss=((_.missing_bytes > 0) | (_.cut_packets > 0)).sum(),
        **sums,
    )
    rows: list[Cell] = grouped.order_by(list(_KEYS)).to_pyarrow().to_pylist()
    return rows


@dataclass(frozen=True, slots=True)
class Account:
    """The figures of one reading; every method sums the same cells."""

    cells: list[Cell]

    def count(self, keep: Callable[[Cell], bool] = lambda cell: True) -> int:
        """Sessions for which `keep` holds."""
        return sum(int(cell["count"]) for cell in self.cells if keep(cell))

    def by(self, *keys: str, keep: Callable[[Cell], bool] = lambda cell: True) -> Counter[Any]:
        """Sessions by one property, or by a tuple of several."""
        counts: Counter[Any] = Counter()
        for cell in self.cells:
            if keep(cell):
                counts[cell[keys[0]] if len(keys) == 1 else tuple(cell[key] for key in keys)] += int(cell["count"])
        return counts

    def sum(self, what: str, keep: Callable[[Cell], bool] = lambda cell: True) -> int:
        """Sum of packets or bytes."""
        return sum(int(cell[what]) for cell in self.cells if keep(cell))

    def of_capture(self, capture: str) -> "Account":
        """The figures of the sessions that begin in one file."""
        return Account([cell for cell in self.cells if cell["capture"] == capture])

    @property
    def captures(self) -> list[str]:
        """Files in which sessions begin."""
        return sorted({str(cell["capture"]) for cell in self.cells})

    def parts(self) -> Counter[str]:
        """How the decoded valid sessions divide: see PARTS; their sum is `len`."""
        return self.by("part", keep=is_decoded)

    def fields(self) -> dict[str, int]:
        """Decoded valid sessions that show each of the four fields."""
        return {name: self.by(name, keep=is_decoded)[True] for name in FIELDS}


def is_valid(cell: Cell) -> bool:
    """Above the thresholds."""
    return bool(cell["valid"])


def is_decoded(cell: Cell) -> bool:
    """Above the thresholds, and a mail protocol was decoded."""
    return bool(cell["valid"] and cell["decoded"])


def checked(account: Account, sessions: int) -> Account:
    """The same account, once its sums hold; `sessions` is the number of rows it was made of."""
    total = account.count()
    _holds(total == sessions, f"{total} sessions counted, {sessions} there")
    _one_of(account.by("class"), CLASSES, total)
    _one_of(account.by("reason"), REASONS, total)
    _one_of(account.by("direction"), DIRECTIONS, total)
    _one_of(account.parts(), PARTS, account.count(is_decoded))
    for cell in account.cells:
        has_field = any(cell[name] for name in FIELDS)
        _holds(not has_field or cell["decoded"], f"a session shows addresses and counts as undecoded: {cell}")
        _holds(cell["part"] != "none" or not has_field, f"a session shows addresses and counts as showing none: {cell}")
        _holds((cell["part"] == "undecoded") != cell["decoded"], f"decoded and undecoded at once: {cell}")
    return account


def _one_of(counts: Counter[str], allowed: Iterable[str], total: int) -> None:
    strangers = set(counts) - set(allowed)
    _holds(not strangers, f"not of the closed list: {sorted(map(str, strangers))}")
    _holds(sum(counts.values()) == total, f"{dict(counts)} do not sum to {total}")


def _holds(condition: bool, what: str) -> None:
    if not condition:
        raise AccountError(f"the account does not add up: {what}")
