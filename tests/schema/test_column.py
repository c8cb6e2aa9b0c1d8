"""Record classes tell their columns."""

from dataclasses import dataclass

from mailscope.schema.column import Column, Record, column, table_of


@dataclass(frozen=True, slots=True)
class Ping(Record):
    """One ping."""

    address: str = column("text", "Who.")
    reply: int | None = column("u16", "What came back.", nullable=True)


def test_a_record_class_is_a_documented_table():
    table = table_of("pings", Ping)
    assert (table.name, table.meaning) == ("pings", "One ping.")
    assert table.columns == (Column("address", "text", False, "Who."), Column("reply", "u16", True, "What came back."))
