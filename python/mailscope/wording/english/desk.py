"""What Mailscope says, in English: complaints and contacts."""

UNITS: dict[str, tuple[str, str]] = {
    "complaint": ("{n} complaint", "{n} complaints"),
}

TEMPLATES: dict[str, str] = {
    "complaint.bounce": "This is a bounce: a server says that a mail could not be delivered. It accuses nobody.",
    "complaint.receipt": "This is a receipt for a mail that was read. It accuses nobody.",
    "complaint.automatic-reply": "This is an automatic reply. It accuses nobody.",
    "complaint.reply": "This is an answer to a mail of ours, not a new complaint.",
    "complaint.newsletter": "This was sent to a list and complains of nothing.",
    "complaint.advertising": "This is advertising sent to the abuse address; it complains of nothing.",
    "complaint.not-spam-report": "A user took back a report: the mail was no spam.",
    "complaint.aggregate-without-failures": "A DMARC statistic in which every source passed.",
    "complaint.tls-report-with-failures": "A TLS statistic about our mail servers, with failed sessions. It accuses nobody.",
    "complaint.tls-report-without-failures": "A TLS statistic about our mail servers, without failures.",
    "complaint.no-address": "No address could be found that is accused.",
    "complaint.names-no-address": "The report is about a name or an account and gives no address.",
    "complaint.address-only-in-damaged-sample": "The report is damaged; the address stands only in a Received line of the quoted mail.",
    "complaint.address-from-text-only": "The report gives no address of its own; this one was read from the words around it.",
    "complaint.only-pictures": "The mail holds pictures and next to no text; what they show cannot be read here.",
    "complaint.no-time-and-no-date": "Neither the text nor the mail's Date field says when it happened.",
    "complaint.report-not-readable": "The attached report cannot be read.",
    "complaint.report-invalid": "The report contradicts its own format in the field `{detail}`.",
    "complaint.table-cut": "The table has more rows than are read from one mail.",
    "complaint.empty": "The mail is empty.",
    "complaint.mail-cut": "The mail is larger than what is read of one mail; its end was not looked at.",
    "complaint.too-many-parts": "The mail has more parts than are looked at.",
    "complaint.nested-too-deep": "The mail is nested deeper than is looked into.",
    "complaint.archive-too-large": "A packed attachment is larger than is unpacked.",
    "complaint.archive-broken": "A packed attachment is broken.",
    "complaint.not-ours": "The accused address is not in our networks.",
    "complaint.no-contact": "The registry has no mail address for who is responsible.",
    "complaint.contact-disputed": "Sources contradict each other about who is responsible.",
    "complaint.duplicate": "The same complaint has come before ({place}).",
}
