import pytest

from mailscope.investigation.campaigns import judged_messages
from tests.fixtures.phish import BAD, LURE, LURE_TEXT, PARTNER, SECOND, SERVER, fetched, mail, merged, scene, wave
from tests.fixtures.wire import START_US, Conversation


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    return judged_messages(scene(tmp_path_factory.mktemp("wave"), wave()))


def test_one_wave_is_one_campaign_with_its_sender_and_lure(judged):
    (campaign,) = judged.campaigns
    assert (campaign.sender_ips, campaign.senders) == ([BAD], ["it@corp.example"])
    assert campaign.lure_urls == [LURE]


def test_recipients_refused_before_any_message_belong_to_it(judged):
    (campaign,) = judged.campaigns
    assert sorted(campaign.accepted) == ["ann@corp.example", "bob@corp.example", "cat@corp.example"]
    assert sorted(campaign.rejected) == ["nobody@corp.example"]
    assert campaign.relay_attempts == ["test@elsewhere.example"]


def test_ordinary_mail_of_a_partner_is_no_part_of_it(judged):
    (campaign,) = judged.campaigns
    assert all(member.letter.row["client_addr"] != PARTNER for member in campaign.members)


def test_the_same_text_from_inside_is_not_judged(tmp_path):
    inside = mail("10.0.0.60", ["ann@corp.example"], LURE_TEXT, at_s=1)
    taken = mail(PARTNER, ["ann@corp.example"], "hello", at_s=2, sender="joe@partner.example", name="Joe")
    found = judged_messages(scene(tmp_path, merged(inside, taken)))
    assert found.campaigns == []
    assert any(judgement.cleared is not None and not judgement.facts for judgement in found.every)


def test_two_waves_of_different_origin_stay_apart(tmp_path):
    other = LURE_TEXT.replace(LURE, "http://203.0.113.99/x").replace("mailbox is full", "parcel waits at our depot")
    packets = merged(
        mail(BAD, ["ann@corp.example"], LURE_TEXT, at_s=1, port=40001),
        mail("198.51.100.88", ["ann@corp.example"], other, at_s=2, sender="post@depot.example", name="DHL", port=40002),
    )
    assert len(judged_messages(scene(tmp_path, packets)).campaigns) == 2


def test_a_newsletter_that_stays_at_its_sender_is_no_campaign(tmp_path):
    text = "Our offers of this week: https://www.shop.example/offers\nUnsubscribe: https://www.shop.example/u\n"
    fields = "List-Unsubscribe: <https://www.shop.example/u>\nPrecedence: bulk\n"
    packets = [
        mail(
            "192.0.2.30",
            [f"{n}@corp.example"],
            text,
            at_s=i,
            sender="news@shop.example",
            name="Shop",
            port=40100 + i,
            fields=fields,
        )
        for i, n in enumerate(["ann", "bob", "cat", "dan", "eve", "fay"])
    ]
    assert judged_messages(scene(tmp_path, merged(*packets))).campaigns == []


def test_a_newsletter_that_a_service_sends_and_counts_is_no_campaign(tmp_path):
    people = ["ann", "bob", "cat", "dan", "eve", "fay"]
    packets = []
    for number, name in enumerate(people):
        to = f"{name}@corp.example"
        html = (
            f'<p style="display:none">{"Spring is here " * 12}</p><p>Dear customer, click here to see our offers: '
            f'<a href="https://click.bulkmail.example/c?u={to}&url=https://www.shop.example/">www.shop.example</a></p>'
        )
        fields = "List-Unsubscribe: <https://click.bulkmail.example/u>\nContent-Type: text/html\n"
        sent = mail(
            "192.0.2.30",
            [to],
            html,
            at_s=number,
            sender="b@bulkmail.example",
            name="Shop",
            port=40100 + number,
            fields=fields,
        )
        packets.append(sent)
    assert judged_messages(scene(tmp_path, merged(*packets))).campaigns == []


def test_a_wave_of_which_only_the_fetching_was_seen_is_judged_by_what_the_server_noted(tmp_path):
    first = "From: IT Department <it@corp.example>\nTo: ann@corp.example\nSubject: Mailbox quota\n"
    told = judged_messages(scene(tmp_path, fetched("10.0.0.50", "ann", at_s=9, first=first)))
    (campaign,) = told.campaigns
    assert campaign.sender_ips == [BAD]
    assert "own-domain-outside" in {fact.name for fact in campaign.facts}
    assert list(campaign.accepted) == ["ann@corp.example"]


def test_a_fetched_mail_of_a_colleague_is_not_judged(tmp_path):
    first = (
        "Received: from pc ([10.0.0.60]) by mx\nFrom: IT Support <it@corp.example>\nTo: ann@corp.example\nSubject: x\n"
    )
    (letter,) = judged_messages(
        scene(tmp_path, fetched("10.0.0.50", "ann", at_s=9, first=first, hop="10.0.0.60"))
    ).every
    assert letter.score == 0.0
    assert "10.0.0.60" in str(letter.cleared)


def handed_on(packets, port):
    """The mail server hands the message to the store behind it, over LMTP."""
    talk = Conversation(f"{SERVER}:{port}", "10.0.0.26:24", start_us=START_US + 9 * SECOND)
    talk.say("S: 220 store LMTP\nC: LHLO mx\nS: 250 store\nC: MAIL FROM:<it@corp.example>\nS: 250 ok")
    talk.say("C: RCPT TO:<ann@corp.example>\nS: 250 ok\nC: DATA\nS: 354 go")
    content = next(p.payload for p in packets if b"Message-ID:" in p.payload)
    talk.send(True, b"Received: from x by mx\r\n" + content[content.index(b"From: ") :])
    return talk.say("S: 250 2.0.0 saved\nC: QUIT\nS: 221 bye").fin().packets


def test_a_mail_that_the_server_hands_on_to_its_store_is_one_mail(tmp_path):
    sent = mail(BAD, ["ann@corp.example"], LURE_TEXT, at_s=1, port=40001)
    (campaign,) = judged_messages(scene(tmp_path, merged(sent, handed_on(sent, 45001)))).campaigns
    assert len(campaign.members) == 1
    assert campaign.sender_ips == [BAD]


def test_a_link_to_a_number_is_the_address_that_a_browser_asks(tmp_path):
    text = LURE_TEXT.replace(LURE, '<a href="http://www.corp.example@3405803856/login">here</a>')
    sent = mail(BAD, ["ann@corp.example"], text, at_s=1, fields="Content-Type: text/html\n")
    (campaign,) = judged_messages(scene(tmp_path, sent)).campaigns
    assert campaign.lure_hosts == ["203.0.113.80"]


def test_a_link_that_a_folded_line_cuts_is_no_second_link(tmp_path):
    text = LURE_TEXT.replace(LURE, f"http://mail-ch\n{LURE}")
    (campaign,) = judged_messages(scene(tmp_path, mail(BAD, ["ann@corp.example"], text, at_s=1))).campaigns
    assert campaign.lure_urls == [LURE]


def test_a_mail_that_an_outsider_hands_in_through_the_owners_proxy_came_from_that_outsider(tmp_path):
    direct = mail("10.0.0.8", ["ann@corp.example"], LURE_TEXT, at_s=2, sender="it@corp-mail.example", port=40002)
    talk = Conversation(f"{BAD}:40001", "10.0.0.8:1080", start_us=START_US + SECOND)
    talk.send(True, b"\x05\x01\x00").send(False, b"\x05\x00")
    talk.send(True, b"\x05\x01\x00\x01\x0a\x00\x00\x19\x00\x19").send(False, b"\x05\x00\x00\x01" + bytes(6))
    for packet in direct:
        if packet.payload and packet.from_client is not None:
            talk.send(packet.from_client, packet.payload)
    (campaign,) = judged_messages(scene(tmp_path, merged(talk.fin().packets, direct))).campaigns
    assert (campaign.sender_ips, len(campaign.members)) == ([BAD], 1)
    assert list(campaign.accepted) == ["ann@corp.example"]
