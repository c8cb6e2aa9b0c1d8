"""What Mailscope says, in English: abnormal senders, scans and floods from flow records."""

UNITS: dict[str, tuple[str, str]] = {
    "address": ("{n} address", "{n} addresses"),
    "day": ("{n} day", "{n} days"),
    "source": ("{n} outside source", "{n} outside sources"),
    "target": ("{n} target", "{n} targets"),
}

TEMPLATES: dict[str, str] = {
    "senders.no-records": "there are no flow records in what was read",
    "senders.not-asked": "more than {limit} records are stored: vertical scans and password guessing were not looked for",
    "senders.no-own": "no host of the networks taken as own sends mail, so every host is looked at; give --own NETWORK",
    "senders.sent": "{flows} to {servers} within {during}",
    "senders.why": "{sent}: {reason}",
    "senders.addresses": "{addresses} as one host: {listed}",
    "senders.together": "{addresses} of one /64 together: {why}",
    "senders.cleared": "cleared as {reason}",
    "senders.doubtful": "it could be {reason}; but {signals}",
    # --- signals
    "senders.and": "{one}; {other}",
    "senders.many-servers": "{servers}, where ordinary hosts of its kind stay below {fence}",
    "senders.one-contact": "{flows} of {of} went to servers contacted only once",
    "senders.unanswered": "{count} of {servers} never answered",
    "senders.small-transfers": "{packet} bytes a packet, {flow} a conversation (usual here: {usual})",
    "senders.alike-messages": "{messages} messages of nearly one size ({size} bytes, give or take {spread} %)",
    "senders.receives-nothing": "nobody sends mail to it, unlike to the {servers} mail servers seen",
    "senders.few-sources": "it took {taken} from only {sources} and went on to {servers}, as an open relay does",
    "senders.beyond-history": "{servers}, while its busiest of {days} before had {peak}",
    # --- why a busy host is cleared
    "senders.cleared-known-sender": (
        "a sender known for {days}: {share} % of its conversations go to servers it contacted before, usually {usual} a day"
    ),
    "senders.cleared-confirmed": "{role}, as the owner says",
    "senders.cleared-mail-server": "a mail server: it also takes mail from {sources}",
    "senders.cleared-inside-relay": "a relay for the inside: it takes mail from {clients} of the own network",
    "senders.cleared-monitor": "a monitor: equally many short checks of each server ({flow} bytes each), no messages",
    "senders.cleared-few-servers": "a host that goes to the same {servers} again and again",
    "senders.cleared-newsletter": "a newsletter: one burst of {lasted}, large messages ({flow} bytes each), all taken",
    "senders.cleared-steady-sender": (
        "a regular sender: {times} conversations a server, {share} % of them to servers contacted again, answered"
    ),
    "senders.could-hide": "abuse of an account on it would look the same: its mail log tells",
    "senders.could-be-mail-server": (
        "a mail server that only sends, or whose incoming mail takes another way: confirm it with "
        "`mailscope role add ADDRESS mail-server`"
    ),
    "senders.could-be-program": "a program that reports by mail, or a shop that confirms orders: its owner tells",
    "senders.could-be-random-scan": "a scan of mail ports at addresses drawn at random: no mail is handed over anywhere",
    "senders.could-be-gateway": "the outgoing gateway of a partner: its operator or its mail log tells",
    "senders.could-be-several-hosts": "several hosts of one network, each with a little mail of its own",
    "senders.could-be-stale-list": "a mailing with stale addresses: some of its servers would still answer",
    # --- scans and floods
    "senders.scan": "tried port {port} of {targets}, {failed} of {flows} unanswered, within {during}",
    "senders.syn-flood": "{flows} to port {port} of {targets} ({most} to one), {failed} unanswered, within {during}",
    "senders.ping-sweep": "sent echo requests to {targets} within {during}",
    "senders.ping-flood": "sent {packets} of echo requests to {targets} ({most} to one) within {during}",
    "senders.web-flood": "opened {flows} to port {port} of {targets} ({most} to one) within {during}",
    "senders.amplification-reflector": (
        "its {service} service answered {peers} with {answered} bytes to {asked} bytes of questions: somebody uses it "
        "to flood them"
    ),
    "senders.amplification-target": (
        "{service} services at {peers} answered it with {answered} bytes to {asked} bytes of questions: it is flooded"
    ),
    "senders.password-guessing": (
        "opened {flows} to port {port} of {targets} ({most} to one) within {during}, each as short as a failed login"
    ),
    "senders.port-scan": "tried up to {most} ports of each of {targets}, {failed} of {flows} unanswered, within {during}",
    "senders.could-be-password-guessing": "a program that logs in for every command, as monitors and copying jobs do",
    "senders.could-be-port-scan": "an inventory or monitoring host of the owner",
    "senders.could-be-scan": "an inventory or monitoring host of the owner",
    "senders.could-be-syn-flood": "a program that retries a service which is down",
    "senders.could-be-ping-sweep": "a monitoring host of the owner",
    "senders.could-be-ping-flood": "a test of the line by its administrator",
    "senders.could-be-web-flood": "a load test, a crawler, or many users behind one address",
    "senders.could-be-amplification": "zone transfers or an ordinary resolver whose questions take another way",
    # --- the page
    "senders.summary": (
        "{hosts} hosts sent mail: {abnormal} abnormal, {watch} to watch, {cleared} busy but cleared; "
        "{other} scans and floods"
    ),
    "senders.window": "from {start} to {end}",
    "senders.title-abnormal": "Abnormal senders ({count})",
    "senders.title-watch": "To watch ({count})",
    "senders.title-cleared": "Busy, but cleared ({count})",
    "senders.title-ordinary": "Ordinary ({count})",
    "senders.title-other": "Scans and floods ({count})",
    "senders.title-distribution": "Sending hosts by their mail flows",
    "senders.more": "and {rest} more; --json lists them all",
    "senders.column-address": "address",
    "senders.column-servers": "servers",
    "senders.column-failed": "failed",
    "senders.column-packet": "B/packet",
    "senders.column-hours": "hours",
    "senders.column-score": "score",
    "senders.sampled": "counts are estimates: one packet in {sampling} was looked at, error {error} % (95 %)",
    "senders.column-flows-per-host": "flows",
    "senders.column-hosts": "hosts",
    "senders.column-hosts-percent": "%",
    "senders.column-flows": "flows",
    "senders.column-flows-percent": "%",
    "senders.column-bytes": "bytes",
    "senders.column-bytes-percent": "%",
    "senders.sum": "sum",
    # --- one host's story
    "senders.unknown-host": "it sends no mail, scans nothing and floods nobody in what was read",
    "senders.verdict-abnormal": "abnormal, score {score}",
    "senders.verdict-watch": "to watch, score {score}",
    "senders.verdict-cleared": "busy, but cleared; score without the reason {score}",
    "senders.verdict-ordinary": "ordinary, score {score}",
    "senders.could-be": "what else it could be: {what}",
    "senders.title-hours": "Its mail flows by the hour",
    "senders.title-servers": "Servers it contacted most",
    "senders.title-sources": "Hosts that sent mail to it most",
    "senders.title-evidence": "First records",
}
