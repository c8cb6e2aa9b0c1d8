"""Did an attack on a web application work: what came back, beside what the same page usually answers.

What it flags
    For each client, page and class of attack: delays that were asked for, answers that grew by what a query brought
    back, log-in forms that let in, errors of the database, contents of system files, output of commands, script that
    comes back unchanged.
Why it matters
    Most attacks fail; the one that worked is the weakness to close.
What it can get wrong
    A page that shows what was searched for grows with the query: answers that repeat the value are not counted. A
    slow server looks like a delay; two are asked for.
Evidence
    Rows of `http_requests`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.password_guessing import REFUSING, returns_to_form
from mailscope.detect.runs import first_row, path_of

FILE_SIGNS = frozenset(("passwd-file", "shadow-file", "configuration-file", "source-code", "private-key", "phpinfo"))
DATA_SIGNS = frozenset(("table-dump", "constant-answered"))
OUTPUT_SIGNS = frozenset(("command-output-uid", "command-output-listing", "network-configuration", "system-version"))
ERROR_SIGNS = frozenset(("sql-error", "php-error", "stack-trace"))
READS = frozenset(("path-traversal", "file-inclusion", "xml-external-entity", "server-side-request-forgery"))
RUNS = frozenset(
    ("command-injection", "code-injection", "template-injection", "expression-injection", "deserialisation")
)

DELAYS_LEAST = 2
"""Answers delayed as asked, from which on the delay is no accident."""

ANSWERS_LEAST = 4
"""Answers from which on it tells something that they are of few kinds."""

LETTERS_LEAST, LETTERS_KINDS, LETTERS_SHARE = 20, 4, 0.1
"""Questions for single letters of the data, the most kinds of answers to them, and the least share of the rarer ones,
from which on it is plain that the answers tell the letters (blind injection).
"""

GROWTH_BYTES = 8
"""Bytes by which an answer must exceed the page's largest ordinary one."""

SHOWN = 20
"""Values, names and tables kept in a row."""

LINE = ("method", "uri", "status")
"""What says of a request which one it is."""

_SLEEP = r"(?:sleep\s*\(?\s*|delay\s*'?\d+:\d+:|receive_message\s*\([^,]*,\s*|ping\s+-[nc]\s+)(\d{1,3})"
_TABLE = r"\b(?:from|into|join)\s+[`\"\[]?([a-z_][\w$]*(?:[`\"\]]?\.[`\"\[]?[a-z_][\w$]*)?)"
_CATALOGUES = (
    r"information_schema|sqlite_(temp_)?master|pg_\w+|sys\w*|dual|all_\w+|user_\w+|mysql|msys\w+|"
    r"rdb\$\w+|v\$\w+|versions|generate_series|domain\.\w+"
)
_ALWAYS_TRUE = r"\bor\b\s*\(?\s*(\d+\s*=\s*\d+|'(\w*)'\s*=\s*'\w*|true|1\s*(--|#|$))"
_LETTER = r"\b(?:substr|substring|mid|left|right|ascii|unicode|ord|hex)\s*\(.*[<>=]|\b(?:r?like|regexp|glob|between)\b"
_PRODUCT = r"(\d{1,7})\s*\*\s*(?:\d{1,7})"
_FACTOR = r"(?:\d{1,7})\s*\*\s*(\d{1,7})"
_INNER = r"(?i)accesskeyid|secretaccesskey|\bami-id\b|instance-identity|computemetadata|\bredis_version:"


def attacked_pages(attacks: Table, http_requests: Table) -> Table:
    """By client, server, page and class: counts, sizes and signs of the answers beside the page's usual ones."""
    requests = http_requests.mutate(
        path=path_of(_.uri),
        size=ibis.coalesce(_.response_decoded_bytes, _.response_body_bytes).cast("int64"),
        seconds=(_.answered.epoch_seconds() - _.start.epoch_seconds()).cast("int64"),
    ).select(
        "flow_id", "exchange", "client_addr", "server_addr", "server_port", "path", "status", "size", "seconds",
        "response_body_hash", "response_body_prefix", "response_signs", "start", "capture", "first_packet",
        "last_capture", "last_packet", "method", "uri", "location", "set_cookies",
    )  # fmt: skip
    keys = attacks.select("flow_id", "exchange").distinct()
    usual = _usual(
        requests.anti_join(keys, ["flow_id", "exchange"]).semi_join(
            requests.semi_join(keys, ["flow_id", "exchange"]), ["server_addr", "path"]
        )
    )
    chosen = attacks.select("flow_id", "exchange", "attack", "name", "value", "folded")
    hit = chosen.join(requests, ["flow_id", "exchange"]).left_join(usual, ["server_addr", "server_port", "path"])
    hit = hit.drop(*(name for name in hit.columns if name.endswith("_right")))
    return _pages(_observed(hit))


def _usual(requests: Table) -> Table:
    return requests.group_by(["server_addr", "server_port", "path"]).agg(
        usual_size=_.size.max(where=_.status < 400),
        usual_ok=(_.status < 400).sum(),
        usual_seconds=_.seconds.median(),
        usual_forms=_shows_form(requests).sum(),
        usual_refusals=((requests.method == "POST") & _shows_form(requests)).fill_null(False).sum(),
        usual_signs=_.response_signs.join(" ").collect(distinct=True).sort()[:SHOWN],
    )


def _shows_form(requests: Table) -> Any:
    """True for an answer that asks for a password, or says that the one given was wrong."""
    return (requests.status < 500) & requests.response_signs.join(" ").re_search(REFUSING)


def _observed(hit: Table) -> Table:
    """Each attack with what its answer shows."""
    claimed = hit.folded.re_extract(_SLEEP, 1).try_cast("int64").fill_null(0)
    product = (
        hit.folded.re_extract(_PRODUCT, 1).try_cast("int64") * hit.folded.re_extract(_FACTOR, 1).try_cast("int64")
    ).cast("string")
    prefix = hit.response_body_prefix.fill_null("")
    is_ok = (hit.status < 300).fill_null(False)
    reflected = (hit.value.length() >= 6) & prefix.contains(hit.value[:60])
    is_query = hit.folded.re_search(r"\bunion\b.*\bselect\b|\bselect\b.*\bfrom\b|json_group|group_concat|string_agg")
    asks_letter = is_query_for_letter(hit.folded)
    kind = hit.status.cast("string") + " " + hit.size.fill_null(0).cast("string")
    of_page = ibis.window(group_by=["client_addr", "server_addr", "server_port", "path", "attack"])
    usual_kind = asks_letter.ifelse(kind, ibis.null("string")).mode().over(of_page)
    grown = hit.size > hit.usual_size.fill_null(0) + GROWTH_BYTES
    goes_on = hit.status.between(300, 399) & ~returns_to_form(hit.location, hit.path)
    return hit.mutate(
        is_ok=is_ok,
        is_let_in=((hit.method == "POST") & goes_on & (hit.attack == "sql-injection")).fill_null(False),
        is_shut_out=((hit.method == "POST") & _shows_form(hit)).fill_null(False),
        reflected=reflected & is_ok,
        is_delayed=(claimed >= 1) & (hit.seconds >= claimed) & (hit.usual_seconds.fill_null(0) * 2 <= claimed),
        brought=is_query & is_ok & grown & hit.usual_size.notnull() & ~reflected,
        widened=is_ok & grown & hit.usual_size.notnull() & ~reflected & hit.folded.re_search(_ALWAYS_TRUE),
        # Numbers of one or two digits stand in any page.
        computed=(prefix.contains(product) & ~hit.value.contains(product) & (product.length() >= 3)).fill_null(False)
        & is_ok,
        is_inner=is_ok & prefix.re_search(_INNER),
        table=hit.folded.re_extract(_TABLE, 1),
        letter_kind=(asks_letter & kind.notnull()).ifelse(kind, ibis.null("string")),
        is_rare_letter=(asks_letter & (kind != usual_kind)).fill_null(False),
        signs_text=hit.response_signs.join(" "),
    ).mutate(
        shows=_.brought
        | _.is_delayed
        | _.computed
        | _.is_inner
        | (_.is_let_in & (_.usual_forms > 0).fill_null(False))
        | _.signs_text.re_search(_any_of(FILE_SIGNS | OUTPUT_SIGNS | DATA_SIGNS)),
        hints=_.reflected
        | _.widened
        | (_.status >= 500).fill_null(False)
        | _.signs_text.re_search(_any_of(ERROR_SIGNS)),
    )


def is_query_for_letter(folded: Any) -> Any:
    """Values that compare a piece of what a query brings: the question is put once for each letter or bit of it."""
    return folded.re_search(r"\bselect\b") & folded.re_search(_LETTER)


def _any_of(signs: frozenset[str]) -> str:
    return "|".join(sorted(signs))


def _pages(rows: Table) -> Table:
    named = (rows.table.length() > 0) & ~rows.table.re_search(rf"^({_CATALOGUES})(\b|$)")
    return rows.group_by(["client_addr", "server_addr", "server_port", "path", "attack"]).agg(
        requests=_.flow_id.nunique(),
        values=_.folded.nunique(),
        ok=_.is_ok.sum(),
        refused=_.status.isin([401, 403, 404, 405, 406, 410, 429]).sum(),
        errors=(_.status >= 500).sum(),
        answered=_.status.count(),
        answers=_.size.nunique(where=_.is_ok),
        delayed=_.is_delayed.sum(),
        brought=_.brought.sum(),
        brought_bytes=(_.size - _.usual_size).sum(where=_.brought),
        widened=_.widened.sum(),
        letters=_.letter_kind.count(),
        letter_kinds=_.letter_kind.nunique(),
        rare_letters=_.is_rare_letter.sum(),
        reflected=_.reflected.sum(),
        computed=_.computed.sum(),
        inner=_.is_inner.sum(),
        let_in=_.is_let_in.sum(),
        let_in_anew=(_.is_let_in & (_.set_cookies.length() > 0)).sum(),
        shut_out=_.is_shut_out.sum(),
        usual_forms=_.usual_forms.max(),
        usual_refusals=_.usual_refusals.max(),
        usual_ok=_.usual_ok.max(),
        usual_signs=_.usual_signs.arbitrary(),
        signs=_.signs_text.collect(where=_.signs_text.length() > 0, distinct=True).sort()[:SHOWN],
        names=_.name.collect(distinct=True).sort()[:SHOWN],
        effect_names=_.name.collect(where=_.brought | _.is_delayed | _.computed | _.is_let_in, distinct=True).sort()[
            :SHOWN
        ],
        tables=_.table.collect(where=named & _.brought, distinct=True).sort()[:SHOWN],
        asked_tables=_.table.collect(where=named & _.is_ok, distinct=True).sort()[:SHOWN],
        examples=_.value[:200].collect(distinct=True).sort()[:SHOWN],
        **first_row(_.shows, "effect_", LINE),
        **first_row(_.hints, "hint_", LINE),
    )


def effect(page: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What one page's row shows: `yes`, `likely`, `no` or `unknown`, with the reasons by name."""
    usual = {sign for text in page["usual_signs"] or () for sign in text.split()}
    signs = {sign for text in page["signs"] or () for sign in text.split()} - usual
    sure = _sure(page, signs)
    perhaps = [reason for reason in _perhaps(page, signs) if reason not in sure]
    if sure or perhaps:
        return ("yes" if sure else "likely"), sure + perhaps
    if page["answered"] == 0:
        return "unknown", []
    return ("no", []) if page["refused"] + page["errors"] >= page["answered"] else ("unknown", [])


def _sure(page: Mapping[str, Any], signs: set[str]) -> list[str]:
    """Effects that have no other explanation."""
    is_sql = page["attack"] == "sql-injection"
    reasons = {
        "file-content": (page["attack"] in READS | RUNS or is_sql) and signs & FILE_SIGNS,
        "command-output": page["attack"] in RUNS | READS and signs & OUTPUT_SIGNS,
        "inner-answer": page["attack"] == "server-side-request-forgery" and page["inner"],
        "computed": page["attack"] in RUNS and page["computed"],
        "delay": (page["attack"] in RUNS or is_sql) and page["delayed"] >= DELAYS_LEAST,
        "data-back": is_sql and (page["brought"] or signs & DATA_SIGNS),
        "letter-by-letter": is_sql and _tells_letters(page),
        "login-bypassed": page["let_in"] and (page["shut_out"] or page["usual_refusals"]),
    }
    return [reason for reason, holds in reasons.items() if holds]


def _tells_letters(page: Mapping[str, Any]) -> bool:
    """Many questions for single letters, answered in few ways, none of which is a rare exception."""
    asked, kinds, rare = page["letters"], page["letter_kinds"], page["rare_letters"]
    return bool(asked >= LETTERS_LEAST and 2 <= kinds <= LETTERS_KINDS and rare >= LETTERS_SHARE * asked)


def _perhaps(page: Mapping[str, Any], signs: set[str]) -> list[str]:
    """Effects that could be chance."""
    is_sql = page["attack"] == "sql-injection"
    fails = page["errors"] and (page["usual_ok"] or page["ok"])
    reasons = {
        "database-error": is_sql and (signs & ERROR_SIGNS or fails),
        "answers-differ": is_sql and page["ok"] >= ANSWERS_LEAST and 2 <= page["answers"] <= page["ok"] // 2,
        "all-rows": is_sql and page["widened"],
        "login-bypassed": page["let_in_anew"] and page["usual_forms"],
        "reflected": page["attack"] == "cross-site-scripting" and (page["reflected"] or "markup-answered" in signs),
    }
    return [reason for reason, holds in reasons.items() if holds]
