"""nftables in namespaces of the test's own: packets really stop, and really pass again."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from mailscope.response.plan import Plan, network
from mailscope.response.targets.nftables import Nftables
from tests.fixtures.daemon import until
from tests.fixtures.namespaces import Triangle, possible

pytestmark = pytest.mark.skipif(
    shutil.which("nft") is None or not possible(["nft", "add", "table", "inet", "try"]),
    reason="needs network namespaces (root, Debian package iproute2) and Debian package nftables",
)


def plan(prefix, scope="mail", seconds=3600):
    return Plan(network(prefix), scope, datetime.now(UTC) + timedelta(seconds=seconds), "spam")


@pytest.fixture
def net():
    with Triangle() as triangle:
        yield triangle


def test_the_sender_stops_and_the_undo_lets_it_speak_again(net):
    target = Nftables(["ip", "netns", "exec", net.gateway, "nft"])
    wanted = plan(net.sender_address)
    assert net.can_connect(25)
    target.apply(wanted)
    target.apply(wanted)
    assert target.is_applied(wanted)
    assert not net.can_connect(25)
    assert net.can_connect(80), "only mail was to stop"
    target.undo(wanted)
    assert net.can_connect(25)
    assert not target.is_applied(wanted)


def test_a_block_of_everything_stops_everything(net):
    target = Nftables(["ip", "netns", "exec", net.gateway, "nft"])
    target.apply(plan(net.sender_address, "all"))
    assert not net.can_connect(80)
    target.undo(plan(net.sender_address, "all"))
    assert net.can_connect(80)


def test_a_block_that_nobody_undoes_ends_by_itself(net):
    target = Nftables(["ip", "netns", "exec", net.gateway, "nft"])
    for seconds in (2, 6, 18, 54):  # on a slow machine the first is over before anything was tried
        target.apply(plan(net.sender_address, seconds=seconds))
        if not net.can_connect(25):
            break
    else:
        pytest.fail("nothing was blocked")
    until(lambda: not target.is_applied(plan(net.sender_address)), 300)
    assert net.can_connect(25)


def test_prefixes_and_sixes_are_told_from_the_sets(net):
    target = Nftables(["ip", "netns", "exec", net.gateway, "nft"])
    for prefix in ("10.77.5.0/28", "10.77.5.64", "2001:db8::7", "2001:db8:1::/64"):
        target.apply(plan(prefix))
    for prefix in ("10.77.5.0/28", "10.77.5.64", "2001:db8::7", "2001:db8:1::/64"):
        assert target.is_applied(plan(prefix)), prefix
        target.undo(plan(prefix))
        assert not target.is_applied(plan(prefix)), prefix


def test_the_owners_other_tables_are_left_alone(net):
    nft = ["ip", "netns", "exec", net.gateway, "nft"]
    subprocess.run([*nft, "add table inet mine"], check=True)
    Nftables(nft).apply(plan(net.sender_address))
    assert "table inet mine" in subprocess.run([*nft, "list", "tables"], capture_output=True, text=True).stdout
