"""What a person wrote, or a program without a known format: addresses and times read from sentences and logs."""

from mailscope.desk.complaints import categories
from mailscope.desk.complaints.addresses import Mention, accused, mentions, merely_named, undisguised
from mailscope.desk.complaints.bounds import MAX_ACCUSED
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.mail import Mail
from mailscope.desk.complaints.times import Moment, events

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
    times = events(text, reading.context)
    for address in addresses[:MAX_ACCUSED]:
        claim.accused.append(_accusation(address, found, times, text, place))
    if len(addresses) > MAX_ACCUSED:
        claim.doubts.append("table-cut")
    if not addresses:
        claim.doubts.append("only-pictures" if _is_picture(mail, body) else "no-address")
    return claim


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


def _accusation(address: str, found: list[Mention], times: list[Moment], text: str, place: str) -> Accusation:
    own = [mention for mention in found if mention.address == address]
    accusing = max(own, key=lambda mention: mention.weight)
    time = _nearest(own, times, text)
    port = next((mention.port for mention in own if mention.weight > 0 and mention.port), None)
    accusation = Accusation(address, time, port, where={"accused": f"{place}, character {accusing.start}"})
    accusation.where["time"] = (
        f"{place if place != 'subject' else 'text'}, character {time.start}" if time else "nowhere"
    )
    if port:
        accusation.where["port"] = f"{place}, behind the address"
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
