"""The report's tables, each with its title, headings, rows and a note: the same for text and HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from mailscope.detect.accounting.reasons import CLASSES
from mailscope.report.accounting.summary import FIELD_NAMES, percent

CROSS_TAB_ROWS = 24
"""Rows of the table by class, port and application; smaller ones are summed in its last row."""

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One table; the first `words` columns are text, the others numbers."""

    title: str
    headings: Row
    rows: list[Row]
    note: str = ""
    words: int = 1


def sections(report: Mapping[str, Any]) -> list[Section]:
    """Every table of the report, in order."""
    total = report["total"]
    made = [
        _directions(report),
        _decoded(total),
        _classes(total),
        _cross_tab(total),
        _fields(total),
        _partition(total),
        _reasons(total),
        _none(total),
        _not_visible(total),
    ]
    return [section for section in made if section.rows]


def headline(report: Mapping[str, Any]) -> str:
    """The account in one sentence."""
    total = report["total"]
    if not total["sessions"]:
        return "No session on a port of mail, and no mail found by content on any other."
    return (
        f"{number(total['sessions'])} mail {'session' if total['sessions'] == 1 else 'sessions'}: "
        f"{number(total['valid'])} valid, "
        f"{number(total['decoded'])} of these decoded ({percent(total['decoded'], total['valid'])}); "
        f"every session has one class and one reason."
    )


def _sessions(count: int) -> str:
    return f"{number(count)} {'session' if count == 1 else 'sessions'}"


def loss_lines(report: Mapping[str, Any]) -> list[str]:
    """What the capture lacks: read before any verdict."""
    loss, total = report["loss"], report["total"]
    one_way = total["sessions"] - total["directions"]["both"]
    lines = [f"One direction only: {_sessions(one_way)} ({percent(one_way, total['sessions'])})."]
    if loss["sessions_with_loss"]:
        lines.append(
            f"Missing: {number(loss['missing_bytes'])} bytes ({100 * loss['missing_share']:.2f} %), "
            f"{number(loss['cut_packets'])} packets cut short, in {_sessions(loss['sessions_with_loss'])}."
        )
    else:
        lines.append("Missing: no byte inside the directions that were captured.")
    if loss["dropped_by_capture"]:
        lines.append(f"Dropped while capturing, by the capture's own count: {number(loss['dropped_by_capture'])}.")
    if loss["conflicting_bytes"]:
        lines.append(f"Sent twice with different content: {number(loss['conflicting_bytes'])} bytes.")
    lines += [f"Not read to its end: {name}." for name in loss["incomplete_inputs"]]
    lines.append(
        "Sampling: so much is missing that the capture looks sampled; shares below are of what is left."
        if loss["looks_sampled"]
        else "Sampling: none visible."
    )
    return lines


def number(value: int) -> str:
    """`12,670`."""
    return f"{value:,}"


def _with_shares(counts: Mapping[str, int], whole: int) -> list[str]:
    return [cell for count in counts.values() for cell in (number(count), percent(count, whole))]


def _directions(report: Mapping[str, Any]) -> Section:
    named = list(zip(_short(list(report["captures"])), report["captures"].values(), strict=True))
    if len(named) != 1:
        named.append(("all", report["total"]))
    rows: list[Row] = []
    for name, figures in named:
        rows.append((name, number(figures["sessions"]), *_with_shares(figures["directions"], figures["sessions"])))
        valid = _with_shares(figures["valid_directions"], figures["valid"])
        rows.append(("  valid", number(figures["valid"]), *valid))
    means = report["valid_means"]
    note = (
        f"Valid: at least {means['min_packets']} packets and {means['min_payload_bytes']} bytes of payload. "
        "c2s: only the client's packets were captured; s2c: only the server's."
    )
    return Section("Sessions by direction", ("file", "sessions", "c2s", "", "s2c", "", "both", ""), rows, note)


def _short(paths: list[str]) -> list[str]:
    """File names without their folders, where these do not tell them apart."""
    names = [PurePath(path).name for path in paths]
    return names if len(set(names)) == len(names) else paths


def _decoded(total: Mapping[str, Any]) -> Section:
    classes = ", ".join(f"{name} {number(count)}" for name, count in total["decoded_classes"].items()) or "none"
    rows: list[Row] = [
        ("decoded, of valid", number(total["decoded"]), percent(total["decoded"], total["valid"])),
        ("STARTTLS, of decoded", number(total["starttls"]), percent(total["starttls"], total["decoded"])),
    ]
    if total["decoded_below_thresholds"]:
        rows.append(
            ("decoded below the thresholds, not counted further", number(total["decoded_below_thresholds"]), "")
        )
    return Section("Decoded", ("", "sessions", ""), rows, f"Decoded by class: {classes}.")


def _classes(total: Mapping[str, Any]) -> Section:
    whole = total["sessions"]
    rows: list[Row] = [
        (name, CLASSES[name], number(count), percent(count, whole)) for name, count in total["classes"].items()
    ]
    rows.append(("sum", "", number(sum(total["classes"].values())), ""))
    return Section("Classes", ("class", "meaning", "sessions", ""), rows, words=2)


def _cross_tab(total: Mapping[str, Any]) -> Section:
    cells = total["class_port_app"]
    rows: list[Row] = [
        (cell["class"], str(cell["port"]), cell["app"], number(cell["sessions"])) for cell in cells[:CROSS_TAB_ROWS]
    ]
    rest = cells[CROSS_TAB_ROWS:]
    if rest:
        rows.append((f"{len(rest):,} more", "", "", number(sum(cell["sessions"] for cell in rest))))
    return Section("Class by server port and application", ("class", "port", "application", "sessions"), rows, words=3)


def _fields(total: Mapping[str, Any]) -> Section:
    rows: list[Row] = [
        (FIELD_NAMES[name], number(count), percent(count, total["decoded"])) for name, count in total["fields"].items()
    ]
    note = "MAIL_FROM_CMD, MAIL_TO_CMD: envelope (SMTP commands). MAIL_FROM, MAIL_TO: header of the message."
    return Section("Sender and recipient, of decoded sessions", ("field", "sessions", ""), rows, note)


def _partition(total: Mapping[str, Any]) -> Section:
    names = {
        "starttls": "STARTTLS",
        "mail-from-cmd": "has MAIL_FROM_CMD",
        "other-fields": "only other fields",
        "none": "none of the four",
    }
    parts = total["partition"]
    rows: list[Row] = [(names[p], number(count), percent(count, total["decoded"])) for p, count in parts.items()]
    rows.append(("sum = decoded", number(sum(parts.values())), ""))
    return Section("How decoded sessions divide", ("part", "sessions", ""), rows)


def _reasons(total: Mapping[str, Any]) -> Section:
    rows: list[Row] = [
        (
            row["reason"],
            *(number(value) for value in (row["sessions"], row["valid"], *row["directions"].values())),
            number(row["with_loss"]),
        )
        for row in total["reasons"]
    ]
    rows.append(("sum", number(sum(row["sessions"] for row in total["reasons"])), "", "", "", "", ""))
    note = "\n".join(f"{row['reason']}: {row['meaning']}" for row in total["reasons"])
    return Section("Reasons", ("reason", "sessions", "valid", "c2s", "s2c", "both", "with loss"), rows, note)


def _none(total: Mapping[str, Any]) -> Section:
    whole = total["partition"]["none"]
    rows: list[Row] = [(slug, number(count), percent(count, whole)) for slug, count in total["none_by_reason"].items()]
    return Section("Decoded, none of the four fields: why", ("reason", "sessions", ""), rows)


def _not_visible(total: Mapping[str, Any]) -> Section:
    rows: list[Row] = [
        (
            f"{row['protocol']} {row['direction']}",
            ", ".join(FIELD_NAMES[name] for name in row["fields"]),
            number(row["sessions"]),
        )
        for row in total["not_visible"]
    ]
    return Section("Not visible from this side", ("captured side", "fields it cannot carry", "decoded"), rows, words=2)
