import pytest

from mailscope.desk.complaints.addresses import accused, canonical, mentions, undisguised

OURS = ("10.25.", "2001:db8:")


def blamed(text):
    return accused(mentions(undisguised(text), lambda address: address.startswith(OURS)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one of your machines, 10.25.17.44, hammers our mail server with junk.", ["10.25.17.44"]),
        ("198.51.100.222 scanned 203.0.113.4; your address 10.25.205.132 is only a target too", ["198.51.100.222"]),
        ("198.51.100.222 scanned your address 10.25.205.132", ["198.51.100.222"]),
        ("spam from 10.25.1.1, 10.25.1.2 and 10.25.1.3 to 192.0.2.9", ["10.25.1.1", "10.25.1.2", "10.25.1.3"]),
        ("attack on our server 192.0.2.1 by 203.0.113.8", ["203.0.113.8"]),
        ("21:07:06.000 10.25.33.3 -> 198.18.16.1:22 SYN", ["10.25.33.3"]),
        ("21:06:13 IP 10.25.77.201.8724 > 198.18.15.58.445: Flags [S]", ["10.25.77.201"]),
        ("hxxp://10[.]25[.]3[.]4/login", ["10.25.3.4"]),
        ("来自 10.25.8.8 的主机向我方服务器 203.0.113.6 发起攻击", ["10.25.8.8"]),
        ("攻擊來源IP:10.25.6.2 攻擊目的IP:203.0.113.9", ["10.25.6.2"]),
        ("10.25.77.201 对我网段进行445端口扫描", ["10.25.77.201"]),
        ("source 2001:db8:25::5 scans us", ["2001:db8:25::5"]),
        ("please call us\nRegards,\nJohn\nour own address is 192.0.2.7", []),
        ("we run Postfix 8.14.4 and Chrome/120.0.0.0", []),
        ("0.0.0.0, 127.0.0.1 and 255.255.255.255 and 10.25.0.0/16", []),
    ],
)
def test_the_words_around_an_address_decide(text, expected):
    assert blamed(text) == expected


def test_addresses_have_one_form():
    assert canonical("2001:DB8:0:0::1") == "2001:db8::1"
    assert canonical("::ffff:192.0.2.1") == "192.0.2.1"
    assert canonical("300.1.1.1") is None


def test_the_port_behind_an_address_is_read():
    found = mentions("10.25.77.201.8724 > 198.18.15.58.445 and 10.25.1.1:25 and 10.25.1.2 port 99", lambda _: False)
    assert [mention.port for mention in found] == [8724, 445, 25, 99]
