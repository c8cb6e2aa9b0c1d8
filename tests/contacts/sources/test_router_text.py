from mailscope.contacts.sources.router_text import read


def pairs(text):
    return [(str(route.prefix), route.next_hop) for route in read(text.splitlines(), "r").routes]


def test_routes_of_one_line_each():
    text = "O E1    172.16.23.0/24 [110/30] via 192.168.254.251, vlan954\nC       10.255.255.0/24 is directly connected, vlan795\n"
    assert pairs(text) == [("172.16.23.0/24", "192.168.254.251"), ("10.255.255.0/24", None)]


def test_a_next_hop_on_the_line_below_belongs_to_the_prefix_above():
    text = "B    10.1.1.0/24\n        [20/0] via 10.0.0.1, 00:01\n        [20/0] via 10.0.0.2, 00:01\n"
    assert pairs(text) == [("10.1.1.0/24", "10.0.0.1"), ("10.1.1.0/24", "10.0.0.2")]


def test_masks_and_blocks_of_named_fields():
    assert pairs("S   10.54.6.0 255.255.255.0 [1/0] via 10.0.5.12, outside") == [("10.54.6.0/24", "10.0.5.12")]
    assert pairs("Destination: 10.0.0.0/8\n     NextHop: 192.0.2.1   Neighbour: 0.0.0.0\n") == [
        ("10.0.0.0/8", "192.0.2.1")
    ]


def test_columns_of_a_bgp_table():
    text = """   Network            Next Hop            Metric     LocPrf     Weight Path
*>e10.10.0.101/32     10.10.1.1                                      0 64101 i
* e                   10.10.2.1                                      0 64101 i
*> 192.0.2.0          10.10.1.1                                      0 i
"""
    assert pairs(text) == [
        ("10.10.0.101/32", "10.10.1.1"),
        ("10.10.0.101/32", "10.10.2.1"),
        ("192.0.2.0/24", "10.10.1.1"),
    ]
