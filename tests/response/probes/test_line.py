import socket
import threading
import time

import pytest

from mailscope.response.probes.line import LINE_LIMIT, READ_LIMIT, Line


def served(talk):
    """A server on loopback that does `talk(connection)` once; its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def run():
        with server, server.accept()[0] as line:
            try:
                talk(line)
            except OSError:
                return

    threading.Thread(target=run, daemon=True).start()
    return server.getsockname()[1]


def drips(line):
    while True:
        line.sendall(b"2")
        time.sleep(0.05)


def floods(line):
    while True:
        line.sendall(b"2" * 65536)


def test_a_server_that_drips_is_left_at_the_deadline():
    with Line("127.0.0.1", served(drips), 60, 0.5) as line, pytest.raises(TimeoutError):
        line.line()


def test_a_server_that_never_ends_a_line_is_cut_and_then_left():
    with Line("127.0.0.1", served(floods), 60, 300) as line:
        assert len(line.line()) >= LINE_LIMIT
        with pytest.raises(ConnectionError, match="without end"):
            line.some(READ_LIMIT * 2)


def test_lines_come_whole_however_they_were_sent_and_end_empty():
    def talk(line):
        for part in (b"22", b"0 a\r\n25", b"0 b\r", b"\nrest"):
            line.sendall(part)
            time.sleep(0.02)

    with Line("127.0.0.1", served(talk), 60, 300) as line:
        assert [line.line() for _turn in range(4)] == [b"220 a\r\n", b"250 b\r\n", b"rest", b""]
