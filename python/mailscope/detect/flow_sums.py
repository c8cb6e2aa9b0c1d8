"""The hourly sums that a store keeps beside flow records, so that the queue of a day need not read them all again.

Each is a function from records to sums. Sums of different records add up: which records were summed together, and
in what order they came, makes no difference to the queue.
"""

from collections.abc import Callable, Mapping

from ibis.expr.types import Table

from mailscope.detect.amplification import answered_hours
from mailscope.detect.port_profile import asked_hours, asking_hours, failed_hours
from mailscope.detect.senders.conversations import mail_hours

SUMS: Mapping[str, Callable[[Table], Table]] = {
    "mail": mail_hours,
    "asked": asked_hours,
    "asking": asking_hours,
    "failed": failed_hours,
    "answered": answered_hours,
}
