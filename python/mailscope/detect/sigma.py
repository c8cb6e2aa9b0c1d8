"""Sigma rules over Mailscope's tables: a rule's condition becomes one Ibis expression over one table.

Log sources: `product: mailscope` with a table's name as `category` uses the columns as they are. The usual categories
`webserver`, `proxy`, `dns`, `firewall` and `network_connection` are mapped (`FIELDS`). Matching ignores case unless a
rule says `cased`, as Sigma's specification has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailscope.errors import UsageError
from mailscope.schema.tables import TABLES

if TYPE_CHECKING:
    from sigma.rule import SigmaRule

STARTER = Path(__file__).with_name("rules")
"""The rules that come with Mailscope."""

FILE_LIMIT = 1 << 20
RULE_LIMIT = 5000

FIELDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "webserver": (
        "http_requests",
        {
            "cs-method": "method", "cs-uri": "uri", "c-uri": "uri", "cs-uri-stem": "uri", "cs-uri-query": "uri",
            "c-uri-query": "uri", "cs-host": "host", "sc-status": "status", "cs-user-agent": "user_agent",
            "c-useragent": "user_agent", "cs-referer": "referrer", "cs-referrer": "referrer", "c-ip": "client_addr",
            "s-ip": "server_addr", "s-port": "server_port", "cs-username": "auth_user",
            "sc-bytes": "response_body_bytes", "cs-bytes": "request_body_bytes",
        },
    ),
    "dns": (
        "dns_answers",
        {"query": "query", "QueryName": "query", "answer": "answer", "record_type": "qtype", "src_ip": "client_addr"},
    ),
    "network_connection": (
        "flows",
        {
            "src_ip": "orig_addr", "src_port": "orig_port", "dst_ip": "resp_addr", "dst_port": "resp_port",
            "SourceIp": "orig_addr", "SourcePort": "orig_port", "DestinationIp": "resp_addr",
            "DestinationPort": "resp_port", "Protocol": "proto", "protocol": "proto",
        },
    ),
}  # fmt: skip
FIELDS = {**FIELDS, "proxy": FIELDS["webserver"], "firewall": FIELDS["network_connection"]}

LEVELS: Mapping[str, float] = {"informational": 0.1, "low": 0.25, "medium": 0.5, "high": 0.75, "critical": 0.9}
"""How sure a match is of something wrong, by the rule's own level."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to be asked: `where(table)` is the rows that match."""

    id: str
    title: str
    description: str
    level: str
    table: str
    techniques: tuple[str, ...]
    could_be: tuple[str, ...]
    file: str
    where: Callable[[Any], Any]


def rules(folders: Iterable[Path]) -> list[Rule]:
    """Every rule in the folders' *.yml files; UsageError names file and reason of the first that cannot be used."""
    found: list[Rule] = []
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"`{folder}` is no folder", hint="give the folder in which the rules lie")
        for file in sorted(folder.rglob("*.y*ml")):
            found += _of_file(file)
            if len(found) > RULE_LIMIT:
                raise UsageError(f"there are more than {RULE_LIMIT} rules", hint="give a smaller folder")
    return found


def _of_file(file: Path) -> list[Rule]:
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaError
    from sigma.rule import SigmaRule
    from yaml import YAMLError

    if file.stat().st_size > FILE_LIMIT:
        raise UsageError(f"`{file}` is larger than {FILE_LIMIT} bytes")
    try:
        loaded = SigmaCollection.from_yaml(file.read_text("utf-8")).rules
    except (SigmaError, YAMLError, UnicodeDecodeError, ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"`{file}` is no Sigma rule: {error}") from error
    made = []
    for rule in loaded:
        if not isinstance(rule, SigmaRule):
            raise UsageError(f"`{file}`: correlation rules are not supported", hint="single-event rules are")
        try:
            made.append(_made(rule, file))
        except SigmaError as error:
            raise UsageError(f"`{file}`: {error}") from error
    return made


def _made(rule: SigmaRule, file: Path) -> Rule:
    table, fields = _source(rule, file)
    parsed = [condition.parsed for condition in rule.detection.parsed_condition]

    def where(rows: Any) -> Any:
        return rows.filter(reduce(or_, [_condition(part, rows, fields, file) for part in parsed]))

    _probe(table, parsed, fields, file)
    return Rule(
        id=str(rule.id or file.stem),
        title=str(rule.title),
        description=str(rule.description or ""),
        level=rule.level.name.lower() if rule.level else "medium",
        table=table,
        techniques=tuple(tag.name.upper() for tag in rule.tags if re.fullmatch(r"t\d{4}(\.\d{3})?", tag.name)),
        could_be=tuple(str(text) for text in rule.falsepositives or ()),
        file=str(file),
        where=where,
    )


def _source(rule: SigmaRule, file: Path) -> tuple[str, Mapping[str, str]]:
    source = rule.logsource
    category = source.category or source.service or ""
    if category in FIELDS:
        return FIELDS[category]
    if (source.product or "mailscope") == "mailscope" and category in TABLES:
        return category, {}
    raise UsageError(
        f"`{file}`: no table answers for its log source (product {source.product}, category {source.category})",
        hint="use `product: mailscope` with a table as `category`, or one of " + ", ".join(FIELDS),
    )


def _probe(table: str, parsed: list[Any], fields: Mapping[str, str], file: Path) -> None:
    """Finds an unknown field or feature when the rule is read, not when it is asked."""
    import ibis

    kinds = {"bool": "boolean", "text": "string", "bytes": "binary", "timestamp[us, UTC]": "timestamp('UTC')"}
    schema = {}
    for column in TABLES[table].columns:
        name = column.type.removeprefix("list<").removesuffix(">").removesuffix("?")
        kind = kinds.get(name) or name.replace("u", "uint", 1)
        schema[column.name] = f"array<{kind}>" if column.type.startswith("list<") else kind
    rows = ibis.table(schema, name=table)
    for part in parsed:
        _condition(part, rows, fields, file)


def _condition(part: Any, rows: Any, fields: Mapping[str, str], file: Path) -> Any:
    """A parsed condition as a boolean column."""
    from sigma.conditions import (
        ConditionAND,
        ConditionFieldEqualsValueExpression,
        ConditionNOT,
        ConditionOR,
        ConditionValueExpression,
    )

    match part:
        case ConditionAND():
            return reduce(and_, [_condition(one, rows, fields, file) for one in part.args])
        case ConditionOR():
            return reduce(or_, [_condition(one, rows, fields, file) for one in part.args])
        case ConditionNOT():
            # SQL's NOT of an unknown is unknown: a field that is not there does not match, so its NOT does.
            return ~_condition(part.args[0], rows, fields, file).fill_null(False)
        case ConditionFieldEqualsValueExpression():
            return _field(rows, part.field, part.value, fields, file).fill_null(False)
        case ConditionValueExpression():
            texts = [column.name for column in TABLES[rows.get_name()].columns if column.type == "text"]
            return reduce(or_, [_value(rows[name], part.value, file, rows, fields).fill_null(False) for name in texts])
    raise UsageError(f"`{file}`: the condition uses {type(part).__name__}, which is not supported")


def _field(rows: Any, name: str, value: Any, fields: Mapping[str, str], file: Path) -> Any:
    from sigma.types import SigmaExists, SigmaNull

    column = fields.get(name, name)
    if column not in rows.columns:
        known = ", ".join(sorted(fields)) or ", ".join(rows.columns)
        raise UsageError(f"`{file}`: there is no field `{name}`", hint=f"there are {known}")
    cell = rows[column]
    if isinstance(value, SigmaNull):
        return cell.isnull()
    if isinstance(value, SigmaExists):
        return cell.notnull() if value.exists else cell.isnull()
    if cell.type().is_array():
        return cell.map(lambda one: _value(one, value, file, rows, fields)).anys()
    return _value(cell, value, file, rows, fields)


def _value(cell: Any, value: Any, file: Path, rows: Any, fields: Mapping[str, str]) -> Any:
    """Whether one value of a row is the rule's value."""
    from sigma import types

    match value:
        case types.SigmaExpansion():
            return reduce(or_, [_value(cell, one, file, rows, fields) for one in value.values])
        case types.SigmaString():
            return _text(cell.cast("string"), value, is_cased=isinstance(value, types.SigmaCasedString))
        case types.SigmaCompareExpression():
            number = value.number.number
            return {
                "LT": cell < number, "LTE": cell <= number, "GT": cell > number, "GTE": cell >= number,
                "NEQ": cell != number,
            }[value.op.name]  # fmt: skip
        case types.SigmaNumber():
            return cell.cast("string") == str(value.number)
        case types.SigmaBool():
            return cell == value.boolean if cell.type().is_boolean() else cell.cast("string") == str(value).lower()
        case types.SigmaRegularExpression():
            flags = "".join(sorted({"IGNORECASE": "i", "MULTILINE": "m", "DOTALL": "s"}[f.name] for f in value.flags))
            return cell.cast("string").re_search((f"(?{flags})" if flags else "") + str(value.regexp))
        case types.SigmaCIDRExpression():
            return cell.re_search(_cidr_pattern(str(value.cidr), file))
        case types.SigmaFieldReference():
            other = rows[fields.get(value.field, value.field)].cast("string")
            return cell.cast("string") == other
    raise UsageError(f"`{file}`: {type(value).__name__} is not supported")


def _text(cell: Any, value: Any, *, is_cased: bool) -> Any:
    """Sigma's text with * and ? as one of the cheap comparisons, or as a pattern."""
    from sigma.types import SpecialChars

    many, one = SpecialChars.WILDCARD_MULTI, SpecialChars.WILDCARD_SINGLE
    parts = list(value.s)
    if not is_cased:
        cell = cell.lower()
        parts = [part.lower() if isinstance(part, str) else part for part in parts]
    match parts:
        case []:
            return cell == ""
        case [str(text)]:
            return cell == text
        case [first, str(text), last] if first is many and last is many:
            return cell.contains(text)
        case [str(text), last] if last is many:
            return cell.startswith(text)
        case [first, str(text)] if first is many:
            return cell.endswith(text)
    words = {many: ".*", one: "."}
    return cell.re_search(r"(?s)\A" + "".join(re.escape(p) if isinstance(p, str) else words[p] for p in parts) + r"\z")


def _cidr_pattern(cidr: str, file: Path) -> str:
    """A pattern that an address of the network, written canonically, matches; whole octets or IPv6 groups."""
    import ipaddress

    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError as error:
        raise UsageError(f"`{file}`: {error}") from error
    if network.version == 6:
        if network.prefixlen == 128:
            return rf"^{re.escape(str(network.network_address))}$"
        if network.prefixlen % 16 or network.prefixlen > 64:
            raise UsageError(f"`{file}`: {cidr}: IPv6 prefixes must be /16, /32, /48 or /64")
        groups = network.network_address.exploded.split(":")[: network.prefixlen // 16]
        shortened = ":".join(f"{int(group, 16):x}" for group in groups)
        return rf"^{shortened}(:|$)"
    whole, rest = divmod(network.prefixlen, 8)
    octets = str(network.network_address).split(".")
    fixed = "".join(rf"{octet}\." for octet in octets[:whole])
    if rest:
        first = int(octets[whole])
        span = "|".join(str(number) for number in range(first, first + (1 << (8 - rest))))
        return rf"^{fixed}({span})(\.|$)"
    return rf"^{fixed}" if whole < 4 else rf"^{re.escape(str(network.network_address))}$"
