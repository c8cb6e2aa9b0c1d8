import urllib.request

import pytest

from mailscope.errors import UsageError
from mailscope.sensor.metrics import MetricsServer, exposition
from tests.sensor.test_collector import EMPTY, datagram, one_run


def test_everything_that_can_be_lost_or_late_has_a_metric(tmp_path):
    collector = one_run(tmp_path / "store", [datagram(0), datagram(90)])
    text = exposition(collector.status())
    assert "mailscope_collect_stored_records_total 60" in text
    assert 'mailscope_collect_exporter_lost_total{exporter="127.0.0.1",' in text
    for name in ("queue_drops_total", "socket_kernel_drops_total", "unstored_age_seconds", "exporter_duplicates_total"):
        assert f"mailscope_collect_{name}" in text
    kinds = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(kinds) == len(set(kinds))


def test_metrics_are_answered_and_nothing_else():
    server = MetricsServer("127.0.0.1:0", lambda: EMPTY)
    try:
        with urllib.request.urlopen(f"http://{server.address}/metrics") as answer:
            assert b"mailscope_collect_datagrams_total 0" in answer.read()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://{server.address}/")
        refused.value.close()
        assert refused.value.code == 404
    finally:
        server.close()


def test_an_address_that_is_none_is_named():
    with pytest.raises(UsageError, match="HOST:PORT"):
        MetricsServer("metrics", lambda: EMPTY)
