"""A page that carries out commands: put there by an upload, or seen by what is asked of it.

What it flags
    Files sent to the server that a web server would execute, by name or by what is in them; requests to a page whose
    parameters are commands of a shell or code, from one or two clients only.
Why it matters
    Who can run commands on the server owns it.
What it can get wrong
    Administration pages that take commands exist (a looking glass, a printer's page); a page that many clients ask
    is not flagged.
Evidence
    Rows of `http_parameters` and `http_requests`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.runs import first_row, path_of

EXECUTABLE = (
    r"(?i)\.(php\d?|phtml?|pht|phar|inc|jspx?|jspf|jsw|aspx?|ashx|asmx|asa|cer|cdx|cgi|pl|pm|py|rb|sh|war|cfml?|shtml|"
    r"htaccess)(\W|\x00|$)"
)
"""Names that web servers execute, also with another ending behind."""

PAGE = r"(?i)\.(php\d?|phtml?|pht|phar|jspx?|jspf|jsw|aspx?|ashx|asmx|cfml?|cgi)(\W|$)"
"""Names that a web server executes when asked, where another would be handed out as it is."""

CODE_SIGNS = ("php-tag", "jsp-tag", "asp-tag", "server-configuration")
"""Facts of a file that a server would execute, or that make it execute others, whatever its name."""

COMMAND = (
    r"(?i)^\s*(cd\s+[^;&|]+[;&|]+\s*)?(/\S*/)?(id|whoami|uname|pwd|ls|dir|cat|type|net|ipconfig|ifconfig|ip|netstat|ss|ps|"
    r"tasklist|systeminfo|hostname|w|who|last|env|set|wget|curl|find|grep|echo|head|tail|tar|zip|cp|mv|rm|mkdir|chmod|"
    r"touch|nc|bash|sh|cmd|powershell|python[23]?|perl|php|mysqldump|mysql|sqlite3|crontab|arp|route|ping|nslookup|df|"
    r"mount|lsb_release|locate|which|su|sudo|passwd|useradd|kill|nohup|base64|history|ver|date)(\.exe)?(\s*$|\s*[;|&>]|\s+[-/~.$*\"'\w])"
)
"""A value that a shell would take for a command line."""

TELLING = (
    r"(?i)^\s*(cd\s+[^;&|]+[;&|]+\s*)?(/\S*/)?(whoami|uname\s+-|ls\s+-|ls\s+/|cat\s+[/~.]|netstat\s+-|ps\s+(-|aux)|ifconfig|"
    r"ipconfig|net\s+(user|view|localgroup)|systeminfo|wget\s+http|curl\s+|find\s+[/.]|dir\s+[a-z]:|type\s+[a-z]:|id\s*[;|&]|"
    r"pwd\s*[;|&]|echo\s.*>)|^.{2,}(2>&1|[;|&]\s*(id|ls|pwd|whoami)\s*($|[;|&]))"
)
"""A command line that could hardly be anything else."""

CODE = (
    r"(?i)^\s*[@$\w=;\s]{0,20}\b(eval|assert|system|passthru|shell_exec|base64_decode|ini_set|set_time_limit|response\.write)"
    r"\s*\(|\bfilesman\b"
)
"""Code that a page is sent to run: it begins with a call."""

NOT_COMMAND = r"(?i)\bselect\b|^\s*[a-z]+://|^\s*<[?!a-z]"
"""A query, an address, a document."""

PUTTING = ("PUT", "MOVE", "COPY")
"""Methods that put a file where they say (RFC 9110, 9.3.4; RFC 4918)."""

PRINTED = "command-output-uid|command-output-listing|passwd-file|shadow-file|network-configuration|system-version"
"""Signs of answers that only a command, or a program that reads files, brings."""

HIDING = ("token",)
"""Kinds of secrets that may as well be a command in Base64."""

CLIENTS_MOST = 2
"""A page that more clients than this ask is no secret one."""

SHOWN = 200
"""Commands kept in a row."""


def uploads(http_parameters: Table, http_requests: Table) -> Table:
    """Executable files sent to a server: keys, client_addr, server_addr, path, file_name, file_bytes, signs, status."""
    files = http_parameters.filter(_.file_name.notnull()).filter(
        _.file_name.re_search(EXECUTABLE) | (_.file_signs.intersect(list(CODE_SIGNS)).length() > 0)
    )
    sent = files.select("flow_id", "exchange", "file_name", "file_bytes", "file_sha256", "file_signs")
    requests = http_requests.select(*_REQUEST, path=path_of(_.uri))
    posted = sent.join(requests, ["flow_id", "exchange"])
    bodies = http_parameters.filter(_.place == "body", _.file_name.isnull()).select(
        body_flow=_.flow_id, body_exchange=_.exchange, file_signs=_.file_signs
    )
    put = requests.filter(_.method.isin(PUTTING), _.status < 300)
    put = put.left_join(bodies, [put.flow_id == bodies.body_flow, put.exchange == bodies.body_exchange])
    is_code = (put.file_signs.intersect(list(CODE_SIGNS)).length() > 0).fill_null(False)
    return posted.select(*_UPLOAD).union(
        put.filter(put.path.re_search(EXECUTABLE) | is_code)
        .mutate(
            file_name=_.path.re_extract(r"([^/]*)$", 1),
            file_bytes=_.request_body_bytes,
            file_sha256=ibis.null("string"),
            file_signs=_.file_signs.fill_null(ibis.literal([], type="array<string>")),
        )
        .select(*_UPLOAD)
    )


def renamed(http_requests: Table) -> Table:
    """Files that a client gave another name (WebDAV, RFC 4918): client_addr, server_addr, path before, start."""
    moved = http_requests.filter(_.method.isin(["MOVE", "COPY"]), _.status < 300)
    return moved.select("client_addr", "server_addr", "start", path=path_of(_.uri))


def obeying_pages(http_parameters: Table, http_requests: Table) -> Table:
    """Pages that answered with what commands print: as `asked_uploads`, with `signs`, and `kinds` and `hidden` counts.

    `kinds` are answers of different content; `hidden` are different values of one name, kept as secrets, that may be
    the commands: a session's token stays the same.
    """
    keys = ["server_addr", "server_port", "path"]
    requests = http_requests.mutate(path=path_of(_.uri))
    signs = requests.response_signs.join(" ")
    shown = requests.mutate(signs_text=signs, prints=signs.re_search(PRINTED).fill_null(False))
    found = (
        shown.filter(_.status < 300, ~_.method.isin(PUTTING))
        .group_by(keys)
        .agg(
            **_asked(),
            kinds=_.response_body_hash.nunique(),
            signs=_.signs_text.collect(where=_.prints, distinct=True).sort()[:SHOWN],
        )
    )
    secret = http_parameters.filter(_.is_secret, _.secret_kind.isin(HIDING))
    said = secret.select("flow_id", "exchange", "place", "name", "value_hash").join(
        requests.select("flow_id", "exchange", *keys), ["flow_id", "exchange"]
    )
    by_name = said.group_by([*keys, "place", "name"]).agg(values=_.value_hash.nunique())
    hidden = by_name.group_by(keys).agg(hidden=_.values.max())
    found = found.left_join(hidden, keys).drop(*(f"{key}_right" for key in keys))
    found = found.mutate(hidden=_.hidden.fill_null(0))
    return found.filter(_.signs.length() > 0, _.askers <= CLIENTS_MOST)


_REQUEST = (
    "flow_id", "exchange", "capture", "first_packet", "last_capture", "last_packet", "start", "end", "client_addr",
    "server_addr", "server_port", "method", "uri", "status", "request_body_bytes",
)  # fmt: skip
_UPLOAD = (*_REQUEST, "path", "file_name", "file_bytes", "file_sha256", "file_signs")


def shells(http_parameters: Table, http_requests: Table) -> Table:
    """Pages that take commands: server_addr, server_port, path, clients, `commands` (start and value), answered bytes.

    At least one value must be telling, or the page must later be tied to an upload by the caller (`is_telling`).
    """
    ordered = http_parameters.filter(
        _.value.notnull(),
        # Of headers, the table has only those that no usual program sends.
        _.place != "path",
        _.value.re_search(COMMAND) | _.value.re_search(CODE),
        ~_.value.re_search(NOT_COMMAND),
    )
    values = ordered.select(
        "flow_id", "exchange", "name", "value", is_telling=_.value.re_search(TELLING) | _.value.re_search(CODE)
    )
    requests = http_requests.mutate(path=path_of(_.uri))
    asked = values.join(requests.select(*_REQUEST, "path", "response_body_bytes"), ["flow_id", "exchange"])
    found = (
        asked.filter(_.status < 400)
        .group_by(["server_addr", "server_port", "path"])
        .agg(
            commands=_.value.nunique(),
            telling=_.is_telling.sum(),
            clients=_.client_addr.collect(distinct=True),
            names=_.name.collect(distinct=True).sort()[:8],
            shown=ibis.struct({"start": _.start, "value": _.value[:300], "bytes": _.response_body_bytes}).collect(
                order_by=[_.start, _.value]
            )[:SHOWN],
            bytes=_.response_body_bytes.sum(),
            first=_.start.min(),
            **first_row(_.start.notnull(), "run_", ("method", "uri", "status")),
        )
    )
    everybody = requests.group_by(["server_addr", "server_port", "path"]).agg(
        askers=_.client_addr.nunique(), requests=_.count(), first_asked=_.start.min()
    )
    rare = everybody.filter(_.askers <= CLIENTS_MOST)
    return found.join(rare, ["server_addr", "server_port", "path"])


def asked_uploads(http_requests: Table, names: Sequence[str]) -> Table:
    """Pages of these file names that answered: as `shells`, with no commands that can be read.

    What is sent to such a page may be in a shell's own encryption; that it was uploaded and then asked tells enough.
    """
    requests = http_requests.mutate(path=path_of(_.uri), page=path_of(_.uri).re_extract(r"([^/]*)$", 1))
    asked = requests.filter(_.page.isin(list(names)), _.status < 400, ~_.method.isin(["PUT", "HEAD"]))
    return asked.group_by(["server_addr", "server_port", "path"]).agg(**_asked())


def _asked() -> dict[str, Any]:
    return {
        "clients": _.client_addr.collect(distinct=True).sort()[:SHOWN],
        "askers": _.client_addr.nunique(),
        "requests": _.count(),
        "sent": (_.request_body_bytes > 0).sum(),
        "bytes": _.response_body_bytes.sum(),
        "first": _.start.min(),
        **first_row(_.start.notnull(), "run_", ("method", "uri", "status")),
    }
