from mailscope.contacts.sources.snmp_text import read


def pairs(text):
    return [(str(route.prefix), route.next_hop) for route in read(text.splitlines(), "walk").routes]


def test_the_old_table_by_number_and_by_name():
    number = ".1.3.6.1.2.1.4.21.1.7.192.192.40.0 = IpAddress: 203.71.2.72\n.1.3.6.1.2.1.4.21.1.11.192.192.40.0 = IpAddress: 255.255.252.0"
    name = "ip.ipRouteTable.ipRouteEntry.ipRouteNextHop.192.192.40.0 = IpAddress: 203.71.2.72\nRFC1213-MIB::ipRouteMask.192.192.40.0 = IpAddress: 255.255.252.0"
    assert pairs(number) == pairs(name) == [("192.192.40.0/22", "203.71.2.72")]


def test_a_row_that_tells_two_next_hops_is_a_conflict_and_not_settled_in_silence():
    text = (
        "ipRouteNextHop.192.192.40.0 = IpAddress: 203.71.2.72\nipRouteNextHop.192.192.40.0 = IpAddress: 203.71.2.209\n"
    )
    (conflict,) = read(text.splitlines(), "walk").conflicts
    assert (conflict.kind, conflict.subject) == ("two-next-hops", "192.192.40.0")


def test_the_newer_tables_hold_two_masks_of_one_address():
    text = """.1.3.6.1.2.1.4.24.4.1.1.10.25.17.0.255.255.255.0.0.172.31.25.16 = IpAddress: 10.25.17.0
.1.3.6.1.2.1.4.24.4.1.1.10.25.17.0.255.255.255.192.0.172.31.25.13 = IpAddress: 10.25.17.0
"""
    assert pairs(text) == [("10.25.17.0/24", "172.31.25.16"), ("10.25.17.0/26", "172.31.25.13")]


def test_the_newest_table_holds_ipv6_by_number_and_by_name():
    octets = ".".join(["32", "1", "13", "184", *["0"] * 12])
    number = f".1.3.6.1.2.1.4.24.7.1.7.2.16.{octets}.32.2.0.0.2.16.{octets[:-1]}1 = INTEGER: 5"
    name = 'IP-FORWARD-MIB::inetCidrRouteIfIndex.ipv6."20:01:0d:b8:00:00:00:00:00:00:00:00:00:00:00:00".32.2.0.0.ipv6."20:01:0d:b8:00:00:00:00:00:00:00:00:00:00:00:01" = INTEGER: 5'
    assert pairs(number) == pairs(name) == [("2001:db8::/32", "2001:db8::1")]


def test_broken_rows_are_passed_over():
    text = ".1.3.6.1.2.1.4.24.7.1.7.1.4.10 = INTEGER: 5\n.1.3.6.1.2.1.4.24.7.1.7.9.999.1 = x\nnonsense\n.1.3.6.1.2.1.4.21.1.7.300.1.1.1 = IpAddress: x\n"
    assert pairs(text) == []
