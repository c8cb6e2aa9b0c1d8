"""Live walks: routers that are functions, and a real snmpd in a network of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mailscope.contacts.sources.snmp_walk import Access, gather
from mailscope.errors import InputError

ROUTERS = {
    "10.0.0.1": (["10.1.0.0 10.0.0.2", "10.2.0.0 10.0.0.9"], {"10.0.0.1", "10.9.0.1"}),
    "10.0.0.2": (["10.3.0.0 10.9.0.1", "10.4.0.0 10.0.0.3"], {"10.0.0.2"}),
}


def walk(address, _access):
    if address not in ROUTERS:
        raise InputError("no answer")
    rows, own = ROUTERS[address]
    lines = []
    for row in rows:
        destination, hop = row.split()
        lines += [
            f"1.3.6.1.2.1.4.21.1.7.{destination} = x: {hop}",
            f"1.3.6.1.2.1.4.21.1.11.{destination} = x: 255.255.0.0",
        ]
    return lines, own


def test_next_hops_are_walked_and_a_loop_ends():
    gathered = gather("10.0.0.1", Access(), depth=5, walk=walk)
    assert sorted(str(route.prefix) for route in gathered.routes) == [
        "10.1.0.0/16",
        "10.2.0.0/16",
        "10.3.0.0/16",
        "10.4.0.0/16",
    ]
    assert gathered.unread == ["10.0.0.9: no answer", "10.0.0.3: no answer"]


def test_without_depth_only_the_router_itself_is_asked():
    assert len(gather("10.0.0.1", Access(), walk=walk).routes) == 2


def test_a_router_that_does_not_answer_is_an_error():
    with pytest.raises(InputError):
        gather("10.0.0.7", Access(), walk=walk)


def test_secrets_are_not_shown():
    assert "word" not in repr(Access(community="word", authentication_password="word"))


CONFIGURATION = """rocommunity walkers
createUser reader SHA-256 "authword-1" AES "privword-1"
rouser reader priv
agentAddress udp:127.0.0.1:1161
"""
SCRIPT = """set -e
ip link set lo up
ip link add d0 type veth peer name d1 && ip link set d1 up && ip addr add 172.31.25.1/24 dev d0 && ip addr add 2001:db8:25::1/64 dev d0 nodad && ip link set d0 up
ip route add 10.25.17.0/24 via 172.31.25.16 && ip route add 10.25.17.0/26 via 172.31.25.13
ip -6 route add 2001:db8:7::/48 via 2001:db8:25::9
snmpd -f -C -c "$1/snmpd.conf" -Lf "$1/log" -p "$1/pid" & server=$!
trap 'kill $server' EXIT
for try in 1 2 3 4 5 6 7 8; do sleep 0.5; "$2" -m mailscope registry import --snmp 127.0.0.1 --snmp-port 1161 --to "$1/r.sqlite" $3 && break; done
"$2" -m mailscope whois 10.25.17.7 --registry "$1/r.sqlite" --json
"$2" -m mailscope whois 10.25.17.77 --registry "$1/r.sqlite" --json
"$2" -m mailscope whois 2001:db8:7::1 --registry "$1/r.sqlite" --json
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("snmpd"), reason="the Debian package `snmpd` is not installed")
@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")
@pytest.mark.parametrize("options", ["", "--snmp-user reader --snmp-auth sha256"], ids=["v2c", "v3"])
def test_a_real_snmpd_is_walked(tmp_path, options):
    (tmp_path / "snmpd.conf").write_text(CONFIGURATION)
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[3] / "python"),
        "SNMP_PERSISTENT_DIR": str(tmp_path),
        "MAILSCOPE_SNMP_COMMUNITY": "walkers",
        "MAILSCOPE_SNMP_AUTH": "authword-1",
        "MAILSCOPE_SNMP_PRIV": "privword-1",
    }
    done = subprocess.run(
        ["unshare", "-n", "bash", "-c", SCRIPT, "walk", str(tmp_path), sys.executable, options],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"prefix": "10.25.17.0/26", "next_hop": "172.31.25.13"' in done.stdout
    assert '"prefix": "10.25.17.0/24", "next_hop": "172.31.25.16"' in done.stdout
    assert '"next_hop": "2001:db8:25::9"' in done.stdout
