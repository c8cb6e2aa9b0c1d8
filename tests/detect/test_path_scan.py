"""Wordlists told from people who follow a dead link."""

from datetime import timedelta

from mailscope.detect.path_scan import PATHS_LEAST, path_scans
from tests.fixtures.rows import START, ibis_tables


def request(number, uri, status=404, *, after=0.05, agent="browser"):
    at = START + timedelta(seconds=number * after)
    return {
        "flow_id": f"F{number:016x}", "first_packet": number + 1, "last_packet": number + 1, "start": at, "end": at,
        "client_addr": "198.51.100.7", "server_addr": "192.0.2.80", "server_port": 80, "method": "GET", "uri": uri,
        "status": status, "user_agent": agent,
    }  # fmt: skip


def found(requests):
    return path_scans(ibis_tables(http_requests=requests)("http_requests")).to_pyarrow().to_pylist()


def test_a_wordlist_is_a_scan_that_knows_what_it_found():
    requests = [request(n, f"/{n}") for n in range(PATHS_LEAST)] + [request(99, "/admin/?x=1", 200, after=0.01)]
    (scan,) = found(requests)
    assert (scan["missing_paths"], scan["exists"]) == (PATHS_LEAST, ["/admin/"])


def test_the_same_missing_picture_again_and_again_is_none():
    assert found([request(n, f"/logo.png?v={n}") for n in range(PATHS_LEAST * 3)]) == []


def test_a_slow_crawler_is_none():
    assert found([request(n, f"/{n}", after=10) for n in range(PATHS_LEAST * 2)]) == []


def test_a_site_with_some_dead_links_is_none():
    dead = [request(n, f"/old/{n}") for n in range(PATHS_LEAST)]
    alive = [request(100 + n, f"/new/{n}", 200, after=0.01) for n in range(PATHS_LEAST * 2)]
    assert found(dead + alive) == []


def test_a_scanner_that_counts_its_tests_is_one_program():
    requests = [request(n, f"/{n}", agent=f"Scanner/2 (Test:{n:06})") for n in range(PATHS_LEAST)]
    assert len(found(requests)) == 1


def test_a_server_that_answers_every_path_with_a_page_does_not_hide_a_scanner():
    requests = [
        request(n, f"/{n}", 200, agent="gobuster/3.5") | {"response_body_bytes": 30} for n in range(PATHS_LEAST)
    ]
    requests.append(request(99, "/admin/", 200, agent="gobuster/3.5", after=0.01) | {"response_body_bytes": 812})
    (scan,) = found(requests)
    assert (scan["missing_paths"], scan["exists"]) == (PATHS_LEAST, ["/admin/"])


def test_many_pictures_of_one_size_are_no_scan():
    assert found([request(n, f"/{n}.gif", 200) | {"response_body_bytes": 43} for n in range(PATHS_LEAST * 3)]) == []
