import pytest

from mailscope.investigation.campaigns import judged_messages
from mailscope.investigation.victims import persons
from tests.fixtures.phish import BAD, LURE_TEXT, fetched, login, mail, merged, scene, visit, wave


def people_of(folder, packets):
    told = scene(folder, packets)
    (campaign,) = judged_messages(told).campaigns
    return {person.name: person for person in persons(told, campaign)}


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return people_of(tmp_path_factory.mktemp("wave"), wave())


def test_who_types_a_password_is_known_by_the_name_typed_beside_it(people):
    ann = people["ann@corp.example"]
    assert ann.first("submitted").client == "10.0.0.50"
    assert list(ann.first("submitted").row["fields"]) == ["pass"]
    assert ann.first("opened").sure >= 0.9


def test_who_only_looks_is_known_by_the_login_at_the_address(people):
    bob = people["bob@corp.example"]
    assert bob.first("opened") is not None
    assert bob.first("submitted") is None


def test_an_account_used_from_the_sending_host_after_its_password_was_given_is_told(people):
    assert people["ann@corp.example"].first("account-used").client == BAD
    assert people["bob@corp.example"].first("account-used") is None


def test_who_did_nothing_has_only_got_the_mail(people):
    assert (people["cat@corp.example"].delivered, people["cat@corp.example"].events) == ("accepted", [])
    assert people["nobody@corp.example"].delivered == "rejected"


def test_fetching_is_told_with_protocol_and_user(tmp_path):
    first = "From: IT Department <it@corp.example>\nTo: ann@corp.example\nSubject: Mailbox quota\n"
    first += f"Message-ID: <40001.1@{BAD}>\n"
    packets = merged(
        mail(BAD, ["ann@corp.example"], LURE_TEXT, at_s=1, port=40001), fetched("10.0.0.50", "ann", at_s=9, first=first)
    )
    event = people_of(tmp_path, packets)["ann@corp.example"].first("fetched")
    assert (event.client, event.how) == ("10.0.0.50", "pop3")


def test_two_people_at_one_address_are_both_named_and_neither_accused(tmp_path):
    packets = merged(
        mail(BAD, ["ann@corp.example", "bob@corp.example"], LURE_TEXT, at_s=1, port=40001),
        login("10.0.0.50", "ann", at_s=10),
        login("10.0.0.50", "bob", at_s=11, port=43009),
        visit("10.0.0.50", at_s=20),
    )
    found = people_of(tmp_path, packets)
    assert found["ann@corp.example / bob@corp.example"].first("opened") is not None
    assert found["ann@corp.example"].events == []


def test_who_fetched_a_mail_had_it_though_its_envelope_was_lost(tmp_path):
    first = f"From: IT Department <it@corp.example>\nTo: bob@corp.example\nSubject: Quota\nMessage-ID: <9@{BAD}>\n"
    packets = merged(
        mail(BAD, ["ann@corp.example"], LURE_TEXT, at_s=1, port=40001), fetched("10.0.0.51", "bob", at_s=9, first=first)
    )
    bob = people_of(tmp_path, packets)["bob@corp.example"]
    assert (bob.delivered, bob.first("fetched").client) == ("accepted", "10.0.0.51")
