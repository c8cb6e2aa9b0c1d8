"""A host's mails stand beside its flows, hour by hour."""

from datetime import UTC, datetime, timedelta

from mailscope.ingest.maillogs.row import Row
from mailscope.investigation.mail_of_host import mail_of_host
from mailscope.investigation.mail_stories import stories
from mailscope.investigation.sender_explained import explained, with_mail
from mailscope.report.senders.story import json_text, text
from tests.fixtures.flow_rows import mails, records

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOST = "10.0.9.9"


def mail(number, moment=NOON, status="sent", client=HOST):
    head = {"queue_id": f"Q{number}", "host": "mx", "file": "mail.log", "line": number}
    return [
        Row("received", time=moment, client_addr=client, mail_from="a@x.example", format="sendmail", **head),
        Row(status, time=moment, rcpt_to=("b@y.example",), relay_addr="192.0.2.25", format="sendmail", **head),
    ]


def test_mails_of_the_hour_stand_beside_its_flows():
    told = stories([*mail(1), *mail(2, NOON + timedelta(minutes=9), "bounced"), *mail(3, NOON + timedelta(hours=1))])
    found = mail_of_host(told, HOST, None, [{"hour": NOON.replace(tzinfo=None), "flows": 7}])
    assert found.handed_in == {"sent": 2, "bounced": 1}
    assert [(row["hour"].hour, row["flows"], row["mails"]) for row in found.hours] == [(12, 7, 2), (13, None, 1)]
    assert (found.mails[0]["file"], found.mails[0]["line"]) == ("mail.log", 1)


def test_mails_outside_the_time_of_the_flows_are_only_counted():
    told = stories([*mail(1), *mail(2, NOON - timedelta(days=2))])
    found = mail_of_host(told, HOST, (NOON, NOON + timedelta(hours=1)))
    assert (found.handed_in, found.outside) == ({"sent": 1}, 1)


def test_a_server_that_was_handed_the_mails_is_told_so():
    assert mail_of_host(stories(mail(1), "192.0.2.25"), "192.0.2.25").was_handed == {"sent": 1}


def test_the_story_of_a_host_tells_its_mails_in_both_languages():
    story = explained(records(mails(HOST, servers=25)), HOST, ["10.0.0.0/8"])
    moment = story.queue.window.start
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    story = with_mail(story, stories(mail(1, moment)))
    assert "Mails it handed to the logging servers: 1 sent." in text(story)
    assert "邮件日志" in text(story, "zh")
    assert '"mail_log"' in json_text(story)
