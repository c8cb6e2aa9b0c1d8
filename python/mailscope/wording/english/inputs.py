"""What Mailscope says, in English: how far the captures could be read."""

UNITS: dict[str, tuple[str, str]] = {}

TEMPLATES: dict[str, str] = {
    "input.end-complete": "complete",
    "input.end-empty": "an empty file",
    "input.end-cut-off-header": "cut off inside the file's header",
    "input.end-cut-off-record": "cut off inside a packet",
    "input.end-bad-record-length": "damaged: a packet's length cannot be",
    "input.end-record-too-long": "damaged: a packet is longer than packets are",
    "input.end-read-failed": "cut off or damaged: it could not be read on",
    "input.end-at": "{end}, after packet {packet}, at byte offset {offset}",
    "input.no-traffic": "nothing can be said: no conversation was captured",
    "input.not-seen": "nothing can be said: no address of your networks was captured",
    "input.nothing": "These captures hold no conversation: nothing can be said of this network.",
    "input.no-payload": "nothing was sent",
}
