"""Each starter rule has rows that it must find and rows that it must leave alone."""

import re

import pytest

from mailscope.detect.sigma import STARTER, rules
from mailscope.errors import UsageError
from tests.fixtures.rows import ibis_tables

CASES = {
    "smtp_verify_users": (
        [{"protocol": "smtp", "commands": ["EHLO", "VRFY", "QUIT"]}, {"protocol": "smtp", "commands": ["EXPN"]}],
        [{"protocol": "smtp", "commands": ["EHLO", "MAIL"]}, {"protocol": "imap", "commands": ["VRFY"]}],
    ),
    "smtp_starttls_stripped": (
        [{"protocol": "smtp", "capabilities": ["SIZE 1000", "XXXXXXXA"]}],
        [{"protocol": "smtp", "capabilities": ["STARTTLS", "XCLIENT"]}, {"protocol": "smtp", "capabilities": []}],
    ),
    "mail_password_in_the_clear": (
        [
            {"authenticated": "yes", "tls": "offered", "auth_mechanisms": ["PLAIN"]},
            {"authenticated": "yes", "tls": "none"},
        ],
        [
            {"authenticated": "yes", "tls": "starttls", "auth_mechanisms": ["PLAIN"]},
            {"authenticated": "yes", "tls": "none", "auth_mechanisms": ["CRAM-MD5"]},
            {"authenticated": "no", "tls": "none", "auth_mechanisms": ["PLAIN"]},
        ],
    ),
    "attachment_program_disguised": (
        [{"name": "invoice.PDF", "magic": "exe"}, {"name": "photo.jpg   .scr"}, {"name": "Report.docx.lnk"}],
        [{"name": "invoice.pdf", "magic": "pdf"}, {"name": "setup.exe", "magic": "exe"}, {"name": "a.tar.gz"}, {}],
    ),
    "attachment_script": (
        [{"name": "SETUP.EXE"}, {"name": "a.js"}, {"name": "x.lnk"}],
        [{"name": "a.json"}, {"name": "exe.txt"}, {"name": None}],
    ),
    "link_to_bare_address": (
        [{"host": "203.0.113.9"}, {"host": "3405803785"}, {"host": "0xcb007109"}, {"host": "[2001:db8::7]"}],
        [
            {"host": "10.0.0.1"},
            {"host": "192.168.1.1"},
            {"host": "1.example.org"},
            {"host": "cafe.example"},
            {"host": None},
        ],
    ),
    "link_hides_host": (
        [{"url": "http://www.bank.example@203.0.113.9/login"}, {"url": "https://pay.example:443@evil.example/"}],
        [
            {"url": "https://example.org/~user@host.example"},
            {"url": "https://user@host.example/"},
            {"url": "mailto:a@b.example"},
        ],
    ),
    "attack_program_named": (
        [{"user_agent": "sqlmap/1.7.2#stable"}, {"user_agent": "Mozilla/5.0 (Nikto/2.5)"}],
        [{"user_agent": "Mozilla/5.0 (Windows NT 10.0)"}, {"user_agent": None}],
    ),
    "webmail_known_holes": (
        [
            {"uri": "/autodiscover/autodiscover.json?a@b.example/mapi/nspi"},
            {"uri": "/service/extension/backup/mboximport?account-name=a"},
        ],
        [{"uri": "/autodiscover/autodiscover.xml"}, {"uri": "/?_task=mail&_action=show"}],
    ),
    "upload_of_server_program": (
        [{"file_name": "help.php"}, {"file_name": "a.PHP5"}, {"file_name": "x.jpg", "file_signs": ["jpeg", "php-tag"]}],
        [{"file_name": "help.txt", "file_signs": ["text"]}, {"name": "id", "value": "1"}, {"file_name": "php.png"}],
    ),
    "command_output_in_answer": (
        [{"response_signs": ["login-form", "command-output-uid"]}, {"response_signs": ["passwd-file"]}],
        [{"response_signs": ["login-form"]}, {"response_signs": []}],
    ),
    "proxy_asked_for_mail_port": (
        [{"target_port": 25, "granted": "yes"}, {"target_port": 587, "granted": "unknown"}],
        [{"target_port": 25, "granted": "no"}, {"target_port": 443, "granted": "yes"}, {"target_port": None}],
    ),
}


def by_file(folder):
    return {rule.file.rpartition("/")[2].partition(".")[0]: rule for rule in rules([folder])}


def test_every_starter_rule_has_its_cases():
    assert set(by_file(STARTER)) == set(CASES)
    assert len({rule.id for rule in by_file(STARTER).values()}) == len(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_starter_rule_finds_what_it_says_and_nothing_else(name):
    rule = by_file(STARTER)[name]
    bad, good = CASES[name]
    rows = [row | {"flow_id": f"F{number:016d}"} for number, row in enumerate([*bad, *good])]
    found = rule.where(ibis_tables(**{rule.table: rows})(rule.table)).to_pyarrow().column("flow_id").to_pylist()
    assert sorted(found) == [f"F{number:016d}" for number in range(len(bad))]


RULE = """title: t
id: 11111111-1111-4111-8111-111111111111
logsource: {{product: mailscope, category: {category}}}
detection:
{detection}
  condition: {condition}
"""


def one(folder, detection, condition="s", category="http_requests"):
    text = RULE.format(category=category, detection=detection, condition=condition)
    (folder / "r.yml").write_text(text)
    return rules([folder])[0]


REQUESTS = [
    {"method": "GET", "uri": "/a?x=1", "status": 200, "client_addr": "10.0.0.9", "user_agent": None},
    {"method": "post", "uri": "/Login", "status": 302, "client_addr": "192.0.2.17", "user_agent": "curl/8"},
    {"method": "PUT", "uri": "/up.php", "status": 500, "client_addr": "2001:db8::7", "user_agent": "x*y"},
]


@pytest.mark.parametrize(
    ("detection", "condition", "found"),
    [
        ("  s: {method: POST}", "s", [1]),
        ("  s: {method|cased: POST}", "s", []),
        ("  s: {uri|endswith: .php}", "s", [2]),
        ("  s: {uri: '/l?gin'}", "s", [1]),
        ("  s: {uri: '*x=*'}", "s", [0]),
        ("  s: {user_agent: 'x\\*y'}", "s", [2]),
        ("  s: {status|gte: 300}", "s", [1, 2]),
        ("  s: {status: [200, 500]}", "s", [0, 2]),
        ("  s: {client_addr|cidr: 192.0.2.16/28}", "s", [1]),
        ("  s: {client_addr|cidr: '2001:db8::/32'}", "s", [2]),
        ("  s: {user_agent: null}", "s", [0]),
        ("  s: {user_agent|exists: true}", "s", [1, 2]),
        ("  s: {user_agent: curl*}", "not s", [0, 2]),
        ("  s: {uri|re: '^/[a-z]\\?'}", "s", [0]),
        ("  s: {uri|contains|all: ['/', 'php']}", "s", [2]),
        ("  s:\n    - {method: GET}\n    - {status: 500}", "s", [0, 2]),
        ("  a: {method: GET}\n  b: {status: 200}", "all of them", [0]),
        ("  s: ['curl']", "s", []),
        ("  s: ['*curl*']", "s", [1]),
    ],
)
def test_conditions_mean_what_the_specification_says(tmp_path, detection, condition, found):
    rule = one(tmp_path, detection, condition)
    rows = [row | {"flow_id": str(number)} for number, row in enumerate(REQUESTS)]
    table = ibis_tables(http_requests=rows)("http_requests")
    assert sorted(rule.where(table).to_pyarrow().column("flow_id").to_pylist()) == [str(number) for number in found]


def test_usual_field_names_are_understood(tmp_path):
    (tmp_path / "r.yml").write_text(
        "title: t\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {category: webserver}\n"
        "detection: {s: {cs-uri-query|contains: login, sc-status: 302}, condition: s}\n"
    )
    (rule,) = rules([tmp_path])
    assert rule.where(ibis_tables(http_requests=REQUESTS)("http_requests")).count().execute() == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is no Sigma rule"),
        ("title: t", "is no Sigma rule"),
        (RULE.format(category="nothing", detection="  s: {a: b}", condition="s"), "no table answers"),
        (RULE.format(category="flows", detection="  s: {nothing: b}", condition="s"), "there is no field `nothing`"),
        (RULE.format(category="flows", detection="  s: {proto: b}", condition="s and x"), "bad.yml"),
    ],
)
def test_a_rule_that_cannot_be_used_is_named_with_its_file(tmp_path, text, why):
    (tmp_path / "bad.yml").write_text(text)
    with pytest.raises(UsageError, match=re.escape(why)) as caught:
        rules([tmp_path])
    assert "bad.yml" in str(caught.value)
