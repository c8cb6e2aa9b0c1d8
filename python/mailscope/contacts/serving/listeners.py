"""The servers' connections: bounded in number, in size and in time."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable

from mailscope.contacts.lookup import Registry
from mailscope.contacts.serving.rdap_answers import answer
from mailscope.contacts.serving.rwhois_session import MAX_LINE, RwhoisSession

MAX_CONNECTIONS = 128
IDLE_SECONDS = 60.0
MAX_LINES = 1000
"""Lines of one RWhois connection."""
MAX_HEAD = 8192
"""Bytes of one HTTP request's head; a body is not read."""
_ENDS = (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)
"""What the other side can bring a conversation to an end with."""
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listeners:
    """The RWhois and RDAP servers of one registry."""

    def __init__(self, registry: Registry, host: str, referrals: dict[str, str] | None = None) -> None:
        self._registry = registry
        self._host = host
        self._referrals = referrals or {}
        self._open = 0
        self._servers: list[asyncio.Server] = []
        self._conversations: set[asyncio.Task[None]] = set()

    async def rwhois(self, address: str, port: int) -> asyncio.Server:
        """Listens for RWhois; port 0 takes any."""
        return await self._listen(self._rwhois, address, port, 2 * MAX_LINE)

    async def rdap(self, address: str, port: int) -> asyncio.Server:
        """Listens for RDAP over HTTP; a proxy in front adds TLS where it is wanted."""
        return await self._listen(self._rdap, address, port, 2 * MAX_HEAD)

    async def close(self) -> None:
        """Stops listening and ends the conversations that are still open."""
        for server in self._servers:
            server.close()
        for task in (open_now := list(self._conversations)):
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)

    async def _listen(self, handle: Handler, address: str, port: int, limit: int) -> asyncio.Server:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Tasks of our own: those Python 3.11 makes for a handler log a traceback when they are cancelled.
            task = asyncio.get_running_loop().create_task(self._bounded(handle, reader, writer))
            self._conversations.add(task)
            task.add_done_callback(self._conversations.discard)
            task.add_done_callback(lambda _ended: writer.close())  # also of one that was cancelled before it began

        server = await asyncio.start_server(accept, address, port, limit=limit)
        self._servers.append(server)
        return server

    async def _bounded(self, handle: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection with a place, a time limit, and no way to end the server."""
        if self._open >= MAX_CONNECTIONS:
            writer.close()
            return
        self._open += 1
        try:
            with contextlib.suppress(*_ENDS):
                # Not `wait_for`: before Python 3.12 it may swallow the cancelling of who waits.
                async with asyncio.timeout(IDLE_SECONDS * 10):
                    await handle(reader, writer)
        finally:
            self._open -= 1
            writer.close()
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(5):
                    await writer.wait_closed()

    async def _rwhois(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = RwhoisSession(self._registry, self._host, self._referrals, lambda: self._open)
        await _send(writer, [session.banner()])
        for _ in range(MAX_LINES):
            async with asyncio.timeout(IDLE_SECONDS):
                line = await reader.readline()
            if not line:
                return
            await _send(writer, session.answer(line.decode("utf-8", "replace")))
            if session.is_over:
                return

    async def _rdap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        method, path, host = _request(head[:MAX_HEAD])
        base = f"http://{host or self._host}"
        if method not in ("GET", "HEAD"):
            status, body = 405, {"errorCode": 405, "title": "Method Not Allowed"}
        else:
            status, body = answer(self._registry, path, base)
        text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        fields = [
            f"HTTP/1.1 {status} {_REASONS[status]}",
            "Content-Type: application/rdap+json; charset=utf-8",
            f"Content-Length: {len(text)}",
            "Access-Control-Allow-Origin: *",
            "Connection: close",
        ]
        writer.write("\r\n".join(fields).encode("ascii") + b"\r\n\r\n" + (b"" if method == "HEAD" else text))
        async with asyncio.timeout(IDLE_SECONDS):
            await writer.drain()


def _request(head: bytes) -> tuple[str, str, str]:
    """Method, path and `Host` of a request; empty strings for what is no HTTP."""
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        return "", "", ""
    host = next((line.split(":", 1)[1].strip() for line in lines[1:] if line.lower().startswith("host:")), "")
    return words[0], words[1][:2000], host if host.replace(".", "").replace("-", "").replace(":", "").isalnum() else ""


async def _send(writer: asyncio.StreamWriter, lines: list[str]) -> None:
    writer.write("".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace"))
    async with asyncio.timeout(IDLE_SECONDS):
        await writer.drain()
