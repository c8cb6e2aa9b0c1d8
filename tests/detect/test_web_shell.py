"""Pages that take commands, and pages that only look so."""

from datetime import timedelta

from mailscope.detect.web_shell import CLIENTS_MOST, shells, uploads
from tests.fixtures.rows import START, ibis_tables


def request(number, value=None, *, path="/img/a.php", client="198.51.100.7", status=200, **upload):
    at = START + timedelta(seconds=number)
    key = {"flow_id": f"F{number:016x}", "exchange": 0, "first_packet": number + 1, "last_packet": number + 2}
    key |= {"client_addr": client, "server_addr": "192.0.2.80", "server_port": 80, "start": at, "end": at}
    http = {"method": "POST", "uri": path, "status": status, "response_body_bytes": 50}
    return key | http, key | {"place": "form", "name": "c", "value": value} | upload


def tables(*requests):
    return ibis_tables(http_requests=[one for one, _ in requests], http_parameters=[other for _, other in requests])


def found(*requests):
    made = tables(*requests)
    return shells(made("http_parameters"), made("http_requests")).to_pyarrow().to_pylist()


def test_commands_of_one_client_make_a_shell():
    (shell,) = found(request(1, "whoami"), request(2, "ls -la /var"), request(3, "cat /etc/hosts"))
    assert (shell["path"], shell["commands"], shell["clients"]) == ("/img/a.php", 3, ["198.51.100.7"])
    assert shell["run_first_packet"] == 2


def test_a_page_that_everybody_asks_is_none():
    many = [request(n, "ping 192.0.2.1", client=f"198.51.100.{n}") for n in range(CLIENTS_MOST + 1)]
    assert found(*many) == []


def test_a_search_is_none():
    rows = found(request(1, "find my letter"), request(2, "who wrote it"))
    assert all(not row["telling"] for row in rows)


def test_a_link_with_such_a_word_is_none():
    assert found(request(1, "http://example.org/?a=1&id=whoami"), request(2, "http://example.org/?ls=1")) == []


def test_programs_that_a_server_would_run_are_seen_whatever_they_are_called():
    sent = tables(
        request(1, file_name="a.php", path="/up"),
        request(2, file_name="a.png", file_signs=["png", "php-tag"], path="/up"),
        request(3, file_name="a.php.jpg", path="/up"),
        request(4, file_name="letter.pdf", file_signs=["pdf"], path="/up"),
        request(5, file_name="page.js", file_signs=["evaluates-text"], path="/up"),
    )
    rows = uploads(sent("http_parameters"), sent("http_requests")).to_pyarrow().to_pylist()
    assert sorted(row["file_name"] for row in rows) == ["a.php", "a.php.jpg", "a.png"]


def test_a_command_behind_a_value_is_an_injection_and_no_shell():
    assert found(request(1, "192.0.2.1;id"), request(2, "192.0.2.1|cat /etc/passwd")) == []


def test_code_that_begins_with_a_call_is_a_command():
    (shell,) = found(request(1, "@eval($_POST[1]);"), request(2, "system('id');"))
    assert shell["telling"] == 2
