import socket
import threading

import pytest

from mailscope.contacts.sources.rwhois_client import find, read_answer
from mailscope.errors import InputError
from tests.fixtures.ports import refusing


@pytest.fixture
def serve():
    """Servers that say one thing to everybody."""
    servers = []

    def start(text):
        listener = socket.create_server(("127.0.0.1", 0))
        servers.append(listener)

        def run():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(text().encode())

        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in servers:
        listener.close()


OBJECT = "%rwhois V-1.5 x\r\nnetwork:IP-Network:192.0.2.0/25\r\nnetwork:Organization;I:Dorm\r\nnetwork:Email:a@x.example\r\nnetwork:Updated:20260102\r\n\r\n%ok\r\n"


def test_a_referral_is_followed(serve):
    last = serve(lambda: OBJECT)
    first = serve(lambda: f"%rwhois V-1.5 x\r\n%referral rwhois://127.0.0.1:{last}/auth-area=192.0.2.0/24\r\n%ok\r\n")
    found = find("192.0.2.7", f"127.0.0.1:{first}", timeout=60)
    assert (found.prefix, found.organization, found.email, str(found.updated)) == (
        "192.0.2.0/25",
        "Dorm",
        "a@x.example",
        "2026-01-02",
    )


def test_servers_that_refer_to_each_other_end(serve):
    ports = []
    ports.append(serve(lambda: f"%referral rwhois://127.0.0.1:{ports[1]}/\r\n%ok\r\n"))
    ports.append(serve(lambda: f"%referral rwhois://127.0.0.1:{ports[0]}/\r\n%ok\r\n"))
    assert find("192.0.2.7", f"127.0.0.1:{ports[0]}", timeout=60) is None


def test_nobody_there_is_said():
    with refusing() as port, pytest.raises(InputError, match="cannot be asked"):
        find("192.0.2.7", f"127.0.0.1:{port}", timeout=60)


def test_answers_of_any_shape_are_read():
    assert read_answer("noise\n%\n\x00:\n:::\n").objects == []
    assert len(read_answer(OBJECT * 3).objects) == 3
