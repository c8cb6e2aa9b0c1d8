from mailscope.sensor.evidence import EvidenceSettings
from mailscope.sensor.launcher import Launcher
from mailscope.sensor.packet_sensor import PacketSensor, Settings
from mailscope.sensor.sense_metrics import exposition


def test_everything_that_can_be_lost_or_late_has_a_metric(tmp_path):
    evidence = EvidenceSettings(tmp_path / "evidence")
    settings = Settings("lo", str(tmp_path / "store"), tmp_path / "state", evidence)
    sensor = PacketSensor(settings, Launcher(["true"]))
    sensor.gaps.begin("evidence-stopped")
    text = exposition(sensor.status())
    sensor.run(lambda: True)
    for name in ("lost_rows_total", "decode_lag_seconds", "batch_age_seconds", "evidence_is_stopped", "gaps_total"):
        assert f'mailscope_sense_{name}{{interface="lo"}} 0' in text
    assert "# TYPE mailscope_sense_kernel_drops_total counter" in text
    assert 'mailscope_sense_gap_open{interface="lo",kind="evidence-stopped"} 1' in text
