import pytest

from mailscope.response.probes.permission import Pace
from mailscope.response.probes.proxy import WAYS, ProxyQuestion, probe_proxy, proxy_verdict
from tests.fixtures.mta import Mta
from tests.fixtures.proxies import Proxy


def asked(proxy, mta, ways=None):
    return probe_proxy(ProxyQuestion("127.0.0.1", proxy.port, "127.0.0.1", mta.port, timeout_s=2), Pace(0), ways)


@pytest.mark.parametrize("way", WAYS)
def test_an_open_proxy_is_told_by_the_mail_servers_own_greeting(way):
    with Mta() as mta, Proxy(way, mta.port) as proxy:
        outcomes = asked(proxy, mta, [way])
    assert [(o.opened, o.relays) for o in outcomes] == [(True, True)]
    assert proxy_verdict(outcomes) == "relays"


@pytest.mark.parametrize("way", WAYS)
def test_a_closed_proxy_is_closed_by_every_way(way):
    with Mta() as mta, Proxy(way, mta.port, is_open=False) as proxy:
        outcomes = asked(proxy, mta)
    assert [outcome.way for outcome in outcomes] == list(WAYS)
    assert proxy_verdict(outcomes) == "closed"


def test_a_way_without_a_greeting_behind_it_is_open_and_no_more():
    with Mta() as mta, Proxy("http-connect", 1) as proxy:
        outcomes = asked(proxy, mta, ["http-connect"])
    assert proxy_verdict(outcomes) == "opens"


def test_a_proxy_that_is_not_there_is_closed_and_says_why():
    with Mta() as mta, Proxy("socks5", mta.port) as proxy:
        pass
    outcomes = asked(proxy, mta)
    assert proxy_verdict(outcomes) == "closed"
    assert all("refused" in outcome.answer for outcome in outcomes)
