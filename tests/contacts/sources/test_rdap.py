"""RDAP over loopback with recorded answers of real registries."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mailscope.contacts.sources.rdap import RdapClient, read_answer
from mailscope.errors import InputError

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[3].parent / "shared")) / "realdata" / "registry"
NETWORK = {
    "objectClassName": "ip network",
    "startAddress": "192.0.2.0",
    "endAddress": "192.0.2.255",
    "name": "TEST-NET",
    "country": "ZZ",
    "events": [{"eventAction": "last changed", "eventDate": "2026-01-02T00:00:00Z"}],
    "entities": [
        {
            "roles": ["registrant"],
            "vcardArray": ["vcard", [["fn", {}, "text", "Test Org"], ["email", {}, "text", "office@test.example.net"]]],
            "entities": [
                {"roles": ["abuse"], "vcardArray": ["vcard", [["email", {}, "text", "abuse@test.example.net"]]]}
            ],
        }
    ],
}


ASKED = []


class _Registry(BaseHTTPRequestHandler):
    def do_GET(self):
        ASKED.append(self.path)
        if self.path.startswith("/away/"):
            self._answer(302, {}, Location=f"http://127.0.0.1:{self.server.server_port}{self.path[5:]}")
        elif self.path.startswith("/round/"):
            self._answer(302, {}, Location=f"http://127.0.0.1:{self.server.server_port}{self.path}")
        elif self.path.startswith("/file/"):
            self._answer(302, {}, Location="file:///etc/passwd")
        elif self.path.startswith("/ip/192.0.2."):
            self._answer(200, NETWORK)
        else:
            self._answer(404, {"errorCode": 404})

    def _answer(self, code, body, **fields):
        data = json.dumps(body).encode()
        self.send_response(code)
        for name, value in {"Content-Length": str(len(data)), **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Registry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def client(tmp_path, port, path="", **options):
    bootstrap = tmp_path / "bootstrap.json"
    services = [[["192.0.0.0/8"], ["http://127.0.0.1:1/"]], [["192.0.2.0/24"], [f"http://127.0.0.1:{port}{path}"]]]
    bootstrap.write_text(json.dumps({"services": [*services, [["broken"], ["http://x/"]]]}))
    return RdapClient([bootstrap], **options)


def test_the_longest_prefix_of_the_bootstrap_file_is_asked_and_redirects_are_followed(tmp_path, port):
    found = client(tmp_path, port, "/away").find("192.0.2.7")
    assert (found.prefix, found.organization, found.email) == ("192.0.2.0/24", "Test Org", "abuse@test.example.net")
    assert str(found.updated) == "2026-01-02"


def test_an_answer_is_kept_and_not_asked_for_again(tmp_path, port):
    asking = client(tmp_path, port, cache=tmp_path / "kept")
    asking.find("192.0.2.9")
    before = len(ASKED)
    assert asking.find("192.0.2.9").email == "abuse@test.example.net"
    assert len(ASKED) == before


@pytest.mark.parametrize("path", ["/round", "/file"])
def test_endless_and_foreign_redirects_are_refused(tmp_path, port, path):
    with pytest.raises(InputError):
        client(tmp_path, port, path).find("192.0.2.7")


def test_what_no_registry_knows_is_none(tmp_path, port):
    assert client(tmp_path, port, "/other").find("192.0.2.7") is None
    assert client(tmp_path, port).find("203.0.113.1") is None


def test_placeholders_are_refused_and_named():
    body = json.loads(json.dumps(NETWORK).replace("abuse@test.example.net", "REDACTED@privacy.test"))
    found = read_answer(body, "x")
    assert (found.email, found.refused) == ("office@test.example.net", ("REDACTED@privacy.test",))
    assert read_answer(NETWORK | {"name": "NON-RIPE-NCC-MANAGED-ADDRESS-BLOCK"}, "x").email is None


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is missing")
def test_recorded_answers_of_registries_give_contacts():
    for address, record in json.loads((SHARED / "whois_rdap" / "rdap.json").read_text()).items():
        found = read_answer(record["response"], "recorded")
        assert found.email, address
        assert found.organization
    for path in (SHARED / "openrdap" / "jcard").glob("*.json"):
        card = path.read_text("utf-8", "replace")
        try:
            body = NETWORK | {"entities": [{"vcardArray": json.loads(card)}]}
        except ValueError:
            body = NETWORK | {"entities": [{"vcardArray": card}]}
        assert read_answer(body, "x").prefix == "192.0.2.0/24"
