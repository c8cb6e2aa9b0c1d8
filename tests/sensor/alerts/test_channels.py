import contextlib
import hashlib
import hmac
import http.server
import json
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from email import message_from_bytes
from email.policy import default

import pytest

from mailscope.sensor.alerts.channels import channels_of
from tests.fixtures.mta import Mta
from tests.fixtures.ports import free_port
from tests.sensor.alerts.test_alert import HOSTILE, alert


class Hook:
    """A receiver of JSON on loopback; `answer` is its status."""

    def __init__(self, answer=204):
        self.seen = hook_seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook_seen.append((self.headers, body))
                self.send_response(answer)
                self.send_header("Location", "http://192.0.2.1/")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def one(name, **settings):
    return channels_of({name: settings}, "1.0")[name]


def test_a_mail_goes_to_the_owners_server_and_hostile_text_makes_no_header():
    with Mta() as mta:
        one("mail", host="127.0.0.1", port=mta.port, **{"from": "m@own.example", "to": ["noc@own.example"]})(
            alert(HOSTILE, HOSTILE, lines=[HOSTILE])
        )
    recipient, data = mta.mails[0]
    mail = message_from_bytes(data, policy=default)
    assert recipient == "noc@own.example"
    assert mail["Bcc"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"].startswith("[mailscope] a|b=c")
    assert "\\x1b[2J\\x0d\\x0aBcc" in mail.get_content()


def test_a_mail_that_is_refused_is_an_error_to_try_again():
    with Mta(codes={"RCPT": "451 later"}) as mta:
        channel = one("mail", host="127.0.0.1", port=mta.port, **{"from": "m@own.example", "to": ["noc@own.example"]})
        with pytest.raises(OSError, match="refused"):
            channel(alert())


def test_a_webhook_gets_json_signed_with_the_secret_and_never_the_secret(tmp_path):
    (tmp_path / "secret").write_text("s3cret-of-hook\n")
    with Hook() as hook:
        one("webhook", url=hook.url, secret_file=tmp_path / "secret")(alert(HOSTILE))
    headers, body = hook.seen[0]
    assert json.loads(body)["subject"] == HOSTILE
    expected = hmac.new(b"s3cret-of-hook", body, hashlib.sha256).hexdigest()
    assert headers["X-Mailscope-Signature"] == f"sha256={expected}"
    assert "s3cret" not in str(headers) + body.decode()


@pytest.mark.parametrize("answer", [302, 500])
def test_a_webhook_that_fails_or_points_elsewhere_is_an_error(answer):
    with Hook(answer) as hook, pytest.raises(OSError, match=str(answer)):
        one("webhook", url=hook.url)(alert())
    assert len(hook.seen) == 1


def test_syslog_goes_out_over_udp_tcp_and_a_local_socket():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(60)
        one("syslog", to=f"udp:127.0.0.1:{udp.getsockname()[1]}", body="cef")(alert())
        assert b"CEF:0|Mailscope" in udp.recv(9000)
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        one("syslog", to=f"tcp:127.0.0.1:{tcp.getsockname()[1]}")(alert())
        stream, _ = tcp.accept()
        with stream:
            stream.settimeout(60)
            length, _, message = stream.recv(9000).partition(b" ")
            assert int(length) == len(message)
    # A socket's name has room for 107 bytes, which the tests' own folder may exceed.
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as short,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local,
    ):
        local.bind(f"{short}/log")
        local.settimeout(60)
        one("syslog", to=f"unix:{short}/log")(alert())
        assert local.recv(9000).startswith(b"<28>1 ")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("rsyslogd") is None, reason="needs the Debian package rsyslog")
def test_rsyslog_reads_the_message_as_it_was_meant(tmp_path):
    port = free_port()
    out = tmp_path / "out"
    (tmp_path / "conf").write_text(
        f'module(load="imtcp")\ninput(type="imtcp" port="{port}" address="127.0.0.1")\n'
        'template(name="t" type="string" string="%app-name%|%msgid%|%structured-data%|%msg%\\n")\n'
        f'action(type="omfile" file="{out}" template="t")\n'
    )
    command = ["rsyslogd", "-n", "-f", str(tmp_path / "conf"), "-i", str(tmp_path / "pid")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as daemon:
        try:
            channel = one("syslog", to=f"tcp:127.0.0.1:{port}", body="cef")
            deadline = time.monotonic() + 120
            while not out.exists() and time.monotonic() < deadline:
                with contextlib.suppress(OSError):  # until it listens
                    channel(alert(what=HOSTILE))
                time.sleep(0.3)
        finally:
            daemon.terminate()
    assert re.match(
        r"mailscope\|abnormal-sender\|\[mailscope@32473 .*\]\|\ufeff?CEF:0\|Mailscope", out.read_text("utf-8")
    )
