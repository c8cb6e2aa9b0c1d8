"""The part of a host name that somebody registered, by the public-suffix list that comes with tldextract."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

CACHED = 65_536
"""Host names remembered."""


@lru_cache(maxsize=1)
def _extract() -> Any:
    import tldextract

    # The bundled list: nothing is fetched, nothing is cached on disk.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)


@lru_cache(maxsize=CACHED)
def registrable(host: str) -> str:
    """The registrable domain of a host name; an address or a name without public suffix as it is.

    >>> registrable("mail.example.co.uk")
    'example.co.uk'
    >>> registrable("a.b.example")
    'b.example'
    """
    host = host.strip("[]. ").lower()
    found = _extract()(host)
    if found.domain and found.suffix:
        return f"{found.domain}.{found.suffix}"
    labels = host.split(".")
    is_address = ":" in host or all(label.isdigit() for label in labels)
    return host if is_address else ".".join(labels[-2:])


@lru_cache(maxsize=CACHED)
def label_of(host: str) -> str:
    """The registered label alone: `example` of `mail.example.co.uk`."""
    return registrable(host).partition(".")[0]


@lru_cache(maxsize=CACHED)
def suffix_of(host: str) -> str:
    """The public suffix: `co.uk` of `mail.example.co.uk`."""
    return registrable(host).partition(".")[2]
