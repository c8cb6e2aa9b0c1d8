"""The record classes and the page of tables, from the core's schema."""

import textwrap

from mailscope import _core
from mailscope.schema.mail_log import MAIL_LOG

_PYTHON = {
    "text": "str",
    "bytes": "bytes",
    "bool": "bool",
    "timestamp[us, UTC]": "datetime",
    "u8": "int",
    "u16": "int",
    "u32": "int",
    "u64": "int",
    "i64": "int",
    "f64": "float",
}


def record_name(table: str) -> str:
    """The class of a table's rows: `mail_sessions` is `MailSession`."""
    return "".join(word.capitalize() for word in table.removesuffix("s").split("_"))


def python_type(type_: str, nullable: bool) -> str:
    """How a column's type is spelled in Python."""
    if type_.endswith("?"):
        return python_type(type_[:-1], True)
    inner = f"list[{python_type(type_[5:-1], False)}]" if type_.startswith("list<") else _PYTHON[type_]
    return f"{inner} | None" if nullable else inner


def records_module() -> str:
    """python/mailscope/schema/records.py."""
    lines = [
        '"""One record class a table: made by `make docs` from the core\'s schema; do not edit."""',
        "",
        "from dataclasses import dataclass",
        "from datetime import datetime",
        "",
        "from mailscope.schema.column import Record, column",
    ]
    names = {}
    for table, meaning, columns in _core.schema():
        names[table] = record_name(table)
        lines += ["", "", "@dataclass(frozen=True, slots=True)", f"class {names[table]}(Record):"]
        lines += [f'    """{meaning}"""', ""]
        for name, type_, nullable, text in columns:
            optional = ", nullable=True" if nullable else ""
            spelled = python_type(type_, nullable)
            lines.append(f"    {name}: {spelled} = column({_quoted(type_)}, {_quoted(text)}{optional})")
    lines += ["", "", "RECORDS: dict[str, type[Record]] = {"]
    lines += [f'    "{table}": {name},' for table, name in names.items()]
    return "\n".join([*lines, "}", ""])


def tables_page() -> str:
    """docs/reference/tables.md."""
    schema = [*_core.schema(), (MAIL_LOG.name, MAIL_LOG.meaning, MAIL_LOG.columns)]
    lines = ["# Tables", "", *textwrap.wrap(_INTRODUCTION, 110), ""]
    lines += [f"- [`{table}`](#{table}): {meaning}" for table, meaning, _ in schema]
    for table, meaning, columns in schema:
        lines += ["", f"## {table}", "", f"{meaning} Record class: `{_class_of(table)}`.", ""]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        for name, type_, nullable, text in columns:
            lines.append(f"| `{name}` | {_cell(type_)}{', or null' if nullable else ''} | {_cell(text)} |")
    return "\n".join([*lines, ""])


def _class_of(table: str) -> str:
    return MAIL_LOG.record.__name__ if table == MAIL_LOG.name else record_name(table)


_INTRODUCTION = (
    "Made by `make docs` from the core's schema; `mail_log`, which the core does not make, from `schema/mail_log.py`. "
    "Times are UTC in microseconds; addresses are text in canonical form (RFC 5952); "
    " `list<text?>` may hold nulls. Every row names the flow and the packets it stands on, so that "
    "`mailscope carve` can cut the proof out; "
    "a row of `flow_records` or `mail_log` names its input and its number there. "
    "Text comes from the wire as it was: whoever shows it must neutralise it "
    "(`mailscope.harmless.visible`)."
)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
