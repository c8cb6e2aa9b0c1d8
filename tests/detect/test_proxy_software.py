"""Proxy software by what it says of itself."""

import pytest

from mailscope.detect.proxy_software import software_named


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("1.1 gw (squid/5.7)", "squid"),
        ("1.0 tiny (tinyproxy/1.11.1)", "tinyproxy"),
        ("Apache/2.4.57 (Debian)", "apache"),
        ("nginx/1.22.1", "nginx"),
        ("1.1 varnish (Varnish/7.1)", "varnish"),
        ("something", None),
        (None, None),
    ],
)
def test_the_software_is_named(said, name):
    assert software_named(said) == name
