import json
import random

from mailscope.contacts.serving.rdap_answers import answer
from tests.contacts.serving.registries import small

REGISTRY = small()
PIECES = ["ip/", "%", "%2f", "..", "10.1.2.7", "/33", "?", "\x00", "é", ":", "::"]


def test_an_address_gives_the_network_and_its_contact():
    status, body = answer(REGISTRY, "/ip/10.1.2.7", "http://h")
    assert (status, body["startAddress"], body["endAddress"]) == (200, "10.1.2.0", "10.1.2.63")
    assert body["parentHandle"] == "NET-10.1.0.0/16"
    card = {field[0]: field[3] for field in body["entities"][0]["vcardArray"][1]}
    assert (card["email"], card["fn"]) == ("li@small.example", "Li Hua")


def test_prefixes_and_ipv6_are_answered():
    assert answer(REGISTRY, "/ip/10.1.2.0/24", "http://h")[1]["handle"] == "NET-10.1.0.0/16"
    assert answer(REGISTRY, "/ip/2001:db8::1", "http://h")[1]["ipVersion"] == "v6"


def test_what_is_not_here_is_an_error_object():
    assert answer(REGISTRY, "/ip/192.0.2.1", "http://h")[0] == 404
    assert answer(REGISTRY, "/domain/example.com", "http://h")[1]["errorCode"] == 404
    assert answer(REGISTRY, "/ip/nothing", "http://h")[0] == 400
    assert answer(REGISTRY, "/help", "http://h")[1]["notices"]


def test_any_path_is_answered():
    random.seed(3)
    for _ in range(3000):
        path = "/" + "".join(random.choice(PIECES) for _ in range(6))
        status, body = answer(REGISTRY, path, "http://h")
        assert status in (200, 400, 404)
        assert json.dumps(body)
