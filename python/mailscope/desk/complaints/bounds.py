"""How much of a hostile mailbox is read; what lies beyond is named as damage, never dropped in silence."""

MAX_MAIL_BYTES = 50 * 1024 * 1024
"""Of one mail; the rest of it is left unread (`mail-cut`)."""
MAX_STREAM_BYTES = 1024 * 1024 * 1024
"""Of standard input."""
MAX_FILES = 200_000
"""Files of a folder."""
MAX_DEPTH = 16
"""Multiparts and attached mails inside each other (`nested-too-deep`)."""
MAX_PARTS = 400
"""Parts of one mail (`too-many-parts`)."""
MAX_HEADER_BYTES = 256 * 1024
"""Of one header section (`header-cut`)."""
MAX_HEADER_FIELDS = 1000
MAX_FIELD = 16 * 1024
"""Characters of one header field."""
MAX_TEXT = 200_000
"""Characters of one part that sentences are looked for in (`text-cut`)."""
MAX_MARKUP = 1_000_000
"""Characters of HTML that are turned into text."""
MAX_UNPACKED = 20 * 1024 * 1024
"""Bytes out of one zip or gzip attachment (`archive-too-large`)."""
MAX_ARCHIVE_MEMBERS = 50
MAX_ROWS = 5000
"""Rows of a table of reported addresses (`table-cut`)."""
MAX_XML_ELEMENTS = 200_000
MAX_XML_DEPTH = 64
MAX_JSON_CHARS = 8_000_000
MAX_ADDRESSES = 2000
"""Addresses looked at in one text."""
MAX_RECEIVED = 60
"""`Received` lines of one quoted mail."""
MAX_ACCUSED = 1000
"""Addresses that one complaint accuses (`table-cut`)."""
