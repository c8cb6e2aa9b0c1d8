"""The report as one HTML file that needs nothing else."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment

from mailscope.harmless import visible
from mailscope.report.accounting.sections import headline, loss_lines, sections

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Mail sessions accounted for</title>
<style>
 body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430 }
 h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
 table { border-collapse: collapse } th, td { padding: .2rem .9rem .2rem 0; border-bottom: 1px solid #dde2e8 }
 th { text-align: left; font-weight: 600 } .n { text-align: right; font-variant-numeric: tabular-nums }
 .loss { border-left: 4px solid #b7791f; padding: .2rem 0 .2rem 1rem } .note { color: #55606e; white-space: pre-line }
 @media (prefers-color-scheme: dark) {
  body { background: #14181d; color: #e3e7ec } th, td { border-color: #2c343d } .note { color: #9aa5b1 } }
</style>
</head>
<body>
<h1>Mail sessions accounted for</h1>
<p>{{ headline | visible }}</p>
<div class="loss">{% for line in loss %}<div>{{ line | visible }}</div>{% endfor %}</div>
{% for section in sections %}
<h2>{{ section.title }}</h2>
<table>
<tr>{% for cell in section.headings %}<th{% if loop.index > section.words %} class="n"{% endif %}>{{ cell }}</th>
{%- endfor %}</tr>
{% for row in section.rows %}<tr>
{%- for cell in row %}<td{% if loop.index > section.words %} class="n"{% endif %}>{{ cell | visible }}</td>
{%- endfor %}</tr>
{% endfor %}</table>
{% if section.note %}<p class="note">{{ section.note }}</p>{% endif %}
{% endfor %}
<h2>Inputs</h2>
<table>
<tr><th>file</th><th class="n">packets</th><th class="n">bytes</th><th>end</th><th>SHA-256</th></tr>
{% for input in inputs %}<tr><td>{{ (input.name or "") | visible }}</td><td class="n">{{ input.packets }}</td>
<td class="n">{{ input.bytes }}</td><td>{{ input.end }}</td><td>{{ input.sha256 or "" }}</td></tr>
{% endfor %}</table>
</body>
</html>
"""


def page(report: Mapping[str, Any]) -> str:
    """The page; all text is made visible and escaped."""
    environment = Environment(autoescape=True)
    environment.filters["visible"] = lambda value: visible(str(value))
    return environment.from_string(_PAGE).render(
        headline=headline(report),
        loss=loss_lines(report),
        sections=sections(report),
        inputs=report["inputs"],
    )
