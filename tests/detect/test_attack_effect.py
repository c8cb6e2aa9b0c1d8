"""What answers show of an attack, beside what the page usually answers."""

from datetime import timedelta

import pytest

from mailscope.detect.attack_effect import attacked_pages, effect
from mailscope.detect.web_attack import attack_values, values
from tests.fixtures.rows import START, ibis_tables

PLAIN = "7"


def exchange(number, value, *, size=200, status=200, seconds=0, signs=(), prefix="", path="/item"):
    at = START + timedelta(seconds=10 * number)
    key = {"flow_id": f"F{number:016x}", "exchange": 0, "first_packet": number + 1, "last_packet": number + 2}
    key |= {"client_addr": "198.51.100.7", "server_addr": "192.0.2.80", "server_port": 80, "start": at, "end": at}
    answer = {"status": status, "response_body_bytes": size, "response_signs": list(signs), "uri": f"{path}?id=x"}
    answer |= {"answered": at + timedelta(seconds=seconds), "response_body_prefix": prefix, "method": "GET"}
    return key | answer, key | {"place": "query", "name": "id", "value": value}


def judged(*exchanges):
    """The verdicts on what was attacked, by class."""
    pairs = list(exchanges)
    tables = ibis_tables(http_requests=[one for one, _ in pairs], http_parameters=[other for _, other in pairs])
    given = values(tables("http_parameters"), tables("http_requests"))
    pages = attacked_pages(attack_values(given), tables("http_requests")).to_pyarrow().to_pylist()
    return {page["attack"]: effect(page) for page in pages}


UNION = "7 UNION SELECT name, 2 FROM staff"


def test_an_answer_that_grew_by_a_query_is_data_that_came_back():
    assert judged(exchange(0, PLAIN), exchange(1, UNION, size=900)) == {"sql-injection": ("yes", ["data-back"])}


@pytest.mark.long
def test_a_page_that_repeats_the_question_only_grew_by_it():
    shown = judged(exchange(0, PLAIN), exchange(1, UNION, size=900, prefix=f"You searched for {UNION}"))
    assert shown == {"sql-injection": ("unknown", [])}


def test_delays_as_asked_are_an_effect_and_one_slow_answer_is_none():
    slow = [exchange(n, f"7 AND SLEEP({n + 4})", seconds=n + 4) for n in range(1, 3)]
    assert judged(exchange(0, PLAIN), *slow)["sql-injection"] == ("yes", ["delay"])
    assert judged(exchange(0, PLAIN), slow[0])["sql-injection"] == ("unknown", [])


@pytest.mark.long
def test_a_slow_page_is_no_delay():
    slow = [exchange(n, f"7 AND SLEEP({n + 4})", seconds=n + 4) for n in range(1, 3)]
    assert judged(exchange(0, PLAIN, seconds=5), *slow)["sql-injection"][0] == "unknown"


@pytest.mark.long
def test_an_error_of_the_database_is_only_likely():
    found = judged(exchange(0, PLAIN), exchange(1, "7' OR 'a'='b", size=90, status=500, signs=["sql-error"]))
    assert found["sql-injection"] == ("likely", ["database-error"])


@pytest.mark.parametrize(
    ("value", "sign", "attack", "reason"),
    [
        ("../../../etc/passwd", "passwd-file", "path-traversal", "file-content"),
        ("8.8.8.8;id", "command-output-uid", "command-injection", "command-output"),
    ],
)
def test_what_a_file_or_a_command_says_is_proof(value, sign, attack, reason):
    assert judged(exchange(0, PLAIN), exchange(1, value, signs=[sign])) == {attack: ("yes", [reason])}


@pytest.mark.long
def test_what_the_page_always_shows_is_no_effect():
    found = judged(exchange(0, PLAIN, signs=["phpinfo"]), exchange(1, "../../../etc/passwd", signs=["phpinfo"]))
    assert found["path-traversal"] == ("unknown", [])


def test_a_template_that_was_worked_out_is_proof():
    assert judged(exchange(1, "{{1234*1001}}", prefix="Hello 1235234"))["template-injection"] == ("yes", ["computed"])


@pytest.mark.long
def test_refused_attacks_had_none():
    assert judged(exchange(1, UNION, status=403), exchange(2, UNION, status=404))["sql-injection"] == ("no", [])


@pytest.mark.long
def test_without_an_answer_nothing_is_known():
    assert judged(exchange(1, UNION, status=None))["sql-injection"] == ("unknown", [])


@pytest.mark.long
def test_the_first_request_with_an_effect_is_kept_as_evidence():
    pairs = [exchange(0, PLAIN), exchange(1, UNION), exchange(2, UNION, size=900)]
    tables = ibis_tables(http_requests=[one for one, _ in pairs], http_parameters=[other for _, other in pairs])
    given = values(tables("http_parameters"), tables("http_requests"))
    (page,) = attacked_pages(attack_values(given), tables("http_requests")).to_pyarrow().to_pylist()
    assert (page["effect_flow_id"], page["effect_first_packet"]) == ("F0000000000000002", 3)


def letters(count, size_of):
    return [
        exchange(n, f"7 AND SUBSTR((SELECT name FROM staff LIMIT 0,1),{n},1)>CHAR({60 + n})", size=size_of(n))
        for n in range(1, count)
    ]


def test_questions_for_single_letters_that_are_answered_in_two_ways_bring_the_data():
    found = judged(exchange(0, PLAIN), *letters(30, lambda n: 200 if n % 3 else 140))
    assert found["sql-injection"][0] == "yes"
    assert "letter-by-letter" in found["sql-injection"][1]


@pytest.mark.long
def test_questions_for_letters_that_are_all_answered_alike_bring_nothing():
    assert judged(exchange(0, PLAIN), *letters(30, lambda n: 200))["sql-injection"] == ("unknown", [])
    each_other = judged(exchange(0, PLAIN), *letters(30, lambda n: 150 + n))
    assert "letter-by-letter" not in each_other["sql-injection"][1]


@pytest.mark.long
def test_the_answer_of_an_inner_service_shows_that_the_server_asked_it():
    url = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"
    found = judged(exchange(0, PLAIN), exchange(1, url, prefix='{"AccessKeyId": "A", "SecretAccessKey": "B"}'))
    assert found == {"server-side-request-forgery": ("yes", ["inner-answer"])}


BYPASS = "admin' or 'x'='x' -- "


def form(number, value, *, status=200, location=None, cookies=(), signs=(), method="POST"):
    asked, given = exchange(number, value, status=status, signs=signs, path="/login.php")
    asked |= {"method": method, "uri": "/login.php", "location": location, "set_cookies": list(cookies)}
    return asked, given | {"place": "form", "name": "user"}


REFUSED = ("login-form", "password-field")


def test_a_log_in_form_that_refuses_others_and_lets_an_injection_in_was_bypassed():
    found = judged(form(0, "anna", signs=REFUSED), form(1, BYPASS, status=302, location="/inbox.php", cookies=["SID"]))
    assert found == {"sql-injection": ("yes", ["login-bypassed"])}


def test_a_form_that_was_not_seen_to_refuse_was_perhaps_bypassed():
    shown = form(0, "", signs=REFUSED, method="GET")
    found = judged(shown, form(1, BYPASS, status=302, location="/inbox.php", cookies=["SID"]))
    assert found == {"sql-injection": ("likely", ["login-bypassed"])}


@pytest.mark.parametrize("location", ["/login.php?error=1", "/login.php"])
def test_a_redirect_back_to_the_form_is_no_way_in(location):
    found = judged(form(0, "anna", signs=REFUSED), form(1, BYPASS, status=302, location=location))
    assert found["sql-injection"][1] == []


def test_a_form_without_a_password_that_goes_on_was_not_bypassed():
    assert judged(form(0, "anna"), form(1, BYPASS, status=302, location="/thanks"))["sql-injection"][1] == []
