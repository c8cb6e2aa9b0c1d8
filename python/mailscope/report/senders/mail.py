"""What mail logs say of a host, as a section of its story."""

from __future__ import annotations

from collections.abc import Callable

from mailscope.harmless import visible
from mailscope.investigation.mail_of_host import MailOfHost
from mailscope.report.senders.text import aligned
from mailscope.report.text import Page
from mailscope.wording import Phrase, phrase

HOURS_SHOWN = 48
MAILS_SHOWN = 10


def mail_section(mail: MailOfHost, page: Page, say: Callable[[Phrase], str]) -> None:
    """Counts by status, hours beside the flows, and the first mails with their place in the log."""
    page.heading(say(phrase("maillog.title")))
    if not mail.handed_in and not mail.was_handed:
        page.paragraph(say(phrase("maillog.none")))
    if mail.handed_in:
        page.paragraph(say(phrase("maillog.handed-in", counts=_counts(mail.handed_in))))
    if mail.was_handed:
        page.paragraph(say(phrase("maillog.was-handed", counts=_counts(mail.was_handed))))
    if mail.verdicts:
        page.paragraph(say(phrase("maillog.verdicts", counts=_counts(mail.verdicts))))
    if mail.outside:
        page.paragraph(say(phrase("maillog.outside", count=f"{mail.outside:,}")))
    rows = [
        [f"{row['hour']:%Y-%m-%d %H:00}", *("-" if row[name] is None else f"{row[name]:,}" for name in _COUNTED)]
        for row in mail.hours[-HOURS_SHOWN:]
    ]
    if mail.handed_in:
        page.lines += aligned([["hour", *_COUNTED], *rows], left=(0,))
    for told in mail.mails[:MAILS_SHOWN]:
        when = f"{told['first']:%m-%d %H:%M:%S}" if told["first"] else "-"
        to = ", ".join(told["rcpt_to"][:3])
        line = f"{when} <{told['mail_from'] or '?'}> -> {to}  {told['status']}  {told['file']}:{told['line']}"
        page.paragraph(visible(line, 300), "    ", "")


_COUNTED = ("flows", "mails", "rejected", "recipients")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1])[:10])
