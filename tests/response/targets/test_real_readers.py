"""The files that targets write, read by the programs that they are for: squid and a name server."""

import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailscope.response.plan import Plan, network
from mailscope.response.targets.dnsbl import DnsblZone
from mailscope.response.targets.squid_acl import SquidAcl
from tests.fixtures import squid
from tests.fixtures.daemon import Daemon, until
from tests.fixtures.mta import Mta
from tests.fixtures.ports import free_port
from tests.fixtures.squid import Squid

pytestmark = pytest.mark.slow
NSD = shutil.which("nsd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def plan(prefix, scope="all"):
    return Plan(network(prefix), scope, datetime.now(UTC) + timedelta(hours=1), "spam")


def connected(proxy, source, port):
    """The status of a CONNECT from this address of loopback; 0 while squid reads its configuration."""
    try:
        with socket.create_connection(("127.0.0.1", proxy.port), 5, (source, 0)) as line:
            line.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            return int(line.recv(200).split()[1])
    except (OSError, IndexError):
        return 0


@pytest.mark.skipif(squid.missing() is not None, reason=squid.missing() or "")
def test_squid_denies_what_is_applied_and_allows_what_is_undone():
    rules = 'acl mailscope src "FOLDER/mailscope"\nhttp_access deny mailscope\nhttp_access allow all'
    with tempfile.TemporaryDirectory() as folder, Mta() as mta:
        kept = Path(folder) / "mailscope"
        Path(folder).chmod(0o755)
        target = SquidAcl(kept)
        target.apply(plan("10.9.9.9"))
        with Squid(rules.replace("FOLDER/mailscope", str(kept))) as proxy:

            def reread(expected):
                parsed = proxy.control("parse")
                assert parsed.returncode == 0, parsed.stderr
                assert not re.search(r"ERROR|FATAL|ignored|subnetwork", parsed.stderr), parsed.stderr
                assert proxy.control("reconfigure").returncode == 0
                until(lambda: connected(proxy, "127.0.0.7", mta.port) == expected, 15)

            assert connected(proxy, "127.0.0.7", mta.port) == 200
            for prefix in ("127.0.0.7", "127.0.0.4/30", "2001:db8::/48"):
                target.apply(plan(prefix))
            reread(403)
            until(lambda: connected(proxy, "127.0.0.5", mta.port) == 403)
            until(lambda: connected(proxy, "127.0.0.9", mta.port) == 200)
            target.undo(plan("127.0.0.4/30"))
            reread(403)
            until(lambda: connected(proxy, "127.0.0.5", mta.port) == 200, 15)
            target.undo(plan("127.0.0.7"))
            reread(200)
            target.undo(plan("10.9.9.9"))
            target.undo(plan("2001:db8::/48"))
            parsed = proxy.control("parse")
            assert parsed.returncode == 0, parsed.stderr


NSD_CONF = """
server:
    ip-address: 127.0.0.1@{port}
    username: ""
    chroot: ""
    pidfile: "{folder}/pid"
    zonelistfile: "{folder}/zone.list"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    database: ""
    logfile: "{folder}/log"
    server-count: 1
remote-control:
    control-enable: no
zone:
    name: bl.example.org
    zonefile: "{zone}"
"""


class Nsd(Daemon):
    """An NSD of the test's own on loopback that serves one zone file."""

    def __init__(self, zone):
        self.zone, self.port = zone, free_port()

    def prepared(self):
        file = self.folder / "nsd.conf"
        file.write_text(NSD_CONF.format(port=self.port, folder=self.folder, zone=self.zone))
        return [NSD, "-d", "-c", str(file)]

    def answers(self):
        return self.asked("2.0.0.127") == "127.0.0.2"

    def reload(self):
        import signal

        self.process.send_signal(signal.SIGHUP)

    def asked(self, name, kind=1):
        """What a mail server is answered for a name in the list: an address, or None (RFC 5782, section 2.1)."""
        labels = [*name.split("."), "bl", "example", "org"]
        query = struct.pack("!6H", 7, 0, 1, 0, 0, 0)
        query += (
            b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0" + struct.pack("!2H", kind, 1)
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(1)
            line.sendto(query, ("127.0.0.1", self.port))
            try:
                answer = line.recv(1500)
            except OSError:
                return "nothing"
        _id, flags, _questions, count, _authority, _more = struct.unpack("!6H", answer[:12])
        assert flags & 15 in (0, 3), f"code {flags & 15}"
        return socket.inet_ntoa(answer[len(query) + 12 :][:4]) if count else None


@pytest.mark.skipif(NSD is None, reason="Debian package nsd is not installed")
def test_a_name_server_answers_what_is_applied_and_forgets_what_is_undone(tmp_path):
    zone = DnsblZone(tmp_path / "zone", "bl.example.org", "ns.example.org")
    zone.apply(plan("10.1.2.3", "mail"))
    checked = subprocess.run(
        ["nsd-checkzone", "bl.example.org", str(zone.file)], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    v6 = plan("2001:db8::7", "mail")
    nibbles = ".".join(reversed(f"{int(v6.prefix.network_address):032x}"))
    with Nsd(zone.file) as server:
        assert (server.asked("3.2.1.10"), server.asked("4.2.1.10")) == ("127.0.0.2", None)
        assert server.asked("1.0.0.127") is None  # RFC 5782, section 5: never listed
        zone.apply(plan("10.1.2.4/30", "mail"))
        zone.apply(v6)
        server.reload()
        until(lambda: server.asked("4.2.1.10") == "127.0.0.2", 15)
        assert server.asked("7.2.1.10") == server.asked(nibbles) == "127.0.0.2"
        zone.undo(plan("10.1.2.3", "mail"))
        zone.undo(plan("10.1.2.4/30", "mail"))
        server.reload()
        until(lambda: server.asked("3.2.1.10") is None, 15)
        assert (server.asked("7.2.1.10"), server.asked(nibbles)) == (None, "127.0.0.2")
