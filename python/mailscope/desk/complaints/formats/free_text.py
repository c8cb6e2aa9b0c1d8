"""What a person wrote, or a program without a known format: addresses and times read from sentences and logs."""

import re

from mailscope.desk.complaints import categories
from mailscope.desk.complaints.addresses import Mention, accused, mentions, merely_named, named_port, undisguised
from mailscope.desk.complaints.bounds import MAX_ACCUSED
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.mail import Mail
from mailscope.desk.complaints.times import Moment, events

_CONTROLLER = re.compile(
    r"\b(?:c&c|c2|cnc|command[ -](?:and|&)[ -]control|controller|sinkhole|drop(?:zone| site))"
    r"(?:[ _-]?(?:server|ip|host|address|is|at))*[\s:=(\[]{1,4}$",
    re.I,
)
LINE_REACH, LINES_READ = 400, 50
"""Characters on both sides of an address, and occurrences of it, that its source port is looked for in."""
_LOGS = (".log", ".txt", ".csv", ".json", ".xml", ".tsv")


def read(mail: Mail, reading: Reading) -> Claim:
    """The claim of the words themselves; with a doubt where they accuse nobody."""
    subject = undisguised(mail.headers.text("subject"))
    body = undisguised(mail.body)
    claim = Claim(_form(mail))
    place, found, text = "text", mentions(body, reading.networks.is_own), body
    addresses = accused(found)
    if not addresses:
        for part in mail.parts:
            if part.inner is None and part.name.lower().endswith(_LOGS) and part.content_type != "text/plain":
                attached = undisguised(part.text)
                found = mentions(attached, reading.networks.is_own)
                addresses, place, text = accused(found), f"attached {part.name[:60]}", attached
            if addresses:
                break
    if not addresses:
        found = mentions(f"{subject}\n", reading.networks.is_own)
        addresses, place = accused(found), "subject"
        text = body if addresses else text
    _categorize(claim, subject, body)
    if not addresses and categories.named(f"{subject} {body}"):
        found = mentions(body, reading.networks.is_own)
        addresses, place, text = merely_named(found), "text", body
    addresses = _without_controllers(addresses, found, text, reading)
    times = events(text, reading.context)
    for address in addresses[:MAX_ACCUSED]:
        claim.accused.append(_accusation(address, found, times, text, place, is_alone=len(addresses) == 1))
    if len(addresses) > MAX_ACCUSED:
        claim.doubts.append("table-cut")
    if not addresses:
        claim.doubts.append("only-pictures" if _is_picture(mail, body) else "no-address")
    return claim


def _without_controllers(addresses: list[str], found: list[Mention], text: str, reading: Reading) -> list[str]:
    """Without the foreign servers that infected hosts of ours talk to: they are named, and others answer for them."""
    is_own = reading.networks.is_own
    if not any(is_own(address) for address in addresses):
        return addresses
    named = {
        mention.address
        for mention in found
        if _CONTROLLER.search(text[max(mention.start - 40, 0) : mention.start].rsplit("\n", 1)[-1])
    }
    return [address for address in addresses if is_own(address) or address not in named]


def _lines_of(mentions_of_one: list[Mention], text: str) -> str:
    """The lines that an address stands on, each once, as far as :data:`LINE_REACH` on both sides."""
    spans: dict[int, int] = {}
    for mention in mentions_of_one[:LINES_READ]:
        start = text.rfind("\n", max(mention.start - LINE_REACH, 0), mention.start) + 1
        end = text.find("\n", mention.end, mention.end + LINE_REACH)
        start = start or max(mention.start - LINE_REACH, 0)
        spans[start] = end if end >= 0 else mention.end + LINE_REACH
    return "\n".join(text[start:end] for start, end in spans.items())


def _form(mail: Mail) -> str:
    kinds = {part.content_type for part in mail.texts}
    return "html" if kinds and "text/html" in kinds and "text/plain" not in kinds else "free-text"


def _categorize(claim: Claim, subject: str, body: str) -> None:
    """Words of the text, then of the title, then what its log lines show."""
    in_body, in_subject = categories.named(body), categories.named(subject)
    strong = [kind for kind in in_body if kind not in categories.WEAK]
    shown = categories.of_log(body)
    claim.categories = strong + [kind for kind in in_subject if kind not in strong and kind not in categories.WEAK]
    claim.category_where = "words of the text" if strong else "title"
    if not claim.categories:
        claim.categories, claim.category_where = (
            ([shown], "log lines") if shown else (in_body + in_subject, "words of the text")
        )
    if not claim.categories:
        claim.categories, claim.category_where = ["other"], "nothing said"


def _accusation(
    address: str, found: list[Mention], times: list[Moment], text: str, place: str, *, is_alone: bool
) -> Accusation:
    own = [mention for mention in found if mention.address == address]
    accusing = max(own, key=lambda mention: mention.weight)
    time = _nearest(own, times, text)
    port, beside = (
        next((mention.port for mention in own if mention.weight > 0 and mention.port), None),
        "behind the address",
    )
    if port is None:
        port = named_port(_lines_of([mention for mention in own if mention.weight > 0], text))
        port, beside = (port or (named_port(text) if is_alone else None)), "named as the source port"
    accusation = Accusation(address, time, port, where={"accused": f"{place}, character {accusing.start}"})
    accusation.where["time"] = (
        f"{place if place != 'subject' else 'text'}, character {time.start}" if time else "nowhere"
    )
    if port:
        accusation.where["port"] = f"{place}, {beside}"
    return accusation


def _nearest(own: list[Mention], times: list[Moment], text: str) -> Moment | None:
    """The first moment on a line with the address; else the first of the text."""
    for mention in own:
        start = text.rfind("\n", 0, mention.start) + 1
        end = text.find("\n", mention.end)
        end = len(text) if end < 0 else end
        for moment in times:
            if start <= moment.start < end:
                return moment
    return times[0] if times else None


def _is_picture(mail: Mail, body: str) -> bool:
    return any(part.content_type.startswith("image/") for part in mail.parts) and len(body.strip()) < 200
