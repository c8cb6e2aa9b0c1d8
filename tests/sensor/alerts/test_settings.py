from datetime import UTC, datetime

import pytest

from mailscope.errors import UsageError
from mailscope.sensor.alerts.settings import load, of_values

WHOLE = """
[alerts]
own = ["192.0.2.0/24"]
verdicts = ["abnormal", "watch"]
quiet = "22:00-07:00"
zone = "Asia/Taipei"
[mail]
from = "mailscope@own.example"
to = ["noc@own.example"]
[webhook]
url = "https://own.example/hook"
secret_file = "hook.secret"
[syslog]
to = "unix:/dev/log"
body = "cef"
"""


def test_a_whole_file_is_read(tmp_path):
    (tmp_path / "alerts.toml").write_text(WHOLE)
    settings = load(tmp_path / "alerts.toml")
    assert set(settings.channels) == {"mail", "webhook", "syslog"}
    assert settings.channels["webhook"]["secret_file"] == tmp_path / "hook.secret"
    assert settings.verdicts == {"abnormal", "watch"}


def test_quiet_hours_go_over_midnight_in_their_zone(tmp_path):
    settings = of_values({"alerts": {"quiet": "22:00-07:00", "zone": "Asia/Taipei"}}, tmp_path)
    quiet = [settings.is_quiet(datetime(2026, 11, 22, hour, tzinfo=UTC)) for hour in (13, 14, 22, 23)]
    assert quiet == [False, True, True, False]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"alert": {}}, r"\[alert\]"),
        ({"alerts": {"quite": "22:00-07:00"}}, "quite"),
        ({"alerts": {"quiet": "22-7"}}, "quiet"),
        ({"alerts": {"zone": "Asia/Nowhere"}}, "zone"),
        ({"alerts": {"most_per_hour": True}}, "most_per_hour"),
        ({"mail": {"from": "a@b.example"}}, "to is missing"),
        ({"syslog": {"to": "514"}}, "syslog"),
        ({"syslog": {"to": "udp:h:514", "body": "leef"}}, "body"),
        ({"webhook": {"url": "file:///etc/passwd"}}, "url"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, values, named):
    with pytest.raises(UsageError, match=named):
        of_values(values, tmp_path)
