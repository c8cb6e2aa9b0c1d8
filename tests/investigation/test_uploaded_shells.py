"""Shells whose commands cannot be read."""

from datetime import timedelta

import pytest

from mailscope.investigation.suspects import seen
from tests.fixtures.rows import START, ibis_tables

ATTACKER = "198.51.100.7"
OUTPUTS = ("command-output-uid", "command-output-listing", "passwd-file")


class Web:
    """Requests to one server, a second apart."""

    def __init__(self):
        self.requests, self.parameters = [], []

    def ask(self, method, uri, *, client=ATTACKER, signs=(), body=None, secret=None, status=200):
        number = len(self.requests) + 1
        at = START + timedelta(seconds=number)
        key = {"flow_id": f"F{number:016x}", "exchange": 0, "first_packet": number, "last_packet": number}
        key |= {"client_addr": client, "server_addr": "192.0.2.80", "server_port": 80, "start": at, "end": at}
        answer = {"response_signs": list(signs), "response_body_hash": f"{number}", "response_body_bytes": 40}
        self.requests.append(key | answer | {"method": method, "uri": uri, "status": status})
        if body is not None:
            self.parameters.append(key | {"place": "body", "file_signs": list(body), "value": "text"})
        if secret:
            hidden = {"place": "cookie", "name": secret, "is_secret": True, "secret_kind": "token"}
            hidden |= {"value_hash": "v1" if secret == "SID" else f"v{number}"}
            self.parameters.append(key | hidden)

    def seen(self):
        made = ibis_tables(http_requests=self.requests, http_parameters=self.parameters, flows=[], logins=[])
        names = ("http_requests", "http_parameters", "flows", "logins")
        return seen({name: made(name) for name in names})


@pytest.fixture
def web():
    return Web()


def test_a_file_put_as_text_and_renamed_is_the_shell_that_prints(web):
    web.ask("PUT", "/notes.txt", body=["php-tag"], status=201)
    web.ask("MOVE", "/notes.txt", status=201)
    for sign in OUTPUTS:
        web.ask("GET", "/notes.php", signs=[sign], secret="PREF")
    found = web.seen()
    (shell,) = found.shells
    assert (shell["path"], shell["upload"]["path"]) == ("/notes.php", "/notes.txt")
    assert [row["path"] for row in found.uploads] == ["/notes.txt"]


def test_a_script_put_where_it_runs_is_told_by_what_it_prints(web):
    web.ask("PUT", "/report.py", body=["interpreter-line"], status=201)
    web.ask("GET", "/report.py", signs=["command-output-listing"])
    (shell,) = web.seen().shells
    assert shell["upload"]["path"] == "/report.py"


def test_a_page_that_prints_answers_to_hidden_commands_is_a_shell_though_nothing_was_seen_sent(web):
    for sign in OUTPUTS:
        web.ask("GET", "/help.aspx", signs=[sign], secret="PREF")
    (shell,) = web.seen().shells
    assert shell["upload"] is None


def test_a_status_page_that_always_prints_the_same_is_none(web):
    for _ in range(5):
        web.ask("GET", "/status", signs=["network-configuration"], secret="session_key")
    assert web.seen().shells == []


def test_a_control_panel_whose_session_stays_the_same_is_none(web):
    for sign in OUTPUTS:
        web.ask("GET", "/panel", signs=[sign], secret="SID")
    assert web.seen().shells == []


def test_documents_and_pages_put_by_an_office_are_none(web):
    web.ask("PUT", "/~wrd1.tmp", client="10.0.0.5", body=[], status=201)
    web.ask("MOVE", "/~wrd1.tmp", client="10.0.0.5", status=201)
    web.ask("PUT", "/dates.php", client="10.0.0.6", body=["php-tag"], status=201)
    web.ask("GET", "/dates.php", client="10.0.0.6")
    assert web.seen().shells == []
