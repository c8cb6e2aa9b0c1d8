"""The formats of complaints, one a file, each with `read(mail, reading) -> Claim | None`; the first that knows a mail reads it."""

from mailscope.desk.complaints.formats import (
    acns,
    arf,
    dmarc,
    fail2ban,
    forwarded,
    spamcop,
    table,
    tls_report,
    url_list,
    xarf,
)

READERS = (
    arf.read,
    dmarc.read,
    tls_report.read,
    xarf.read,
    spamcop.read,
    acns.read,
    fail2ban.read,
    table.read,
    url_list.read,
    forwarded.read,
)
