"""The same finding comes out whatever protocol, address or vantage point the relay is seen with."""

import pytest

from mailscope.investigation.investigate import investigate
from tests.fixtures.relays import SECOND, Mail, Relay, smtp_talk, web_page
from tests.fixtures.tls import client_hello, opaque, server_hello
from tests.fixtures.wire import START_US, Conversation, dns_answer, merged, one_side, write

OWN = ["203.0.113.0/24"]
SOCKS5 = pytest.param("socks5", marks=pytest.mark.long)


def answer_to(tmp_path, packets, *, own=OWN, **options):
    return investigate(write(tmp_path / "capture.pcap", packets), own=own, **options)


def only_finding(found):
    assert [finding.kind for finding in found.findings] == ["open-proxy-relay"]
    return found.findings[0]


def fact_names(finding):
    return {fact.name for fact in finding.facts}


@pytest.mark.parametrize("kind", ["connect", pytest.param("socks4", marks=pytest.mark.long), SOCKS5])
def test_a_command_by_address_is_tied_to_its_connection(tmp_path, kind):
    found = answer_to(tmp_path, Relay(kind=kind).packets())
    finding = only_finding(found)
    assert finding.roles == {"commander": ["198.51.100.7"], "proxy": ["203.0.113.4"], "victim": ["192.0.2.25:25"]}
    assert {"target-address", "time-order", "payload-equal"} <= fact_names(finding)
    assert finding.confidence >= 0.95
    assert finding.details["counts"]["mails_accepted"] == 1


@pytest.mark.parametrize("kind", ["connect", "socks4a", "socks5"])
@pytest.mark.long
def test_a_command_by_host_name_is_tied_through_a_dns_answer(tmp_path, kind):
    relay = Relay(kind=kind, target="mx9.victim.example:25")
    dns = dns_answer("203.0.113.4", "192.0.2.53", "mx9.victim.example", "192.0.2.25", at_us=START_US + 8_000)
    finding = only_finding(answer_to(tmp_path, merged(relay.packets(), dns)))
    assert "target-dns" in fact_names(finding)
    assert finding.roles["victim"] == ["192.0.2.25:25"]


@pytest.mark.long
def test_a_command_by_host_name_without_dns_is_tied_by_the_servers_greeting(tmp_path):
    finding = only_finding(answer_to(tmp_path, Relay(target="mx.victim.example:25").packets()))
    assert "target-name" in fact_names(finding)


@pytest.mark.long
def test_a_target_written_as_one_number_is_the_same_address(tmp_path):
    finding = only_finding(answer_to(tmp_path, Relay(target=f"{(192 << 24) + (2 << 8) + 25}:25").packets()))
    assert "target-encoded-address" in fact_names(finding)


@pytest.mark.long
def test_a_post_to_a_mail_port_is_a_command(tmp_path):
    finding = only_finding(answer_to(tmp_path, Relay(kind="post").packets()))
    assert finding.roles["commander"] == ["198.51.100.7"]
    assert finding.roles["victim"] == ["192.0.2.25:25"]


@pytest.mark.long
def test_ipv6_is_no_different(tmp_path):
    relay = Relay(
        commander="2001:db8:7::7",
        proxy="[2001:db8:1::4]:3128",
        leg_address="[2001:db8:1::4]",
        victim="[2001:db8:9::25]:25",
    )
    relay.commander = "[2001:db8:7::7]"
    finding = only_finding(answer_to(tmp_path, relay.packets(), own=["2001:db8:1::/48"]))
    assert finding.roles["commander"] == ["2001:db8:7::7"]
    assert finding.roles["victim"] == ["[2001:db8:9::25]:25"]


@pytest.mark.long
def test_a_command_before_the_capture_is_tied_by_payload_and_said_to_be(tmp_path):
    relay = Relay()
    inside, outside = relay.inside().packets, relay.outside().packets
    begun = START_US + relay.delay_us + 8_500
    found = answer_to(tmp_path, [p for p in merged(inside, outside) if p.ts_us >= begun])
    finding = only_finding(found)
    assert finding.roles["commander"] == ["198.51.100.7"]
    assert any(text.key == "not-proven.unseen" for text in finding.not_proven)
    assert finding.details["counts"]["commands_seen"] == 0


def test_a_proxy_with_two_addresses_is_one_proxy(tmp_path):
    relay = Relay(proxy="203.0.113.4:8080", leg_address="203.0.113.99")
    finding = only_finding(answer_to(tmp_path, relay.packets()))
    assert sorted(finding.roles["proxy"]) == ["203.0.113.4", "203.0.113.99"]


@pytest.mark.long
def test_a_kept_source_port_is_a_fact(tmp_path):
    relay = Relay(kind="socks5", commander_port=45001, leg_port=45001)
    assert "source-port-kept" in fact_names(only_finding(answer_to(tmp_path, relay.packets())))


@pytest.mark.long
def test_many_relays_to_one_victim_are_paired_one_to_one(tmp_path):
    relays = [
        Relay(
            commander_port=40000 + n,
            leg_port=51000 + n,
            start_us=START_US + n * SECOND,
            mails=(Mail(subject=f"Offer {n}", number=n, sender=f"a{n}@shop.example"),),
        )
        for n in range(12)
    ]
    finding = only_finding(answer_to(tmp_path, merged(*(relay.packets() for relay in relays))))
    chains = finding.details["chains"]
    assert len(chains) == 12
    for chain in chains:
        assert chain.leg.row["client_port"] - 51000 == chain.request.row["client_port"] - 40000
        assert len(chain.mails) == 1


@pytest.mark.long
def test_only_the_client_side_seen_says_what_is_not_proven(tmp_path):
    finding = only_finding(answer_to(tmp_path, Relay().inside().packets))
    assert finding.roles["victim"] == ["192.0.2.25:25"]
    assert any(text.key == "not-proven.no-leg" for text in finding.not_proven)
    assert finding.details["counts"]["mails_accepted"] == 1


@pytest.mark.long
def test_only_the_servers_side_of_a_known_proxy_is_a_relay_without_commander(tmp_path):
    found = answer_to(tmp_path, Relay().outside().packets, roles={"203.0.113.4": "proxy"})
    finding = only_finding(found)
    assert finding.roles["commander"] == []
    assert any(text.key == "not-proven.no-command" for text in finding.not_proven)
    assert finding.confidence < 0.8


@pytest.mark.parametrize("from_client", [True, False])
@pytest.mark.long
def test_one_direction_only_still_gives_the_commander(tmp_path, from_client):
    finding = only_finding(answer_to(tmp_path, one_side(Relay().packets(), from_client)))
    if from_client:
        assert finding.roles["commander"] == ["198.51.100.7"]
        assert {h.name: h.verdict for h in answer_to(tmp_path, one_side(Relay().packets(), True)).hypotheses}[
            "spoofed-source"
        ] == "open"


def test_two_capture_points_with_nat_between_count_each_mail_once(tmp_path):
    inner = Relay(proxy="10.1.1.4:3128", commander="198.51.100.7")
    outer = Relay(proxy="203.0.113.4:3128", leg_address="203.0.113.4", start_us=START_US - 300)
    link = write(tmp_path / "link.pcap", outer.packets())
    inside = write(tmp_path / "inside.pcap", inner.packets())
    found = investigate([link, inside], own=["203.0.113.0/24", "10.0.0.0/8"])
    finding = only_finding(found)
    assert finding.details["counts"]["mails"] == 1
    assert finding.details["chains"][0].mails[0].seen_at == [str(inside), str(link)]
    assert set(finding.roles["proxy"]) == {"203.0.113.4", "10.1.1.4"}


@pytest.mark.long
def test_clocks_that_differ_between_sensors_are_found_and_said(tmp_path):
    relays = [
        Relay(
            commander_port=40000 + n,
            leg_port=51000 + n,
            start_us=START_US + n * SECOND,
            mails=(Mail(subject=f"Offer {n}", number=n, sender=f"a{n}@shop.example"),),
        )
        for n in range(4)
    ]
    link = write(tmp_path / "link.pcap", merged(*(relay.inside().packets for relay in relays)))
    for relay in relays:
        relay.start_us -= 45 * SECOND
    dmz = write(tmp_path / "dmz.pcap", merged(*(relay.outside().packets for relay in relays)))
    finding = only_finding(investigate([link, dmz], own=OWN))
    assert all(chain.is_tied for chain in finding.details["chains"])
    assert any(text.key == "not-proven.clocks" for text in finding.not_proven)


def test_a_near_miss_is_shown_as_unproven_and_never_tied(tmp_path):
    relay = Relay()
    near = Conversation("198.51.100.9:40100", "203.0.113.4:3128", START_US - 2 * SECOND)
    near.send(True, b"CONNECT 192.0.2.26:25 HTTP/1.0\r\n\r\n").send(False, b"HTTP/1.0 403 Forbidden\r\n\r\n").fin()
    found = answer_to(tmp_path, merged(relay.outside().packets, near.packets), roles={"203.0.113.4": "proxy"})
    finding = only_finding(found)
    assert finding.roles["commander"] == []
    assert [item.subject for item in found.unproven] == ["192.0.2.26"]


@pytest.mark.long
def test_a_page_that_quotes_a_command_is_no_command(tmp_path):
    page = web_page("203.0.113.50:42000", "192.0.2.80:80", "type CONNECT 192.0.2.25:25 HTTP/1.0", START_US - SECOND)
    found = answer_to(tmp_path, merged(Relay().packets(), page.packets))
    assert only_finding(found).roles["commander"] == ["198.51.100.7"]
    quoted = [item for item in found.cleared if item.kind == "quoted-in-answer"]
    assert quoted
    assert "192.0.2.25" in quoted[0].subject


def test_an_insider_through_the_proxy_is_another_lower_kind(tmp_path):
    found = answer_to(tmp_path, Relay(commander="203.0.113.77").packets())
    assert [finding.kind for finding in found.findings] == ["proxy-policy"]
    verdicts = {item.name: item.verdict for item in found.hypotheses}
    assert verdicts["insider-through-proxy"] == "confirmed"
    assert verdicts["open-proxy-commanded-from-outside"] == "refuted"


def test_malware_that_sends_by_itself_is_no_open_proxy(tmp_path):
    talks = [
        smtp_talk(
            f"203.0.113.77:{43000 + n}",
            f"192.0.2.{20 + n}:25",
            (Mail(sender=f"x{n}@brand{n}.example", subject=f"Win {n}", number=n),),
            helo=f"pc{n}",
            start_us=START_US + n * SECOND,
        )
        for n in range(5)
    ]
    found = answer_to(tmp_path, merged(*(talk.packets for talk in talks)), own_domains=["own.example"])
    assert [finding.kind for finding in found.findings] == ["direct-sender"]
    assert found.findings[0].roles["sender"] == ["203.0.113.77"]
    assert {h.name: h.verdict for h in found.hypotheses}["malware-sending-by-itself"] == "confirmed"


@pytest.mark.long
def test_a_bot_with_the_same_text_is_not_taken_for_the_proxys_other_address(tmp_path):
    """Both run at the same time and send one campaign; only envelopes and Message-IDs tell them apart."""
    packets = []
    for n in range(5):
        relayed = (Mail(sender=f"a{n}@shop.example", subject=f"Offer {n}", number=n),)
        packets.append(
            Relay(commander_port=40000 + n, leg_port=51000 + n, start_us=START_US + n * SECOND, mails=relayed).packets()
        )
        own = (Mail(sender=f"x{n}@brand{n}.example", subject=f"Win {n}", number=n),)
        bot = smtp_talk(f"203.0.113.77:{43000 + n}", "192.0.2.25:25", own, f"pc{n}", START_US + n * SECOND)
        packets.append(bot.packets)
    found = answer_to(tmp_path, merged(*packets), own_domains=["own.example"])
    assert {finding.kind: finding.subject for finding in found.findings} == {
        "open-proxy-relay": "203.0.113.4",
        "direct-sender": "203.0.113.77",
    }
    assert {item.name: item.verdict for item in found.hypotheses}["open-proxy-commanded-from-outside"] == "confirmed"


def test_a_mail_server_that_relays_for_strangers_is_named(tmp_path):
    mail = (Mail(sender="a@spam.example", recipients=("x@far.example",)),)
    into = smtp_talk("198.51.100.7:40001", "203.0.113.25:25", mail, helo="pc")
    out = smtp_talk(
        "203.0.113.25:51001", "192.0.2.25:25", mail, start_us=START_US + SECOND, banner="220 mx.far.example"
    )
    found = answer_to(tmp_path, merged(into.packets, out.packets), own_domains=["own.example"])
    assert [finding.kind for finding in found.findings] == ["open-mail-relay"]
    assert found.findings[0].subject == "203.0.113.25"
    assert {h.name: h.verdict for h in found.hypotheses}["mail-server-open-relay"] == "confirmed"


def office_packets():
    """An ordinary day: mail in and out by the server, staff handing in mail, browsing, a newsletter."""
    to_us = (Mail(sender="partner@far.example", recipients=("staff@own.example",), subject="Contract"),)
    from_us = (Mail(sender="staff@own.example", recipients=("partner@far.example",), subject="Re: Contract"),)
    letter = (
        Mail(sender="news@own.example", recipients=tuple(f"r{n}@far.example" for n in range(30)), subject="News"),
    )
    return merged(
        smtp_talk("192.0.2.25:40001", "203.0.113.25:25", to_us, helo="mx.far.example").packets,
        smtp_talk("203.0.113.77:40002", "203.0.113.25:25", from_us, helo="pc-77", start_us=START_US + SECOND).packets,
        smtp_talk("203.0.113.25:40003", "192.0.2.25:25", from_us, start_us=START_US + 2 * SECOND).packets,
        smtp_talk("203.0.113.25:40004", "192.0.2.25:25", letter, start_us=START_US + 3 * SECOND).packets,
        web_page("203.0.113.77:40005", "192.0.2.80:80", "hello", START_US + 4 * SECOND).packets,
    )


@pytest.mark.parametrize("own", [OWN, []])
@pytest.mark.long
def test_an_ordinary_office_raises_no_finding(tmp_path, own):
    found = answer_to(tmp_path, office_packets(), own=own)
    assert found.findings == []


def test_a_refused_outsider_is_an_attempt_and_no_finding(tmp_path):
    talk = Conversation("198.51.100.7:40001", "203.0.113.4:3128")
    talk.send(True, b"CONNECT 192.0.2.25:25 HTTP/1.1\r\nHost: 192.0.2.25:25\r\n\r\n")
    talk.send(False, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").fin()
    found = answer_to(tmp_path, merged(office_packets(), talk.packets))
    assert found.findings == []
    assert [item.subject for item in found.cleared if item.kind == "refused-attempts"] == ["198.51.100.7"]
    assert {claim.name: claim.verdict for claim in found.claims}["the-proxy-is-closed-to-outsiders"] == "confirmed"


@pytest.mark.long
def test_without_own_networks_the_proxys_network_is_inferred_and_said(tmp_path):
    found = answer_to(tmp_path, merged(Relay().packets(), office_packets()), own=[])
    finding = only_finding(found)
    assert finding.roles["commander"] == ["198.51.100.7"]
    assert found.scene.network.how != "given"
    assert any(text.key.startswith("not-proven.network") for text in finding.not_proven)


@pytest.mark.long
def test_a_single_relay_between_public_addresses_is_reported_without_own_networks(tmp_path):
    finding = only_finding(answer_to(tmp_path, Relay().packets(), own=[]))
    assert finding.roles["proxy"] == ["203.0.113.4"]
    assert finding.confidence < 0.95


@pytest.mark.long
def test_the_commanding_packet_is_the_first_evidence(tmp_path):
    relay = Relay()
    packets = relay.packets()
    number = next(n for n, packet in enumerate(packets, 1) if packet.payload.startswith(b"CONNECT "))
    finding = only_finding(answer_to(tmp_path, packets))
    first = finding.evidence[0]
    assert (first.table, first.first_packet, first.last_packet) == ("proxy_requests", number, number)


@pytest.mark.long
def test_mail_on_an_odd_port_alone_accuses_nobody(tmp_path):
    talk = smtp_talk("10.0.0.5:40001", "10.0.0.25:8025", (Mail(),))
    found = answer_to(tmp_path, talk.packets, own=[])
    assert found.findings == []
    assert [item.kind for item in found.cleared] == ["odd-port-mail"]


def encrypted_leg(relay, size_client, size_server):
    """The commander's side inside TLS: hellos, then records that grow with what they carry."""
    talk = Conversation(f"{relay.commander}:{relay.commander_port}", relay.proxy, relay.start_us)
    talk.send(True, client_hello("gate.example")).send(False, server_hello())
    talk.wait(relay.delay_us)
    talk.send(False, opaque(size_server // 2)).send(True, opaque(size_client))
    talk.wait(150_000)
    return talk.send(False, opaque(size_server // 2)).fin()


@pytest.mark.long
def test_tls_to_the_proxy_leaves_time_and_size_and_that_is_said(tmp_path):
    relay = Relay(proxy="203.0.113.4:443", helo="pc-9", mails=(Mail(), Mail(sender="x@other.example", number=2)))
    outside = relay.outside()
    sent = [sum(len(p.payload) for p in outside.packets if p.from_client == side) for side in (True, False)]
    packets = merged(encrypted_leg(relay, sent[0] + 400, sent[1] + 400).packets, outside.packets)
    finding = only_finding(answer_to(tmp_path, packets, roles={"203.0.113.4": "proxy"}))
    assert finding.roles["commander"] == ["198.51.100.7"]
    assert {"time-enclosed", "size-fits"} <= fact_names(finding)
    assert any(text.key == "not-proven.encrypted" for text in finding.not_proven)
    assert finding.confidence < 0.8


@pytest.mark.long
def test_starttls_through_the_tunnel_is_tied_by_what_came_before_it(tmp_path):
    relay = Relay(helo="bulk-7", mails=())
    turns = [
        (False, relay.banner + "\r\n"),
        (True, "EHLO bulk-7\r\n"),
        (False, "250-mx.victim.example\r\n250 STARTTLS\r\n"),
    ]
    turns += [(True, "STARTTLS\r\n"), (False, "220 2.0.0 ready\r\n")]
    inside = Conversation(f"{relay.commander}:{relay.commander_port}", relay.proxy, relay.start_us)
    for from_client, data in relay.command():
        inside.send(from_client, data)
    inside.wait(relay.delay_us)
    outside = Conversation(f"203.0.113.4:{relay.leg_port}", relay.victim, relay.start_us + relay.delay_us)
    for talk in (inside, outside):
        for from_client, text in turns:
            talk.send(from_client, text.encode())
        talk.send(True, client_hello("mx.victim.example")).send(False, server_hello())
        talk.send(True, opaque(3000)).send(False, opaque(300)).fin()
    finding = only_finding(answer_to(tmp_path, merged(inside.packets, outside.packets)))
    assert finding.roles["commander"] == ["198.51.100.7"]
    assert finding.details["chains"][0].is_tied
    assert finding.details["counts"]["sessions_opaque"] == 1


@pytest.mark.long
def test_captures_of_one_leg_each_are_tied_across_files(tmp_path):
    relay = Relay(leg_address="203.0.113.99")
    first = write(tmp_path / "a.pcap", relay.inside().packets)
    second = write(tmp_path / "b.pcapng", relay.outside().packets)
    finding = only_finding(investigate([second, first], own=OWN))
    assert finding.details["chains"][0].is_tied
    assert finding.details["chains"][0].mails[0].seen_at == [str(first), str(second)]


@pytest.mark.long
def test_the_same_connection_at_two_points_counts_once(tmp_path):
    packets = Relay().packets()
    paths = [write(tmp_path / f"{name}.pcap", packets) for name in ("one", "two")]
    counts = only_finding(investigate(paths, own=OWN)).details["counts"]
    assert (counts["sessions"], counts["mails"], counts["recipients_accepted"]) == (1, 1, 2)


@pytest.mark.long
def test_recipients_accepted_and_refused_are_counted_by_their_replies(tmp_path):
    mail = Mail(recipients=("a@v.example", "b@v.example", "c@v.example"), refused=("b@v.example",))
    counts = only_finding(answer_to(tmp_path, Relay(mails=(mail,)).packets())).details["counts"]
    assert (counts["recipients"], counts["recipients_accepted"], counts["recipients_refused"]) == (3, 2, 1)


@pytest.mark.long
def test_two_commanders_of_one_proxy_are_both_named(tmp_path):
    other = Relay(commander="198.51.100.8", commander_port=40002, leg_port=51002, start_us=START_US + SECOND)
    finding = only_finding(answer_to(tmp_path, merged(Relay().packets(), other.packets())))
    assert sorted(finding.roles["commander"]) == ["198.51.100.7", "198.51.100.8"]


@pytest.mark.long
def test_a_look_for_address_is_searched_though_nothing_went_there(tmp_path):
    found = answer_to(tmp_path, Relay().packets(), look_for=["192.0.2.24", "mx.elsewhere.example"])
    assert "192.0.2.24" in found.coverage["searched_for"]
    assert "mx.elsewhere.example" in found.coverage["searched_for"]


@pytest.mark.long
def test_an_own_mail_server_reached_through_the_proxy_is_a_victim_like_any_other(tmp_path):
    relay = Relay(victim="203.0.113.25:25")
    finding = only_finding(answer_to(tmp_path, relay.packets(), own_domains=["victim.example"]))
    assert finding.roles["victim"] == ["203.0.113.25:25"]
    assert finding.details["chains"][0].is_tied


@pytest.mark.long
def test_a_proxys_own_mail_to_the_own_server_is_no_finding(tmp_path):
    report = smtp_talk("203.0.113.4:40009", "203.0.113.25:25", (Mail(sender="root@own.example"),))
    found = answer_to(tmp_path, report.packets, roles={"203.0.113.4": "proxy"})
    assert found.findings == []


def _proxy_in_use(address: str) -> Conversation:
    """A page fetched by way of the proxy: its own request says so."""
    page = Conversation(f"{address}:50900", "192.0.2.80:80", START_US)
    page.send(True, b"GET / HTTP/1.1\r\nHost: www.example\r\nVia: 1.1 proxy (squid/5.7)\r\n\r\n")
    return page.send(False, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").fin()


@pytest.mark.long
def test_mail_of_a_server_that_shares_the_proxys_public_address_is_no_relay(tmp_path):
    mail = Mail(sender="boss@hq.example")
    link = Relay(leg_address="203.0.113.4", mails=(mail,), helo="mail.hq.example").outside().packets
    packets = merged(link, _proxy_in_use("203.0.113.4").packets)
    seen = write(tmp_path / "link.pcap", packets)
    assert investigate(seen, own=OWN).findings == []
    behind = Relay(leg_address="10.1.1.25", mails=(mail,), helo="mail.hq.example", start_us=START_US - 300)
    inside = write(tmp_path / "inside.pcap", behind.outside().packets)
    found = investigate([seen, inside], own=[*OWN, "10.0.0.0/8"])
    assert found.findings == []
    assert list(found.groups.alone) == ["10.1.1.25"]


@pytest.mark.long
def test_a_port_that_forwards_everything_is_not_called_a_request_before_the_capture(tmp_path):
    relay = Relay(proxy="203.0.113.4:8025", with_command=False)
    found = answer_to(tmp_path, relay.packets(), roles={"203.0.113.4": "proxy"})
    finding = only_finding(found)
    assert finding.details["command_kinds"] == ["forwarded"]
    assert not any(text.key == "not-proven.unseen" for text in finding.not_proven)


@pytest.mark.parametrize("leg_is_whole", [True, pytest.param(False, marks=pytest.mark.long)])
def test_the_proxys_answers_alone_are_tied_to_the_connection_that_they_come_from(tmp_path, leg_is_whole):
    relay = Relay()
    command = [packet for packet in relay.inside().packets if packet.from_client is not True]
    leg = relay.outside().packets
    leg = leg if leg_is_whole else one_side(leg, from_client=False)
    finding = only_finding(answer_to(tmp_path, merged(command, leg)))
    assert finding.roles == {"commander": ["198.51.100.7"], "proxy": ["203.0.113.4"], "victim": ["192.0.2.25:25"]}
    counts = finding.details["counts"]
    assert (counts["sessions"], counts["mails"], counts["legs_seen"]) == (1, 1, 1)
    assert "time-end" in fact_names(finding)


@pytest.mark.long
def test_the_proxys_answers_alone_are_not_tied_to_a_mail_servers_own_connection(tmp_path):
    command = one_side(Relay().inside().packets, from_client=False)
    own = smtp_talk("203.0.113.4:51001", "192.0.2.25:25", (Mail(), Mail(number=2)), start_us=START_US + 9 * SECOND)
    finding = only_finding(answer_to(tmp_path, merged(command, own.packets)))
    assert "time-end" not in fact_names(finding)
