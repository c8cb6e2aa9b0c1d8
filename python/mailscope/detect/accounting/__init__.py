"""Every mail session accounted for: one class, one reason, what is visible, and what cannot be.

What it flags
    Nothing. It counts: each connection on a port of mail, and each that carries mail on any other port, gets
    one class and one reason from a closed list.
Why it matters
    A mail log that is half empty is worth nothing if nobody can say why.
What it can get wrong
    From one side alone a broken session and a good one can look the same; the reason then says which side is missing.
Evidence
    Rows of `flows`, `mail_sessions`, `mail_transactions`, `messages`, `tls_handshakes`, `proxy_requests`.
"""
