"""Who is sending abusive mail through this network? Captures in, the answer with its proof out."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailscope.errors import InputError, MailscopeError, StoreError
    from mailscope.ingest.captures import Options, carve, read
    from mailscope.store.case import Case
    from mailscope.store.tables import Table, Tables

# Where each public name lives: loaded at first use, so that starting costs nothing.
_HOMES = {
    "Case": "mailscope.store.case",
    "InputError": "mailscope.errors",
    "MailscopeError": "mailscope.errors",
    "Options": "mailscope.ingest.captures",
    "StoreError": "mailscope.errors",
    "Table": "mailscope.store.tables",
    "Tables": "mailscope.store.tables",
    "carve": "mailscope.ingest.captures",
    "read": "mailscope.ingest.captures",
}
__all__ = ["Case", "InputError", "MailscopeError", "Options", "StoreError", "Table", "Tables", "carve", "read"]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'mailscope' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
