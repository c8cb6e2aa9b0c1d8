"""Values of web requests that are attacks on the application behind the server.

What it flags
    Parameters, paths, cookies and headers whose decoded value is SQL, script, a shell command, a path out of the
    folder, a template or serialised object where plain data belongs. SQL and script are judged together with
    libinjection's verdict of the core, which also sees values that are kept secret.
Why it matters
    It is how a web application is made to do what it should not.
What it can get wrong
    Somebody who writes about SQL or HTML in a form sends such text rightly; so does an editor that posts markup. One
    such value accuses nobody: investigation asks for several, or for an answer that shows an effect.
Evidence
    Rows of `http_parameters`, with the answers in `http_requests`.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.attack_rules import ATTACK_CLASSES, COMMAND, SQL, XSS
from mailscope.detect.runs import path_of

PLAIN = r"^[\w @-]{0,100}$"
"""A value of these characters only is data, unless a word of SQL or the head of an object is in it."""

TELLING = (
    r"\b(or|and|union|select|order by|having|where|like|null|waitfor|exec|drop|insert|delete|update)\b|--|^\w{1,8} -\w|"
)
TELLING += r"^(ro0ab|kztaau|cs7qaf|aced0|h4siaaaa|gasv|tzox)|0x|invoke-|start-|^\w+ who$|__|^id$"
"""Words at which such a value is looked at all the same."""

DOCUMENT = r"^\s*<(\?xml|!doctype|[a-z][\w-]*:[a-z])"
"""A whole XML document, whose markup is its own."""

ODD_PATH = r"(?i)\.\.|//|;|%|['\"<>{}|`$\\]|/etc/|/proc/|web-inf|\.git/|\.svn/|\.env|\.ht(access|passwd)|win\.ini"
"""A path that is looked at, though nothing in it was decoded."""

ODD_FIELD = (
    r"(?i)\$\{|\(\)\s*\{|<\s*[a-z!?/]|'\s*(or|and)\b|\b(select|sleep|waitfor|benchmark)\b.*[(']|\.\./|/etc/|/bin/|"
    r"\{\{|<\?php|/proc/|/root/|\bon\w{3,20}=|&(lt|#60|#x3c);|^(cat|id|ls|wget|curl|dd|nc|whoami)\b( |$)"
)
"""A User-Agent or Referer that is looked at; brackets and semicolons alone are their ordinary text."""


ODD_NAME = r"(?i)['\"<>;`|&\\]|\$\{|\.\./|\(|\s(or|and|union|select)\s|^(ro0ab|kztaau|cs7qaf|\$|java\.)|:/|://"
"""A name of a parameter that is looked at; brackets of arrays are ordinary."""


def values(http_parameters: Table, http_requests: Table) -> Table:
    """Everything a client put into its requests: flow_id, exchange, place, name, value, is_secret, sqli, xss."""
    kept = http_parameters.filter(_.value.notnull() | _.sqli.notnull() | _.xss).select(
        "flow_id", "exchange", "place", "name", "value", "is_secret", "sqli", "xss"
    )
    decoded = http_parameters.filter(_.place == "path").select("flow_id", "exchange").distinct()
    paths = _as_values(http_requests.anti_join(decoded, ["flow_id", "exchange"]), "path", path_of(_.uri), ODD_PATH)
    agents = _as_values(http_requests, "header", _.user_agent, ODD_FIELD)
    referrers = _as_values(http_requests, "header", _.referrer.re_extract(r"^(?:https?://[^?#]*)?(.*)$", 1), ODD_FIELD)
    named = http_parameters.filter(_.name.re_search(ODD_NAME)).select(
        "flow_id", "exchange", "place", "name", value=_.name, is_secret=False, sqli=ibis.null("string"), xss=False
    )
    return kept.union(paths).union(agents).union(referrers).union(named)


def _as_values(http_requests: Table, place: str, value: Any, odd: str) -> Table:
    rows = http_requests.mutate(value=value)
    return rows.filter(_.value.re_search(odd)).select(
        "flow_id",
        "exchange",
        place=ibis.literal(place),
        name=ibis.literal(""),
        value=_.value,
        is_secret=ibis.literal(False),
        sqli=ibis.null("string"),
        xss=ibis.literal(False),
    )


def attack_values(given: Table) -> Table:
    """Those of `values` that are attacks, with `attack` (class slug), `folded` and `bare`."""
    return classified(given).filter(_.attack.notnull())


def classified(given: Table) -> Table:
    """The same rows with columns `folded`, `bare` and `attack`: null for data."""
    value = _.value.fill_null("").lower()
    shaped = given.mutate(folded=value.re_replace(r"/\*.*?\*/", " ").re_replace(r"[ \t\x0b\x0c\x{a0}+]+", " "))
    shaped = shaped.mutate(bare=_.folded.re_replace(r"['\"\\^]|\$@|\$\*|``|[$<>]\(\)", ""))
    return shaped.mutate(attack=_attack(shaped))


def _attack(rows: Table) -> Any:
    is_data = rows.folded.re_search(PLAIN) & ~rows.folded.re_search(TELLING) & rows.sqli.isnull() & ~rows.xss
    branches = [(is_data, ibis.null("string"))]
    for kind in ATTACK_CLASSES:
        fits = rows.folded.re_search(kind.pattern)
        if kind is COMMAND:
            fits = fits | rows.bare.re_search(kind.pattern)
        branches.append((fits, ibis.literal(kind.slug)))
        if kind is SQL:
            branches.append((rows.sqli.notnull() & rows.is_secret, ibis.literal(SQL.slug)))
    branches.append(
        (
            rows.xss & rows.folded.re_search(r"<\s*[a-z!/?]|\bon\w+\s*=") & ~rows.folded.re_search(DOCUMENT),
            ibis.literal(XSS.slug),
        )
    )
    branches.append((rows.sqli.notnull() & rows.folded.re_search(_SQL_MARK), ibis.literal(SQL.slug)))
    return ibis.cases(*branches, else_=ibis.null("string"))


_SQL_MARK = (
    r"['\"`;#]|--|/\*|\b(select|union|or|and|like|having|null|insert|drop|exec|sleep|char)\b.*[=()<>'\"]|[=<>()|]"
)
