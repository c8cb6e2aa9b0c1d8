import json

import pytest

from mailscope.detect.indicators import LIKE_LIMIT, Matcher, indicator_of, load, matches, not_read, places, rows_with
from mailscope.errors import UsageError
from tests.fixtures.rows import ibis_tables


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("203.0.113.7", "address", "203.0.113.7"),
        ("203.0.113[.]7", "address", "203.0.113.7"),
        ("2001:DB8::7", "address", "2001:db8::7"),
        ("203.0.113.0/24", "network", "203.0.113.0/24"),
        ("Bad.Example.", "domain", "bad.example"),
        ("*.bad.example", "domain", "bad.example"),
        ("hxxps://Bad[.]example/Path?q=1#x", "url", "https://bad.example/Path?q=1"),
        ("http://bad.example:80/", "url", "http://bad.example"),
        ("Somebody@Bad.example", "mail-address", "somebody@bad.example"),
        ("D41D8CD98F00B204E9800998ECF8427E", "md5", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a" * 64, "sha256", "a" * 64),
    ],
)
def test_an_indicator_is_known_by_its_form(text, kind, value):
    found = indicator_of(text)
    assert (found.kind, found.value) == (kind, value)


@pytest.mark.parametrize(
    "text", ["", "not an indicator", "abc", "999.1.1.1", "http://", "a" * 5000, "@x.example", "deadbeef"]
)
def test_what_is_none_is_left_out(text):
    assert indicator_of(text) is None


STIX = {
    "type": "bundle",
    "objects": [
        {
            "type": "indicator",
            "name": "lure",
            "pattern": "[url:value = 'http://bad.example/x'] OR [domain-name:value='b.example']",
        },
        {"type": "indicator", "pattern": "[file:hashes.'SHA-256' = '" + "c" * 64 + "']"},
        {"type": "ipv4-addr", "value": "203.0.113.7"},
    ],
}
MISP = {
    "Event": {
        "info": "phish",
        "Attribute": [
            {"type": "ip-src", "value": "203.0.113.7", "comment": "sender"},
            {"type": "comment", "value": "x.example"},
        ],
        "Object": [{"Attribute": [{"type": "filename|md5", "value": "a.exe|" + "d" * 32}]}],
    }
}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (json.dumps(STIX), {"http://bad.example/x", "b.example", "c" * 64, "203.0.113.7"}),
        (json.dumps(MISP), {"203.0.113.7", "d" * 32}),
        (json.dumps(["203.0.113.7", "b.example"]), {"203.0.113.7", "b.example"}),
        (
            "# list\n203.0.113.7, the sender\nhxxp://b[.]example/#x\n\nnonsense words\n",
            {"203.0.113.7", "http://b.example"},
        ),
        ("\ufeffindicator,type\nb.example,domain\n", {"b.example"}),
        ('"203.0.113.7";sender\nb.example\tlure\n', {"203.0.113.7", "b.example"}),
        (
            json.dumps(
                {
                    "type": "indicator",
                    "pattern": "[domain-name:value IN ('b.example', 'c.example')] AND "
                    "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.7']",
                }
            ),
            {"b.example", "c.example", "203.0.113.7"},
        ),
        (
            json.dumps(
                {
                    "Attribute": [
                        {"type": "link", "value": "http://blog.example/report", "to_ids": False},
                        {"type": "ip-dst", "value": "203.0.113.7", "to_ids": True},
                    ]
                }
            ),
            {"203.0.113.7"},
        ),
    ],
)
def test_the_usual_files_are_read(tmp_path, text, values):
    (tmp_path / "list").write_text(text, "utf-8")
    assert {item.value for item in load([tmp_path / "list"])} == values


@pytest.mark.parametrize("text", ["", "nothing here\n", "{}"])
def test_a_file_without_indicators_is_an_error_and_not_a_silence(tmp_path, text):
    (tmp_path / "list").write_text(text)
    with pytest.raises(UsageError, match="holds no indicator"):
        load([tmp_path / "list"])


def stix(folder, *patterns, **more):
    objects = [{"type": "indicator", "pattern": pattern, **more} for pattern in patterns]
    (folder / "bundle.json").write_text(json.dumps({"type": "bundle", "objects": objects}))
    return load([folder / "bundle.json"])


def test_what_of_a_pattern_cannot_be_looked_for_is_kept_with_its_words(tmp_path):
    found = stix(
        tmp_path, "[domain-name:value = 'b.example' AND domain-name:value MATCHES 'x+']", "[file:name = 'a.zip']"
    )
    assert [(item.kind, item.value) for item in found] == [
        ("domain", "b.example"),
        ("not-read", "domain-name:value MATCHES 'x+'"),
        ("file-name-like", "a.zip"),
    ]
    assert not_read(found) == [{"pattern": "domain-name:value MATCHES 'x+'", "file": str(tmp_path / "bundle.json")}]
    assert places("not-read") == []


def test_a_file_of_which_nothing_can_be_looked_for_is_an_error_that_names_a_pattern(tmp_path):
    with pytest.raises(UsageError) as raised:
        stix(tmp_path, "rule x { condition: true }", pattern_type="yara")
    assert "yara: rule x" in raised.value.hint


def test_more_patterns_than_can_be_held_against_every_value_are_named(tmp_path):
    found = stix(tmp_path, *[f"[url:value LIKE '%/{number:04d}/%']" for number in range(LIKE_LIMIT + 2)])
    assert [item["pattern"] for item in not_read(found)] == [
        f"url:value LIKE '%/{number:04d}/%'" for number in range(LIKE_LIMIT, LIKE_LIMIT + 2)
    ]


def test_patterns_of_like_are_held_against_the_columns_they_are_about(tmp_path):
    like = ("url:value LIKE '%/login%'", "domain-name:value LIKE '%paypa1%'", "email-addr:value LIKE 'ceo@%'")
    indicators = stix(tmp_path, *[f"[{one}]" for one in (*like, "email-message:subject LIKE '%invoice%'")])
    found = hits(
        indicators,
        urls=[{"url": "http://x.example/Login.php", "host": "x.example"}],
        http_requests=[{"host": "www.paypa1.example"}],
        messages=[{"subject": "Your INVOICE", "from_addrs": ["a@x.example", "ceo@own.example"]}],
    )
    assert found == {
        "%/login%": [("urls", "url", 1)],
        "%paypa1%": [("http_requests", "host", 1)],
        "ceo@%": [("messages", "from_addrs", 1)],
        "%invoice%": [("messages", "subject", 1)],
    }


def hits(texts, **tables):
    indicators = [indicator_of(text) if isinstance(text, str) else text for text in texts]
    table, matcher, found = ibis_tables(**tables), Matcher(indicators), {}
    for kind in matcher.by_kind:
        for place in places(kind):
            rows = table(place.table)
            for value, item in matches(rows, place, kind, matcher).items():
                count = rows_with(rows, place, [value]).count().execute()
                found.setdefault(item.value, []).append((place.table, place.column, count))
    return found


def test_a_domain_matches_what_lies_below_it_and_nothing_beside_it():
    rows = [
        {"host": "bad.example"},
        {"host": "a.b.BAD.example"},
        {"host": "notbad.example"},
        {"host": "bad.example.org"},
    ]
    assert hits(["bad.example"], http_requests=rows) == {
        "bad.example": [("http_requests", "host", 1), ("http_requests", "host", 1)]
    }


def test_networks_mails_lists_and_hashes_are_found_where_they_can_stand():
    found = hits(
        ["203.0.113.0/24", "bad.example", "x@bad.example", "e" * 64],
        flows=[{"orig_addr": "203.0.113.77"}, {"orig_addr": "203.0.114.1"}],
        messages=[{"from_addrs": ["y@other.example", "X@bad.example"], "received_ips": ["203.0.113.5"]}],
        attachments=[{"sha256": "e" * 64}],
    )
    assert found["203.0.113.0/24"] == [("flows", "orig_addr", 1), ("messages", "received_ips", 1)]
    assert ("messages", "from_addrs", 1) in found["bad.example"]
    assert ("messages", "from_addrs", 1) in found["x@bad.example"]
    assert found["e" * 64] == [("attachments", "sha256", 1)]


def test_urls_are_compared_as_servers_see_them():
    assert hits(
        ["http://bad.example/x"], urls=[{"url": "HTTP://Bad.example:80/x#top"}, {"url": "http://bad.example/y"}]
    ) == {"http://bad.example/x": [("urls", "url", 1)]}
