"""Passwords sent to pages to which no link of a mail leads that could be read: attached pages, PDF, QR codes.

A page opened from the reader's own disk sends its form with no page fetched before and no Referer. Where the link is
in a picture or a document, the page is told by its host: made to be taken for the owner's or a known name, and asked
by nobody before the mail came. In both cases only somebody who had the mail counts: who fetched it at that address, or
whose name, that of a recipient, was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ibis import _

from mailscope.detect.phishing import THRESHOLD, Judgement
from mailscope.detect.phishing_content import PAGES
from mailscope.detect.phishing_lookalike import borrowed_brand, imitated_brand, imitated_own
from mailscope.detect.registrable import registrable
from mailscope.investigation.campaigns import Campaign
from mailscope.investigation.conversation import rows
from mailscope.investigation.lure_visits import EVENTS, TYPED, Event, host_of, submissions
from mailscope.investigation.scene import Scene

FORMS = frozenset({"form", "password-input"})
"""Marks of a page that asks for something."""

FLOWS = 5_000
"""Flows with a password in a request that are looked at."""


def unlinked(scene: Scene, campaign: Campaign, fetched: Sequence[Event]) -> list[Event]:
    """Requests that sent a secret to a page of a campaign whose mails carry files and no link to follow."""
    if campaign.lure_urls or not any(member.letter.files for member in campaign.members):
        return []
    sent = [event for event in _sent_outside(scene, campaign) if _had_the_mail(event, campaign, fetched)]
    has_page = any(_asks_or_is_sure(member, campaign) for member in campaign.members)
    own = tuple(sorted(scene.domains.own))
    senders = {member.letter.from_domain for member in campaign.members} - {""}
    found = []
    for event in sent:
        host = host_of(event.row)
        before = _asked_before(scene, event)
        if any(row["start"] < campaign.first for row in before):
            continue
        is_posed = bool(imitated_own(host, own) or imitated_brand(host) or borrowed_brand(host))
        # A shop that mails its bill as PDF has its customers log in at home: only what is phishing anyway counts.
        is_senders = campaign.confidence >= THRESHOLD and registrable(host) in senders
        if is_posed or is_senders or (has_page and _is_from_disk(event, before)):
            found.append(replace(event, sure=0.7))
    return found


def _asks_or_is_sure(member: Judgement, campaign: Campaign) -> bool:
    """A page is attached that has a form, or any page to what is phishing anyway: a script may make the form."""
    letter = member.letter
    has_page = any(str(file["name"] or "").lower().endswith(PAGES) for file in letter.files)
    return has_page and (campaign.confidence >= THRESHOLD or not letter.marks.isdisjoint(FORMS))


def _sent_outside(scene: Scene, campaign: Campaign) -> list[Event]:
    """Requests with a typed secret to hosts that are not the owner's, since the first mail."""
    fields = scene.tables["http_parameters"].filter(_.secret_kind.isin(TYPED), _.value_bytes > 0)
    fields = fields.filter(_.start >= campaign.first, _.place != "header", _.place != "cookie")
    flows = [row["flow_id"] for row in rows(fields.select("flow_id").distinct().limit(FLOWS))]
    return [event for event in submissions(scene, flows) if scene.network.is_outside(event.server)]


def _had_the_mail(event: Event, campaign: Campaign, fetched: Sequence[Event]) -> bool:
    if any(other.client == event.client and other.time <= event.time for other in fetched):
        return True
    return event.person is not None and event.person in campaign.recipients


def _asked_before(scene: Scene, event: Event) -> list[dict[str, Any]]:
    """Requests at the same host before this one, those of the first page included."""
    http = scene.tables["http_requests"]
    host = http.host.lower().re_replace(r":\d+$", "")
    asked = http.filter(host == host_of(event.row), http.method.notnull(), http.start < event.time)
    return rows(asked.select("start", "client_addr", "method").order_by("start").limit(EVENTS))


def _is_from_disk(event: Event, before: Sequence[dict[str, Any]]) -> bool:
    """No page named as its origin, and none fetched there; OPTIONS only asks whether it may send (CORS)."""
    if event.row["referrer"]:
        return False
    return not any(row["client_addr"] == event.client and row["method"] == "GET" for row in before)
