"""The page of finding kinds, from the registry of detectors."""

from mailscope.detect.registry import KINDS

_URGENCY = {3: "act now", 2: "act soon", 1: "a question of policy"}


def findings_page() -> str:
    """docs/reference/findings.md."""
    lines = [
        "# Findings",
        "",
        "What `mailscope investigate` can find. Made by `make docs`.",
    ]
    for kind in KINDS:
        lines += [
            "",
            f"## {kind.slug}",
            "",
            f"**What it flags.** {kind.flags}",
            "",
            f"**Urgency.** {_URGENCY[kind.severity].capitalize()}.",
            "",
            f"**What it can get wrong.** {kind.can_get_wrong}",
        ]
    return "\n".join([*lines, ""])
