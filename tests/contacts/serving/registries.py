"""A small registry for the servers' tests."""

from datetime import date
from ipaddress import ip_network

from mailscope.contacts.lookup import Registry
from mailscope.contacts.route import Contact, Gathered, Route


def small():
    routes = [
        Route(ip_network("10.1.0.0/16"), "10.0.0.1", "walk", "ipCidrRouteTable", date(2026, 1, 1)),
        Route(ip_network("10.1.2.0/26"), "10.0.0.2", "walk", "ipCidrRouteTable", date(2026, 1, 1)),
        Route(ip_network("128.66.4.0/24"), "10.0.0.1", "walk", "ipCidrRouteTable", date(2026, 1, 1)),
        Route(ip_network("2001:db8::/32"), "10.0.0.2", "walk", "inetCidrRouteTable", date(2026, 1, 1)),
    ]
    contacts = [
        Contact(
            "10.0.0.1",
            "Big Network",
            "Ann",
            "ann@big.example",
            "+1 555 0100",
            "1 Road",
            "noc",
            date(2026, 1, 1),
            "list",
        ),
        Contact(
            "10.0.0.2", "东县教育网络中心\r\n%ok", "Li Hua", "li@small.example", updated=date(2026, 1, 1), source="list"
        ),
    ]
    return Registry(Gathered(routes, contacts), today=date(2026, 2, 1))
