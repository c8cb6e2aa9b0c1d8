"""What alerts say."""

UNITS: dict[str, tuple[str, str]] = {}
TEMPLATES = {
    "alert.sender": "{subject} hands out mail as no ordinary host does: {why}",
    "alert.other": "{subject} {why}",
    "alert.sensor": "the sensor {name} misses something: {kind}",
    "alert.recovered": "{subject}: over, not seen any more",
    "alert.quiet-summary": "{count} alerts came in the quiet hours",
    "alert.suppressed": "{count} alerts were not sent: more than the owner wants in an hour",
    "alert.test": "this is a test: alerts of mailscope arrive here",
    "alerts.went": "{channel}: the alert went out",
    "alerts.failed": "{channel}: the alert did not go out: {why}",
    "alerts.counts": "{waiting} alerts wait for a channel, {held} for the end of the quiet hours",
}
