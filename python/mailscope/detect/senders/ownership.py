"""Which addresses are the owner's, as an expression: prefixes against addresses as text."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import reduce
from operator import and_, or_

import ibis
from ibis.expr.types import BooleanValue, StringValue

from mailscope.detect.endpoints import Prefix

_GROUP_BITS = {4: 8, 6: 16}


def is_in(address: StringValue, prefixes: Iterable[Prefix]) -> BooleanValue:
    """True where the address lies in one of the prefixes; without any prefix, everybody may be the owner's."""
    tests = [_within(address, prefix) for prefix in prefixes]
    return reduce(or_, tests) if tests else ibis.literal(True)


def _within(address: StringValue, prefix: Prefix) -> BooleanValue:
    """Leading groups are compared as text, the one in which the prefix ends as a range."""
    bits = _GROUP_BITS[prefix.version]
    whole, rest = divmod(prefix.prefixlen, bits)
    separator = "." if prefix.version == 4 else ":"
    low, high = _groups(prefix.network_address), _groups(prefix.broadcast_address)
    tests = [address.contains(":") if prefix.version == 6 else ~address.contains(":")]
    if prefix.version == 4 and whole:
        # A range of text, which Parquet's statistics tell of; of IPv6, no two spellings begin alike.
        text = ".".join(low[:whole])
        tests = [address == text] if whole == len(low) else [address >= f"{text}.", address < f"{text}/"]
        if rest == 0:
            return reduce(and_, tests)
    parts = address.split(separator)
    width = len(low[0]) if prefix.version == 6 else 3
    begin = whole if prefix.version == 4 else 0
    for index in range(begin, min(whole + (1 if rest else 0), len(low))):
        # "::" leaves an empty group, which stands for zero.
        group = parts[index].fill_null("").lpad(width, "0")
        tests.append(group.between(low[index].rjust(width, "0"), high[index].rjust(width, "0")))
    return reduce(and_, tests)


def _groups(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[str]:
    return address.exploded.split("." if address.version == 4 else ":")
