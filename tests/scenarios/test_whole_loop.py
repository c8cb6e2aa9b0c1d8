"""From the spam to the silence, in one go: namespaces with real packets, a capture, a complaint, a notice, a block."""

import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from email.utils import format_datetime

import pytest

from mailscope.desk import blocks
from mailscope.desk.cases.case_store import by_id
from mailscope.desk.cases.history import broken_at, of_case
from mailscope.desk.database import open_desk
from mailscope.desk.evidence.captures import case_folders
from mailscope.desk.evidence.joined import evidence_of
from mailscope.desk.evidence.moments import moments_of
from mailscope.desk.intake import read_source, take
from mailscope.desk.notices import outbox
from mailscope.desk.notices.compose import Sender
from mailscope.desk.notices.drafts import draft
from mailscope.ingest.captures import write_case
from mailscope.investigation.investigate import investigate
from mailscope.report.jsonl import json_text
from mailscope.response.plan import Guards, Plan, network
from mailscope.response.targets.nftables import Nftables
from tests.fixtures.daemon import until
from tests.fixtures.mta import Mta
from tests.fixtures.namespaces import Triangle, possible

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("nft") is None or shutil.which("tcpdump") is None or not possible(),
        reason="needs network namespaces (root) and the Debian packages nftables, tcpdump and iproute2",
    ),
]

SINK = r"""
import socketserver
class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 mx.victim.example ESMTP\r\n")
        while line := self.rfile.readline(2000):
            verb = line[:4].upper()
            self.wfile.write({b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(verb, b"250 ok\r\n"))
            if verb == b"QUIT": return
            if verb == b"DATA":
                while self.rfile.readline(2000) not in (b".\r\n", b""): pass
                self.wfile.write(b"250 taken\r\n")
socketserver.ThreadingTCPServer.allow_reuse_address = True
server = socketserver.ThreadingTCPServer(("0.0.0.0", 2525), Session)
print("ready", flush=True); server.serve_forever()
"""
SPAM = r"""
import smtplib, sys
for n in range(12):
    with smtplib.SMTP(sys.argv[1], 2525, local_hostname="xk%d.example" % n, timeout=10) as server:
        to = "victim%d@victim.example" % n
        text = "Subject: offer %d\r\nTo: %s\r\n\r\ncheap\r\n" % (n, to)
        server.sendmail("offer%d@foreign.example" % n, [to], text)
"""


def inside(name, *command, **options):
    return subprocess.Popen(["ip", "netns", "exec", name, *command], **options)


def sent_spam(net, folder):
    """The sender sends mail through the gateway, where a capture is taken."""
    pcap = folder / "gateway.pcap"
    sink = inside(net.server, "python3", "-c", SINK, stdout=subprocess.PIPE, text=True)
    assert sink.stdout.readline() == "ready\n"
    capture = inside(
        net.gateway, "tcpdump", "-U", "-i", "any", "-s", "0", "-w", str(pcap), stderr=subprocess.PIPE, text=True
    )
    try:
        assert any("listening on" in line for line in iter(capture.stderr.readline, ""))
        time.sleep(1)
        done = inside(net.sender, "python3", "-c", SPAM, net.server_address)
        assert done.wait(60) == 0
        until(lambda: pcap.stat().st_size == _after_a_second(pcap))
    finally:
        capture.terminate()
        capture.wait(10)
        capture.stderr.close()
        sink.kill()
        sink.wait(10)
        sink.stdout.close()
    return pcap


def _after_a_second(pcap):
    """The size that the capture then has: what was sent is in it when it grows no more."""
    time.sleep(1)
    return pcap.stat().st_size


def complaint(address, when):
    lines = [
        "From: postmaster@victim.example",
        "To: abuse@desk.example",
        "Subject: spam from your network",
        f"Date: {format_datetime(when)}",
        "Message-ID: <loop-1@victim.example>",
        "",
        f"Your host {address} sends spam to us, seen {when:%Y-%m-%d %H:%M:%S} UTC.",
        "",
    ]
    return "\r\n".join(lines).encode()


def test_from_the_spam_to_the_silence(tmp_path):
    with Triangle() as net, Mta() as mta:
        pcap = sent_spam(net, tmp_path)
        case_folder = write_case(pcap, tmp_path / "case")
        found = investigate(case_folder, own=["10.77.1.0/24"], own_domains=["school.example"])
        case_folder.write("findings.json", json_text(found))
        assert [(f.kind, f.subject) for f in found.findings] == [("direct-sender", net.sender_address)]

        when = datetime.now(UTC)
        (tmp_path / "in.eml").write_bytes(complaint(net.sender_address, when))
        desk = open_desk(tmp_path / "desk.db")
        assert take(desk, read_source(str(tmp_path / "in.eml"), ["10.77.1.0/24"])).opened == 1
        sender = Sender("Abuse desk", "abuse@desk.example", b"secret")
        with desk.transaction() as session:
            case = by_id(session, 1)
            moments = moments_of(session, case)
            case.evidence = evidence_of(moments, case.category, cases=case_folders([tmp_path / "case"]))
            assert case.evidence["verdict"] == "seen"
            assert any("sends mail by itself" in sentence for sentence in case.evidence["says"])
            notice = draft(session, sender, 1, recipient="admin@school.example")
            outbox.approve(session, notice.id, "wang")
        assert outbox.send_approved(desk, outbox.Mta("127.0.0.1", mta.port)) == {"sent": 1}
        mail = message_from_bytes(mta.mails[0][1], policy=default)
        assert mail["To"] == "admin@school.example"
        assert "application/vnd.tcpdump.pcap" in [part.get_content_type() for part in mail.walk()]

        target = Nftables(["ip", "netns", "exec", net.gateway, "nft"])
        guards = Guards(own=[network("10.77.1.0/24")], protected=[network("10.77.1.1")])
        plan = Plan(network(net.sender_address), "mail", datetime.now(UTC) + timedelta(seconds=30), "spam goes on")
        with desk.transaction() as session:
            number = blocks.plan_block(session, plan, target, guards, "wang", case=1).id
            blocks.approve_block(session, number, "li")
        assert net.can_connect(25)
        blocks.apply_block(desk, number, target, guards, "wang")
        assert not net.can_connect(25)
        assert net.can_connect(80)
        blocks.expire(desk, {target.name: target}, datetime.now(UTC) + timedelta(minutes=1))
        assert net.can_connect(25)

        with desk.transaction() as session:
            entries = of_case(session, 1)
        assert broken_at(entries) is None
        assert [entry.action for entry in entries] == [
            "new", "notice-approved", "notify", "block-planned", "block-approved", "block-applying", "block-applied",
            "block-undoing", "block-expired",
        ]  # fmt: skip
        desk.close()
