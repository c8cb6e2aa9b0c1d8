from mailscope.sensor.alerts.book import AlertBook
from mailscope.sensor.alerts.metrics import exposition
from mailscope.sensor.alerts.settings import of_values


def test_what_became_of_alerts_has_a_metric(tmp_path):
    text = exposition(AlertBook(tmp_path / "book.json", of_values({}, tmp_path), {}).status())
    for name in ("sent_total", "held_total", "suppressed_total", "failed_total", "given_up_total", "waiting"):
        assert f"mailscope_alerts_{name} 0" in text
