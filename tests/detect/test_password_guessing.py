"""Guessing told from people who log in, at forms and at mail servers."""

from datetime import timedelta

from mailscope.detect.password_guessing import FAILURES_LEAST, attempts, guessing
from tests.fixtures.rows import START, ibis_tables


def login(number, user, *, success="unknown", service="http-form", after=0.2, client="198.51.100.7"):
    at = START + timedelta(seconds=number * after)
    return {
        "flow_id": f"F{number:016x}", "first_packet": number + 1, "last_packet": number + 1, "start": at, "end": at,
        "client_addr": client, "server_addr": "192.0.2.80", "server_port": 80, "service": service, "user": user,
        "success": success,
    }  # fmt: skip


def answer(number, status=200, location=None, size=347, after=0.2, signs=()):
    row = login(number, "x", after=after)
    kept = ("flow_id", "first_packet", "last_packet", "start", "end", "client_addr", "server_addr", "server_port")
    said = {"method": "POST", "uri": "/login.php", "status": status, "location": location}
    return {name: row[name] for name in kept} | said | {"response_body_bytes": size, "response_signs": list(signs)}


def found(logins, http_requests=()):
    tables = ibis_tables(logins=list(logins), http_requests=list(http_requests))
    return guessing(attempts(tables("logins"), tables("http_requests"))).to_pyarrow().to_pylist()


def test_the_answer_that_differs_is_the_login_that_succeeded():
    logins = [login(n, "eve" if n == 9 else "adam") for n in range(FAILURES_LEAST + 5)]
    answers = [
        answer(n, 302, "/inbox.php", 0) if n == 9 else answer(n, signs=["login-form"])
        for n in range(FAILURES_LEAST + 5)
    ]
    (run,) = found(logins, answers)
    assert (run["attempts"], run["refused"], run["entered"]) == (FAILURES_LEAST + 5, FAILURES_LEAST + 4, ["eve"])
    assert run["entered_first_packet"] == 10


def test_many_people_who_log_in_from_one_address_are_not_guessing():
    logins = [login(n, f"user{n}") for n in range(40)]
    assert found(logins, [answer(n, 302, "/inbox.php", 0) for n in range(40)]) == []


def test_a_redirect_back_to_the_form_is_a_refusal():
    logins = [login(n, f"user{n}") for n in range(20)]
    (run,) = found(logins, [answer(n, 302, "/login.php?error=1", 0) for n in range(20)])
    assert (run["refused"], run["entered"]) == (20, None)


def test_a_redirect_to_another_login_page_with_a_reason_is_a_refusal():
    logins = [login(n, "adam") for n in range(20)]
    for refusal in ("/owa/auth/logon.aspx?reason=2", "https://portal.example/Login?next=%2F&loginError=1"):
        answers = [answer(n, 302, "/owa/" if n == 19 else refusal, 0) for n in range(20)]
        (run,) = found(logins, answers)
        assert (run["refused"], run["entered"]) == (19, ["adam"]), refusal
    assert found(logins, [answer(n, 302, "/oauth/authorize?code=4711&state=1", 0) for n in range(20)]) == []


def test_a_form_that_always_answers_alike_hides_the_success():
    logins = [login(n, f"user{n}") for n in range(20)]
    (run,) = found(logins, [answer(n) for n in range(20)])
    assert run["entered"] is None


def test_many_people_whose_logins_a_script_answers_alike_are_not_guessing():
    logins = [login(n, f"user{n}", after=20) for n in range(40)]
    assert found(logins, [answer(n, after=20) for n in range(40)]) == []


def test_answers_that_differ_by_a_token_are_alike():
    logins = [login(n, "eve" if n == 9 else "adam") for n in range(30)]
    (run,) = found(logins, [answer(n, size=2000) if n == 9 else answer(n, size=300 + n) for n in range(30)])
    assert (run["refused"], run["entered"]) == (29, ["eve"])


def test_guessing_at_mailboxes_is_told_by_the_servers_word():
    tried = [login(n, "eve", success="no", service="imap") for n in range(FAILURES_LEAST)]
    (run,) = found([*tried, login(50, "eve", success="yes", service="imap")])
    assert (run["service"], run["entered"]) == ("imap", ["eve"])


def test_a_mail_program_with_an_old_password_is_not_guessing():
    assert found([login(n, "eve", success="no", service="imap", after=300) for n in range(40)]) == []


def test_one_password_at_many_accounts_is_found_though_slow():
    tried = [login(n, f"user{n}", success="no", service="pop3", after=300) for n in range(40)]
    (run,) = found(tried)
    assert run["user_count"] == 40


def test_a_password_that_came_from_elsewhere_and_fits_at_once_was_not_guessed():
    logins = [login(n, "adam", success="no", service="pop3") for n in range(FAILURES_LEAST)]
    logins.append(login(FAILURES_LEAST, "eve", success="yes", service="pop3"))
    logins.append(login(FAILURES_LEAST + 1, "adam", success="yes", service="pop3", after=20))
    logins.append(login(FAILURES_LEAST + 2, "rosa", success="yes", service="pop3", after=20))
    (run,) = found(logins)
    assert (run["users"], run["entered"]) == (["adam", "eve"], ["adam", "eve"])


def spread(clients, users, *, let_in=()):
    number = 0
    for user in users:
        for client in clients:
            number += 1
            verdict = "yes" if client in let_in else "no"
            yield login(number, user, success=verdict, service="smtp", after=70, client=f"198.51.100.{client}")


def test_clients_that_are_refused_at_the_same_accounts_guess_together_however_slowly():
    rows = found(spread((1, 2, 3, 4), ("anna", "bert", "carl")))
    assert sorted(row["client_addr"] for row in rows) == [f"198.51.100.{n}" for n in (1, 2, 3, 4)]
    assert all(row["is_shared"] and row["refused"] == 3 for row in rows)


def test_clients_that_each_forgot_their_own_password_do_not():
    logins = [
        login(client * 10 + n, f"user{client}", success="no", service="imap", client=f"198.51.100.{client}")
        for client in range(1, 6)
        for n in range(6)
    ]
    assert found(logins) == []


def test_front_ends_that_hand_on_what_people_mistype_do_not():
    wrong = list(spread((1, 2, 3), ("anna", "bert", "carl")))
    right = [
        login(100 + n, f"user{n}", success="yes", service="smtp", client=f"198.51.100.{n % 3 + 1}") for n in range(60)
    ]
    assert found(wrong + right) == []


def test_who_guesses_at_one_service_guesses_at_the_others_of_that_server_too():
    fast = [login(n, f"user{n % 4}", success="no", service="imap") for n in range(12)]
    slow = [login(40 + n, "dora", success="no", service="pop3", after=20) for n in range(5)]
    assert sorted(row["service"] for row in found(fast + slow)) == ["imap", "pop3"]
    assert found(slow) == []
