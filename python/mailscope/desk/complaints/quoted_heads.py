"""Where a text quotes the head of a mail: `-----Original Message-----` with From, Sent, Subject, or `On ... wrote:`.

The time there is when somebody wrote, not when something happened.
"""

import re
from dataclasses import dataclass

_LABEL = re.compile(
    r"^[ \t>|*]{0,8}(?:(?P<who>From|Von|De|Da|发件人|發件人|寄件者|寄件人|差出人|送信者)"
    r"|(?P<what>Subject|Betreff|Objet|Asunto|Oggetto|主题|主題|主旨|件名)"
    r"|(?:Sent|Date|To|Cc|Reply-To|Gesendet|Datum|An|Envoyé|À|Enviado|Fecha|Para|Inviato|A"
    r"|发送时间|發送時間|傳送時間|寄件日期|日期|时间|時間|收件人|收件者|抄送|副本|送信日時|日時|宛先))\*{0,2}[ \t]{0,3}[:：]",
    re.I,
)
_WROTE = re.compile(r"(?:\bwrote|写道|寫道|\bschrieb(?: .{0,60})?|a écrit|escribió|ha scritto)[ \t]?[:：]\s*$", re.I)
_ROLE = re.compile(
    r"(?<![\w.+-])(?:abuse|security|noc|postmaster|hostmaster|cert|csirt|soc|spam)(?:[+-][\w.-]+)?@", re.I
)
MAX_LINES = 20_000
"""Lines of a text that heads are looked for in."""


@dataclass(frozen=True, slots=True)
class QuotedHead:
    """Where a quoted head stands; `is_complaint`: the mail went to an abuse mailbox (RFC 2142)."""

    start: int
    end: int
    is_complaint: bool = False


def went_to_abuse(recipients: str) -> bool:
    """Whether a mail went to a mailbox that complaints are sent to (RFC 2142)."""
    return _ROLE.search(recipients) is not None


def quoted_heads(text: str) -> list[QuotedHead]:
    r"""Every quoted head, in the order of the text.

    >>> quoted_heads("see:\nFrom: a@b.example\nSent: 2026-01-02 03:04\nSubject: x\n\nat 2026-01-01 01:02")
    [QuotedHead(start=5, end=57, is_complaint=False)]
    """
    found: list[QuotedHead] = []
    block: list[re.Match[str]] = []
    begin = position = 0
    for line in text.splitlines(keepends=True)[:MAX_LINES]:
        match = _LABEL.match(line)
        if match:
            begin = begin if block else position
            block.append(match)
        else:
            found += _head(block, text, begin, position)
            block = []
            if len(line) < 400 and _WROTE.search(line):
                found.append(QuotedHead(position, position + len(line)))
        position += len(line)
    return found + _head(block, text, begin, position)


def without_heads(text: str, heads: list[QuotedHead]) -> str:
    """The text with these heads blanked; every other character stays where it is."""
    pieces, last = [], 0
    for head in heads:
        pieces += [text[last : head.start], re.sub(r"[^\n]", " ", text[head.start : head.end])]
        last = head.end
    return "".join([*pieces, text[last:]])


def _head(block: list[re.Match[str]], text: str, start: int, end: int) -> list[QuotedHead]:
    if not (any(match["who"] for match in block) and any(match["what"] for match in block)):
        return []
    return [QuotedHead(start, end, went_to_abuse(text[start : min(end, start + 2000)]))]
