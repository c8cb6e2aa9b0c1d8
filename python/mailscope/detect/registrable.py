"""The part of a host name that somebody registered, by the public-suffix list that comes with `publicsuffixlist`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

CACHED = 65_536
"""Host names remembered."""


@lru_cache(maxsize=1)
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    # The list that comes with the package: nothing is fetched. Suffixes of companies (github.io) are no registries'.
    return PublicSuffixList(only_icann=True)


@lru_cache(maxsize=CACHED)
def registrable(host: str) -> str:
    """The registrable domain of a host name; an address or a name without public suffix as it is.

    >>> registrable("mail.example.co.uk")
    'example.co.uk'
    >>> registrable("a.b.example")
    'b.example'
    """
    host = host.rpartition("@")[2].strip("[]. ").lower()
    if host.count(":") == 1:
        host = host.partition(":")[0]
    labels = host.split(".")
    if ":" in host or all(label.isdigit() for label in labels):
        return host
    return _suffixes().privatesuffix(host) or ".".join(labels[-2:])


@lru_cache(maxsize=CACHED)
def label_of(host: str) -> str:
    """The registered label alone: `example` of `mail.example.co.uk`."""
    return registrable(host).partition(".")[0]


@lru_cache(maxsize=CACHED)
def suffix_of(host: str) -> str:
    """The public suffix: `co.uk` of `mail.example.co.uk`."""
    return registrable(host).partition(".")[2]
