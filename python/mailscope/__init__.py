"""Who is sending abusive mail through this network? Captures in, the answer with its proof out."""

TYPE_CHECKING = False  # as type checkers know it; importing typing would cost a third of the start

if TYPE_CHECKING:
    from mailscope.errors import InputError, MailscopeError, StoreError
    from mailscope.ingest.captures import Options, carve, read
    from mailscope.investigation.investigate import Investigation, investigate
    from mailscope.store.case import Case
    from mailscope.store.tables import Table, Tables

# Where each public name lives: loaded at first use, so that starting costs nothing.
_HOMES = {
    "mailscope.errors": ("InputError", "MailscopeError", "StoreError"),
    "mailscope.ingest.captures": ("Options", "carve", "read"),
    "mailscope.investigation.investigate": ("Investigation", "investigate"),
    "mailscope.store.case": ("Case",),
    "mailscope.store.tables": ("Table", "Tables"),
}
__all__ = ["Case", "InputError", "Investigation", "MailscopeError", "Options", "StoreError", "Table", "Tables"]
__all__ += ["carve", "investigate", "read"]


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(__import__(home, fromlist=[name]), name)
    raise AttributeError(f"module 'mailscope' has no attribute {name!r}")
