"""Every table by name, with its columns and the class of its rows."""

from mailscope.schema.column import TableSchema, table_of
from mailscope.schema.records import RECORDS

TABLES: dict[str, TableSchema] = {name: table_of(name, record) for name, record in RECORDS.items()}
