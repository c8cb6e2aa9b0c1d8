"""Links and attachments of the mails that findings are about, defanged, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailscope.harmless import visible
from mailscope.investigation.answer import defanged

if TYPE_CHECKING:
    from mailscope.report.build import Report

LINKS_SHOWN = 100
SESSIONS_ASKED = 20_000
"""Mail sessions whose links and attachments are listed; more would be a list nobody reads."""


def links(view: Report) -> list[dict[str, str]]:
    """URLs of those mails: the URL, how many mails have it, and a visible text that differs."""
    urls = _rows(view, "urls")
    if urls is None:
        return []
    grouped = (
        urls.group_by("url")
        .aggregate(
            mails=urls.session_id.concat("/").concat(urls.message.cast("string")).nunique(),
            text=urls.visible_text.max(),
        )
        .order_by([_descending("mails"), "url"])
        .limit(LINKS_SHOWN)
    )
    return [
        {
            "url": visible(defanged(row["url"], view.hide), 300),
            "text": visible(defanged(row["text"] or "", view.hide), 120),
            "mails": f"{row['mails']:,}",
        }
        for row in grouped.to_pyarrow().to_pylist()
    ]


def attachments(view: Report) -> list[dict[str, str]]:
    """Attachments of those mails by their hash: names, type by name and by content, size, how often."""
    files = _rows(view, "attachments")
    if files is None:
        return []
    grouped = (
        files.group_by(["sha256", "name", "content_type", "magic", "size_bytes"])
        .aggregate(mails=files.count())
        .order_by([_descending("mails"), "sha256"])
        .limit(LINKS_SHOWN)
    )
    return [
        {
            "name": visible(row["name"] or "-", 120),
            "type": visible(" / ".join(filter(None, (row["content_type"], row["magic"]))), 80),
            "size": f"{row['size_bytes']:,}",
            "sha256": row["sha256"],
            "mails": f"{row['mails']:,}",
        }
        for row in grouped.to_pyarrow().to_pylist()
    ]


def _descending(name: str) -> Any:
    import ibis

    return ibis.desc(name)


def _rows(view: Report, table: str) -> Any:
    """Rows of the table that belong to mails of the findings, or None."""
    sessions = sorted(_sessions(view))[:SESSIONS_ASKED]
    rows = view.found.scene.tables.get(table)
    return rows.filter(rows.session_id.isin(sessions)) if sessions and rows is not None else None


def _sessions(view: Report) -> set[str]:
    found: set[str] = set()
    for finding in view.found.findings:
        found |= {row["session_id"] for row in finding.details.get("messages", ())}
        for chain in finding.details.get("chains", ()):
            found |= {chain.leg.session_id} if chain.leg is not None and chain.mails else set()
    return found
