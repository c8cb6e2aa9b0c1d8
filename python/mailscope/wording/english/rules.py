"""What Mailscope says in English: the owner's rules and indicators."""

UNITS: dict[str, tuple[str, str]] = {"pattern": ("{n} pattern", "{n} patterns")}

TEMPLATES: dict[str, str] = {
    "report.where": "Where",
    "report.kind-rule-match": "A rule of yours matches",
    "report.kind-indicator-match": "From your list of indicators",
    "rules.matched": "the rule “{title}” matches {rows} of {table}",
    "rules.row": "matches “{title}”",
    "rules.not-proven": "a rule sees one row at a time; what came before and after is for a person to read",
    "rules.could-be": "the rule's author names: {text}",
    "rules.found-in": "{value} stands in {column} of {table}",
    "rules.indicator-seen": "{value} from the list of indicators stands in {rows}, in {places} columns",
    "rules.not-read": "{patterns} from the list of indicators cannot be looked for, and were not: {texts}",
    "rules.indicator-not-proven": "that it was there does not say that it did harm; the list may be old",
}
