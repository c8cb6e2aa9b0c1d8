from mailscope.desk.complaints.mailboxes import RawMail
from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.reader import Reader


def mail(
    number,
    address="10.25.1.1",
    sender="a@x.example",
    text="spam from {} at 2026-11-21 20:08:01 UTC, three hundred mails",
):
    head = f"From: {sender}\nTo: abuse@y.example\nMessage-ID: <{number}@x>\nDate: Sat, 21 Nov 2026 21:00:00 +0000\n\n"
    return RawMail((head + text.format(address)).encode(), f"mail {number}")


def duplicates(*mails):
    reader = Reader(Networks.of_text(["10.25.0.0/16"], []))
    return [complaint.duplicate_of for complaint in reader.read_all(mails)]


def test_the_same_mail_and_the_same_text_under_another_id_join():
    assert duplicates(mail(1), mail(1), mail(2)) == [None, "<1@x>", "<1@x>"]


def test_another_address_with_a_known_id_is_its_own_complaint():
    assert duplicates(mail(1), mail(1, "10.25.2.2")) == [None, None]


def test_two_reporters_of_one_event_are_two_complaints():
    assert duplicates(mail(1), mail(2, sender="b@z.example")) == [None, None]


def test_the_same_address_with_other_evidence_is_another_complaint():
    other = "your host {} relays: log lines follow below here 2026-11-21 20:08:01 UTC spam relay denied"
    assert duplicates(mail(1), mail(2, text=other)) == [None, None]
