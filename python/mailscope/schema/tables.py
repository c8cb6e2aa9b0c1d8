"""Every table by name, with its columns and the class of its rows."""

from mailscope.schema.column import TableSchema, table_of
from mailscope.schema.mail_log import MAIL_LOG
from mailscope.schema.records import RECORDS

TABLES: dict[str, TableSchema] = {name: table_of(name, record) for name, record in RECORDS.items()}

STORED = TABLES | {MAIL_LOG.name: MAIL_LOG}
"""The tables that a standing store may have: the core's, and `mail_log`, which is made in Python."""
