"""What Mailscope says in English: what our own records show of an accused address."""

UNITS: dict[str, tuple[str, str]] = {
    "sender-name": ("{n} sender address", "{n} sender addresses"),
}

TEMPLATES: dict[str, str] = {
    "cases.seen-nothing": "our sensors covered the time and saw nothing of this address",
    "cases.not-covered": "our sensors have no record of that time",
    "cases.seen-finding": "captures: {title} ({percent} % sure)",
    "cases.seen-commander": "captures: this address did it at the word of {commanders}",
    "cases.seen-traffic": "captures: {connections} to mail ports of {servers}, with {mails} seen in them",
    "cases.seen-connections": "captures: {connections} to {servers}",
    "cases.seen-flows": "flow records: {connections} to mail ports of {servers}, {first} to {last}",
    "cases.seen-flows-any": "flow records: {connections} to {servers}, {first} to {last}",
    "cases.seen-port": "flow records: a connection from port {port} of {address} at the time told",
    "cases.not-seen-port": "flow records: no connection from port {port} of {address} at the time told",
    "cases.seen-behind-nat": "flow records: {connections} of {of} are the same as those of {address}, so the address was translated",
    "cases.seen-behind-proxy": "flow records: {address} held a connection to this address during {connections} of {of}, with about as many bytes, as behind a proxy",
    "cases.seen-in-logs": "mail logs: {mails} handed in, from {senders} to {recipients}",
    "cases.seen-refused": "mail logs: {mails} of these refused",
    "cases.seen-filtered": "mail logs: the filters said {verdicts}",
}
