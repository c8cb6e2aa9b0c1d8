"""One mail has one story, over queue ids, filters and servers."""

import gzip
import json
from datetime import UTC, datetime, timedelta, timezone

from mailscope.ingest.maillogs.reader import mail_log
from mailscope.investigation.mail_stories import stories

SCANNED = """\
Oct 3 20:08:46 mail sendmail[16181]: hA3CP8k1016181: from=<a@net.example>, size=64607, class=0, nrcpts=1, msgid=<1@net.example>, proto=ESMTP, daemon=MTA, relay=pc.net.example [140.115.1.2]
Oct 3 20:08:46 mail sendmail[16181]: hA3CP8k1016181: to=<b@far.example>, delay=00:00:00, mailer=esmtp, pri=94607, stat=queued
Oct 3 20:08:50 mail MailScanner[7645]: >>> Virus 'W32/Yaha-P' found in file ./hA3CP8k1016181/disney.zip/setup.exe
Oct 3 20:08:51 mail MailScanner[7645]: >>> Virus 'W32/Yaha-P' found in file ./hA3CP8k1016181/setup.exe
Oct 3 20:09:45 mail sendmail[16190]: hA3CP8k1016181: to=<b@far.example>, delay=00:00:59, xdelay=00:00:01, mailer=esmtp, pri=184607, relay=mx.far.example. [140.115.17.89], dsn=2.0.0, stat=Sent (hA3CP9k1016999 Message accepted for delivery)
"""
FILTERED = """\
Nov 22 04:00:00 mx postfix/smtpd[1]: AAAAA11111: client=out.example[192.0.2.9]
Nov 22 04:00:00 mx postfix/cleanup[2]: AAAAA11111: message-id=<x@out.example>
Nov 22 04:00:00 mx postfix/qmgr[3]: AAAAA11111: from=<s@out.example>, size=2000, nrcpt=1 (queue active)
Nov 22 04:00:01 mx amavis[9]: (00009-01) Passed SPAMMY {RelayedTaggedInbound}, [192.0.2.9]:40000 [192.0.2.9] <s@out.example> -> <u@in.example>, Queue-ID: AAAAA11111, Message-ID: <x@out.example>, mail_id: abc, Hits: 6.1, size: 2000, queued_as: BBBBB22222, 900 ms
Nov 22 04:00:01 mx postfix/smtpd[5]: BBBBB22222: client=localhost[127.0.0.1]
Nov 22 04:00:01 mx postfix/qmgr[3]: BBBBB22222: from=<s@out.example>, size=2400, nrcpt=1 (queue active)
Nov 22 04:00:01 mx postfix/smtp[6]: AAAAA11111: to=<u@in.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1.2, delays=0.1/0/0/1.1, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as BBBBB22222)
Nov 22 04:00:01 mx postfix/qmgr[3]: AAAAA11111: removed
Nov 22 04:00:02 mx postfix/smtp[7]: BBBBB22222: to=<u@in.example>, relay=box.in.example[10.0.0.5]:25, delay=0.9, delays=0/0/0/0.9, dsn=4.2.2, status=deferred (host box.in.example[10.0.0.5] said: 452 4.2.2 full (in reply to RCPT TO command))
"""


def told(tmp_path, text, **options):
    path = tmp_path / "mail.log"
    path.write_text(text)
    return stories(mail_log([path], year=2003, **options).rows)


def test_a_mail_is_accepted_scanned_and_sent_under_one_queue_id(tmp_path):
    (story,) = told(tmp_path, SCANNED, zone=timezone(timedelta(hours=8)))
    assert (story.size_bytes, story.client_addr, story.nrcpts) == (64607, "140.115.1.2", 1)
    assert story.verdicts == ("virus W32/Yaha-P", "virus W32/Yaha-P")
    assert (story.status, story.dsn, story.delay_s, story.relay_addrs) == ("sent", "2.0.0", 59.0, ("140.115.17.89",))
    assert story.status_text == "Sent (hA3CP9k1016999 Message accepted for delivery)"
    assert story.first == datetime(2003, 10, 3, 12, 8, 46, tzinfo=UTC)


def test_a_mail_handed_to_a_filter_and_back_is_one_mail(tmp_path):
    (story,) = told(tmp_path, FILTERED)
    assert story.queue_ids == ("AAAAA11111", "BBBBB22222")
    assert (story.client_addr, story.size_bytes, story.verdicts) == ("192.0.2.9", 2000, ("spam",))
    assert (story.status, story.dsn, story.counts) == ("deferred", "4.2.2", {"deferred": 1})


def test_a_mail_over_two_servers_is_one_mail_by_its_message_id(tmp_path):
    second = tmp_path / "second.log.gz"
    with gzip.open(second, "wt") as file:
        file.write(
            '2003-11-22 04:00:09 1abcDE-000abc-Xy <= s@out.example H=mx.example (mx) [10.0.0.4]:25 P=esmtp S=2500 id=x@out.example T="hi" for u@in.example\n'
        )
        file.write("2003-11-22 04:00:10 1abcDE-000abc-Xy => u@in.example R=local T=maildir\n")
    first = tmp_path / "mail.log"
    first.write_text(FILTERED)
    (story,) = stories(mail_log([first, second], year=2003).rows)
    assert story.queue_ids == ("AAAAA11111", "BBBBB22222", "1abcDE-000abc-Xy")
    assert (story.status, story.client_addr) == ("sent", "192.0.2.9")


def test_many_mails_with_one_message_id_stay_many(tmp_path):
    lines = [
        f"Nov 22 04:00:0{n} {host} sendmail[1]: 6ALK5o8400040{n}: from=<a@x.example>, size=10, nrcpts=1, msgid=<same@x>, relay=[192.0.2.{n}]"
        for host in ("a", "b")
        for n in range(5)
    ]
    assert len(told(tmp_path, "\n".join(lines))) == 10


def test_a_queue_id_used_again_is_another_mail(tmp_path):
    again = FILTERED + FILTERED.replace("Nov 22 04", "Nov 22 09")
    assert len({story.first for story in told(tmp_path, again)}) == 2


def test_mails_of_one_address_are_those_it_handed_in_or_was_handed(tmp_path):
    path = tmp_path / "mail.log"
    path.write_text(SCANNED + FILTERED)
    rows = mail_log([path], year=2003).rows
    assert [story.queue_ids[0] for story in stories(rows, "140.115.17.89")] == ["hA3CP8k1016181"]
    assert [story.queue_ids[0] for story in stories(rows, "192.0.2.9")] == ["AAAAA11111"]


def test_journald_entries_join_like_any_line(tmp_path):
    entries = [
        {
            "__REALTIME_TIMESTAMP": "1795290000000000",
            "_HOSTNAME": "mx",
            "SYSLOG_IDENTIFIER": program,
            "MESSAGE": message,
        }
        for program, message in (
            ("postfix/smtpd", "AAAAA11111: client=out.example[192.0.2.9]"),
            (
                "postfix/smtp",
                "AAAAA11111: to=<u@in.example>, relay=none, delay=3, dsn=4.4.1, status=deferred (timed out)",
            ),
        )
    ]
    (story,) = told(tmp_path, "\n".join(map(json.dumps, entries)))
    assert (story.client_name, story.status, story.delay_s) == ("out.example", "deferred", 3.0)
