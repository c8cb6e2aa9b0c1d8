"""One mail of each format: what it claims."""

import base64
import gzip
import json

import pytest

from mailscope.desk.complaints.mailboxes import RawMail
from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.reader import Reader

HEAD = "From: r@x.example\nTo: abuse@y.example\nDate: Sat, 21 Nov 2026 21:00:00 +0000\nMessage-ID: <1@x>\n"


def read(text, subject="abuse"):
    data = text if isinstance(text, bytes) else (HEAD + f"Subject: {subject}\n" + text).encode()
    return Reader(Networks.of_text(["10.25.0.0/16"], [])).read(RawMail(data, "m"))


def told(complaint):
    found = complaint.to_json()
    return found["format"], found["accused"], found["time"], found["category"], found["needs_person"]


def attachment(name, kind, data):
    return (
        f"Content-Type: {kind}; name={name}\nContent-Transfer-Encoding: base64\n\n{base64.encodebytes(data).decode()}"
    )


def test_a_redacted_feedback_report_is_read_from_its_sentence():
    text = """Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

This is an email abuse report for an email message received from IP 10.25.1.1 on Sat, 21 Nov 2026 20:08:35 +0000.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1

--b--
"""
    assert told(read(text)) == ("arf", "10.25.1.1", "2026-11-21T20:08:35Z", "spam", False)


def test_a_report_that_takes_back_is_no_complaint():
    text = "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: not-spam\nSource-IP: 10.25.1.1\n\n--b--\n"
    assert read(text).reasons == ["not-spam-report"]


def test_xarf_of_version_4_and_one_that_breaks_its_schema():
    report = {
        "xarf_version": "4.2.0", "report_id": "1", "timestamp": "2026-11-21T20:08:35Z", "category": "connection", "type": "login_attack",
        "source_identifier": "10.25.1.1", "source_port": 4431, "reporter": {"org": "X", "contact": "a@x.example", "domain": "x.example"},
    }  # fmt: skip
    found = read(attachment("xarf.json", "application/json", json.dumps(report).encode()))
    assert told(found) == ("xarf-v4", "10.25.1.1", "2026-11-21T20:08:35Z", "bruteforce", False)
    assert found.to_json()["port"] == 4431
    broken = read(attachment("xarf.json", "application/json", json.dumps(report | {"source_port": "x"}).encode()))
    assert broken.reasons == ["report-invalid:source_port"]


DMARC = """<?xml version="1.0"?><feedback><report_metadata><org_name>x</org_name><date_range><begin>1795219200</begin><end>1795305599</end></date_range></report_metadata>
<policy_published><domain>y.example</domain></policy_published>
<record><row><source_ip>10.25.1.1</source_ip><count>2</count><policy_evaluated><dkim>fail</dkim><spf>{spf}</spf></policy_evaluated></row></record></feedback>"""


def test_dmarc_statistics_accuse_those_who_fail_both_checks():
    found = read(attachment("r.xml.gz", "application/gzip", gzip.compress(DMARC.format(spf="fail").encode())))
    assert told(found)[:2] == ("dmarc-aggregate", "10.25.1.1")
    assert (found.category, found.time_uncertainty > 40000) == ("spoofing", True)
    passed = read(attachment("r.xml.gz", "application/gzip", gzip.compress(DMARC.format(spf="pass").encode())))
    assert passed.reasons == ["aggregate-without-failures"]


def test_a_tls_report_is_no_complaint():
    report = {"organization-name": "x", "policies": [{"summary": {"total-failure-session-count": 3}}]}
    found = read(attachment("r.json.gz", "application/tlsrpt+gzip", gzip.compress(json.dumps(report).encode())))
    assert (found.format, found.reasons) == ("tls-rpt", ["tls-report-with-failures"])


def test_a_copyright_notice_without_xml():
    text = "\nDear Sir, this is a notice of copyright infringement.\nIP Address: 10.25.1.1\nPort: 4662\nTimestamp: 21 Nov 2026 20:07:30 GMT\n"
    found = read(text, "Copyright infringement")
    assert told(found) == ("copyright-notice", "10.25.1.1", "2026-11-21T20:07:30Z", "copyright", False)
    assert found.parties[0].port == 4662


def test_a_table_in_the_zone_that_its_mail_states():
    text = (
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nTimes are UTC+8.\n--b\n"
        + attachment("list.csv", "text/csv", b"Source IP;Time;Category\n10.25.1.1;2026-11-22 04:00:00;portscan\n")
        + "\n--b--\n"
    )
    assert told(read(text)) == ("table", "10.25.1.1", "2026-11-21T20:00:00Z", "scan", False)


def test_a_mail_quoted_with_marks_and_broken_lines():
    text = """
This is spam from your network.

> Received: from x (x [10.25.1.1])
> by mx.victim.example; Sat, 21 Nov 2026 20:08:35 +0000
> Subject: casino
"""
    assert told(read(text))[:3] == ("forwarded-inline", "10.25.1.1", "2026-11-21T20:08:35Z")


@pytest.mark.parametrize(
    ("fields", "text", "reason"),
    [
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=b\n", "--b\n\nx\n--b--\n", "bounce"),
        ("Auto-Submitted: auto-replied\n", "I am away", "automatic-reply"),
        ("List-Unsubscribe: <x>\n", "News of the week", "newsletter"),
        ("", "Best price, order now: http://shop.example/", "advertising"),
        ("In-Reply-To: <2@y.example>\n", "thank you", "reply"),
    ],
)
def test_what_is_no_complaint_has_a_name(fields, text, reason):
    found = read(f"{fields}\n{text}\n", "Re: your notice" if reason == "reply" else "hello")
    assert (found.category, found.reasons, found.needs_person) == ("none", [reason], False)


def test_what_accuses_nobody_but_complains_goes_to_a_person():
    found = read("\nyour customer sends spam, stop it!\n")
    assert (found.needs_person, found.reasons) == (True, ["no-address"])
    assert read(b"").reasons == ["empty"]


def test_a_complaint_passed_on_whole_is_read_by_its_own_format():
    inner = (
        HEAD.replace("<1@x>", "<2@x>")
        + """Received: from mx.x.example (mx.x.example [192.0.2.9]) by cert.example; Sat, 21 Nov 2026 20:30:00 +0000
Subject: [Fail2Ban] sshd: banned 10.25.1.1 from web1

The IP 10.25.1.1 has just been banned by Fail2Ban after 6 attempts against sshd.
Nov 21 20:07:02 web1 sshd[1]: Failed password for root from 10.25.1.1 port 1675 ssh2
"""
    )
    text = f"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nFor your information.\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    assert told(read(text)) == ("fail2ban", "10.25.1.1", "2026-11-21T20:07:02Z", "bruteforce", False)
