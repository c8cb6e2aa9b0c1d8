"""The ways an alert goes out. Each tries once, briefly, and raises OSError when it could not."""

import hashlib
import hmac
import os
import smtplib
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

from mailscope.errors import UsageError
from mailscope.harmless import visible
from mailscope.sensor.alerts.alert import Alert, cef, json_text, line, syslog

TIMEOUT_S = 10.0
SUBJECT = 150
SECRET_BYTES = 4096

Channel = Callable[[Alert], None]


def channels_of(settings: Mapping[str, Mapping[str, Any]], version: str) -> dict[str, Channel]:
    """The channels that are set, by name."""
    makers: dict[str, Callable[[Mapping[str, Any]], Channel]] = {
        "mail": lambda own: partial(_mail, own),
        "webhook": lambda own: partial(_webhook, own["url"], _secret(own.get("secret_file"))),
        "syslog": lambda own: partial(_syslog, own, version),
    }
    return {name: makers[name](own) for name, own in settings.items()}


def _mail(own: Mapping[str, Any], alert: Alert) -> None:
    """To the owner's mail server, under TLS where it offers that."""
    mail = EmailMessage()
    mail["From"], mail["To"] = own["from"], ", ".join(own["to"])
    mail["Subject"] = visible(f"[mailscope] {alert.subject}: {alert.kind} {alert.state}", SUBJECT)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    name = hashlib.sha256(f"{alert.key} {alert.state} {alert.at}".encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{name}@mailscope.invalid>"  # the same when it is sent again
    figures = [f"{visible(str(key))}: {visible(str(value))}" for key, value in alert.figures.items()]
    mail.set_content(
        "\n".join([visible(alert.what, 4000), "", *map(visible, alert.lines), *figures, "", alert.at]) + "\n"
    )
    try:
        with smtplib.SMTP(own.get("host", "localhost"), own.get("port", 25), timeout=TIMEOUT_S) as server:
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls()
                server.ehlo()
            server.send_message(mail)
    except smtplib.SMTPException as refused:
        raise OSError(f"the mail server refused it: {refused}") from refused


class _Nowhere(urllib.request.HTTPRedirectHandler):
    """An alert goes where the owner said, not where the answer says."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follows nothing."""


def _webhook(url: str, secret: bytes, alert: Alert) -> None:
    """A JSON POST; with a secret, signed as `X-Mailscope-Signature: sha256=HMAC`."""
    body = json_text(alert).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "mailscope"}
    if secret:
        headers["X-Mailscope-Signature"] = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - http or https, checked
    try:
        with urllib.request.build_opener(_Nowhere).open(request, timeout=TIMEOUT_S) as answer:
            answer.read(1000)
    except urllib.error.HTTPError as refused:
        with refused:
            raise OSError(f"the webhook answered {refused.code}") from None


def _secret(path: Path | None) -> bytes:
    if path is None:
        return b""
    try:
        with path.open("rb") as file:
            return file.read(SECRET_BYTES).strip()
    except OSError as cause:
        raise UsageError(f"[webhook] secret_file: `{path}`: {cause.strerror}") from None


def _syslog(own: Mapping[str, Any], version: str, alert: Alert) -> None:
    """One message: a datagram, or over TCP with its length before it (RFC 6587, 3.4.1)."""
    body = cef(alert, version) if own.get("body") == "cef" else line(alert)
    data = syslog(alert, host=socket.gethostname(), process=os.getpid(), body=body, facility=own.get("facility", 3))
    kind, _, place = own["to"].partition(":")
    if kind == "unix":
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(TIMEOUT_S)
            channel.sendto(data, place)
        return
    host, _, port = place.rpartition(":")
    host = host.strip("[]")
    if kind == "tcp":
        with socket.create_connection((host, int(port)), timeout=TIMEOUT_S) as stream:
            stream.sendall(b"%d %s" % (len(data), data))
        return
    family, _kind, _proto, _name, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as channel:
        channel.sendto(data, address)
