import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailscope.detect.stix_patterns import PATTERN_LIMIT, Like, asked


def told(pattern):
    return [(one.text, one.kind) if one.kind is not None else one.said for one in asked(pattern)]


@pytest.mark.parametrize(
    ("comparison", "meant"),
    [
        ("url:value = 'http://bad.example/x'", ("http://bad.example/x", "")),
        ("file:hashes.'SHA-256' = 'aa'", ("aa", "")),
        (r"url:value = 'http://bad.example/it\'s'", ("http://bad.example/it's", "")),
        ("ipv4-addr:value ISSUBSET '198.51.100.0/24'", ("198.51.100.0/24", "")),
        ("ipv4-addr:value LIKE '198.51.100.%'", ("198.51.100.0/24", "")),
        ("ipv4-addr:value LIKE '198.51.%.%'", ("198.51.0.0/16", "")),
        ("domain-name:value LIKE '%.bad.example'", ("bad.example", "")),
        ("domain-name:value LIKE 'bad.example'", ("bad.example", "")),
        ("domain-name:value LIKE '%paypal%'", ("%paypal%", "domain-like")),
        ("domain-name:value LIKE '%.zip'", ("%.zip", "domain-like")),
        ("url:value LIKE '%/wp-login.php%'", ("%/wp-login.php%", "url-like")),
        ("email-addr:value LIKE '%@bad.example'", ("%@bad.example", "mail-address-like")),
        ("email-message:from_ref.value LIKE 'billing@%'", ("billing@%", "mail-address-like")),
        ("email-message:subject = 'Your invoice'", ("Your invoice", "subject-like")),
        ("file:name LIKE '%.exe'", ("%.exe", "file-name-like")),
    ],
)
def test_what_is_clear_is_read(comparison, meant):
    assert told(f"[{comparison}]") == [meant]


@pytest.mark.parametrize(
    "comparison",
    [
        "domain-name:value != 'bad.example'",
        "domain-name:value NOT LIKE '%bad%'",
        "domain-name:value NOT = 'bad.example'",
        "url:value MATCHES '^http://[0-9]+/'",
        "url:value LIKE '%'",
        "url:value LIKE '%__%'",
        "ipv4-addr:value LIKE '198.51.1%'",
        "ipv4-addr:value LIKE '300.%'",
        "email-message:body LIKE '%password%'",
        "network-traffic:dst_port = 25",
        "process:name = 'evil.exe'",
        "domain-name:value IN ()",
    ],
)
def test_what_is_not_is_named_with_its_words(comparison):
    assert told(f"[{comparison}]") == [comparison]


def test_every_part_of_a_pattern_is_read_or_named():
    pattern = (
        "[domain-name:value IN ('b.example', 'c.example') AND network-traffic:dst_ref.type = 'ipv4-addr'] FOLLOWEDBY "
        "[network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port = 8080] WITHIN 300 SECONDS"
    )
    assert told(pattern) == [
        ("b.example", ""),
        ("c.example", ""),
        ("203.0.113.7", ""),
        "network-traffic:dst_port = 8080",
    ]


def test_words_in_quotes_are_no_comparison():
    assert told("[url:value = 'http://x.example/?domain-name:value = y']") == [
        ("http://x.example/?domain-name:value = y", "")
    ]


@pytest.mark.parametrize("pattern", ["", "EXISTS url:value", "rule x { condition: true }", "a" * (PATTERN_LIMIT + 1)])
def test_a_pattern_in_which_nothing_is_compared_is_named_whole(pattern):
    assert told(pattern) == [pattern]


@pytest.mark.parametrize("unit", ["a", "a:a", "a:a.", "url:value IN ('", "url:value='", r"url:value='\'", "a:'", "- "])
def test_a_hostile_pattern_is_read_at_once(unit):
    assert told(unit * (PATTERN_LIMIT // len(unit)))


@pytest.mark.parametrize(
    ("pattern", "text", "holds"),
    [
        ("%login%", "http://x.example/LOGIN.php", True),
        ("%login%", "http://x.example/logon", False),
        ("http://x.example/%", "http://x.example/", True),
        ("http://x.example/%", "see http://x.example/", False),
        ("%.exe", "invoice.pdf.exe", True),
        ("%.exe", "invoice.exe.pdf", False),
        ("a%b%c", "a1b2c", True),
        ("a%b%c", "abdd", False),
        ("ab%b", "ab", False),
        ("inv_ice", "INVOICE", True),
        ("inv_ice", "invoices", False),
        ("%a.c%", "xabc", False),
    ],
)
def test_like_is_what_sql_says(pattern, text, holds):
    assert Like(pattern).holds(text) is holds


@given(st.text("ab_%", max_size=8), st.text("ab", max_size=8))
def test_like_is_what_a_regular_expression_would_find(pattern, text):
    import re

    words = "".join({"%": ".*", "_": "."}.get(sign, sign) for sign in pattern)
    assert Like(pattern).holds(text) is (re.fullmatch(words, text) is not None)
