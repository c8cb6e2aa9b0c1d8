"""Which proxy software a host runs, from what it says of itself in Via and Server fields."""

from __future__ import annotations

import re

SOFTWARE: tuple[tuple[str, str], ...] = (
    ("squid", r"squid"),
    ("tinyproxy", r"tinyproxy"),
    ("privoxy", r"privoxy"),
    ("haproxy", r"haproxy"),
    ("varnish", r"varnish"),
    ("trafficserver", r"ApacheTrafficServer|traffic-?server|\bATS\b"),
    ("apache", r"apache|mod_proxy"),
    ("nginx", r"nginx|openresty"),
    ("ccproxy", r"ccproxy"),
    ("3proxy", r"3proxy"),
    ("dante", r"dante|sockd"),
)
"""Name and pattern, the more particular first."""


def software_named(text: str | None) -> str | None:
    """The proxy software that a Via or Server field names.

    >>> software_named("1.1 gate.example (squid/5.7)")
    'squid'
    """
    for name, pattern in SOFTWARE:
        if re.search(pattern, text or "", re.IGNORECASE):
            return name
    return None
