import pytest

from mailscope.errors import UsageError
from mailscope.response.plan import network
from mailscope.response.probes.permission import Pace, allowed

OWN = [network("10.0.0.0/8"), network("2001:db8::/32")]


@pytest.mark.parametrize(
    "host", ["198.51.100.7", "11.0.0.1", "example.org", "localhost", "10.0.0.1.example.org", "", "::1"]
)
def test_a_foreign_host_or_a_name_is_never_asked(host):
    with pytest.raises(UsageError):
        allowed(host, OWN)


def test_without_own_networks_nobody_is_asked():
    with pytest.raises(UsageError, match="not in your own"):
        allowed("10.0.0.1", [])


def test_an_own_address_comes_back_in_its_canonical_form():
    assert allowed("2001:DB8:0::7", OWN) == "2001:db8::7"


def test_connections_keep_their_distance():
    waits, now = [], [100.0]

    def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds

    pace = Pace(5.0, sleep, lambda: now[0])
    for passes in (0.0, 0.25, 2.0, 5.0):
        now[0] += passes
        pace.wait()
    assert waits == [4.75, 3.0]
