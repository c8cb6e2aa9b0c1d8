"""Signals of one message, on letters made of a few values."""

import pytest

from mailscope.detect.domains import Domains
from mailscope.detect.network import own_network
from mailscope.detect.phishing import SENDER_ALONE, THRESHOLD, judged
from mailscope.detect.phishing_letter import Ground, Letter, Link
from mailscope.detect.registrable import registrable

GROUND = Ground(own_network([], ["10.0.0.0/8"]), Domains({"corp.example", "harbour.example"}, "given"))
EMPTY = [
    "to_addrs",
    "cc_addrs",
    "reply_to",
    "received_ips",
    "authentication_results",
    "dkim_domains",
    "bulk_marks",
    "header_names",
    "charsets",
    "marks",
    "spotted",
    "auth_users",
    "rcpt_to",
]


def letter(links=(), files=(), **given):
    row = {name: [] for name in EMPTY} | {
        "session_id": "F1/0",
        "message": 1,
        "client_addr": "198.51.100.9",
        "server_addr": "10.0.0.25",
        "transfer": "smtp-data",
        "from_client": True,
        "from_addrs": ["joe@partner.example"],
        "from_names": ["Joe"],
        "mail_from": None,
        "return_path": None,
        "subject": "Hello",
        "message_id": "m@partner.example",
        "in_reply_to": None,
        "list_id": None,
        "list_unsubscribe": None,
        "helo": "mail.partner.example",
        "authenticated": "unknown",
        "hidden_chars": 0,
        "truncated": False,
    }
    made = [Link(url, url.split("/")[2], registrable(url.split("/")[2]), shown) for url, shown in links]
    return Letter(row | given, made, [], [{"name": name} for name in files])


def names(**given):
    return {fact.name for fact in judged(letter(**given), GROUND).facts}


@pytest.mark.parametrize(
    ("signal", "given"),
    [
        ("own-domain-outside", {"from_addrs": ["it@corp.example"]}),
        ("own-domain-outside", {"mail_from": "it@corp.example"}),
        ("to-itself", {"rcpt_to": ["joe@partner.example"]}),
        ("auth-failed", {"authentication_results": ["mx; spf=fail; dmarc=fail"]}),
        ("auth-absent", {"authentication_results": ["mx; spf=none; dkim=none"]}),
        ("envelope-elsewhere", {"mail_from": "x@other.example"}),
        ("reply-elsewhere", {"reply_to": ["joe@elsewhere.test"]}),
        ("reply-to-freemail", {"reply_to": ["joe77@gmail.com"]}),
        ("brand-name", {"from_names": ["PayPal Service"]}),
        ("brand-name", {"from_names": ["Corp support"]}),
        ("role-name", {"from_names": ["IT Help Desk"]}),
        ("address-in-name", {"from_names": ["boss@corp.example"]}),
        ("lookalike-sender", {"from_addrs": ["it@harb0ur.example"]}),
        ("brand-in-sender", {"from_addrs": ["it@netflix-billing.example"]}),
        ("odd-helo", {"helo": "it-pc"}),
        ("own-helo", {"helo": "mail.corp.example"}),
        ("odd-letters", {"subject": "P\u0430yment"}),
        ("odd-name", {"from_names": ["_"]}),
        ("free-hosting-sender", {"from_addrs": ["a@x1.firebaseapp.com"]}),
        ("cheap-suffix-sender", {"from_addrs": ["a@b.cyou"]}),
        ("no-message-id", {"message_id": None}),
        ("shown-elsewhere", {"links": [("http://evil.test/", "https://bank.example/login")]}),
        ("raw-address-link", {"links": [("http://203.0.113.5/x", None)]}),
        ("shortener-link", {"links": [("https://bit.ly/x", None)]}),
        ("free-hosting-link", {"links": [("https://a.pages.dev/x", None)]}),
        ("lookalike-link", {"links": [("https://paypa1.com/x", None)]}),
        ("lookalike-link", {"links": [("https://corp.example.evil.test/x", None)]}),
        ("punycode-link", {"links": [("https://xn--bcher-kva.test/x", None)]}),
        ("punycode-link", {"links": [("https://\U0001d5c9\U0001d5ba\U0001d5d2.test/x", None)]}),
        ("user-in-link", {"links": [("https://bank.example@evil.test/x", None)]}),
        (
            "recipient-in-link",
            {"links": [("https://evil.test/?u=ann@corp.example", None)], "rcpt_to": ["ann@corp.example"]},
        ),
        ("site-folder-link", {"links": [("https://evil.test/wp-content/a/", None)]}),
        ("links-elsewhere", {"links": [("https://evil.test/", None)]}),
        ("says-password", {"spotted": ["your password"]}),
        ("says-mailbox", {"spotted": ["邮箱已满"]}),
        ("password-input", {"marks": ["form", "password-input"]}),
        ("page-attached", {"files": ["Invoice.html"]}),
        ("program-attached", {"files": ["Invoice.pdf.exe"]}),
        ("ordinary-thread", {"in_reply_to": "a@b", "subject": "Re: Hello"}),
        ("ordinary-list", {"list_id": "dev.example", "header_names": ["list-id", "list-post"]}),
    ],
)
def test_each_signal_is_told(signal, given):
    assert signal in names(**given)


def test_a_plain_mail_of_a_partner_has_no_mark_against_it():
    found = judged(letter(), GROUND)
    assert found.score == 0.0
    assert all(fact.weight < 0 for fact in found.facts)


def test_mail_after_a_login_and_mail_from_inside_is_not_judged():
    for given in ({"authenticated": "yes"}, {"client_addr": "10.0.0.9"}):
        found = judged(letter(from_addrs=["it@corp.example"], spotted=["your password"], **given), GROUND)
        assert (found.score, found.facts) == (0.0, [])
        assert found.cleared is not None


def test_a_false_sender_without_a_lure_stays_below_the_threshold():
    found = judged(letter(from_addrs=["it@corp.example"], helo="it-pc", files=["a.pdf"]), GROUND)
    assert found.score == SENDER_ALONE < THRESHOLD


def test_a_lure_in_the_owners_name_is_phishing():
    links = [("http://evil.test/", None)]
    assert judged(letter(from_addrs=["it@corp.example"], links=links, spotted=["click here"]), GROUND).is_phishing


def test_mail_of_a_mailing_list_in_the_owners_name_is_not_forged():
    given = {"from_addrs": ["ann@corp.example"], "list_id": "dev.list.example", "header_names": ["list-post"]}
    assert "own-domain-outside" not in names(**given)


def test_a_lure_from_outside_with_the_account_of_somebody_inside_is_judged():
    inside = Ground(GROUND.network, GROUND.domains, insiders=frozenset({"eve"}))
    lure = letter(
        [("http://corp-webmail.example.net/", None)],
        from_addrs=["eve@corp.example"],
        authenticated="yes",
        auth_users=["eve@corp.example"],
        spotted=["click here", "verify your account"],
    )
    assert judged(lure, inside).is_phishing
    assert "outside-login" in {fact.name for fact in judged(lure, inside).facts}
    assert judged(lure, GROUND).score == 0.0


def test_a_page_inside_the_link_itself_is_a_way_out():
    said = {"marks": ["data-link"], "spotted": ["verify your account", "mailbox is full", "will be suspended"]}
    assert judged(letter(**said), GROUND).is_phishing


def test_traditional_chinese_is_read_as_simplified_is():
    for said in (["信箱已滿", "重新驗證"], ["邮箱已满", "重新验证"]):
        assert {"says-mailbox", "says-confirm"} <= names(spotted=said)
