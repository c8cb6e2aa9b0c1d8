"""report.html: one file that needs nothing else, for a manager first and an engineer second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailscope.investigation.investigate import Investigation
from mailscope.report import chart, picture
from mailscope.report.build import Report, report
from mailscope.report.events import EVENTS_SHOWN, events, persons
from mailscope.report.links import attachments, links
from mailscope.wording import amount

if TYPE_CHECKING:
    from markupsafe import Markup

MAILS_SHOWN = 200
EVIDENCE_SHOWN = 300
PERSONS_SHOWN = 300
"""Rows of a table in the page; the JSON answer has them all."""


def html(found: Investigation, lang: str = "en", case: str = "CASE") -> str:
    """The page; every value in it is escaped by the template."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    view = report(found, lang, case)
    pages = Environment(
        loader=PackageLoader("mailscope.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    happened, people = events(view), persons(view)
    drawings = [
        # Both drawings escape every value themselves.
        (Markup(chart.chain(view, item.finding)), Markup(chart.timeline(view, item.finding)))  # noqa: S704
        for item in view.findings
    ]
    page: str = pages.get_template(
        "report.html"
    ).render(
        view=view,
        say=view.say,
        items=list(zip(view.findings, drawings, strict=True)),
        apps=_apps(view),
        graph="" if _says_it_all(drawings) else Markup(picture.graph(view)),  # noqa: S704
        strip=Markup(picture.strip(view, happened)),  # noqa: S704
        events=happened[:EVENTS_SHOWN],
        events_more=len(happened) - EVENTS_SHOWN,
        persons=people[:PERSONS_SHOWN],
        persons_more=len(people) - PERSONS_SHOWN,
        links=links(view),
        attachments=attachments(view),
        version=found.to_json()["versions"]["mailscope"],
        mails_shown=MAILS_SHOWN,
        evidence_shown=EVIDENCE_SHOWN,
        rows=lambda count: amount(count, "row"),
    )
    return page


def _says_it_all(drawings: list[tuple[Markup, Markup]]) -> bool:
    """One finding alone with its own drawing: a picture of everything would be the same again, before the answer."""
    return len(drawings) == 1 and bool(drawings[0][0])


def _apps(view: Report) -> list[dict[str, Any]]:
    """Traffic by application, with each one's share of all bytes."""
    apps = view.found.coverage["applications"]
    total = sum(app["bytes"] or 0 for app in apps) or 1
    return [
        {
            "name": app["app"] or "-",
            "flows": app["flows"],
            "bytes": app["bytes"] or 0,
            "share": 100 * (app["bytes"] or 0) / total,
        }
        for app in apps[:12]
    ]
