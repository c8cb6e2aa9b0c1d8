"""One definition of the tables: the core's. Records, and the page of tables, say the same."""

from dataclasses import fields

from scripts import make_docs

from mailscope import _core
from mailscope.schema.column import Column, python_types
from mailscope.schema.tables import TABLES


def test_the_record_classes_have_the_columns_of_the_core():
    core = {table: [Column(*column) for column in columns] for table, _, columns in _core.schema()}
    assert {name: list(table.columns) for name, table in TABLES.items()} == core
    assert {name: table.meaning for name, table in TABLES.items()} == {t: meaning for t, meaning, _ in _core.schema()}


def test_an_attribute_may_be_none_exactly_where_the_column_may_be_null():
    for table in TABLES.values():
        types = python_types(table.record)
        nullable = {column.name for column in table.columns if column.nullable}
        assert {name for name, type_ in types.items() if type(None) in getattr(type_, "__args__", ())} == nullable


def test_every_row_names_its_flow_and_packets():
    for name, table in TABLES.items():
        names = [field.name for field in fields(table.record)]
        if name == "flow_records":  # told by an exporter or a log: there are no packets
            assert names[:5] == ["input", "datagram", "record", "start", "end"]
        else:
            assert names[:5] == ["flow_id", "capture", "first_packet", "last_capture", "last_packet"]


def test_generated_pages_are_up_to_date():
    assert make_docs.stale() == []
