"""NetBox over its REST API, against a small server that pages, asks for its token and answers as NetBox does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from mailscope.contacts.lookup import Registry
from mailscope.contacts.sources import netbox_api
from mailscope.errors import InputError

TOKEN = "0123456789abcdef0123456789abcdef01234567"


def prefix(number, tenant, **fields):
    return {
        "id": number,
        "family": {"value": 4, "label": "IPv4"},
        "prefix": f"10.{number}.0.0/16",
        "tenant": {"id": tenant, "name": f"School {tenant}", "slug": f"school-{tenant}"} if tenant else None,
        "status": {"value": "active", "label": "Active"},
        "description": "" if tenant else "spare",
        "custom_fields": fields,
        "last_updated": "2026-10-01T08:00:00.000000Z",
    }


def assignment(tenant, contact, role, priority="primary", kind="tenancy.tenant"):
    return {
        "object_type": kind,
        "object_id": tenant,
        "contact": {"id": contact, "name": f"Person {contact}"},
        "role": {"id": 1, "name": role},
        "priority": {"value": priority, "label": priority.title()},
    }


DATA = {
    "/api/ipam/prefixes/": [prefix(1, 1), prefix(2, 2), prefix(3, None), prefix(4, 1, abuse_email="own@four.example")],
    "/api/tenancy/contacts/": [{"id": n, "name": f"Person {n}", "email": f"p{n}@school.example"} for n in (1, 2, 3)],
    "/api/tenancy/contact-assignments/": [
        assignment(1, 1, "Billing"),
        assignment(1, 2, "Abuse desk", "secondary"),
        assignment(2, 3, "Technical"),
        assignment(2, 1, "Abuse", kind="dcim.site"),
    ],
}


@pytest.fixture
def server():
    class NetBox(BaseHTTPRequestHandler):
        asked: ClassVar[list[str]] = []
        next_host: str | None = None
        status = 200

        def log_message(self, *_arguments):
            pass

        def do_GET(self):
            url = urlsplit(self.path)
            self.asked.append(self.headers.get("Authorization", ""))
            if self.headers.get("Authorization") not in (f"Token {TOKEN}", "Bearer nbt_x.y"):
                return self.answer(403, {"detail": "Invalid token"})
            if self.status != 200:
                self.send_response(302)
                self.send_header("Location", "http://192.0.2.1/")
                self.end_headers()
                return None
            rows, offset = DATA[url.path], int(parse_qs(url.query).get("offset", ["0"])[0])
            more = offset + 2 < len(rows)
            host = self.next_host or self.headers["Host"]
            return self.answer(
                200,
                {
                    "count": len(rows),
                    "next": f"http://{host}{url.path}?limit=2&offset={offset + 2}" if more else None,
                    "previous": None,
                    "results": rows[offset : offset + 2],
                },
            )

        def answer(self, code, body):
            text = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    running = ThreadingHTTPServer(("127.0.0.1", 0), NetBox)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    NetBox.url = f"http://127.0.0.1:{running.server_address[1]}"
    yield NetBox
    running.shutdown()
    running.server_close()


def test_every_page_is_read_and_tenants_have_their_contacts(server):
    gathered = netbox_api.gather(server.url, TOKEN)
    registry = Registry(gathered)
    assert gathered.unread == []
    assert [registry.find(f"10.{n}.2.3").email for n in (1, 2, 3, 4)] == [
        "p2@school.example",
        "p3@school.example",
        None,
        "own@four.example",
    ]
    found = registry.find("10.1.2.3")
    assert (found.organization, found.admin_contact) == ("School 1", "Person 2")


def test_a_new_tokens_scheme_is_its_own(server):
    netbox_api.gather(server.url, "nbt_x.y")
    assert set(server.asked) == {"Bearer nbt_x.y"}


def test_a_wrong_token_is_told_without_the_token(server):
    with pytest.raises(InputError, match="403") as caught:
        netbox_api.gather(server.url, "secret")
    assert "secret" not in str(caught.value)
    assert "MAILSCOPE_NETBOX_TOKEN" in caught.value.hint


def test_the_token_never_goes_to_another_server(server):
    server.next_host = "192.0.2.1"
    with pytest.raises(InputError, match="another server"):
        netbox_api.gather(server.url, TOKEN)
    server.next_host, server.status = None, 302
    with pytest.raises(InputError, match="302"):
        netbox_api.gather(server.url, TOKEN)


@pytest.mark.parametrize("url", ["netbox", "file:///etc/passwd", "ftp://netbox.example"])
def test_only_web_addresses_are_asked(url):
    with pytest.raises(InputError, match="no address of a NetBox"):
        netbox_api.gather(url, TOKEN)


def test_a_server_that_is_not_there_is_told():
    with pytest.raises(InputError):
        netbox_api.gather("http://127.0.0.1:9", TOKEN)
