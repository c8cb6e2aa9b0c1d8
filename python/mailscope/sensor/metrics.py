"""Everything of a collector that can be lost or late, for Prometheus (text format 0.0.4)."""

import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mailscope.errors import UsageError

Status = Mapping[str, Any]

_WHOLE = {
    "datagrams": ("counter", "Datagrams decoded."),
    "records": ("counter", "Flow records decoded."),
    "queue_drops": ("counter", "Datagrams lost because the queue before the decoder was full."),
    "queued_datagrams": ("gauge", "Datagrams that wait to be decoded."),
    "queued_bytes": ("gauge", "Memory of the datagrams that wait."),
    "stored_records": ("counter", "Flow records acknowledged by the store."),
    "stored_batches": ("counter", "Batches acknowledged by the store."),
    "unstored_records": ("gauge", "Flow records decoded and not yet acknowledged."),
    "unstored_age_s": ("gauge", "Age of the oldest record that is not yet acknowledged."),
    "store_refusals": ("counter", "Times the store refused a batch, which is offered again."),
    "longest_commit_s": ("gauge", "The longest that the store took for a batch."),
}
_SOCKET = {
    "datagrams": ("counter", "Datagrams received from exporters that are allowed."),
    "bytes": ("counter", "Their bytes."),
    "refused": ("counter", "Datagrams from senders that are not allowed."),
    "errors": ("counter", "Errors of the socket."),
    "kernel_drops": ("counter", "Datagrams dropped by the kernel because the receive buffer was full."),
    "receive_buffer_bytes": ("gauge", "Receive buffer that the kernel gave."),
}
_EXPORTER = {
    "datagrams": ("counter", "Datagrams decoded."),
    "records": ("counter", "Flow records decoded."),
    "lost": ("counter", "Missing by sequence numbers; `unit` says of what."),
    "gaps": ("counter", "Runs of missing sequence numbers."),
    "late": ("counter", "Datagrams that came after a later one."),
    "duplicates": ("counter", "Datagrams that came twice; the second is not decoded."),
    "restarts": ("counter", "Times the exporter began to count anew."),
    "refused_templates": ("counter", "Templates not learnt because of a limit."),
    "waiting_sets": ("gauge", "Data sets that wait for their template."),
    "dropped_sets": ("counter", "Data sets whose template did not come in time."),
    "dropped_samples": ("counter", "sFlow samples that the agent says it dropped."),
    "damaged": ("counter", "Datagrams damaged inside."),
}


def exposition(status: Status) -> str:
    """The status of a collector as Prometheus reads it."""
    return "".join(f"{line}\n" for line in _lines(status))


def _lines(status: Status) -> Iterator[str]:
    yield from family("mailscope_collect_", _WHOLE, [({}, status)])
    sockets = [({"socket": one["name"].partition("@")[0]}, one) for one in status["sockets"]]
    yield from family("mailscope_collect_socket_", _SOCKET, sockets)
    yield from family("mailscope_collect_exporter_", _EXPORTER, [(_labels(one), one) for one in status["exporters"]])
    yield "# HELP mailscope_collect_refused_datagrams_total Datagrams of which nothing could be read."
    yield "# TYPE mailscope_collect_refused_datagrams_total counter"
    for reason, count in sorted(status["refused"].items()):
        yield f'mailscope_collect_refused_datagrams_total{{reason="{reason}"}} {count}'


def _labels(exporter: Status) -> dict[str, str]:
    names = ("exporter", "observation_domain", "format")
    return {name: str(exporter[name]) for name in names} | {"unit": str(exporter["lost_unit"])}


def family(
    prefix: str, metrics: Mapping[str, tuple[str, str]], rows: list[tuple[dict[str, str], Status]]
) -> Iterator[str]:
    """Lines of metrics: of each name its kind and meaning, then a value for every row that has one."""
    for name, (kind, meaning) in metrics.items():
        full = f"{prefix}{name.removesuffix('_s')}"
        full += "_seconds" if name.endswith("_s") else "_total" if kind == "counter" else ""
        yield f"# HELP {full} {meaning}"
        yield f"# TYPE {full} {kind}"
        for labels, values in rows:
            if values[name] is not None:
                named = ",".join(f'{label}="{value}"' for label, value in labels.items())
                yield f"{full}{{{named}}} {values[name]}" if named else f"{full} {values[name]}"


class MetricsServer:
    """Answers `GET /metrics` from a thread of its own; nothing else, and nobody can change anything."""

    def __init__(
        self, address: str, status: Callable[[], Status], exposition: Callable[[Status], str] = exposition
    ) -> None:
        host, _, port = address.rpartition(":")
        if not port.isdecimal():
            raise UsageError(f"`{address}` is not HOST:PORT")
        handler = type("Handler", (_Handler,), {"body": staticmethod(lambda: exposition(status()))})
        try:
            self._server = ThreadingHTTPServer((host.strip("[]") or "127.0.0.1", int(port)), handler)
        except (OSError, OverflowError) as cause:
            raise UsageError(f"cannot listen on `{address}`: {cause}") from None
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens, as HOST:PORT."""
        return "{}:{}".format(*self._server.server_address[:2])

    def close(self) -> None:
        """Stops answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    body: Callable[[], str]
    timeout = 10

    def do_GET(self) -> None:
        """The metrics, or 404."""
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = self.body().encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: a scrape is no event."""
