"""Complaint mails turned into claims: who is accused, of what, when, and where in the mail that stands."""
