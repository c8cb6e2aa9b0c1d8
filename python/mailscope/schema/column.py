"""What one column of a table is: its type in Arrow's words, whether it may be empty, its meaning."""

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, get_type_hints


class Column(NamedTuple):
    """One documented column, as the core defines it."""

    name: str
    type: str
    nullable: bool
    meaning: str


class TableSchema(NamedTuple):
    """One documented table; `record` is the class of its rows."""

    name: str
    meaning: str
    record: "type[Record]"
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a table with a typed attribute for every column."""


def column(type_: str, meaning: str, *, nullable: bool = False) -> Any:
    """The field of a record class that stands for a column."""
    return field(metadata={"type": type_, "meaning": meaning, "nullable": nullable})


def table_of(name: str, record: "type[Record]") -> TableSchema:
    """The documented table whose rows `record` describes."""
    columns = tuple(
        Column(f.name, f.metadata["type"], f.metadata["nullable"], f.metadata["meaning"]) for f in fields(record)
    )
    return TableSchema(name, (record.__doc__ or "").strip(), record, columns)


def python_types(record: "type[Record]") -> dict[str, Any]:
    """Column name to the Python type of its values."""
    return get_type_hints(record)
