"""Routes to a real BGP speaker: ExaBGP announces them, FRR's bgpd receives and withdraws them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailscope.response.plan import Plan, network
from mailscope.response.targets.bgp import BlackholeRoute, FlowSpec
from tests.fixtures.namespaces import possible, run

BGPD = Path("/usr/lib/frr/bgpd")
EXABGP = Path(sys.executable).with_name("exabgp")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not BGPD.exists() or not EXABGP.exists() or shutil.which("vtysh") is None or not possible(),
        reason="needs network namespaces (root), Debian package frr and Python package exabgp",
    ),
]

FRR = """router bgp 65000
 bgp router-id 10.9.9.1
 neighbor 127.0.0.1 remote-as 65000
 neighbor 127.0.0.1 passive
 address-family ipv4 unicast
  neighbor 127.0.0.1 activate
 exit-address-family
 address-family ipv4 flowspec
  neighbor 127.0.0.1 activate
 exit-address-family
"""
EXA = """process mailscope {{ run {python} -m mailscope.response.announcer {routes}; encoder text; }}
neighbor 127.0.0.2 {{
  router-id 10.9.9.2; local-address 127.0.0.1; local-as 65000; peer-as 65000;
  family {{ ipv4 unicast; ipv4 flow; }}
  api {{ processes [ mailscope ]; }}
}}
"""


class Peers:
    """bgpd and ExaBGP on one loopback in a namespace of their own."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="msbgp"))
        self.routes = self.folder / "routes"
        self.name = f"msb{os.getpid()}"
        (self.folder / "bgpd.conf").write_text(FRR)
        (self.folder / "exa.conf").write_text(EXA.format(python=sys.executable, routes=self.routes))
        shutil.chown(self.folder, "frr", "frr")
        self.folder.chmod(0o777)
        run("ip", "netns", "add", self.name)
        run("ip", "-n", self.name, "link", "set", "lo", "up")
        own = ["-f", "bgpd.conf", "-i", str(self.folder / "pid"), "--vty_socket", str(self.folder), "-P", "0"]
        self.started = [
            self._start(str(BGPD), "-Z", "-l", "127.0.0.2", "-u", "frr", "-g", "frr", *own),
            self._start(str(EXABGP), "exa.conf"),
        ]
        return self

    def _start(self, *command):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "exabgp_daemon_user": "root"}
        inside = ["ip", "netns", "exec", self.name, *command]
        return subprocess.Popen(
            inside, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def __exit__(self, *_):
        for process in reversed(self.started):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        subprocess.run(["ip", "netns", "del", self.name], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def shown(self, what):
        command = ["vtysh", "--vty_socket", str(self.folder), "-c", what]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def becomes(self, test, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if test():
                return True
            time.sleep(0.3)
        return False

    def black_holes(self):
        try:
            return set(json.loads(self.shown("show bgp ipv4 unicast json")).get("routes", {}))
        except ValueError:
            return set()


def test_a_real_speaker_receives_and_withdraws_both_kinds_of_route():
    with Peers() as peers:
        hole, flow = BlackholeRoute(peers.routes), FlowSpec(peers.routes)
        expires = datetime.now(UTC) + timedelta(hours=1)
        everything = Plan(network("10.25.17.44"), "all", expires, "spam")
        mail = Plan(network("10.25.17.45"), "mail", expires, "spam")
        hole.apply(everything)
        flow.apply(mail)
        assert peers.becomes(lambda: peers.black_holes() == {"10.25.17.44/32"})
        assert peers.becomes(lambda: "10.25.17.45/32" in peers.shown("show bgp ipv4 flowspec detail"))
        shown = peers.shown("show bgp ipv4 flowspec detail")
        assert "= 25" in shown
        assert "FS:rate 0" in shown
        hole.undo(everything)
        assert peers.becomes(lambda: peers.black_holes() == set())
        assert "10.25.17.45/32" in peers.shown("show bgp ipv4 flowspec detail")
        flow.undo(mail)
        assert peers.becomes(lambda: "10.25.17.45/32" not in peers.shown("show bgp ipv4 flowspec detail"))
