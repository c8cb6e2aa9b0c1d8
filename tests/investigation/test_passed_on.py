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
