"""NetBox asked live over its REST API: prefixes, and the contacts that are assigned to their tenants.

GET /api/ipam/prefixes/, /api/tenancy/contact-assignments/ and /api/tenancy/contacts/, page after page (`next`). The
token goes to the server that was named and nowhere else: no redirect is followed, and no page of another server.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from mailscope.contacts.route import Gathered
from mailscope.contacts.sources import netbox
from mailscope.errors import InputError

PAGE = 500
PAGES_LIMIT = 4000
ANSWER_LIMIT = 64 << 20
"""Bytes of one page read at most."""
TIMEOUT_S = 60.0

_TENANT = "tenancy.tenant"
_PREFERRED = ("abuse", "security", "noc", "technical", "admin")
"""Roles of contacts, by a part of their names, the best first."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


def gather(url: str, token: str) -> Gathered:
    """What the NetBox at `url` (such as https://netbox.example.org) knows; InputError when it does not answer."""
    base = url.rstrip("/")
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
        raise InputError(f"`{url[:80]}` is no address of a NetBox", hint="write https://netbox.example.org")
    prefixes = list(_listed(base, "/api/ipam/prefixes/", token))
    mails = _mails(base, token)
    for prefix in prefixes:
        tenant = prefix.get("tenant")
        found = mails.get(tenant.get("id", -1)) if isinstance(tenant, dict) else None
        if found is not None:
            own = prefix.get("custom_fields")
            # A mail address that stands at the prefix itself is nearer than its tenant's.
            prefix["custom_fields"] = {"tenant_email": found[1], "contact": found[0]} | _filled(own)
            if any("mail" in name.lower() for name in _filled(own)):
                prefix["custom_fields"].pop("tenant_email", None)
    return netbox.read(json.dumps(prefixes), base)


def _filled(fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value} if isinstance(fields, dict) else {}


def _mails(base: str, token: str) -> dict[int, tuple[str, str]]:
    """Name and mail address of each tenant's contact: of the best role and priority where there are several."""
    contacts = {row.get("id"): row for row in _listed(base, "/api/tenancy/contacts/", token)}
    found: dict[int, tuple[tuple[int, int], str, str]] = {}
    for row in _listed(base, "/api/tenancy/contact-assignments/", token):
        # `object_type` since NetBox 4.0, `content_type` before.
        if (row.get("object_type") or row.get("content_type")) != _TENANT:
            continue
        contact = contacts.get((row.get("contact") or {}).get("id"), {})
        email, rank = contact.get("email"), _rank(row)
        if email and (row["object_id"] not in found or rank < found[row["object_id"]][0]):
            found[row["object_id"]] = (rank, str(contact.get("name") or ""), str(email))
    return {tenant: (name, email) for tenant, (_rank_of, name, email) in found.items()}


def _rank(row: Mapping[str, Any]) -> tuple[int, int]:
    role = str((row.get("role") or {}).get("name") or "").lower()
    place = next((number for number, word in enumerate(_PREFERRED) if word in role), len(_PREFERRED))
    priority = row.get("priority")
    value = priority.get("value") if isinstance(priority, dict) else priority
    order = ("primary", "secondary", "tertiary")
    return place, order.index(value) if value in order else len(order)


def _listed(base: str, path: str, token: str) -> Iterator[dict[str, Any]]:
    """Every object of a list, over all its pages."""
    url: str | None = f"{base}{path}?limit={PAGE}"
    for _page in range(PAGES_LIMIT):
        answer = _asked(url or "", token)
        rows = answer.get("results")
        if not isinstance(rows, list):
            raise InputError(f"`{base}{path}` is no list of NetBox's API")
        yield from (row for row in rows if isinstance(row, dict))
        url = answer.get("next")
        if url is None:
            return
        if not isinstance(url, str) or urlsplit(url)[:2] != urlsplit(base)[:2]:
            raise InputError(
                f"`{base}` names a next page on another server", hint="is its address the one it calls itself?"
            )
    raise InputError(f"`{base}{path}` has more than {PAGES_LIMIT} pages")


def _asked(url: str, token: str) -> dict[str, Any]:
    # Tokens of the second kind (NetBox 4.5) carry their own prefix and are a Bearer's.
    scheme = "Bearer" if token.startswith("nbt_") else "Token"
    head = {"Accept": "application/json", "User-Agent": "mailscope"} | (
        {"Authorization": f"{scheme} {token}"} if token else {}
    )
    opener = urllib.request.build_opener(_NoRedirects(), urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=head), timeout=TIMEOUT_S) as answer:  # noqa: S310
            text = answer.read(ANSWER_LIMIT + 1)
    except urllib.error.HTTPError as error:
        error.close()
        hint = "MAILSCOPE_NETBOX_TOKEN holds the token" if error.code in (401, 403) else None
        raise InputError(f"`{url}`: {error.code} {error.reason}"[:300], hint=hint) from None
    except OSError as error:
        raise InputError(f"`{url}`: {error}"[:300]) from None
    if len(text) > ANSWER_LIMIT:
        raise InputError(f"`{url}`: the answer is larger than {ANSWER_LIMIT >> 20} MB")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"`{url}` does not answer in JSON")
    return found
