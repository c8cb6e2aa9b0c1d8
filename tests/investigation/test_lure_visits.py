import base64

from mailscope.investigation.campaign_answers import url_of
from mailscope.investigation.campaign_story import phishing_findings
from mailscope.investigation.campaigns import judged_messages
from mailscope.investigation.victims import persons
from tests.fixtures.phish import BAD, LURE, LURE_ADDR, LURE_TEXT, SECOND, SERVER, login, mail, merged, scene
from tests.fixtures.wire import START_US, Conversation

LURE_HOST = LURE.split("/")[2]
BEHIND, BEHIND_ADDR = "sign-in.other.example", "203.0.113.99"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def ask(line, host, server, *, at_s, answer="200 OK", to="", sent="", head="", client="10.0.0.50"):
    """One request on its own connection; `to` is where the answer leads."""
    talk = Conversation(f"{client}:{42000 + int(at_s)}", f"{server}:80", start_us=START_US + int(at_s * SECOND))
    kind = f"{FORM}Content-Length: {len(sent)}\r\n" if sent else ""
    talk.send(True, f"{line} HTTP/1.1\r\nHost: {host}\r\n{head}{kind}\r\n{sent}".encode())
    location = f"Location: {to}\r\n" if to else ""
    return talk.send(False, f"HTTP/1.1 {answer}\r\n{location}Content-Length: 0\r\n\r\n".encode()).fin().packets


def lured():
    return mail(BAD, ["ann@corp.example", "bob@corp.example"], LURE_TEXT, at_s=1, port=40001)


def people_of(folder, *packets):
    told = scene(folder, merged(lured(), *packets))
    (campaign,) = judged_messages(told).campaigns
    return {person.name: person for person in persons(told, campaign)}


def test_a_password_sent_to_the_page_behind_a_redirect_was_given_to_the_lure(tmp_path):
    found = people_of(
        tmp_path,
        ask("GET /login", LURE_HOST, LURE_ADDR, at_s=10, answer="302 Found", to=f"http://{BEHIND}/in"),
        ask("POST /in", BEHIND, BEHIND_ADDR, at_s=20, sent="login=ann&password=x9", answer="302 Found",
            to="http://www.corp.example/"),
        ask("POST /in", "www.corp.example", SERVER, at_s=30, sent="login=ann&password=x9"),
    )  # fmt: skip
    given = [event for event in found["ann@corp.example"].events if event.kind == "submitted"]
    assert [event.server for event in given] == [BEHIND_ADDR]


def test_a_form_that_the_lure_sends_elsewhere_is_told_by_its_referer(tmp_path):
    found = people_of(
        tmp_path,
        ask("GET /login", LURE_HOST, LURE_ADDR, at_s=10),
        ask("POST /take", BEHIND, BEHIND_ADDR, at_s=20, sent="name=ann&password=x9", head=f"Referer: {LURE}\r\n"),
    )
    assert found["ann@corp.example"].first("submitted").server == BEHIND_ADDR


def test_the_real_page_that_a_victim_is_sent_to_afterwards_took_no_stolen_password(tmp_path):
    found = people_of(
        tmp_path,
        ask("POST /login", LURE_HOST, LURE_ADDR, at_s=10, sent="user=ann&pass=x9", answer="302 Found",
            to=f"http://{BEHIND}/real"),
        ask("POST /real", BEHIND, BEHIND_ADDR, at_s=20, sent="user=ann&pass=x9"),
    )  # fmt: skip
    given = [event for event in found["ann@corp.example"].events if event.kind == "submitted"]
    assert [event.server for event in given] == [LURE_ADDR]


def test_a_token_in_the_link_is_no_password(tmp_path):
    found = people_of(
        tmp_path,
        login("10.0.0.50", "ann", at_s=5),
        ask("GET /login?token=ab12cd34ef56ab12&key=9f8e7d6c5b", LURE_HOST, LURE_ADDR, at_s=10),
    )
    assert found["ann@corp.example"].first("opened") is not None
    assert found["ann@corp.example"].first("submitted") is None


def test_an_account_opened_from_an_unknown_address_outside_after_the_theft_is_told_less_surely(tmp_path):
    packets = merged(
        lured(),
        login("192.0.2.9", "bob", at_s=2, port=43001),
        ask("POST /login", LURE_HOST, LURE_ADDR, at_s=10, sent="user=ann&pass=x9"),
        ask("POST /login", LURE_HOST, LURE_ADDR, at_s=11, sent="user=bob&pass=x9", client="10.0.0.51"),
        login("192.0.2.8", "ann", at_s=60, port=43002),
        login("192.0.2.9", "bob", at_s=61, port=43003),
    )
    findings, _cleared = phishing_findings(scene(tmp_path, packets))
    rows = {row["person"]: row for row in findings[0].details["victims"]}
    used = [event for event in rows["ann@corp.example"]["events"] if event["kind"] == "account-used"]
    assert [(event["client"], event["confidence"]) for event in used] == [("192.0.2.8", 0.7)]
    assert rows["bob@corp.example"]["account_used"] is None


def test_a_lure_opened_through_a_proxy_is_one_visit_of_who_asked_the_proxy(tmp_path):
    whole = f"http://{LURE_HOST}/login"
    inside = ask(f"POST {whole}", LURE_HOST, "10.0.0.8", at_s=10, sent="user=ann&pass=x9")
    outside = ask("POST /login", LURE_HOST, LURE_ADDR, at_s=11, sent="user=ann&pass=x9", client="10.0.0.8")
    (event,) = [e for e in people_of(tmp_path, inside, outside)["ann@corp.example"].events if e.kind == "submitted"]
    assert (event.client, event.server, url_of(event)) == ("10.0.0.50", LURE_ADDR, whole)


def test_a_password_typed_into_the_browsers_own_dialogue_was_given_to_the_lure(tmp_path):
    token = base64.b64encode(b"ann:x9-secret").decode()
    found = people_of(
        tmp_path,
        ask("GET /login", LURE_HOST, LURE_ADDR, at_s=10, answer="401 Unauthorized"),
        ask("GET /login", LURE_HOST, LURE_ADDR, at_s=20, head=f"Authorization: Basic {token}\r\n"),
    )
    assert found["ann@corp.example"].first("submitted").row["fields"] == ["Authorization"]


def test_a_proxys_password_is_none_given_to_the_lure(tmp_path):
    token = base64.b64encode(b"ann:x9-secret").decode()
    head = f"Proxy-Authorization: Basic {token}\r\n"
    found = people_of(tmp_path, ask(f"GET http://{LURE_HOST}/login", LURE_HOST, "10.0.0.8", at_s=10, head=head))
    assert all(person.first("submitted") is None for person in found.values())


def test_the_page_that_a_redirectors_link_names_is_followed_as_well(tmp_path):
    wrapped = LURE_TEXT.replace(LURE, f"https://go.example.net/?u=http%3A%2F%2F{LURE_HOST}%2Flogin")
    sent = mail(BAD, ["ann@corp.example"], wrapped, at_s=1, port=40001)
    visit = ask("POST /login", LURE_HOST, LURE_ADDR, at_s=20, sent="user=ann&pass=x9")
    told = scene(tmp_path, merged(sent, visit))
    (campaign,) = judged_messages(told).campaigns
    assert f"http://{LURE_HOST}/login" in campaign.lure_urls
    (ann,) = [person for person in persons(told, campaign) if person.first("submitted")]
    assert ann.name == "ann@corp.example"
