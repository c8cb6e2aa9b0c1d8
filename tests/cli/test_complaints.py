"""The verbs for complaints and contacts, from mail to contact."""

import json

import pytest

from mailscope.cli.main import main

MAIL = """From: john@college.example
To: abuse@rnet.example
Subject: abuse from your network
Date: Sat, 21 Nov 2026 21:40:35 +0100
Message-ID: <1@college.example>

we logged an ssh scan of our /22 from 10.25.33.3 between 2026/11/21 21:07:06 and 21:07:26 (GMT+1).
"""
WALK = ".1.3.6.1.2.1.4.24.4.1.1.10.25.33.0.255.255.255.0.0.172.31.25.13 = IpAddress: 10.25.33.0\n"


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "walk.txt").write_text(WALK)
    (tmp_path / "contacts.csv").write_text(
        "next_hop,organization,email\n172.31.25.13,东县教育网络中心,li@net.example\n"
    )
    (tmp_path / "mail.eml").write_text(MAIL)
    return tmp_path


def run(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def test_a_complaint_is_one_json_object_with_its_contact(sources, capsys):
    registry = sources / "registry.sqlite"
    told = run(capsys, "registry", "import", sources / "walk.txt", sources / "contacts.csv", "--to", registry)
    assert told == "1 prefixes, 1 contacts, 0 conflicts\n"
    arguments = ("--own", "10.25.0.0/16", "--registry", registry)
    (line,) = run(capsys, "complaints", "read", sources / "mail.eml", *arguments, "--json").splitlines()
    found = json.loads(line)
    expected = {
        "message_id": "<1@college.example>", "format": "free-text", "accused": "10.25.33.3",
        "responsible": "10.25.33.3",
        "port": None, "time": "2026-11-21T20:07:06Z", "category": "scan", "ours": True, "duplicate_of": None,
        "contact": "li@net.example", "needs_person": False, "why": "",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert found["provenance"]["accused"].startswith("text, character")


def test_the_table_fits_the_terminal(sources, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    lines = run(capsys, "complaints", "read", sources / "mail.eml", "--own", "10.25.0.0/16").splitlines()
    assert all(len(line) <= 90 for line in lines)
    assert any("10.25.33.3" in line for line in lines)


def test_whois_says_who_is_responsible(sources, capsys):
    found = json.loads(run(capsys, "whois", "10.25.33.9", "--registry", sources, "--json"))
    assert (found["prefix"], found["organization"]) == ("10.25.33.0/24", "东县教育网络中心")
    assert "li@net.example" in run(capsys, "whois", "10.25.33.9", "--registry", sources)
    assert json.loads(run(capsys, "whois", "192.0.2.1", "--registry", sources, "--json"))["found"] is False


def test_conflicts_are_listed(sources, capsys):
    (sources / "second.txt").write_text(WALK.replace("172.31.25.13", "172.31.25.99"))
    assert "two-next-hops" in run(capsys, "registry", "conflicts", sources)
    arguments = ("complaints", "read", sources / "mail.eml", "--own", "10.25.0.0/16", "--registry", sources, "--json")
    found = json.loads(run(capsys, *arguments))
    assert (found["needs_person"], found["reasons"]) == (True, ["contact-disputed"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("whois", "nothing", "--registry", "x"),
        ("whois", "10.1.1.1"),
        ("complaints", "read", "-", "--own", "x"),
        ("registry", "serve", "x"),
    ],
)
def test_wrong_arguments_are_said(arguments, capsys):
    assert main(list(arguments)) == 2
    assert "error:" in capsys.readouterr().err
