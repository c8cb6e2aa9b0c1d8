"""Which column of a reported table is the accused address, its port, the time and the kind.

Names differ between senders and years, so they are compared without case, blanks and punctuation. A table
without a heading is read by what stands in its cells.
"""

import re
from dataclasses import dataclass

from mailscope.desk.complaints.addresses import canonical
from mailscope.desk.complaints.times import parsed

_ADDRESS = "srcip sourceip networksourceipv4 attackerip clientip remoteip botip infectedip srcaddr sourceaddress ip ipaddress ipaddr src source attacker host address addr envremoteaddr".split()  # noqa: SIM905
_PORT = "srcport sourceport networksourceport clientport port".split()  # noqa: SIM905
_TIME = [
    "timestamp",
    "sourcetime",
    "eventtime",
    "timesource",
    "firstseen",
    "firstreporteddatetime",
    "adddate",
    "datetime",
    "detected",
    "seen",
    "starttime",
    "time",
    "date",
    "lastseen",
    "lastreporteddatetime",
    "observationtime",
    "ts",
    "timeobservation",
    "activitystart",
    "dateutc",
    "timeutc",
    "timestamputc",
    "datetimeutc",
]
_KIND = [
    "category",
    "reporttype",
    "classificationtype",
    "indicatorthreattype",
    "threattype",
    "infectiontype",
    "infection",
    "malware",
    "attack",
    "hackmode",
    "tag",
    "reason",
    "type",
    "service",
    "feed",
    "event",
    "description",
]
_ENOUGH = 0.6
"""Share of the cells of a column without a name that must read as an address or a time."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Numbers of columns; a day may stand apart from its time."""

    address: int
    port: int | None = None
    time: int | None = None
    kind: int | None = None
    day: int | None = None
    verdict: int | None = None
    """A column that may say of a row that it is no complaint."""


def of_heading(heading: list[str]) -> Columns | None:
    """By name; None where no name is one for an address."""
    plain = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in heading]
    address = _first(plain, _ADDRESS)
    if address is None:
        return None
    day = plain.index("eventdate") if "eventdate" in plain else None
    return Columns(
        address, _first(plain, _PORT), _first(plain, _TIME), _first(plain, _KIND), day, _first(plain, ["filterresult"])
    )


def of_cells(rows: list[list[str]]) -> Columns | None:
    """By content; None where no column holds addresses."""
    sample = [row for row in rows[:20] if len(row) > 1]
    width = min((len(row) for row in sample), default=0)
    address = _most(sample, width, lambda cell: canonical(cell) is not None)
    if address is None:
        return None
    return Columns(address, time=_most(sample, width, lambda cell: parsed(cell) is not None))


def cell(row: list[str], column: int | None) -> str:
    """A cell without its quotes; empty where there is none."""
    return row[column].strip().strip('"') if column is not None and column < len(row) else ""


def _first(plain: list[str], names: list[str]) -> int | None:
    return next((plain.index(name) for name in names if name in plain), None)


def _most(rows: list[list[str]], width: int, is_one) -> int | None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    for column in range(width):
        if rows and sum(is_one(cell(row, column)) for row in rows) >= _ENOUGH * len(rows):
            return column
    return None
