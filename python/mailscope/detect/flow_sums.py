"""The hourly sums that a store keeps beside flow records, so that the queue of a day need not read them all again.

Each is a function from records to sums. Sums of different records add up: which records were summed together, and
in what order they came, makes no difference to the queue.
"""

from collections.abc import Mapping

from mailscope.detect.amplification import ANSWERED, UNASKED
from mailscope.detect.port_profile import ASKED, ASKING, FAILED
from mailscope.detect.senders.conversations import MAIL
from mailscope.store.added_sums import Addable

SUMS: Mapping[str, Addable] = {
    "mail": MAIL,
    "asked": ASKED,
    "asking": ASKING,
    "failed": FAILED,
    "answered": ANSWERED,
    "unasked": UNASKED,
}
