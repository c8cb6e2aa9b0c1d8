"""The report as one HTML file that needs nothing else."""

from collections.abc import Mapping
from typing import Any

from mailscope.harmless import visible
from mailscope.report.accounting.sections import headline, loss_lines, sections


def page(report: Mapping[str, Any]) -> str:
    """The page; all text is made visible and escaped."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("mailscope.report"), autoescape=True)
    environment.filters["visible"] = lambda value: visible(str(value))
    return environment.get_template("accounting.html").render(
        lang="en",
        headline=headline(report),
        loss=loss_lines(report),
        sections=sections(report),
        inputs=report["inputs"],
    )
