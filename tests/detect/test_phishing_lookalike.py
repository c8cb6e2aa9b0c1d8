import pytest

from mailscope.detect.phishing_lookalike import (
    borrowed_brand,
    brands_in_name,
    decoded,
    imitated_brand,
    imitated_own,
    is_near,
    skeleton,
)


@pytest.mark.parametrize(
    "host", ["paypa1.com", "xn--pypal-4ve.com", "paypall.com", "rnicrosoft.com", "www.micros0ft.net"]
)
def test_a_known_name_written_with_other_letters_is_an_imitation(host):
    assert imitated_brand(host)


@pytest.mark.parametrize("host", ["paypal.com", "www.paypal.de", "mail.example.org", "outlook.com", "apples.example"])
def test_real_names_and_strangers_imitate_nobody(host):
    assert imitated_brand(host) is None


def test_a_known_name_inside_the_host_of_another_is_borrowed():
    assert borrowed_brand("paypal.com.login.example.net") == "paypal"
    assert borrowed_brand("secure-netflix.example.net") == "netflix"
    assert borrowed_brand("www.paypal.co.uk") is None
    assert borrowed_brand("pineapple.com") is None


def test_the_owners_domain_is_recognised_in_disguise():
    assert imitated_own("lanhal.example", ("lanhai.example",)) == "lanhai.example"
    assert imitated_own("lanhai.example.evil.net", ("lanhai.example",)) == "lanhai.example"
    assert imitated_own("webmail.lanhai.example", ("lanhai.example",)) is None
    assert imitated_own("logis.example", ("lanhai.example",)) is None


def test_letters_that_look_alike_are_one():
    assert skeleton("rnicr0s0ft") == skeleton("microsoft")
    assert decoded("xn--pypal-4ve.com") == "p\u0430ypal.com"
    assert is_near("paypal", "payapl")
    assert not is_near("paypal", "paypal")


def test_names_are_found_as_words_of_a_display_name():
    assert brands_in_name("Bank of America (alerts)") == ("bank of america",)
    assert brands_in_name("支付宝客服") == ("支付宝",)
    assert brands_in_name("Pineapple Visage") == ()


def test_letters_with_marks_above_and_below_are_the_letters_without():
    assert imitated_own("gränít.example", ("granit.example",)) == "granit.example"
    assert skeleton("łødź") == skeleton("lodz")
