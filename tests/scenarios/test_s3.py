"""Every session of the coverage scenario: class, reason and visible fields, whole and captured from mostly one side."""

import itertools
import json
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from mailscope.detect.accounting.sessions import Valid, sessions
from mailscope.detect.accounting.totals import Account, cells, checked
from mailscope.ingest.captures import read
from mailscope.investigation.campaign_story import phishing_findings
from mailscope.investigation.scene import scene_of
from mailscope.report.accounting.rows import rows
from mailscope.report.accounting.summary import summary

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[2].parent / "shared"))
FOLDERS = sorted((SHARED / "scenarios").glob("s3*/truth.json"))
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not FOLDERS, reason=f"no scenarios in {SHARED / 'scenarios'}"),
]

BOTH, CLIENT, SERVER = "both", "c2s", "s2c"

# The truth's category and, where it tells more, its reason or protocol: class and reasons of ours that say the same.
WHOLE = {
    "mail with envelope": ("MAIL", "complete"),
    "mail with envelope, unusual port": ("MAIL", "complete"),
    "mail inside an HTTP CONNECT": ("HTTP", "complete"),
    "messages fetched": ("MAIL", "complete"),
    "messages fetched, unusual port": ("MAIL", "complete"),
    "message headers fetched": ("MAIL", "complete"),
    "message stored": ("MAIL", "complete"),
    "encrypted after STARTTLS": ("MAIL", "opaque-after-starttls"),
    "encrypted from the start": ("SSL", "implicit-tls"),
    "login only": ("MAIL", "login-only login-logout"),
    "login only: only login and logout": ("MAIL", "login-logout"),
    "login failed": ("MAIL", "login-failed"),
    "no commands": ("BASE", "greeting-only"),
    "no mail transaction: login failed": ("MAIL", "login-failed"),
    "no mail transaction: no MAIL command was given": ("MAIL", "ehlo-only"),
    "refused": ("MAIL", "rejected-before-data"),
    "aborted before the content": ("MAIL", "reset-before-data"),
    "aborted inside the content": ("MAIL", "cut-in-content"),
    "no connection": ("BASE", "connection-refused"),
    "no payload": ("BASE", "no-payload"),
    "not mail on a mail port: HTTP": ("HTTP", "not-mail-on-mail-port"),
    "not mail on a mail port: SSH": ("BASE", "not-mail-on-mail-port"),
    "not mail on a mail port: TLS": ("SSL", "not-mail-on-mail-port implicit-tls"),
    "not mail on a mail port: unknown": ("BASE", "unknown"),
    "beginning not recorded: SMTP": ("MAIL", "complete"),
    "beginning not recorded: IMAP": ("MAIL BASE", "mid-stream commands-only login-logout"),
}
# What changes when only one side was captured: what the other side would have told is not claimed.
FROM_CLIENT = WHOLE | {
    "mail with envelope": ("MAIL", "one-way-client"),
    "mail with envelope, unusual port": ("MAIL", "one-way-client"),
    "mail inside an HTTP CONNECT": ("HTTP", "one-way-client"),
    "messages fetched": ("MAIL", "one-way-client"),
    "messages fetched, unusual port": ("MAIL", "one-way-client"),
    "message headers fetched": ("MAIL", "one-way-client"),
    "message stored": ("MAIL", "one-way-client"),
    "login only: only login and logout": ("MAIL", "login-only login-logout"),
    "login failed": ("MAIL", "login-only login-logout"),
    "no commands": ("BASE", "silent-side"),
    "no mail transaction: login failed": ("MAIL", "login-only login-logout"),
    "refused": ("MAIL", "no-data"),
    "aborted before the content": ("MAIL", "no-data reset-before-data"),
    "no connection": ("BASE", "connection-attempt"),
    "no payload": ("BASE", "silent-side"),
    "beginning not recorded: SMTP": ("MAIL", "one-way-client"),
}
FROM_SERVER = WHOLE | {
    "mail with envelope": ("MAIL", "one-way-server"),
    "mail with envelope, unusual port": ("MAIL", "one-way-server"),
    "messages fetched": ("MAIL", "one-way-server"),
    "login only": ("MAIL", "one-way-server login-only login-logout"),
    "login only: only login and logout": ("MAIL", "one-way-server login-logout"),
    "refused": ("MAIL", "one-way-server"),
    "aborted before the content": ("MAIL", "one-way-server"),
    "no payload": ("BASE", "silent-side"),
    "not mail on a mail port: unknown": ("BASE", "silent-side"),
}
MEANING = {BOTH: WHOLE, CLIENT: FROM_CLIENT, SERVER: FROM_SERVER}


@cache
def truth_of(path):
    return json.loads(path.read_text("utf-8"))


@cache
def tables_of(capture):
    return read(capture)


@cache
def account_of(capture):
    """The rows of a capture's sessions by `client -> server`."""
    return {f"{row['client']} -> {row['server']}": row for row in rows(sessions(tables_of(capture).to_ibis))}


@cache
def transactions_of(capture):
    found = {}
    for record in sorted(tables_of(capture)["mail_transactions"].records(), key=lambda r: (r.start, r.transaction)):
        found.setdefault(record.flow_id, []).append(record)
    return found


@cache
def replies_of(capture):
    return {record.flow_id: record.reply_codes for record in tables_of(capture)["mail_sessions"].records()}


@cache
def logins_of(capture):
    found = {}
    for record in tables_of(capture)["logins"].records():
        found.setdefault(record.flow_id, []).append(record)
    return found


def captures(path):
    whole, asymmetric = (path.parent / entry["file"] for entry in truth_of(path)["captures"])
    return {"whole": whole, "asymmetric": asymmetric}


def parameters():
    """Every session of every capture, with what is visible of it there."""
    for path in FOLDERS:
        for which, capture in captures(path).items():
            for session in truth_of(path)["sessions"]:
                seen = session["asymmetric"] if which == "asymmetric" else session | {"direction": BOTH}
                yield pytest.param(capture, session, seen, id=f"{which}-{session['id']}")


def meaning(session, seen):
    """Class and reasons that say what the truth says, of what was captured."""
    known = MEANING[seen["direction"]]
    category = session["category"]
    for more in (seen["reason_without_envelope"], session["protocol"]):
        if f"{category}: {more}" in known:
            return known[f"{category}: {more}"]
    return known[category]


@pytest.mark.parametrize(("capture", "session", "seen"), list(parameters()))
def test_class_and_reason_are_as_in_the_truth(capture, session, seen):
    row = account_of(capture)[session["session"]]
    classes, reasons = meaning(session, seen)
    assert row["direction"] == seen["direction"]
    assert row["reason"] in reasons.split(), (session["kind"], row)
    assert row["class"] in classes.split(), (session["kind"], row)


def bare(mailbox):
    """`Name <address>` without its name."""
    return re.sub(r".*<(.*)>.*", r"\1", mailbox)


def listed(fields, name):
    return [bare(part.strip()) for entry in fields[name] for part in entry.split(",")]


def fetched(fields, name):
    return sorted(
        bare(part.strip()) for message in fields["messages"] if message[name] for part in message[name].split(",")
    )


# Field of the truth: what ours is (of the row and its tables), and what the truth's is in the same words.
FIELDS = {
    "helo": (lambda row, _: row["helo"], lambda f: f["helo"]),
    "server_greeting": (lambda row, _: row["banner"], lambda f: f["server_greeting"]),
    "mail_from_cmd": (lambda row, _: row["mail_from_cmd"], lambda f: f["mail_from_cmd"]),
    "rcpt_to_cmd": (lambda row, _: row["mail_to_cmd"], lambda f: f["rcpt_to_cmd"]),
    "header_from": (lambda row, _: row["mail_from"], lambda f: listed(f, "header_from")),
    "header_to": (lambda row, _: row["mail_to"], lambda f: listed(f, "header_to")),
    "subject": (lambda row, _: row["subjects"], lambda f: f["subject"]),
    "user": (lambda row, _: row["users"], lambda f: [f["user"]]),
    "auth_user": (lambda row, _: row["users"], lambda f: [f["auth_user"]]),
    "login_ok": (lambda row, _: row["login"] == "yes", lambda f: f["login_ok"]),
    "connect_target": (lambda row, _: row["proxy_target"], lambda f: f["connect_target"]),
    "tls_sni": (lambda row, _: row["tls_sni"], lambda f: f["tls_sni"]),
    "tls_version": (lambda row, _: row["tls_version"], lambda f: f["tls_version"].replace("TLSv", "TLS ")),
    "tls_certificate_cn": (
        lambda row, f: f["tls_certificate_cn"] if f["tls_certificate_cn"] in row["tls_names"] else row["tls_names"],
        lambda f: f["tls_certificate_cn"],
    ),
    "messages": (lambda row, _: sorted(row["mail_from"]), lambda f: fetched(f, "from")),
}


@pytest.mark.parametrize(("capture", "session", "seen"), list(parameters()))
def test_every_visible_field_is_shown(capture, session, seen):
    row, fields = account_of(capture)[session["session"]], seen["fields"]
    if seen["direction"] == SERVER and row["login"] == "unknown":
        # Which command an answer was to is not visible, so whether a login succeeded need not be.
        fields = {name: value for name, value in fields.items() if name != "login_ok"}
    found = {name: ours(row, fields) for name, (ours, _) in FIELDS.items() if fields.get(name) is not None}
    wanted = {name: theirs(fields) for name, (_, theirs) in FIELDS.items() if fields.get(name) is not None}
    assert found == wanted, session["kind"]


@pytest.mark.parametrize(("capture", "session", "seen"), list(parameters()))
def test_every_visible_answer_of_the_server_is_shown(capture, session, seen):
    row, fields = account_of(capture)[session["session"]], seen["fields"]
    codes = {name: fields[name] for name in ("rcpt_codes", "final_codes") if name in fields}
    if seen["direction"] == SERVER:
        # Which command an answer was to is not visible; the answers are, in their order.
        answers = iter(replies_of(capture).get(row["flow_id"], []))
        for code in itertools.chain(*codes.values()):
            assert code is None or code in answers, session["kind"]
        return
    known = transactions_of(capture).get(row["flow_id"], [])
    ours = {"rcpt_codes": [code for t in known for code in t.rcpt_codes], "final_codes": [t.final_code for t in known]}
    assert {name: ours[name] for name in codes} == codes, session["kind"]
    if "auth_code" in fields:
        assert [login.reply_code for login in logins_of(capture)[row["flow_id"]]] == [fields["auth_code"]]


@pytest.mark.parametrize(("capture", "session", "seen"), list(parameters()))
def test_what_the_side_cannot_show_is_said_to_be_invisible(capture, session, seen):
    row = account_of(capture)[session["session"]]
    if row["protocol"] is None or row["direction"] == BOTH:
        return
    hidden = {"mail_from_cmd", "mail_to_cmd"} if row["direction"] == SERVER else {"banner", "login"}
    if row["protocol"] == "smtp" and not row["mail_to_cmd"]:
        assert hidden <= set(row["not_visible"])
    assert all(row[name] in (None, [], "unknown") for name in row["not_visible"])


@pytest.mark.parametrize("path", FOLDERS)
def test_every_session_is_counted_once_and_the_sums_hold(path):
    truth = truth_of(path)
    for which, capture in captures(path).items():
        found = sessions(tables_of(capture).to_ibis)
        count = int(found.count().to_pyarrow().as_py())
        total = summary(checked(Account(cells(found)), count), Valid(), [])["total"]
        assert total["sessions"] == len(truth["sessions"]) == sum(total["classes"].values())
        if which == "asymmetric":
            directions = Counter(session["asymmetric"]["direction"] for session in truth["sessions"])
            assert total["directions"] == dict(directions)


@pytest.mark.parametrize("path", FOLDERS)
def test_ordinary_mail_of_all_kinds_is_no_phishing(path):
    for capture in captures(path).values():
        tables = tables_of(capture)
        findings, _cleared = phishing_findings(scene_of({name: tables.to_ibis(name) for name in tables}))
        assert findings == []
