"""A connection to a probed host that cannot hold the probe: every read ends by a deadline, every answer by a size."""

from __future__ import annotations

import socket
import ssl
import time

LINE_LIMIT = 4096
"""Bytes of one line; a longer one comes in pieces."""
REPLY_LINES = 100
READ_LIMIT = 1024 * 1024
"""Bytes that are read of one host in all."""


class Line:
    """One connection; `patience_s` is for one answer, `deadline_s` for everything."""

    def __init__(self, address: str, port: int, patience_s: float, deadline_s: float) -> None:
        self.patience_s, self._end = patience_s, time.monotonic() + deadline_s
        self.socket = socket.create_connection((address, port), timeout=patience_s)
        self._held, self._read = b"", 0

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """All of it."""
        self._wait()
        self.socket.sendall(data)

    def line(self) -> bytes:
        """The next line with its end; what comes where the other side stops, empty at its end."""
        while b"\n" not in self._held and len(self._held) < LINE_LIMIT:
            if not self._more():
                break
        end = self._held.find(b"\n") + 1 or len(self._held)
        line, self._held = self._held[:end], self._held[end:]
        return line

    def some(self, enough: int) -> bytes:
        """Up to `enough` bytes: fewer where the other side ends."""
        while len(self._held) < enough and self._more():
            pass
        data, self._held = self._held[:enough], self._held[enough:]
        return data

    def start_tls(self) -> None:
        """TLS from here on. The certificate is not asked for: the host is known by its address."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._held = b""
        self.socket = context.wrap_socket(self.socket)

    def _more(self) -> bool:
        self._wait()
        part = self.socket.recv(4096)
        self._held += part
        self._read += len(part)
        if self._read > READ_LIMIT:
            raise ConnectionError("it sends without end")
        return bool(part)

    def _wait(self) -> None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("it answers too slowly")
        self.socket.settimeout(min(self.patience_s, left))
