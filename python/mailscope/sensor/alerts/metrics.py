"""What became of alerts, for Prometheus (text format 0.0.4)."""

from mailscope.sensor.metrics import Status, family

_COUNTS = {
    "sent": ("counter", "Alerts that a channel took."),
    "held": ("counter", "Alerts held in quiet hours, to be told as one summary."),
    "suppressed": ("counter", "Alerts not sent because there were too many in an hour."),
    "failed": ("counter", "Times that a channel did not take an alert, which is offered again."),
    "given_up": ("counter", "Alerts that a channel never took."),
    "waiting": ("gauge", "Alerts that wait for a channel that failed."),
    "holding": ("gauge", "Alerts that wait for the end of the quiet hours."),
    "known": ("gauge", "Subjects told of and not yet over."),
}


def exposition(status: Status) -> str:
    """The counts of an alert book as Prometheus reads them."""
    return "".join(f"{text}\n" for text in family("mailscope_alerts_", _COUNTS, [({}, status)]))
