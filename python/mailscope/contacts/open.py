"""A registry by its name on the command line: a file, a database URL, or a folder of sources read as it is."""

from pathlib import Path

from mailscope.contacts.gather import gather
from mailscope.contacts.lookup import Registry

FILE = "registry.sqlite"
"""The registry in a folder."""


def open_registry(name: str) -> Registry:
    """The registry of that name.

    Raises:
        InputError: there is none.

    """
    path = Path(name)
    if path.is_dir() and not (path / FILE).is_file():
        return Registry(gather([path]))
    from mailscope.contacts.registry_store import load

    return Registry(load(url_of(name)))


def url_of(name: str) -> str:
    """The database URL of a file, folder or URL."""
    if "://" in name:
        return name
    path = Path(name)
    return f"sqlite:///{path / FILE if path.is_dir() else path}"
