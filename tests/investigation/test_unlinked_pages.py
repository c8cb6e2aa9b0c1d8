"""Lures whose link cannot be read: the page that took the password is found by what its reader did."""

from mailscope.investigation.campaign_story import phishing_findings
from tests.fixtures.phish import BAD, SECOND, fetched, mail, merged, scene
from tests.fixtures.wire import START_US, Conversation

TEXT = "Your account will be suspended: the overdue invoice is attached.\n"
PAGE = '<form><input name="email"><input type="password" name="password"></form><script>send()</script>'
JSON = "Content-Type: application/json\r\n"
ANN = "10.0.0.50"


def lure(name, kind, content, at_s=1, text=TEXT):
    """A mail with one attached file and no link."""
    fields = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n'
    head = f'Content-Type: {kind}; name="{name}"\nContent-Disposition: attachment; filename="{name}"'
    body = f"--b\nContent-Type: text/plain\n\n{text}\n--b\n{head}\n\n{content}\n--b--\n"
    return mail(
        BAD,
        ["ann@corp.example"],
        body,
        at_s=at_s,
        sender="bills@accounts.example",
        name="Accounts",
        subject="Documents",
        fields=fields,
    )


def ask(method, host, *, at_s, sent="", head="", client=ANN):
    talk = Conversation(f"{client}:{42000 + at_s}", "203.0.113.80:80", start_us=START_US + at_s * SECOND)
    length = f"Content-Length: {len(sent)}\r\n" if sent else ""
    talk.send(True, f"{method} /in HTTP/1.1\r\nHost: {host}\r\n{head}{length}\r\n{sent}".encode())
    return talk.send(False, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").fin().packets


def typed(host, *, at_s=30, client=ANN, head=JSON):
    return ask("POST", host, at_s=at_s, client=client, head=head, sent='{"email":"ann@corp.example","password":"x9-y"}')


def given(folder, *packets):
    """Who is said to have given a password, and to whom."""
    findings, _cleared = phishing_findings(scene(folder, merged(*packets)))
    thefts = [finding for finding in findings if finding.kind == "credential-theft"]
    return [(finding.roles["victim"], finding.roles["collector"][-1]) for finding in thefts]


def test_a_password_sent_by_an_attached_page_was_given_to_the_lure(tmp_path):
    found = given(tmp_path, lure("Voice.html", "text/html", PAGE), typed("203.0.113.80"))
    assert found == [(["ann@corp.example"], "203.0.113.80")]


def test_a_page_fetched_from_the_host_itself_was_not_attached(tmp_path):
    visit = ask("GET", "203.0.113.80", at_s=20)
    assert given(tmp_path, lure("Voice.html", "text/html", PAGE), visit, typed("203.0.113.80")) == []


def test_a_form_that_names_another_page_was_not_attached(tmp_path):
    sent = typed("203.0.113.80", head=f"Referer: http://shop.example/\r\n{JSON}")
    assert given(tmp_path, lure("Voice.html", "text/html", PAGE), sent) == []


def test_a_link_hidden_in_a_document_is_told_by_the_page_that_poses_as_the_owner(tmp_path):
    found = given(
        tmp_path,
        lure("bill.pdf", "application/pdf", "%PDF-1.5"),
        ask("GET", "login-corp.corp.example.evil.example", at_s=20),
        typed("login-corp.corp.example.evil.example"),
    )
    assert found == [(["ann@corp.example"], "login-corp.corp.example.evil.example")]


def test_the_senders_own_shop_takes_passwords_without_being_accused(tmp_path):
    visit = ask("GET", "www.accounts.example", at_s=20)
    bill = lure("bill.pdf", "application/pdf", "%PDF-1.5")
    assert given(tmp_path, bill, visit, typed("www.accounts.example")) == []


def test_a_stranger_to_the_mail_gave_nothing_to_it(tmp_path):
    typed_by_zed = '{"email":"zed@else.example","password":"x9"}'
    sent = ask("POST", "203.0.113.80", at_s=30, client="10.0.0.77", head=JSON, sent=typed_by_zed)
    assert given(tmp_path, lure("Voice.html", "text/html", PAGE), sent) == []


def test_a_page_that_people_used_before_the_mail_came_is_no_lure(tmp_path):
    early = ask("POST", "203.0.113.80", at_s=1, head=JSON, client="10.0.0.51")
    sent = lure("Voice.html", "text/html", PAGE, at_s=10)
    assert given(tmp_path, early, sent, typed("203.0.113.80")) == []


def test_who_fetched_the_mail_there_is_named_without_a_typed_name(tmp_path):
    sent = lure("Voice.html", "text/html", PAGE)
    name = b"Message-ID: "
    line = next(p.payload for p in sent if name in p.payload)
    message_id = line[line.index(name) :].split(b"\r\n")[0].decode()
    first = f"From: Accounts <bills@accounts.example>\n{message_id}\nSubject: Mailbox quota\n"
    post = ask("POST", "203.0.113.80", at_s=30, head=JSON, sent='{"password":"x9-y"}')
    assert given(tmp_path, sent, fetched(ANN, "ann", at_s=15, first=first), post) == [
        (["ann@corp.example"], "203.0.113.80")
    ]


def test_an_attached_report_without_a_form_took_no_password(tmp_path):
    report = lure("report.html", "text/html", "<h1>Figures of October</h1>", text="The figures.")
    assert given(tmp_path, report, typed("203.0.113.80")) == []
