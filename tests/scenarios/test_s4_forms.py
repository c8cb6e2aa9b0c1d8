"""The scenario's traffic as packets and as sFlow samples: made from its NetFlow records, asked the same question.

No capture of the traffic itself exists. The packets are made so that they add up to the records; the samples are one
packet in ten and in fifty of them.
"""

from functools import cache
from random import Random

import pytest

from mailscope.ingest.flow_sources import flow_records_of
from mailscope.investigation.sender_queue import sender_queue
from tests.fixtures.replayed import packets_of, sflow_of
from tests.fixtures.wire import write
from tests.scenarios.test_s4_senders import SHARED, TRUTHS, truth_of, verdicts

pytestmark = [
    pytest.mark.skipif(not TRUTHS, reason=f"no scenarios in {SHARED / 'scenarios'}"),
    pytest.mark.slow,
]
FOLDERS = [truth.parent for truth in TRUTHS]


@pytest.fixture(scope="module")
def queues(tmp_path_factory):
    """The queue of a scenario from its NetFlow v5, from packets, and from samples of them."""
    place = tmp_path_factory.mktemp("forms")

    @cache
    def packets(folder):
        return packets_of(
            flow_records_of([folder / "nfcapd-v5"], tmp_path_factory.mktemp("v5")).to_pyarrow().to_pylist()
        )

    @cache
    def queue(folder, form):
        source = folder / "nfcapd-v5"
        if form == "capture":
            source = write(place / f"{folder.name}.pcap", packets(folder))
        elif form.startswith("sflow"):
            rate = int(form.split("-")[1])
            source = write(place / f"{folder.name}-{rate}.pcap", sflow_of(packets(folder), rate, Random(1)))
        records = flow_records_of([source], tmp_path_factory.mktemp("records"))
        return sender_queue(records, [truth_of(folder)["network"]["ours"]], everybody=True)

    return queue


def others(queue):
    return {(other.subject, other.kind, other.figures["port"]) for other in queue.other}


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("form", ["capture", "sflow-10"])
def test_the_same_hosts_stand_in_the_queue(queues, folder, form):
    spam = {host["ip"] for host in truth_of(folder)["answers"]["spam_hosts"]}
    assert verdicts(queues(folder, form), "abnormal") == spam
    assert others(queues(folder, form)) == others(queues(folder, "nfcapd"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_packets_give_the_figures_of_the_records(queues, folder):
    figures = [
        {s.subject: (s.verdict, s.cleared_as, s.figures["flows"], s.figures["destinations"]) for s in queue.senders}
        for queue in (queues(folder, "nfcapd"), queues(folder, "capture"))
    ]
    assert figures[1] == figures[0]
    others = [
        {(o.subject, o.kind, o.figures["port"]) for o in queues(folder, form).other} for form in ("nfcapd", "capture")
    ]
    assert others[1] == others[0]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("rate", [10, 50])
def test_samples_give_the_packets_within_the_error_that_is_told(queues, folder, rate):
    whole = {sender.subject: sender.figures for sender in queues(folder, "nfcapd").senders}
    sampled = {sender.subject: sender.figures for sender in queues(folder, f"sflow-{rate}").senders}
    within = [
        abs(figures["packets"] - whole[subject]["packets"])
        <= figures["sampling_error_percent"] / 100 * figures["packets"]
        for subject, figures in sampled.items()
        if figures["packets"] is not None  # only answers were in the sample
    ]
    # The error is that of a 95 % interval.
    assert sum(within) >= 0.85 * len(within)
    assert all(figures["destinations"] <= whole[subject]["destinations"] for subject, figures in sampled.items())
