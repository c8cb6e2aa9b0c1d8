"""From rows of a trail to phases with words: what was done, with what, and whether it worked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mailscope.detect.scan_tools import tool_of
from mailscope.investigation.phases import ATTACKS, GUESSES, SCANS, Phase
from mailscope.investigation.suspects import Seen
from mailscope.investigation.uploaded_shells import Row
from mailscope.wording import amount, phrase

NMAP_PORTS = (100, 1000, 65535)
"""Numbers of ports that nmap tries by its options -F, by default, and -p-."""

LISTED = 20
"""Users, paths, commands and names kept with a phase."""

MINOR_REQUESTS = 3
"""A class of attack with no more requests than this, amid another phase of the same program, belongs to that one."""

MINOR_SHARE = 0.1
"""The same for a class this small beside the other."""

SCANNED_CLASSES = 4
"""Classes of attack by one program on one target from which on it is a vulnerability scanner."""

SPRAY_USERS = 5
"""Guesses at this many accounts with few tries each are spraying."""

SPRAY_TRIES = 3.0
"""Tries an account, on average, up to which it is spraying."""

_PASSWORD_OPTION = re.compile(
    r"(?i)(\s-p\s?|--?pass(?:word|wd)?[= ]|\bpass(?:word|wd)?=|\bPGPASSWORD=|:)(?!//)([^\s@]+)(?=@|\s|$)"
)


def phases_of(client: str, web: Iterable[Row], mail: Iterable[Row], found: Seen) -> list[Phase]:
    """All phases of one address in order of time."""
    phases = [_port_scan(row) for row in found.port_scans if row["orig_addr"] == client]
    phases += [_web(row, found) for row in web if row["client_addr"] == client]
    phases += [_mail(row, found) for row in mail if row["client_addr"] == client]
    phases = _without_minor(_as_vulnerability_scan(phases))
    return sorted(phases, key=lambda phase: (phase.start, phase.slug))


def _phase(row: Row, slug: str, client: str, target: str, service: str) -> Phase:
    return Phase(
        slug=slug,
        client=client,
        target=target,
        service=service,
        start=row["start"],
        end=row["end"],
        first=(row["capture"], row["first_packet"]),
        last=(row["last_capture"], row["last_packet"]),
        flow_id=row["flow_id"],
        requests=int(row.get("requests") or row.get("attempts") or 0),
    )


def _port_scan(row: Row) -> Phase:
    phase = _phase(row, "port-scan", row["orig_addr"], row["resp_addr"], "tcp")
    opened = sorted(row["answered"] or ())
    phase.tool = "nmap" if row["ports"] in NMAP_PORTS else None
    phase.worked = "yes" if opened else "no"
    phase.details = {"ports": row["ports"], "open_ports": opened[:100]}
    phase.what = phrase("phase.what-port-scan", ports=amount(row["ports"], "port"), open=[str(port) for port in opened])
    return phase


def _web(row: Row, found: Seen) -> Phase:
    phase = _phase(row, row["label"], row["client_addr"], row["server_addr"], f"http:{row['server_port']}")
    phase.programs = list(row["programs"] or ())
    phase.tool = tool_of(row["agents"] or (), row["values"] or ())
    phase.details = {"agents": list(row["agents"] or ()), "paths": sorted(row["paths"] or ())[:LISTED]}
    if phase.slug in ATTACKS:
        _tell_attack(phase, row, found)
    elif phase.slug == "directory-scan":
        _tell_directory_scan(phase, found)
    elif phase.slug in GUESSES:
        _tell_guessing(phase, found, "http")
    elif phase.slug == "account-use":
        phase.worked = "yes"
        phase.what = phrase(
            "phase.what-web-login", requests=amount(phase.requests, "request"), paths=phase.details["paths"]
        )
    elif phase.slug == "file-upload":
        _tell_upload(phase, found)
    elif phase.slug == "web-shell":
        _tell_shell(phase, found, int(row["bytes"] or 0))
    else:
        phase.what = phrase(
            "phase.what-reconnaissance", requests=amount(phase.requests, "request"), paths=phase.details["paths"]
        )
    return phase


def _is_here(phase: Phase, row: Mapping[str, Any]) -> bool:
    return bool(row["client_addr"] == phase.client and row["server_addr"] == phase.target)


def _tell_attack(phase: Phase, row: Row, found: Seen) -> None:
    pages = [page for page in found.pages if _is_here(phase, page) and page["attack"] == phase.slug]
    reasons = sorted({reason for page in pages for reason in page["reasons"]})
    verdicts = {page["worked"] for page in pages}
    phase.worked = next((word for word in ("yes", "likely", "unknown") if word in verdicts), "no")
    tables = sorted({table for page in pages for table in page["tables"] or page["asked_tables"] or ()})
    told = [page for page in pages if page["worked"] in ("yes", "likely")] or pages
    told.sort(key=lambda page: -page["requests"])
    names = sorted({name for page in told for name in page["effect_names"] or page["names"] or () if name})
    size = sum(int(page["brought_bytes"] or 0) for page in pages)
    phase.details |= {
        "parameters": names[:LISTED],
        "effects": reasons,
        "tables": tables[:LISTED],
        "bytes_back": size,
        "first_effect": min((page["effect_start"] for page in pages if page["effect_start"]), default=None),
        "examples": [text for page in told[:3] for text in page["examples"][:3]],
        "pages": [page["path"] for page in told[:LISTED]],
    }
    phase.what = phrase(
        "phase.what-attack",
        requests=amount(phase.requests, "request"),
        attack=phrase(f"phase.{phase.slug}"),
        pages=phase.details["pages"][:3],
        parameters=names[:3] or [phrase("word.none")],
        effect=[phrase(f"effect.{reason}") for reason in reasons] or [phrase("effect.none")],
    )
    if tables:
        phase.what = phrase("phase.what-tables", what=phase.what, tables=tables[:LISTED], bytes=amount(size, "byte"))


def _tell_directory_scan(phase: Phase, found: Seen) -> None:
    scans = [scan for scan in found.path_scans if _is_here(phase, scan)]
    exists = sorted({path for scan in scans for path in scan["exists"] or ()})
    missing = sum(scan["missing_paths"] for scan in scans)
    phase.details |= {"found": exists[:200], "missing_paths": missing}
    phase.worked = "yes" if exists else "no"
    phase.what = phrase(
        "phase.what-directory-scan", requests=amount(phase.requests, "request"), missing=missing, exists=exists
    )


def _tell_guessing(phase: Phase, found: Seen, service: str) -> None:
    guesses = [row for row in found.guessing if _is_here(phase, row) and row["service"].startswith(service)]
    attempts = sum(row["attempts"] for row in guesses)
    users = sorted({user for row in guesses for user in row["users"] or () if user})
    entered = sorted({user for row in guesses for user in row["entered"] or () if user})
    count = max((row["user_count"] for row in guesses), default=0)
    if count >= SPRAY_USERS and attempts <= SPRAY_TRIES * count:
        phase.slug = "password-spraying"
    phase.worked = "yes" if entered else "likely" if any(row["let_in"] for row in guesses) else "no"
    where = sorted({row["path"] or row["service"] for row in guesses})
    phase.details |= {
        "users": users[:LISTED],
        "user_count": count,
        "entered": entered[:LISTED],
        "attempts": attempts,
        "where": where,
        "together": any(row["is_shared"] for row in guesses),
    }
    phase.what = phrase(
        "phase.what-guessing", attempts=amount(attempts, "attempt"), where=where, users=users, entered=entered
    )


def _tell_upload(phase: Phase, found: Seen) -> None:
    sent = [row for row in found.uploads if _is_here(phase, row) and phase.start <= row["start"] <= phase.end]
    names = sorted({row["file_name"] for row in sent})
    used = {row["path"].rpartition("/")[2] for row in found.shells}
    ran = {id(row["upload"]) for row in found.shells if row.get("upload") is not None}
    has_run = bool(used & {name.rpartition("/")[2] for name in names}) or any(id(row) in ran for row in sent)
    phase.worked = "yes" if has_run else "unknown"
    phase.details |= {
        "files": [
            {
                "name": row["file_name"],
                "to": row["path"],
                "bytes": row["file_bytes"],
                "sha256": row["file_sha256"],
                "signs": list(row["file_signs"] or ()),
                "status": row["status"],
            }
            for row in sent[:LISTED]
        ]
    }
    phase.what = phrase("phase.what-upload", files=names, pages=sorted({row["path"] for row in sent}))


def _tell_shell(phase: Phase, found: Seen, came_back: int) -> None:
    shells = [row for row in found.shells if row["server_addr"] == phase.target and phase.client in row["clients"]]
    shown = sorted((one for row in shells for one in row["shown"]), key=lambda one: one["start"])
    shown = [one for one in shown if phase.start <= one["start"] <= phase.end]
    back = sum(int(one["bytes"] or 0) for one in shown)
    if len(shown) < phase.requests:  # the rest brought commands that cannot be read
        back = came_back
    phase.worked = "yes" if back else "likely"
    phase.details |= {
        "shell": sorted({row["path"] for row in shells}),
        "parameters": sorted({name for row in shells for name in row["names"]}),
        "commands": [
            {"time": one["start"], "command": without_password(one["value"]), "bytes_back": one["bytes"]}
            for one in shown
        ],
        "bytes_back": back,
    }
    phase.what = phrase(
        "phase.what-shell",
        commands=amount(len(shown) or phase.requests, "command" if shown else "request"),
        pages=phase.details["shell"],
        examples=[without_password(one["value"]) for one in shown[:5]] or [phrase("word.unknown")],
        bytes=amount(back, "byte"),
    )


def without_password(command: str) -> str:
    """A command line without what looks like a password in it.

    >>> without_password("mysql -u root -pS3cret mail")
    'mysql -u root -p*** mail'
    """
    return _PASSWORD_OPTION.sub(lambda found: found[1] + "***", command)


def _mail(row: Row, found: Seen) -> Phase:
    phase = _phase(row, row["label"], row["client_addr"], row["server_addr"], f"{row['protocol']}:{row['server_port']}")
    users, entered = sorted(row["users"] or ()), sorted(row["entered"] or ())
    sessions = amount(phase.requests, "session")
    if phase.slug in GUESSES:
        _tell_guessing(phase, found, row["protocol"])
    elif phase.slug == "account-use":
        phase.worked = "yes" if entered else "no"
        phase.details = {
            "users": users[:LISTED],
            "entered": entered[:LISTED],
            "messages": int(row["messages"] or 0),
            "bytes_back": int(row["bytes"] or 0),
            "sessions": list(row["session_ids"])[:LISTED],
        }
        phase.what = phrase(
            "phase.what-mailbox",
            protocol=row["protocol"].upper(),
            entered=entered,
            refused=[user for user in users if user not in entered],
            messages=amount(phase.details["messages"], "mail"),
            bytes=amount(phase.details["bytes_back"], "byte"),
        )
    elif phase.slug == "mail-sending":
        phase.what = phrase("phase.what-mail", sessions=sessions)
    else:
        phase.what = phrase("phase.what-mail-look", sessions=sessions, protocol=row["protocol"].upper())
    return phase


def _as_vulnerability_scan(phases: Sequence[Phase]) -> list[Phase]:
    """A program that tries many classes of attack is a scanner; what else it asked for belongs to its scan."""
    classes: dict[tuple[str, str], set[str]] = {}
    for phase in phases:
        if phase.slug in ATTACKS:
            for program in phase.programs:
                classes.setdefault((phase.target, program), set()).add(phase.slug)
    scanners = {key for key, slugs in classes.items() if len(slugs) >= SCANNED_CLASSES}
    for phase in phases:
        programs = {(phase.target, program) for program in phase.programs}
        if phase.slug in ("reconnaissance", "directory-scan") and programs & scanners:
            phase.slug = "vulnerability-scan"
            tried = sorted(set().union(*(classes[key] for key in programs & scanners)))
            phase.what = phrase(
                "phase.what-vulnerability-scan",
                requests=amount(phase.requests, "request"),
                classes=[phrase(f"phase.{slug}") for slug in tried],
            )
    return list(phases)


def _without_minor(phases: Sequence[Phase]) -> list[Phase]:
    """Without classes of attack that are a by-product: a wordlist's odd names, a probe's mixed first value."""
    kept: list[Phase] = []
    for phase in phases:
        host = next((other for other in phases if other is not phase and _is_minor_of(phase, other)), None)
        if host is None:
            kept.append(phase)
        else:
            host.requests += phase.requests
            host.details.setdefault("also", []).append(phase.slug)
    return kept


def _is_minor_of(phase: Phase, other: Phase) -> bool:
    if phase.slug not in ATTACKS or phase.worked == "yes" or other.slug not in ATTACKS | SCANS:
        return False
    small = phase.requests <= MINOR_REQUESTS or phase.requests <= MINOR_SHARE * other.requests
    same = phase.target == other.target and set(phase.programs) <= set(other.programs)
    amid = phase.start >= other.start and phase.end <= other.end
    return same and amid and small and phase.requests < other.requests
