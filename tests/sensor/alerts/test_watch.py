import json
from datetime import UTC, datetime

from mailscope.cli.main import main
from mailscope.investigation.sender_queue import sender_queue
from mailscope.sensor.alerts.settings import of_values
from mailscope.sensor.alerts.watch import alerts_of_queue, alerts_of_sensors
from tests.fixtures.flow_rows import mails, records
from tests.sensor.alerts.test_channels import Hook

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_abnormal_senders_are_told_of_with_the_reason_of_the_queue(tmp_path):
    queue = sender_queue(records(mails("10.0.9.9", servers=60)), ["10.0.0.0/8"], None)
    found = list(alerts_of_queue(queue, of_values({}, tmp_path), NOW))
    assert [(alert.kind, alert.subject) for alert in found] == [("abnormal-sender", "10.0.9.9")]
    assert "60 servers" in found[0].what
    assert list(alerts_of_queue(queue, of_values({"alerts": {"verdicts": ["watch"]}}, tmp_path), NOW)) == []


def test_a_sensor_that_misses_something_or_is_silent_is_told_of(tmp_path):
    at = NOW.timestamp()
    statuses = {
        "good": {"sensor": "good", "is_running": True, "at": at, "open_gaps": []},
        "full": {"sensor": "full", "is_running": True, "at": at, "open_gaps": [{"kind": "evidence-stopped"}]},
        "dead": {"sensor": "dead", "is_running": True, "at": at - 500},
        "off": {"sensor": "off", "is_running": False, "at": at - 500},
    }
    for name, status in statuses.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(status))
    found = alerts_of_sensors(tmp_path, of_values({}, tmp_path), NOW)
    assert [(alert.kind, alert.subject) for alert in found] == [
        ("sensor-silent", "dead"),
        ("sensor-evidence-stopped", "full"),
    ]


def test_the_verb_tells_once_and_lists_and_a_failing_channel_ends_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MAILSCOPE_ROLES", str(tmp_path / "roles.json"))
    (tmp_path / "live" / "sensors").mkdir(parents=True)
    status = {"sensor": "eth0", "is_running": True, "at": 1}
    (tmp_path / "live" / "sensors" / "eth0.json").write_text(json.dumps(status))
    with Hook() as hook:
        settings = f'[webhook]\nurl = "{hook.url}"\n[syslog]\nto = "unix:{tmp_path}/nobody"\n'
        (tmp_path / "alerts.toml").write_text(settings)
        places = ["--settings", str(tmp_path / "alerts.toml"), "--store", str(tmp_path / "live")]
        for _turn in range(2):
            assert main(["alerts", "run", "--once", *places]) == 0
        assert main(["alerts", "test", *places[:2]]) == 5
    assert [json.loads(body)["kind"] for _headers, body in hook.seen] == ["sensor-silent", "test"]
    assert "syslog: the alert did not go out" in capsys.readouterr().err
    assert main(["alerts", "list", *places[2:]]) == 0
    assert "sensor-silent new" in capsys.readouterr().out
