"""The targets that other programs read from files."""

from datetime import UTC, datetime, timedelta

import pytest

from mailscope.response.plan import Plan, network
from mailscope.response.state_file import lines_of
from mailscope.response.targets.bgp import BlackholeRoute, FlowSpec
from mailscope.response.targets.dnsbl import TEST_ENTRIES, DnsblZone
from mailscope.response.targets.squid_acl import SquidAcl


def plan(prefix="10.1.2.3", scope="mail"):
    return Plan(network(prefix), scope, datetime.now(UTC) + timedelta(hours=1), "spam")


def targets(folder):
    return [
        BlackholeRoute(folder / "rtbh"),
        FlowSpec(folder / "flowspec"),
        SquidAcl(folder / "squid"),
        DnsblZone(folder / "zone", "bl.example.org", "ns.example.org"),
    ]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("prefix", ["10.1.2.3", "10.1.2.0/30", "2001:db8::7"])
def test_apply_and_undo_may_be_repeated_and_end_where_they_began(tmp_path, number, prefix):
    target, wanted = targets(tmp_path)[number], plan(prefix)
    other = plan("10.9.9.9")
    target.apply(other)
    for _turn in range(2):
        target.apply(wanted)
        assert target.is_applied(wanted)
        target.undo(wanted)
        target.undo(wanted)
        assert not target.is_applied(wanted)
    assert target.is_applied(other)


def test_a_black_hole_does_not_leave_the_network(tmp_path):
    target = BlackholeRoute(tmp_path / "r")
    assert target.commands(plan("10.1.2.3", "all")) == [
        "announce route 10.1.2.3/32 next-hop 192.0.2.1 community [ 65535:666 65535:65281 ]"
    ]


def test_flowspec_can_stop_mail_alone(tmp_path):
    assert "destination-port [ =25 =465 =587 =2525 ]" in FlowSpec(tmp_path / "r").route(plan())
    assert "destination-port" not in FlowSpec(tmp_path / "r").route(plan(scope="all"))


def test_the_blocklist_zone_has_its_test_entry_and_a_growing_serial(tmp_path):
    zone = DnsblZone(tmp_path / "zone", "bl.example.org", "ns.example.org")
    serials = []
    for prefix in ("10.1.2.3", "2001:db8::7"):
        zone.apply(plan(prefix))
        serials.append(int(next(line for line in lines_of(zone.file) if " SOA " in line).split()[5]))
    assert serials[0] < serials[1]
    assert set(TEST_ENTRIES) <= set(lines_of(zone.file))
    assert "3.2.1.10 IN A 127.0.0.2" in lines_of(zone.file)
    assert sum(line.startswith("7.0.0.0.") for line in lines_of(zone.file)) == 1


def test_a_prefix_inside_another_comes_back_when_the_wider_one_goes(tmp_path):
    target = SquidAcl(tmp_path / "squid")
    for prefix in ("10.1.2.3", "10.1.0.0/16", "10.1.2.0/24", "2001:db8::7"):
        target.apply(plan(prefix, "all"))
    assert lines_of(target.file) == ["10.1.0.0/16 # covers 10.1.2.0/24 10.1.2.3/32", "2001:db8::7/128"]
    target.undo(plan("10.1.0.0/16", "all"))
    assert lines_of(target.file) == ["10.1.2.0/24 # covers 10.1.2.3/32", "2001:db8::7/128"]
    assert target.is_applied(plan("10.1.2.3", "all"))
    assert not target.is_applied(plan("10.1.0.0/16", "all"))
