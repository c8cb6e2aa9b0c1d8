import pytest

from mailscope.desk.notices.delivery_status import delivery

HEAD = "Content-Type: multipart/report; report-type=delivery-status\r\n\r\n--b\r\n"


def report(*blocks):
    part = "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n"
    return (HEAD + part + "".join(f"\r\n{block}\r\n" for block in blocks)).encode()


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", "bounce"),
        ("delayed", "delayed"),
        ("Delivered", "delivered"),
        ("relayed", "delivered"),
        ("", "bounce"),
    ],
)
def test_the_action_says_what_became_of_it(action, kind):
    found = delivery(
        report(f"Final-Recipient: rfc822; a@b.example\r\nAction: {action}\r\nStatus: 5.1.1"), "a@b.example"
    )
    assert (found.kind, found.recipient, found.status) == (kind, "a@b.example", "5.1.1")


def test_the_block_of_the_notices_own_recipient_is_read():
    mail = report(
        "Final-Recipient: rfc822; x@b.example\r\nAction: failed\r\nStatus: 5.1.1",
        "Final-Recipient: rfc822; A@b.example\r\nAction: delayed\r\nStatus: 4.4.1\r\n"
        "Diagnostic-Code: smtp; 451 4.4.1\r\n  try later",
    )
    found = delivery(mail, "a@b.example")
    assert (found.kind, found.status, found.said) == ("delayed", "4.4.1", "451 4.4.1 try later")


@pytest.mark.parametrize(
    ("words", "kind", "status"),
    [
        ("<a@b.example>: host mx said: 550 5.7.1 refused", "bounce", "5.7.1"),
        ("Warning: message delayed 4 hours; the system will continue to try", "delayed", ""),
        ("451 4.7.1 greylisted; delivery not yet been possible", "delayed", "4.7.1"),
        ("delayed, then given up: 550 unknown", "bounce", ""),
        ("it could not be delivered", "bounce", ""),
    ],
)
def test_without_fields_the_words_are_read(words, kind, status):
    found = delivery(f"From: MAILER-DAEMON\r\n\r\n{words}\r\n".encode(), "a@b.example")
    assert (found.kind, found.status) == (kind, status)


def test_a_hostile_report_is_bounded():
    mail = report(*(["Final-Recipient: rfc822; " + "a" * 1000 + "\r\nAction: failed\r\nStatus: " + "5" * 1000] * 5000))
    found = delivery(mail[:262144], "nobody@b.example")
    assert (len(found.recipient), len(found.status)) == (254, 12)
    assert delivery(b"\xff" * 1000 + b"\r\n\r\nAction:", "x").kind == "bounce"
