"""A proxy before a proxy is no insider; an insider who sends mail of his own still is one."""

from mailscope.investigation.investigate import investigate
from tests.fixtures.relays import SECOND, Mail, Relay
from tests.fixtures.wire import START_US, merged, write

OWN = ["203.0.113.0/24", "10.0.0.0/8"]
OUTER = Relay(mails=(Mail(),))
INNER = Relay(kind="socks5", commander="10.20.0.4", proxy="10.20.0.9:1081", start_us=START_US + 6_000, mails=(Mail(),))


def told(tmp_path, *runs):
    return investigate(write(tmp_path / "capture.pcap", merged(*(run.packets for run in runs))), own=OWN)


def test_what_a_proxy_asks_of_another_for_a_stranger_is_the_strangers(tmp_path):
    found = told(tmp_path, OUTER.inside(), INNER.inside(), OUTER.outside())
    assert [finding.kind for finding in found.findings] == ["open-proxy-relay"]
    assert found.findings[0].roles["commander"] == ["198.51.100.7"]
    assert found.findings[0].details["counts"]["legs_seen"] == 1
    assert ("handed-on", "10.20.0.4") in {(item.kind, item.subject) for item in found.cleared}
    assert {item.name: item.verdict for item in found.hypotheses}["insider-through-proxy"] == "refuted"


def test_an_insider_with_other_mail_is_named_beside_the_stranger(tmp_path):
    other = Mail(sender="pc@inside.example", recipients=("zoe@victim.example",), subject="My own", number=7)
    insider = Relay(
        commander="10.20.0.77",
        proxy="10.20.0.9:3128",
        leg_address="203.0.113.9",
        start_us=START_US + SECOND,
        mails=(other,),
    )
    found = told(tmp_path, OUTER.inside(), OUTER.outside(), insider.inside(), insider.outside())
    assert {finding.kind: finding.roles["commander"] for finding in found.findings} == {
        "open-proxy-relay": ["198.51.100.7"],
        "proxy-policy": ["10.20.0.77"],
    }


def test_mails_with_one_envelope_are_each_followed_to_their_own_end(tmp_path):
    runs = []
    for number in range(3):
        mail = (Mail(number=number + 1, subject=f"Lowest prices {number}"),)
        start = START_US + number * SECOND
        outer = Relay(mails=mail, commander_port=40001 + number, leg_port=51001 + number, start_us=start)
        inner = Relay(
            commander="203.0.113.4",
            commander_port=42001 + number,
            proxy="203.0.113.9:3128",
            leg_port=52001 + number,
            start_us=start + 6_000,
            mails=mail,
        )
        runs += [outer.inside(), inner.inside(), inner.outside()]
    found = told(tmp_path, *runs)
    assert [finding.kind for finding in found.findings] == ["open-proxy-relay"]
    counts = found.findings[0].details["counts"]
    assert (counts["sessions"], counts["legs_seen"], counts["mails_accepted"]) == (3, 3, 3)
    assert found.findings[0].roles["victim"] == ["192.0.2.25:25"]
