"""A stolen account of the own mail server is found, with who used it and where the mail went on to."""

from base64 import b64encode

from mailscope.investigation.investigate import investigate
from tests.fixtures.relays import SECOND, Mail, smtp_talk
from tests.fixtures.wire import START_US, Conversation, merged, write

SERVER = "203.0.113.25"


def submission(number, password_is_right=True):
    talk = Conversation(f"198.51.100.66:{41000 + number}", f"{SERVER}:587", START_US + number * SECOND)
    word = b64encode(b"\0otto\0secret-7781").decode()
    talk.say(
        f"S: 220 mail.own.example ESMTP\nC: EHLO PC\nS: 250-mail.own.example\nS: 250 AUTH PLAIN\nC: AUTH PLAIN {word}"
    )
    if not password_is_right:
        return talk.say("S: 535 5.7.8 no\nC: QUIT\nS: 221 bye").fin()
    sender = f"promo{number}@lotto.example"
    talk.say(
        f"S: 235 ok\nC: MAIL FROM:<{sender}>\nS: 250 ok\nC: RCPT TO:<ann@far.example>\nS: 250 ok\nC: DATA\nS: 354 go"
    )
    talk.say(
        f"C: From: {sender}\nC: Subject: Win {number}\nC: \nC: Buy now\nC: .\nS: 250 ok queued\nC: QUIT\nS: 221 bye"
    )
    return talk.fin()


def handed_on(number):
    mail = Mail(sender=f"promo{number}@lotto.example", recipients=("ann@far.example",), number=number)
    start = START_US + number * SECOND + SECOND // 2
    return smtp_talk(f"{SERVER}:{51000 + number}", "192.0.2.70:25", (mail,), helo="mail.own.example", start_us=start)


def test_who_used_the_account_and_where_its_mail_went_is_told(tmp_path):
    incoming = smtp_talk(
        "192.0.2.70:40001",
        f"{SERVER}:25",
        (Mail(sender="a@far.example", recipients=("rosa@own.example",)),),
        start_us=START_US - SECOND,
    )
    talks = [
        incoming,
        *(submission(n, password_is_right=n >= 4) for n in range(8)),
        *(handed_on(n) for n in range(4, 8)),
    ]
    found = investigate(
        write(tmp_path / "capture.pcap", merged(*(talk.packets for talk in talks))), own=["203.0.113.0/24"]
    )
    assert [finding.kind for finding in found.findings] == ["account-abuse"]
    finding = found.findings[0]
    assert finding.roles == {"commander": ["198.51.100.66"], "relay": [SERVER], "victim": ["192.0.2.70:25"]}
    assert finding.details["counts"]["mails_accepted"] == 4
    assert [(account.user, account.failed) for account in finding.details["accounts"]] == [("otto", 4)]
    assert found.scene.domains.own == {"own.example"}
    assert "secret-7781" not in str(found.to_json())
