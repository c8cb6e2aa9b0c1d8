"""Spam from an own network in flow exports: the same queue from every form of the same traffic."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from mailscope.ingest.flow_sources import flow_records_of
from mailscope.investigation.hit_rate import Complaint, matches, rates
from mailscope.investigation.sender_queue import queued_moments, sender_queue

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[2].parent / "shared"))
TRUTHS = sorted((SHARED / "scenarios").glob("s4*/truth.json"))
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not TRUTHS, reason=f"no scenarios in {SHARED / 'scenarios'}"),
]

SHORT = ("nfcapd-v5", "nfcapd-v9", "nfcapd-ipfix", "flow-exports.pcap")
LONG = ("nfcapd-long-v5", "flow-exports-long.pcap")
FORMS = [(truth.parent, name) for truth in TRUTHS for name in (*SHORT, *LONG)]


@cache
def truth_of(folder):
    return json.loads((folder / "truth.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def queue_of(tmp_path_factory):
    @cache
    def asked(folder, *names, own=True):
        records = flow_records_of([folder / name for name in names], tmp_path_factory.mktemp("records"))
        return sender_queue(records, [truth_of(folder)["network"]["ours"]] if own else [], everybody=True)

    return asked


def verdicts(queue, verdict):
    return {sender.subject for sender in queue.senders if sender.verdict == verdict}


@pytest.mark.parametrize(("folder", "form"), FORMS)
def test_the_spamming_hosts_and_only_they_stand_in_the_queue(queue_of, folder, form):
    spam = {host["ip"] for host in truth_of(folder)["answers"]["spam_hosts"]}
    queue = queue_of(folder, form)
    assert verdicts(queue, "abnormal") == spam
    assert verdicts(queue, "watch") == set()


@pytest.mark.parametrize(("folder", "form"), FORMS)
def test_busy_hosts_are_cleared_with_reasons(queue_of, folder, form):
    cleared = {sender.subject: sender for sender in queue_of(folder, form).senders if sender.verdict == "cleared"}
    network = truth_of(folder)["network"]
    assert cleared[network["newsletter"]].cleared_as == "newsletter"
    assert cleared[network["relay_for_customers"]].cleared_as == "steady-sender"
    assert all(sender.reason is not None for sender in cleared.values())


@pytest.mark.parametrize(("folder", "form"), FORMS)
def test_scanners_and_the_ping_flood_are_found_and_nobody_else(queue_of, folder, form):
    answers = truth_of(folder)["answers"]
    expected = {(host["ip"], "scan", host["port"]) for host in answers["syn_flooders_and_scanners"]}
    expected.add((answers["ping_flood"]["ip"], "ping-flood", 0))
    assert {(o.subject, o.kind, o.figures["port"]) for o in queue_of(folder, form).other} == expected


@pytest.mark.parametrize("folder", [truth.parent for truth in TRUTHS])
def test_every_form_of_the_same_traffic_gives_the_same_figures(queue_of, folder):
    figures = [
        {s.subject: (s.verdict, s.figures["flows"], s.figures["destinations"], s.figures["bytes"]) for s in q.senders}
        for q in (queue_of(folder, name) for name in SHORT)
    ]
    assert figures[1:] == figures[:-1]
    together = queue_of(folder, *SHORT[:3])
    assert {s.subject: s.figures["flows"] for s in together.senders} == {k: v[1] for k, v in figures[0].items()}


@pytest.mark.parametrize("folder", [truth.parent for truth in TRUTHS])
def test_long_counts_equal_those_of_the_packets(queue_of, folder):
    told = truth_of(folder)["smtp_connections_by_packet_count"]
    counted = {
        s.subject: {"smtp_connections": s.figures["flows"], "distinct_servers": s.figures["destinations"]}
        for s in queue_of(folder, "nfcapd-long-v5").senders
    }
    assert counted == {address: told.get(address) for address in counted}
    assert set(told) == set(counted)


@pytest.mark.skipif(not shutil.which("nfdump"), reason="the package nfdump is not installed")
@pytest.mark.parametrize(("folder", "form"), [f for f in FORMS if f[1].startswith("nfcapd")])
def test_counts_equal_nfdump_s(queue_of, folder, form):
    asked = ["nfdump", "-q", "-N", "-6", "-R", str(folder / form), "-A", "srcip", "-o", "fmt:%sa,%fl,%pkt,%byt"]
    done = subprocess.run([*asked, "proto tcp and dst port 25"], capture_output=True, text=True, check=True)
    rows = [line.replace(" ", "").split(",") for line in done.stdout.splitlines() if line.count(",") == 3]
    theirs = {address: tuple(map(int, counts)) for address, *counts in rows}
    ours = {
        s.subject: (s.figures["flows"], s.figures["packets"], s.figures["bytes"])
        for s in queue_of(folder, form).senders
    }
    assert ours == {address: theirs[address] for address in ours}


@pytest.mark.parametrize("folder", [truth.parent for truth in TRUTHS])
def test_private_networks_need_not_be_given(queue_of, folder):
    spam = {host["ip"] for host in truth_of(folder)["answers"]["spam_hosts"]}
    assert verdicts(queue_of(folder, "nfcapd-v5", own=False), "abnormal") == spam


@pytest.mark.parametrize("folder", [truth.parent for truth in TRUTHS])
def test_hosts_complained_about_for_spam_stood_in_the_queue(folder, tmp_path):
    spam = {host["ip"] for host in truth_of(folder)["answers"]["spam_hosts"]}
    records = flow_records_of([folder / "nfcapd-v5"], tmp_path)
    queued = queued_moments(records, [truth_of(folder)["network"]["ours"]])
    assert set(queued) == spam
    complaints = [Complaint(address, max(moments)) for address, moments in queued.items()]
    assert rates(matches(complaints, queued))[-1].percent == 100.0
