"""Logs of mail servers and filters → rows of one kind; one file a format, the line's head in `syslog`."""
