"""From tables to the answer: who commanded the mail that left, proved packet by packet.

Start with :func:`mailscope.investigation.investigate.investigate`; `scene` reads, `path` ties, `sorting` groups,
`relays` and `senders` say what was found, `hypotheses` what else was considered.
"""
